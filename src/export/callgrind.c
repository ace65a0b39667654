/* Callgrind's profile format, for kcachegrind, qcachegrind and callgrind_annotate. A sampler counts no calls: the number
 * of samples stands in their place.
 *
 * source  Callgrind Format Specification (valgrind) */
#include "config.h"

#include "export/profile_format.h"

#include "analysis/call_edges.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

struct names {
    const struct call_tree *tree;
    bool *is_known; /* by function: its number was explained */
};

/* Name a function, and the file that it is in, before it: in full the first time, then by number. Functions are numbered
 * by their ids plus 2, because 0 is no number; 1 is what is no Python code. Each function has its own file number. */
static void write_function(FILE *stream, struct names *names, const char *file_key, const char *function_key,
                           uint32_t id)
{
    bool is_none = id == NO_FUNCTION;
    uint32_t number = is_none ? 1 : id + 2;
    uint32_t place = is_none ? 0 : id + 1;

    if (names->is_known[place]) {
        fprintf(stream, "%s=(%" PRIu32 ")\n%s=(%" PRIu32 ")\n", file_key, number, function_key, number);
        return;
    }
    const struct function *function = is_none ? NULL : call_tree_function(names->tree, id);
    names->is_known[place] = true;
    fprintf(stream, "%s=(%" PRIu32 ") %s\n%s=(%" PRIu32 ") %s\n", file_key, number,
            is_none ? "???" : function->file, function_key, number,
            is_none ? "[no Python code]" : function->name);
}

static uint32_t definition_line(const struct call_tree *tree, uint32_t id)
{
    return id == NO_FUNCTION ? 0 : call_tree_function(tree, id)->line;
}

static void write_header(FILE *stream, const struct profile_document *document, int64_t total)
{
    static const char *const events[PROFILE_WEIGHTS] = {
        [WEIGHT_CPU] = "CPU_ns : CPU time in nanoseconds",
        [WEIGHT_WALL] = "Wall_ns : wall time in nanoseconds",
        [WEIGHT_SAMPLES] = "Samples : samples",
        [WEIGHT_MEMORY] = "Growth_bytes : growth of resident memory in bytes",
    };
    static const char *const names[PROFILE_WEIGHTS] = {"CPU_ns", "Wall_ns", "Samples", "Growth_bytes"};

    fprintf(stream,
            "# callgrind format\nversion: 1\ncreator: pyneck " PACKAGE_VERSION "\ncmd: %s\n"
            "positions: line\nevent: %s\nevents: %s\nsummary: %" PRId64 "\n\n",
            document->title, events[document->weight], names[document->weight], total);
}

/* A function: what its lines cost themselves, and what they called. */
static void write_record(FILE *stream, struct names *names, const struct call_edges *calls, uint32_t function,
                         size_t *line, size_t *edge)
{
    write_function(stream, names, "fl", "fn", function);
    for (; *line < calls->line_count && calls->lines[*line].function == function; (*line)++) {
        const struct called_line *own = &calls->lines[*line];
        if (own->own > 0)
            fprintf(stream, "%" PRIu32 " %" PRId64 "\n", own->line, own->own);
    }
    for (; *edge < calls->edge_count && calls->edges[*edge].caller == function; (*edge)++) {
        const struct call_edge *call = &calls->edges[*edge];
        if (call->amount.total == 0)
            continue;
        write_function(stream, names, "cfi", "cfn", call->callee);
        fprintf(stream, "calls=%" PRIu64 " %" PRIu32 "\n%" PRIu32 " %" PRId64 "\n",
                call->amount.total_samples, definition_line(names->tree, call->callee), call->line,
                call->amount.total);
    }
    putc('\n', stream);
}

static void write_sum(FILE *stream, const struct profile_document *document)
{
    struct call_edges calls = call_edges_of_profile(document->sum, document->tree, document->weight);
    uint32_t last = 0;
    size_t line = 0, edge = 0;

    for (size_t i = 0; i < calls.function_count; i++)
        last = calls.functions[i].function != NO_FUNCTION ? calls.functions[i].function : last;
    struct names names = {.tree = document->tree,
                          .is_known = memory_allocate((size_t)last + 2, sizeof(*names.is_known))};
    write_header(stream, document, calls.total);
    for (size_t i = 0; i < calls.function_count; i++)
        write_record(stream, &names, &calls, calls.functions[i].function, &line, &edge);
    free(names.is_known);
    call_edges_free(&calls);
}

const struct profile_format profile_format_callgrind = {
    .name = "callgrind",
    .suffix = ".callgrind",
    .help = "for kcachegrind and callgrind_annotate",
    .write_sum = write_sum,
};

/* Collapsed stacks, one a line: "outermost;...;innermost weight", as flamegraph.pl, speedscope and inferno read
 * them. Times are in nanoseconds. */
#include "export/profile_stack.h"

#include <inttypes.h>

/* A semicolon ends a frame, so none may be in it. */
static void write_frame(FILE *stream, const char *label, bool is_first)
{
    if (!is_first)
        putc(';', stream);
    for (const char *c = label; *c != '\0'; c++)
        putc(*c == ';' ? ',' : *c, stream);
}

static void write_entry(FILE *stream, const struct profile_document *document,
                        const struct profile_entry *entry, const struct profile_thread *thread)
{
    uint32_t nodes[CALL_TREE_MAX_DEPTH];
    char label[PROFILE_LABEL_SIZE];
    size_t depth = profile_stack_nodes(document->tree, entry->node, nodes);
    bool is_first = true;

    if (profile_has_processes(document->sum)) {
        profile_process_label(label, thread);
        write_frame(stream, label, is_first);
        is_first = false;
    }
    if (profile_has_threads(document->sum)) {
        profile_thread_label(label, thread);
        write_frame(stream, label, is_first);
        is_first = false;
    }
    if (depth == 0) {
        profile_frame_label(label, document->tree, CALL_TREE_ROOT);
        write_frame(stream, label, is_first);
    }
    for (size_t i = 0; i < depth; i++) {
        profile_frame_label(label, document->tree, nodes[i]);
        write_frame(stream, label, is_first && i == 0);
    }
    fprintf(stream, " %" PRId64 "\n", profile_entry_weight(entry, document->weight));
}

static void write_sum(FILE *stream, const struct profile_document *document)
{
    size_t count, thread_count;
    const struct profile_entry *entries = profile_sum_entries(document->sum, &count);
    const struct profile_thread *threads = profile_sum_threads(document->sum, &thread_count);

    for (size_t i = 0; i < count; i++) {
        /* What weighs nothing has no width. */
        if (profile_entry_weight(&entries[i], document->weight) > 0)
            write_entry(stream, document, &entries[i], &threads[entries[i].thread]);
    }
}

const struct profile_format profile_format_collapsed = {
    .name = "collapsed",
    .suffix = ".collapsed",
    .help = "stacks in lines, for flamegraph.pl and inferno",
    .write_sum = write_sum,
};

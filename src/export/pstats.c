/* The file that cProfile writes, for pstats, snakeviz and gprof2dot: a marshalled dict from (file, line, function) to
 * (primitive calls, calls, own seconds, total seconds, callers). A sampler counts no calls: the number of samples stands
 * in their place.
 *
 * source  CPython Lib/pstats.py, Lib/cProfile.py, Python/marshal.c (version 2 of the format) */
#include "export/profile_format.h"

#include "analysis/call_edges.h"

#include <stdlib.h>
#include <string.h>

enum {
    /* Types of marshalled objects. */
    MARSHAL_NULL = '0', /* ends a dict */
    MARSHAL_DICT = '{',
    MARSHAL_TUPLE = '(',
    MARSHAL_INT = 'i',
    MARSHAL_FLOAT = 'g',
    MARSHAL_TEXT = 'u',
};

static void write_u32(FILE *stream, uint32_t number)
{
    for (int shift = 0; shift < 32; shift += 8)
        putc((int)(number >> shift & 0xFF), stream);
}

static void write_tuple(FILE *stream, uint32_t length)
{
    putc(MARSHAL_TUPLE, stream);
    write_u32(stream, length);
}

static void write_int(FILE *stream, uint64_t number)
{
    putc(MARSHAL_INT, stream);
    write_u32(stream, number < INT32_MAX ? (uint32_t)number : INT32_MAX);
}

static void write_text(FILE *stream, const char *text)
{
    size_t length = strlen(text);

    putc(MARSHAL_TEXT, stream);
    write_u32(stream, (uint32_t)length);
    fwrite(text, 1, length, stream);
}

static void write_float(FILE *stream, double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof(bits));
    putc(MARSHAL_FLOAT, stream);
    write_u32(stream, (uint32_t)bits);
    write_u32(stream, (uint32_t)(bits >> 32));
}

static void write_key(FILE *stream, const struct call_tree *tree, uint32_t id)
{
    const struct function *function = id == NO_FUNCTION ? NULL : call_tree_function(tree, id);

    write_tuple(stream, 3);
    write_text(stream, function != NULL ? function->file : "~");
    write_int(stream, function != NULL ? function->line : 0);
    write_text(stream, function != NULL ? function->name : "[no Python code]");
}

/* Times in seconds; what is no time (samples, bytes) as it is. */
static double scale_of(enum profile_weight weight)
{
    return weight == WEIGHT_CPU || weight == WEIGHT_WALL ? 1e-9 : 1;
}

static void write_amount(FILE *stream, const struct call_amount *amount, double scale)
{
    write_int(stream, amount->total_samples);
    write_int(stream, amount->total_samples);
    write_float(stream, (double)amount->own * scale);
    write_float(stream, (double)amount->total * scale);
}

static int compare_callees(const void *left, const void *right)
{
    const struct call_edge *one = left;
    const struct call_edge *other = right;

    if (one->callee != other->callee)
        return one->callee > other->callee ? 1 : -1;
    return (one->caller > other->caller) - (one->caller < other->caller);
}

/* The callers of one function. cProfile knows no lines of calls: those of one caller are one.
 *
 * edge  the first of the function's edges; moved behind the last */
static void write_callers(FILE *stream, const struct profile_document *document,
                          const struct call_edges *calls, uint32_t function, size_t *edge)
{
    putc(MARSHAL_DICT, stream);
    while (*edge < calls->edge_count && calls->edges[*edge].callee == function) {
        struct call_edge sum = calls->edges[(*edge)++];
        for (; *edge < calls->edge_count && calls->edges[*edge].callee == function &&
               calls->edges[*edge].caller == sum.caller;
             (*edge)++) {
            const struct call_amount *amount = &calls->edges[*edge].amount;
            sum.amount.own = amount_add(sum.amount.own, amount->own);
            sum.amount.total = amount_add(sum.amount.total, amount->total);
            sum.amount.total_samples += amount->total_samples;
        }
        write_key(stream, document->tree, sum.caller);
        write_tuple(stream, 4);
        write_amount(stream, &sum.amount, scale_of(document->weight));
    }
    putc(MARSHAL_NULL, stream);
}

static void write_sum(FILE *stream, const struct profile_document *document)
{
    struct call_edges calls = call_edges_of_profile(document->sum, document->tree, document->weight);
    size_t edge = 0;

    if (calls.edge_count > 1)
        qsort(calls.edges, calls.edge_count, sizeof(*calls.edges), compare_callees);
    putc(MARSHAL_DICT, stream);
    for (size_t i = 0; i < calls.function_count; i++) {
        const struct called_function *function = &calls.functions[i];
        write_key(stream, document->tree, function->function);
        write_tuple(stream, 5);
        write_amount(stream, &function->amount, scale_of(document->weight));
        write_callers(stream, document, &calls, function->function, &edge);
    }
    putc(MARSHAL_NULL, stream);
    call_edges_free(&calls);
}

const struct profile_format profile_format_pstats = {
    .name = "pstats",
    .suffix = ".pstats",
    .help = "as cProfile writes it, for python3 -m pstats, snakeviz and gprof2dot",
    .is_binary = true,
    .write_sum = write_sum,
};

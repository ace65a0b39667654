/* A profile as functions that call each other, for formats that know no stacks (callgrind, cProfile). */
#ifndef PYNECK_ANALYSIS_CALL_EDGES_H
#define PYNECK_ANALYSIS_CALL_EDGES_H

#include "analysis/profile_sum.h"
#include "model/call_tree.h"

/* Stands for a thread that runs no Python code: in place of a function's id. */
#define NO_FUNCTION UINT32_MAX

/* What fell on a function, or on one line of it. */
struct call_amount {
    int64_t own;   /* in the weight: the frame was innermost */
    int64_t total; /* it was anywhere on the stack; a recursive function counts once a sample */
    uint64_t own_samples;
    uint64_t total_samples;
};

struct called_function {
    uint32_t function;
    struct call_amount amount;
};

struct called_line {
    uint32_t function;
    uint32_t line; /* 0 when unknown */
    int64_t own;
};

/* A function that another one called, from one line. */
struct call_edge {
    uint32_t caller;
    uint32_t line; /* of the call, in the caller */
    uint32_t callee;
    struct call_amount amount; /* of the callee, when it was called from here */
};

struct call_edges {
    struct called_function *functions;
    size_t function_count;
    struct called_line *lines; /* with own weight only */
    size_t line_count;
    struct call_edge *edges;
    size_t edge_count;
    int64_t total; /* all own weights */
};

/* Make them of a profile; each list is sorted, by function and line. Free the result with call_edges_free(). */
struct call_edges call_edges_of_profile(const struct profile_sum *sum, const struct call_tree *tree,
                                        enum profile_weight weight);
void call_edges_free(struct call_edges *edges);

#endif

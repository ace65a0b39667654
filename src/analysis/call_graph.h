/* The part of the call tree that some samples fell on, and how much of their time each function had.
 * What ranking.c and window.c share. */
#ifndef PYNECK_ANALYSIS_CALL_GRAPH_H
#define PYNECK_ANALYSIS_CALL_GRAPH_H

#include "analysis/ranking.h"
#include "base/hash.h"

/* What the samples add up to whose innermost frame was one node, over all threads and states. */
struct node_amount {
    uint32_t node;
    uint64_t samples;
    uint64_t wall_ns;
    uint64_t cpu_ns;
    int64_t memory_growth_bytes;
};

struct call_graph_node;

struct call_graph {
    const struct call_tree *tree;
    bool by_line;
    struct call_graph_node *nodes; /* the first is the root */
    size_t node_count;
    size_t node_capacity;
    struct hash_map node_index; /* id in the call tree to place in `nodes` */
};

/* The amount that one counter of a tick holds. */
struct node_amount node_amount_of_counter(const struct profile_counter *counter);

/* Add the second amount, of the same node, to the first. */
void node_amount_add(struct node_amount *sum, const struct node_amount *amount);

/* An empty graph. by_line: a row for each line of a function, not one for the function. */
void call_graph_init(struct call_graph *graph, const struct call_tree *tree, bool by_line);
void call_graph_free(struct call_graph *graph);

/* Add an amount to its node. */
void call_graph_add(struct call_graph *graph, const struct node_amount *amount);

/* Own and total by function (or line), in time linear in the number of nodes.
 *
 * returns  rows in no order, without percentages; the caller frees them */
struct ranking_row *call_graph_sum(const struct call_graph *graph, size_t *count);

/* Rank amounts that lie in several arrays (ranking.h says how; span_ns stays 0). */
struct ranking ranking_of_amounts(const struct node_amount *const *slices, const size_t *counts,
                                  size_t slice_count, const struct call_tree *tree, enum ranking_mode mode,
                                  enum ranking_level level);

#endif

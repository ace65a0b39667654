/* The resident memory of a process over time, and what ran where it grew, since the screen saw it first. It takes a bounded
 * room: when that is full, two points become one. */
#ifndef PYNECK_UI_MEMORY_HISTORY_H
#define PYNECK_UI_MEMORY_HISTORY_H

#include "model/tick.h"

enum {
    MEMORY_POINTS = 128, /* at most; an even number */
};

/* Some ticks, one after the other. */
struct memory_point {
    uint64_t begin_ns; /* CLOCK_MONOTONIC */
    uint64_t end_ns;
    int64_t resident_bytes; /* the most at the end of a tick */
    uint32_t node;          /* of the call tree, whose growth was largest, */
    int64_t growth_bytes;   /* and by how much; 0 when nothing grew */
};

/* Zero-initialized is empty. */
struct memory_history {
    struct memory_point *points; /* oldest first */
    size_t count;
    uint32_t ticks_per_point; /* of all but the last; 0 is 1 */
    uint32_t ticks_in_last;
};

/* Add what a tick says of the process. */
void memory_history_add(struct memory_history *history, const struct tick *tick,
                        const struct process *process);

void memory_history_free(struct memory_history *history);

#endif

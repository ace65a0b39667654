/* What the threads of one process waited for between two hand-overs: time by (node, thread, state, object). */
#ifndef PYNECK_SAMPLER_WAIT_COUNTS_H
#define PYNECK_SAMPLER_WAIT_COUNTS_H

#include "base/hash.h"
#include "sampler/wait_kind.h"

struct wait_record {
    uint32_t node;
    pid_t tid;
    struct wait_reason reason; /* of the first sample */
    uint32_t samples;
    uint64_t wall_ns;
};

/* Zero-initialized is empty. */
struct wait_counts {
    struct wait_record *records;
    size_t count;
    size_t capacity;
    struct hash_map objects; /* descriptors, locks, ... get numbers in the order that they come in */
    struct hash_map places;
};

/* Count samples of a wait.
 *
 * counter  of the accumulator, which stands for the node, the thread and the state
 * wall_ns  the time that they stand for */
void wait_counts_add(struct wait_counts *waits, uint32_t counter, uint32_t node, pid_t tid,
                     const struct wait_reason *reason, uint32_t samples, uint64_t wall_ns);

/* Forget everything, keep the room. */
void wait_counts_clear(struct wait_counts *waits);
void wait_counts_free(struct wait_counts *waits);

#endif

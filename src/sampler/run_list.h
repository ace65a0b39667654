/* The order of the samples of one process between two hand-overs, where the source was asked for it. */
#ifndef PYNECK_SAMPLER_RUN_LIST_H
#define PYNECK_SAMPLER_RUN_LIST_H

#include "base/arena.h"
#include "model/tick.h"

/* Zero-initialized is empty. */
struct run_list {
    struct profile_run *runs;
    size_t count;
    size_t capacity;
    uint32_t *last_of_thread; /* by the thread's number: its last run, plus one; 0 for none */
    size_t thread_capacity;
};

/* Samples of a thread at one place, one after the other.
 *
 * thread   a small number that stands for the thread in this process
 * counter  that they fell into */
void run_list_add(struct run_list *list, uint16_t thread, uint32_t counter, uint32_t samples,
                  uint64_t begin_ns, uint64_t wall_ns);

/* Hand the runs over, in the order of their begin, and begin anew. */
const struct profile_run *run_list_take(struct run_list *list, struct arena *arena, size_t *count);

void run_list_free(struct run_list *list);

#endif

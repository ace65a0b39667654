/* How much time threads spent in which state; a part of a window (ranking.h). */
#ifndef PYNECK_ANALYSIS_THREAD_TIMES_H
#define PYNECK_ANALYSIS_THREAD_TIMES_H

#include "base/hash.h"
#include "model/tick.h"

struct thread_time {
    pid_t tid; /* 0: of threads that have ended */
    enum thread_state state;
    uint64_t wall_ns;
};

typedef void thread_time_visit(void *context, const struct thread_time *time);

/* Zero-initialized is empty. */
struct thread_times {
    struct thread_time *times;
    size_t count;
    size_t capacity;
};

/* Add what the samples of a process found in a tick. Threads that have ended are taken together when there are many, so
 * that the size is bounded by the number of threads at a time.
 *
 * index  of these times; empty for those that are empty */
void thread_times_add(struct thread_times *times, struct hash_map *index, const struct process *process);

#endif

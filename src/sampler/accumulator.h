/* The counters of one process between two hand-overs: what samples add to (node, thread, state). */
#ifndef PYNECK_SAMPLER_ACCUMULATOR_H
#define PYNECK_SAMPLER_ACCUMULATOR_H

#include "base/hash.h"
#include "model/tick.h"

struct accumulator {
    struct profile_counter *counters;
    uint64_t *ran_ns; /* beside each counter: CPU time that schedstat showed at its samples */
    size_t counter_capacity;
    size_t ran_capacity;
    size_t count;
    struct hash_map places;
};

/* Samples that a thread has at one place.
 *
 * thread   a small number that stands for the thread in this process
 * samples  how many
 * wall_ns  the time that they stand for
 * ran_ns   CPU time that schedstat showed at them
 * returns  the counter that they were added to; it is valid until the counters are cleared */
uint32_t accumulator_add(struct accumulator *accumulator, uint16_t thread, pid_t tid, uint32_t node,
                         enum thread_state state, uint32_t samples, uint64_t wall_ns, uint64_t ran_ns);

/* Give growth of resident memory to a counter. */
void accumulator_add_growth(struct accumulator *accumulator, uint32_t counter, int64_t bytes);

/* Put the tids in the order that the calls below want. */
void accumulator_sort_tids(pid_t *tids, size_t tid_count);

/* Give CPU time of the interval to the samples of some threads.
 *
 * The kernel brings a running thread's CPU time up to date at its ticks, so between two samples it is 0 or too much.
 * Over the whole interval it is exact, and the share of running samples that hit a node estimates, without bias, the
 * node's share of it. Threads that were never caught running give it to the samples that came after they ran.
 *
 * tids     ascending
 * returns  whether there were such samples */
bool accumulator_spread_cpu(struct accumulator *accumulator, const pid_t *tids, size_t tid_count,
                            uint64_t cpu_ns);

/* Give time to the state THREAD_RUNNABLE that samples took for time on a CPU: a thread that is not blocked may run or may
 * wait for a CPU. Over the interval the kernel has counted both, so the samples of such moments tell where that was, and
 * these two figures how much of it was waiting.
 *
 * cpu_ns, delay_ns  time of the thread in the interval on a CPU, and wanting one */
void accumulator_spread_delay(struct accumulator *accumulator, uint16_t thread, pid_t tid, uint64_t cpu_ns,
                              uint64_t delay_ns);

/* The time that the running samples of some threads stand for; `tids` ascending. */
uint64_t accumulator_running_ns(const struct accumulator *accumulator, const pid_t *tids, size_t tid_count);

/* Forget everything, keep the room. */
void accumulator_clear(struct accumulator *accumulator);
void accumulator_free(struct accumulator *accumulator);

#endif

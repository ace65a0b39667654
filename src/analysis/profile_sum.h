/* The counters of many ticks, added up: what the formats of other tools are made from. */
#ifndef PYNECK_ANALYSIS_PROFILE_SUM_H
#define PYNECK_ANALYSIS_PROFILE_SUM_H

#include "model/tick.h"

/* What is added up. Zero-initialized it is everything. */
struct profile_selection {
    int64_t from_ns; /* CLOCK_REALTIME: ticks that end after it */
    int64_t to_ns;   /* and not after this; 0 for no end */
    pid_t pid;       /* 0 for all */
    pid_t tid;       /* 0 for all */
    uint32_t states; /* a set of 1 << enum thread_state; 0 for all */
};

/* By what a place in the program is weighed. */
enum profile_weight {
    WEIGHT_CPU,     /* nanoseconds */
    WEIGHT_WALL,    /* nanoseconds */
    WEIGHT_SAMPLES, /* number */
    WEIGHT_MEMORY,  /* bytes by which the resident memory grew; what was given back is not taken off */
    PROFILE_WEIGHTS,
};

/* A thread that was sampled. A thread id that was used again, by another process, is another thread. */
struct profile_thread {
    pid_t pid;
    uint64_t start_ticks; /* of the process */
    const char *command;  /* of the process; the last that was seen */
    pid_t tid;
    const char *name; /* the last that was seen; NULL when unknown */
};

struct profile_entry {
    uint32_t thread; /* index into the threads */
    uint32_t node;   /* in the call tree */
    enum thread_state state;
    uint64_t samples;
    uint64_t cpu_ns;
    uint64_t wall_ns;
    uint64_t memory_growth_bytes; /* of the ticks in which it grew here */
};

struct profile_sum;

/* An empty sum of what is selected; profile_sum_free() it. */
struct profile_sum *profile_sum_new(const struct profile_selection *selection);
void profile_sum_free(struct profile_sum *sum);

/* Add a tick; it may be freed afterwards. */
void profile_sum_add(struct profile_sum *sum, const struct tick *tick);

/* What was added, in the order in which it was first seen; valid until the next call of profile_sum_add(). */
const struct profile_entry *profile_sum_entries(const struct profile_sum *sum, size_t *count);
const struct profile_thread *profile_sum_threads(const struct profile_sum *sum, size_t *count);

/* The index of a thread that is in a tick which was added. */
size_t profile_sum_find_thread(const struct profile_sum *sum, const struct process *process, pid_t tid);

/* The time that the selected ticks cover: CLOCK_REALTIME of the begin of the first and the end of the last; both 0 when
 * there were none. */
void profile_sum_span(const struct profile_sum *sum, int64_t *begin_ns, int64_t *end_ns);

/* Whether a tick, a process, a thread, a state are selected. */
bool profile_selection_has_tick(const struct profile_selection *selection, const struct tick *tick);
bool profile_selection_has_process(const struct profile_selection *selection, const struct process *process);
bool profile_selection_has_counter(const struct profile_selection *selection,
                                   const struct profile_counter *counter);

/* What an entry, and a counter of one tick, weighs: 0 or more, so that the parts of any division of a profile (by time, by
 * thread, by function) add up to the same in every format. */
int64_t profile_entry_weight(const struct profile_entry *entry, enum profile_weight weight);
int64_t profile_counter_weight(const struct profile_counter *counter, enum profile_weight weight);

/* "cpu", "wall", "samples", "memory" */
const char *profile_weight_name(enum profile_weight weight);

/* "nanoseconds", "count", "bytes": as pprof and speedscope name units. */
const char *profile_weight_unit(enum profile_weight weight);

#endif

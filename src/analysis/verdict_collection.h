/* The threads of a process in some slices, from which evidence is made. For analysis/verdict_evidence.c and
 * analysis/verdict_places.c. */
#ifndef PYNECK_ANALYSIS_VERDICT_COLLECTION_H
#define PYNECK_ANALYSIS_VERDICT_COLLECTION_H

#include "analysis/verdict_evidence.h"
#include "base/hash.h"

/* How one thread spent its time. */
struct thread_time {
    pid_t tid;
    uint32_t node;           /* of its first counter */
    enum thread_state state; /* of that, too */
    bool moved;              /* it was at other places, or in other states */
    uint64_t wall_ns;
    uint64_t cpu_ns;
    uint64_t cause_ns[EVIDENCE_CAUSES];
    uint64_t idle_ns[AWAITED_KINDS]; /* by who is awaited */
};

/* A counter of one of the slices, and what its time is. */
struct collected_counter {
    const struct profile_counter *counter;
    uint32_t thread; /* index into the threads */
    enum verdict_kind cause;
    enum awaited awaited;
};

struct verdict_collection {
    const struct verdict_slice *slices;
    size_t slice_count;
    const struct call_tree *tree;
    uint64_t span_ns;
    bool has_gil;
    struct collected_counter *counters; /* slice by slice */
    size_t counter_count;
    enum verdict_kind paging; /* what time outside of system calls is: page faults, or not known */
    struct thread_time *threads;
    size_t thread_count;
    size_t thread_capacity;
    struct hash_map index; /* of threads, by tid */
    bool with_parked;
    const struct thread_time *busiest;
};

/* Whether a cause is time on a CPU. */
bool verdict_is_on_cpu(enum verdict_kind cause);

/* Whether a thread that spends time so is busy: not idle, and not asleep. */
bool verdict_is_busy(enum verdict_kind cause);

/* What time in a state at a node of the call tree is.
 *
 * awaited  receives who is to act, when it is idle */
enum verdict_kind verdict_cause_of(const struct verdict_collection *collection, enum thread_state state,
                                   uint32_t node, enum awaited *awaited);

/* Whether a thread matters: it is not parked, or all threads that do something are hardly busy. */
bool verdict_thread_counts(const struct verdict_collection *collection, const struct thread_time *thread);

/* Fill in the descriptor or lock that carries each cause. */
void verdict_find_waits(struct evidence *evidence, const struct verdict_collection *collection);

#endif

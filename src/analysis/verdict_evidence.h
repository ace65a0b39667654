/* What a verdict is made from: shares of time by cause, and what carries each. For analysis/verdict*.c; verdict.h says what a
 * share is. */
#ifndef PYNECK_ANALYSIS_VERDICT_EVIDENCE_H
#define PYNECK_ANALYSIS_VERDICT_EVIDENCE_H

#include "analysis/verdict.h"
#include "analysis/wait_place.h"

/* One process in one tick. */
struct verdict_slice {
    uint64_t start_ns; /* CLOCK_MONOTONIC */
    uint64_t end_ns;
    const struct profile_counter *counters;
    size_t counter_count;
    const struct profile_wait *waits;
    size_t wait_count;
    bool has_gil;
    double runnable_percent; /* these as in struct process and struct memory_usage */
    double throttled_percent;
    double major_faults_per_second;
    double growth_bytes_per_second;
    double open_file_growth_per_second;
    int64_t swap_bytes;
    int64_t available_bytes;
    int64_t open_file_count;
    int64_t open_file_limit;
};

/* A thread's time whose cause is not known. */
#define EVIDENCE_UNKNOWN ((enum verdict_kind)VERDICT_KINDS)

enum {
    EVIDENCE_CAUSES = VERDICT_KINDS + 1,
};

/* What carries most of a cause. */
struct carrier {
    const struct function *function; /* NULL when none is known */
    uint32_t line;
    bool in_event_loop;              /* the thread is one that asyncio's loop runs in */
    const struct profile_wait *wait; /* the descriptor or lock, NULL when not known */
};

/* How something grew. */
struct growth {
    double percent;      /* of the window's time, it grew */
    double per_second;   /* unknown when it was not watched for long enough */
    double seconds_left; /* until it reaches its limit, when it goes on like this; unknown without a limit */
};

struct verdict_collection;

struct evidence {
    struct verdict_collection *collection;
    double percent[EVIDENCE_CAUSES]; /* of the window; add up to 100 */
    struct carrier
        carriers[EVIDENCE_CAUSES]; /* without functions and lines, which evidence_find_place() finds */
    size_t gil_threads;            /* threads that wanted it */
    size_t lock_threads;
    enum awaited awaited;     /* by the busiest thread, when it is idle */
    double throttled_percent; /* unknown without a limit */
    struct growth memory;
    struct growth open_files;
    bool swap_is_disk; /* the share of swap is what was the disk's */
};

/* The slice of a process in a tick; it points into the tick. */
struct verdict_slice verdict_slice_of(const struct tick *tick, const struct process *process);

/* Add up slices, oldest first, which are needed until evidence_free().
 *
 * returns  false when they hold no time of any thread */
bool evidence_collect(struct evidence *evidence, const struct verdict_slice *slices, size_t count,
                      const struct call_tree *tree);
void evidence_free(struct evidence *evidence);

/* Find the function and the line that carry most of a cause. */
void evidence_find_place(struct evidence *evidence, enum verdict_kind cause);

/* Judge slices, oldest first; see verdict_of_process(). */
bool verdict_of_slices(const struct verdict_slice *slices, size_t count, const struct call_tree *tree,
                       struct verdict *verdict);

#endif

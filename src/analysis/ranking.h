/* Where a process's time went: functions and lines, hottest first, over a window of ticks. */
#ifndef PYNECK_ANALYSIS_RANKING_H
#define PYNECK_ANALYSIS_RANKING_H

#include "analysis/thread_times.h"
#include "model/call_tree.h"
#include "model/tick.h"

enum ranking_mode {
    RANKING_CPU,
    RANKING_WALL,
    RANKING_MODES,
};

enum ranking_level {
    RANKING_FUNCTIONS,
    RANKING_LINES,
};

/* One function, or one line of one. Own: the frame was innermost. Total: it was anywhere on the stack; a
 * recursive function counts once a sample. */
struct ranking_row {
    uint32_t function; /* id in the call tree */
    uint32_t line;     /* RANKING_LINES: the line; RANKING_FUNCTIONS: 0 */
    uint64_t own_cpu_ns;
    uint64_t total_cpu_ns;
    uint64_t own_wall_ns;
    uint64_t total_wall_ns;
    int64_t own_growth_bytes; /* of resident memory; below 0: freed */
    int64_t total_growth_bytes;
    uint64_t samples;   /* own */
    double own_percent; /* of the process's own total in the mode; unknown when that is 0 */
    double total_percent;
};

struct ranking {
    struct ranking_row *rows; /* hottest first by own time in the mode, then by total time, then by name */
    size_t count;
    uint64_t cpu_ns;  /* of the process in the window, all threads */
    uint64_t wall_ns; /* thread time in the window: each thread counts */
    uint64_t samples;
    uint64_t span_ns; /* real time that the window covers */
};

/* Time that a sample spent without any Python frame counts in the totals, but in no row. */

/* A window holds the counters of one process over some ticks. */
struct window;

/* span_ns: how much of the past the window keeps: 0 for the last interval only, UINT64_MAX for all. */
struct window *window_new(uint64_t span_ns);
void window_free(struct window *window);

/* Add the counters of a process in a tick; the tick may be freed afterwards. Ticks older than the span leave.
 */
void window_add(struct window *window, const struct tick *tick, const struct process *process);

/* Forget everything. */
void window_clear(struct window *window);

/* Rank what the window holds; free the result with ranking_free(). */
struct ranking window_rank(const struct window *window, const struct call_tree *tree, enum ranking_mode mode,
                           enum ranking_level level);

/* Hand out the time of threads by state that the window holds, in any number of parts. */
void window_visit_times(const struct window *window, thread_time_visit *visit, void *context);

/* Rank one process's counters of one tick. */
struct ranking ranking_of_process(const struct tick *tick, const struct process *process,
                                  const struct call_tree *tree, enum ranking_mode mode,
                                  enum ranking_level level);

/* Rank the counters of all processes of one tick together. */
struct ranking ranking_of_tick(const struct tick *tick, const struct call_tree *tree, enum ranking_mode mode,
                               enum ranking_level level);

void ranking_free(struct ranking *ranking);

/* "cpu", "wall" */
const char *ranking_mode_name(enum ranking_mode mode);

/* The thread that used most CPU in the interval and has a Python stack (else the first with one), or NULL. */
const struct thread *process_busiest_thread(const struct process *process);

#endif

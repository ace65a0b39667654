/* What the threads did one thing after the other, for the formats that show an order. */
#ifndef PYNECK_EXPORT_PROFILE_TIMELINE_H
#define PYNECK_EXPORT_PROFILE_TIMELINE_H

#include "analysis/profile_sum.h"

/* Samples of one thread, one after the other, at one place and in one state. */
struct timeline_step {
    const struct process *process;
    pid_t tid;
    uint32_t node;
    enum thread_state state;
    uint32_t samples;
    int64_t begin_ns; /* CLOCK_REALTIME */
    uint64_t wall_ns; /* to the thread's next step in the tick; 0: it has no place in the order */
    int64_t weight;   /* over all steps of a tick exactly what the tick's counters weigh */
    int64_t cpu_ns;   /* likewise */
};

typedef void timeline_visit(void *context, const struct timeline_step *step);

/* Visit the selected steps of a tick, process by process, in the order in which they began. A tick that does not hold the
 * order of its samples is shown as one step for each counter, one after the other in each thread. */
void profile_timeline_walk(const struct tick *tick, const struct profile_selection *selection,
                           enum profile_weight weight, timeline_visit *visit, void *context);

/* How much later than the end of a step the thread's next one may begin for it to have gone on where it was: between ticks
 * is some time that no step holds. Where states are left out, the thread may have been in one of them. */
uint64_t profile_timeline_gap_ns(const struct profile_selection *selection);

#endif

/* Counters of the kernel that only grow, and what they say about an interval. */
#ifndef PYNECK_SYSTEM_COUNTER_H
#define PYNECK_SYSTEM_COUNTER_H

#include "model/number.h"

/* How fast a counter grew. Unknown when no time has passed, and when it went backwards: then it is another
 * device's or process's counter, or it was reset. */
static inline double counter_rate(uint64_t before, uint64_t now, double seconds)
{
    if (seconds <= 0 || now < before)
        return UNKNOWN_REAL;
    return (double)(now - before) / seconds;
}

/* The share of an interval that a counter of busy time took, in percent; never more than 100. */
static inline double counter_share(uint64_t before_ns, uint64_t now_ns, double seconds)
{
    double percent = counter_rate(before_ns, now_ns, seconds) / 1e9 * 100;

    return percent > 100 ? 100 : percent;
}

#endif

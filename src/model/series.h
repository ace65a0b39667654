/* Ticks in a row, and what is left of them in a timeline. */
#ifndef PYNECK_MODEL_SERIES_H
#define PYNECK_MODEL_SERIES_H

#include "model/tick.h"

/* Ticks by sequence: from `first` on, before `end`. Empty: first == end. */
struct tick_span {
    uint64_t first;
    uint64_t end;
};

/* One tick in few numbers, of the machine or of a process; for a timeline. */
struct series_point {
    uint64_t sequence;
    int64_t time_ns;
    uint64_t interval_ns;
    double cpu_percent;           /* 100: one core; of the machine the sum over all */
    int64_t memory_bytes;         /* used, or resident */
    double read_bytes_per_second; /* from storage */
    double write_bytes_per_second;
};

/* What a point says of a tick.
 *
 * pid  a process (without it in the tick the figures are unknown); 0: the machine */
struct series_point series_point_of(const struct tick *tick, pid_t pid);

#endif

/* The counters of a profile thread by thread: the order in which a recording keeps them, for what is alike in each tick
 * comes at the same place then. */
#ifndef PYNECK_RECORD_PROFILE_ORDER_H
#define PYNECK_RECORD_PROFILE_ORDER_H

#include "model/tick.h"

/* The counters of one thread: those from `first` to before `end`. */
struct profile_part {
    pid_t tid;
    size_t first;
    size_t end;
};

struct profile_order {
    struct profile_counter *counters; /* by thread, node and state */
    size_t count;
    struct profile_part *parts; /* by thread */
    size_t part_count;
    uint32_t *part_of; /* by counter */
    uint32_t *places;  /* by the profile's own index of a counter: where it is here */
};

/* Bring a profile's counters into order; what comes back lies in the arena. */
struct profile_order profile_order_of(const struct profile *profile, struct arena *arena);

/* The first counter of a thread with this node and state; `count` when there is none. O(log n). */
size_t profile_order_find(const struct profile_order *order, pid_t tid, uint32_t node,
                          enum thread_state state);

/* `whole` times `part` by `all`; 0 where that cannot be told. */
static inline uint64_t profile_share(uint64_t whole, uint64_t part, uint64_t all)
{
    uint64_t product;

    return all == 0 || __builtin_mul_overflow(whole, part, &product) ? 0 : product / all;
}

#endif

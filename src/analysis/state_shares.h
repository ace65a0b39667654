/* How time went by thread state. */
#ifndef PYNECK_ANALYSIS_STATE_SHARES_H
#define PYNECK_ANALYSIS_STATE_SHARES_H

#include "model/tick.h"

/* Zero-initialized is no time at all. */
struct state_shares {
    uint64_t wall_ns[THREAD_STATES];
    uint64_t total_ns;
};

/* Add time in one state, or that of all counters of a profile (NULL adds nothing). */
void state_shares_add(struct state_shares *shares, enum thread_state state, uint64_t wall_ns);
void state_shares_add_profile(struct state_shares *shares, const struct profile *profile);

/* The share of a state in percent; unknown when there is no time. */
double state_shares_percent(const struct state_shares *shares, enum thread_state state);

#endif

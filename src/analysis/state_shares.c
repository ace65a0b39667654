#include "analysis/state_shares.h"

void state_shares_add(struct state_shares *shares, const struct profile_counter *counter)
{
    if ((unsigned int)counter->state >= THREAD_STATES)
        return;
    shares->wall_ns[counter->state] += counter->wall_ns;
    shares->total_ns += counter->wall_ns;
}

void state_shares_add_profile(struct state_shares *shares, const struct profile *profile)
{
    for (size_t i = 0; profile != NULL && i < profile->counter_count; i++)
        state_shares_add(shares, &profile->counters[i]);
}

double state_shares_percent(const struct state_shares *shares, enum thread_state state)
{
    if (shares->total_ns == 0)
        return UNKNOWN_REAL;
    return 100.0 * (double)shares->wall_ns[state] / (double)shares->total_ns;
}

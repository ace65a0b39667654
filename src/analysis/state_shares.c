#include "analysis/state_shares.h"

void state_shares_add(struct state_shares *shares, enum thread_state state, uint64_t wall_ns)
{
    if ((unsigned int)state >= THREAD_STATES)
        return;
    shares->wall_ns[state] += wall_ns;
    shares->total_ns += wall_ns;
}

void state_shares_add_profile(struct state_shares *shares, const struct profile *profile)
{
    for (size_t i = 0; profile != NULL && i < profile->counter_count; i++)
        state_shares_add(shares, profile->counters[i].state, profile->counters[i].wall_ns);
}

double state_shares_percent(const struct state_shares *shares, enum thread_state state)
{
    if (shares->total_ns == 0)
        return UNKNOWN_REAL;
    return 100.0 * (double)shares->wall_ns[state] / (double)shares->total_ns;
}

#include "sampler/budget.h"

#include "base/clock.h"
#include "model/number.h"

enum {
    MAX_DIVISOR = 1 << 12,
    LEAST_TURNS = 2, /* in an interval: one of them may be held up */
};

static const uint64_t check_interval_ns = 200 * NS_PER_MILLISECOND;
static const double spare_share = 0.4; /* less than this is used: twice as much can be afforded */

void budget_begin(struct budget *budget, double percent, uint64_t now_ns)
{
    *budget = (struct budget){
        .percent = percent,
        .checked_ns = now_ns,
        .enough = MAX_DIVISOR,
        .focus_divisor = 1,
        .other_divisor = 1,
    };
}

void budget_set_interval(struct budget *budget, uint64_t interval_ns, uint64_t period_ns)
{
    uint64_t turns = interval_ns / period_ns / LEAST_TURNS;

    budget->enough = turns < 1 ? 1 : turns < MAX_DIVISOR ? (uint32_t)turns : MAX_DIVISOR;
    if (budget->focus_divisor > budget->enough)
        budget->focus_divisor = budget->enough;
}

static void give_way(struct budget *budget, bool has_others)
{
    if (has_others && budget->other_divisor <= budget->enough / 2)
        budget->other_divisor *= 2;
    else if (budget->focus_divisor <= budget->enough / 2)
        budget->focus_divisor *= 2;
    else if (has_others && budget->other_divisor <= MAX_DIVISOR / 2)
        budget->other_divisor *= 2;
}

static void come_back(struct budget *budget)
{
    if (budget->other_divisor > budget->enough)
        budget->other_divisor /= 2;
    else if (budget->focus_divisor > 1)
        budget->focus_divisor /= 2;
    else if (budget->other_divisor > 1)
        budget->other_divisor /= 2;
}

bool budget_is_due(const struct budget *budget, uint64_t now_ns)
{
    return now_ns - budget->checked_ns >= check_interval_ns;
}

void budget_keep(struct budget *budget, uint64_t now_ns, uint64_t cpu_ns, bool has_others)
{
    uint64_t elapsed_ns = now_ns - budget->checked_ns;
    double percent = 100.0 * (double)(cpu_ns - budget->cpu_ns) / (double)elapsed_ns;
    budget->checked_ns = now_ns;
    budget->cpu_ns = cpu_ns;
    if (!real_is_known(budget->percent))
        return;
    if (percent > budget->percent)
        give_way(budget, has_others);
    else if (percent < budget->percent * spare_share)
        come_back(budget);
}

uint64_t budget_next_turn(uint64_t slot, uint32_t divisor, uint32_t phase)
{
    return slot + (divisor - (slot + phase) % divisor) % divisor;
}

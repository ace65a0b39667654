/* How often processes have their turn, so that the sampler stays inside its share of a core. Moments are numbered by slots
 * (one a period); a process has its turn at every so many of them. */
#ifndef PYNECK_SAMPLER_BUDGET_H
#define PYNECK_SAMPLER_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget {
    double percent; /* of one core; UNKNOWN_REAL for no limit */
    uint64_t checked_ns;
    uint64_t cpu_ns; /* of the sampler's thread at that time */
    uint32_t enough; /* with this divisor there are still samples in each interval that is handed over */
    uint32_t focus_divisor; /* of the process in focus, */
    uint32_t other_divisor; /* and of all others: it has its turn in one slot of so many */
};

/* Everything has its turn in every slot. */
void budget_begin(struct budget *budget, double percent, uint64_t now_ns);

/* Note how long the intervals between hand-overs are. */
void budget_set_interval(struct budget *budget, uint64_t interval_ns, uint64_t period_ns);

/* Whether it is time for the next call. */
bool budget_is_due(const struct budget *budget, uint64_t now_ns);

/* Adapt the divisors to the CPU time used since they were adapted last. What is not
 * in focus gives way first, as long as it is enough, then the focus as long, then the others further. Back comes first
 * what went last.
 *
 * cpu_ns  CPU time of the sampler's thread */
void budget_keep(struct budget *budget, uint64_t now_ns, uint64_t cpu_ns, bool has_others);

/* The first slot from `slot` on in which a process has its turn.
 *
 * phase  shifts its turns, so that not all processes have theirs at once */
uint64_t budget_next_turn(uint64_t slot, uint32_t divisor, uint32_t phase);

#endif

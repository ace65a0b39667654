/* Many ticks in one: the counters and waits of their processes, added up; a part of the reader. */
#ifndef PYNECK_RECORD_TICK_SUM_H
#define PYNECK_RECORD_TICK_SUM_H

#include "model/tick.h"

struct tick_sum;

/* An empty sum; tick_sum_free() it. */
struct tick_sum *tick_sum_new(void);
void tick_sum_free(struct tick_sum *sum);

/* The place of a process, under whichever description it comes; the newest is kept. It need not live on. */
uint32_t tick_sum_place(struct tick_sum *sum, const struct process *process);

/* Add to the process in a place. */
void tick_sum_add_counter(struct tick_sum *sum, uint32_t place, const struct profile_counter *counter);
void tick_sum_add_wait(struct tick_sum *sum, uint32_t place, const struct profile_wait *wait);

/* Add a process of a tick that was sampled. */
void tick_sum_add_process(struct tick_sum *sum, const struct process *process);

/* Make the sum the processes of a tick, by pid, in its arena; all figures that cannot be added up are unknown. */
struct process *tick_sum_finish(const struct tick_sum *sum, struct tick *tick);

#endif

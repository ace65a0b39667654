/* Which stacks the growth of a process's memory is given to. */
#ifndef PYNECK_SAMPLER_GROWTH_SHARE_H
#define PYNECK_SAMPLER_GROWTH_SHARE_H

#include "sampler/sampled_process.h"

/* After the threads were sampled: give what the process grew by since the last time to the threads that have run
 * meanwhile. When none has, or the last time is a very short while ago, it waits for the next call. */
void growth_share_sample(struct sampled_process *process, uint64_t now_ns);

/* Before a hand-over: give away all that is left, so that the counters add up to the growth of the process in the
 * interval.
 *
 * returns  whether they do: false in an interval whose beginning or end could not be measured */
bool growth_share_close(struct sampled_process *process, uint64_t now_ns);

#endif

/* Turns what the sampler hands over into the Python part of a tick's processes. */
#ifndef PYNECK_SOURCE_LIVE_PROFILE_H
#define PYNECK_SOURCE_LIVE_PROFILE_H

#include "model/tick.h"
#include "python/locate.h"
#include "sampler/batch.h"

/* Fill in profile, threads and runnable_percent of a process.
 *
 * record       what the sampler counted; its counters are copied into the arena
 * interval_ns  of the batch */
void live_profile_attach(struct process *process, const struct process_record *record, uint64_t interval_ns,
                         struct arena *arena);

/* What is known of an interpreter without any sample. */
const struct python_info *live_profile_describe(const struct python_location *location, struct arena *arena);

#endif

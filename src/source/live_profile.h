/* Turns what the sampler hands over into the Python part of a tick's processes. */
#ifndef PYNECK_SOURCE_LIVE_PROFILE_H
#define PYNECK_SOURCE_LIVE_PROFILE_H

#include "model/tick.h"
#include "python/locate.h"
#include "sampler/batch.h"
#include "source/discovery.h"

/* Fill in profile, threads and runnable_percent of the processes that a batch tells of; its counters are copied into the
 * arena, and its processes are sorted.
 *
 * rows  by pid */
void live_profile_attach(struct discovery *discovery, const struct sampler_batch *batch, struct process *rows,
                         size_t count, struct arena *arena);

/* What is known of an interpreter without any sample. */
const struct python_info *live_profile_describe(const struct python_location *location, struct arena *arena);

#endif

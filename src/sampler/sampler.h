/* The sampler: one thread with a hard clock that takes the stacks of all watched processes.
 *
 * Everything below is called by one other thread. The sampler never waits for that thread: orders and results
 * go through a queue that it looks at when nobody else does. */
#ifndef PYNECK_SAMPLER_SAMPLER_H
#define PYNECK_SAMPLER_SAMPLER_H

#include "base/error.h"
#include "model/call_tree.h"
#include "python/locate.h"
#include "sampler/batch.h"

struct sampler;

struct sampler_options {
    double rate_hz;        /* moments a second at full rate */
    double budget_percent; /* of one core, for the sampler thread; UNKNOWN_REAL for no limit */
    bool pause;            /* hold the threads of a process while they are read */
};

/* Start the thread. `tree` gets all names; only the sampler writes to it until sampler_stop(). */
struct error *sampler_start(struct sampler **sampler, struct call_tree *tree,
                            const struct sampler_options *options);

/* Stop the thread and free everything. */
void sampler_stop(struct sampler *sampler);

/* Begin, end to watch a process. */
void sampler_add(struct sampler *sampler, pid_t pid, uint64_t start_ticks,
                 const struct python_location *location);
void sampler_remove(struct sampler *sampler, pid_t pid, uint64_t start_ticks);

/* The process that is sampled at full rate when the budget does not allow it for all; 0 for none. */
void sampler_set_focus(struct sampler *sampler, pid_t pid);

/* Whether the order of samples is handed over too, from now on; at first it is not. */
void sampler_keep_runs(struct sampler *sampler, bool keep);

/* How much of one core the sampler thread may use from now on, in percent; UNKNOWN_REAL for no limit. */
void sampler_set_budget(struct sampler *sampler, double percent);

/* Take what was counted since the last call.
 *
 * returns  a batch (arena_free(batch->arena) it), or NULL when the sampler did not answer within the time: it
 * is held up by a process whose memory cannot be read at the moment; nothing is lost */
struct sampler_batch *sampler_take(struct sampler *sampler, uint64_t timeout_ns);

#endif

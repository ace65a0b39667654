/* One process under the sampler: its threads, their stacks, its counters. Used by the sampler thread only. */
#ifndef PYNECK_SAMPLER_SAMPLED_PROCESS_H
#define PYNECK_SAMPLER_SAMPLED_PROCESS_H

#include "model/call_tree.h"
#include "python/locate.h"
#include "sampler/batch.h"
#include "sampler/pause.h"
#include "sampler/turn_counter.h"

struct sampled_process;

/* A process to be sampled; nothing is read yet.
 *
 * tree   gets its functions and nodes
 * pause         holds its threads while they are read; NULL: they run on
 * turn_counter  tells of many threads at once; NULL: each one is asked */
struct sampled_process *sampled_process_new(pid_t pid, uint64_t start_ticks,
                                            const struct python_location *location, struct call_tree *tree,
                                            struct pause *pause, struct turn_counter *turn_counter);
void sampled_process_free(struct sampled_process *process);

/* Whether the order of samples is handed over too; at first it is not. */
void sampled_process_keep_runs(struct sampled_process *process, bool keep);

/* Take one sample of every thread.
 *
 * late     whether this moment came more than a period after its time
 * returns  the time when it was done */
uint64_t sampled_process_sample(struct sampled_process *process, uint64_t now_ns, bool late);

/* Whether it was sampled, or tried to be. */
bool sampled_process_has_begun(const struct sampled_process *process);

/* Until when there is nothing to be sampled; 0 when that may be at any time. */
uint64_t sampled_process_rests_until(const struct sampled_process *process);

/* Hand over the counters of the interval and begin a new one.
 *
 * record  receives what was counted; arrays come from `arena` */
void sampled_process_take(struct sampled_process *process, struct arena *arena, struct process_record *record,
                          uint64_t begin_ns, uint64_t end_ns);

pid_t sampled_process_pid(const struct sampled_process *process);
uint64_t sampled_process_start_ticks(const struct sampled_process *process);

#endif

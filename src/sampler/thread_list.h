/* Which threads a sampled process has. */
#ifndef PYNECK_SAMPLER_THREAD_LIST_H
#define PYNECK_SAMPLER_THREAD_LIST_H

#include "sampler/sampled_state.h"

/* Whether the interpreter should be asked for its threads (again). */
bool thread_list_is_due(const struct sampled_process *process, uint64_t now_ns);

/* When that is, of a process whose threads could not be listed. */
uint64_t thread_list_next_retry(const struct sampled_process *process);

/* Ask the interpreter for its threads: new ones are added, those that have ended are dropped, and the process's status is
 * what the answer shows. */
void thread_list_update(struct sampled_process *process, uint64_t now_ns);

/* Remember a thread that came or went in this interval, for sampled_process_take(). */
void thread_list_add_short_lived(struct sampled_process *process, pid_t tid);

/* Drop all threads and free the room. */
void thread_list_free(struct sampled_process *process);

#endif

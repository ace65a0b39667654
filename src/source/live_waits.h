/* Says in words what threads wait for: which file, which peer, which lock, which child. */
#ifndef PYNECK_SOURCE_LIVE_WAITS_H
#define PYNECK_SOURCE_LIVE_WAITS_H

#include "model/tick.h"
#include "sampler/batch.h"

/* What a thread waited for at its last sample; NULL when it did not wait.
 *
 * process  with its open files, as far as they are listed: a descriptor that is not is named by its link in /proc alone */
const struct waiting *live_waits_describe_thread(const struct process *process,
                                                 const struct process_record *record,
                                                 const struct thread_record *thread, struct arena *arena);

/* What all threads waited for in the interval: record->wait_count elements. */
const struct profile_wait *live_waits_describe_all(const struct process *process,
                                                   const struct process_record *record, struct arena *arena);

#endif

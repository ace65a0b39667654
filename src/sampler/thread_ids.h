/* The numbers of threads: an interpreter knows its threads by the numbers of its own PID namespace, /proc by
 * those of pyneck's. */
#ifndef PYNECK_SAMPLER_THREAD_IDS_H
#define PYNECK_SAMPLER_THREAD_IDS_H

#include "base/hash.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Zero-initialized, with `pid` set, is empty. */
struct thread_ids {
    pid_t pid;
    bool is_read;
    bool same_namespace;
    struct hash_map tids; /* from the process's own number to ours, where they differ */
};

/* The thread that the process itself numbers `native_id`, numbered as in our namespace; 0 when there is none.
 * Threads in another namespace are all looked up at the first question. */
pid_t thread_ids_find(struct thread_ids *ids, uint64_t native_id);

/* Forget what was looked up: threads come and go. */
void thread_ids_forget(struct thread_ids *ids);

/* Free the room. */
void thread_ids_free(struct thread_ids *ids);

#endif

/* The threads of a process that have been blocked for a while, and one question to the kernel that tells that none of them has run. */
#ifndef PYNECK_SAMPLER_SLEEPERS_H
#define PYNECK_SAMPLER_SLEEPERS_H

#include "sampler/turn_counter.h"

#include <stddef.h>

struct sampled_process;

/* Zero-initialized, with `counter` set, is awake. While the sleepers are known, only the others are looked at, as long as the
 * turns of the whole process are those that its threads are known to have had. */
struct sleepers {
    struct turn_counter *counter; /* the sampler's; NULL: each thread is asked */
    bool known;
    uint32_t *others; /* which threads are not among them */
    size_t other_count;
    size_t other_capacity;
    uint64_t turns;          /* of the sleepers, and of threads that are not listed */
    uint32_t patience;       /* for so many moments it is not tried again */
    uint32_t patience_grows; /* after the next time that one of them has run */
};

/* Forget which they are: the list of threads changes. */
void sleepers_wake(struct sleepers *sleepers);

/* Before all threads are looked at: read the turns of the whole process, if it is worth while to know its sleepers.
 *
 * turns    receives them
 * returns  whether sleepers_note() shall be called afterwards */
bool sleepers_begin(struct sampled_process *process, uint64_t *turns);

/* After all threads were looked at: note which of them are sleepers. */
void sleepers_note(struct sampled_process *process, uint64_t turns);

/* After the others were looked at: whether no sleeper has run since it was noted. If one has, or that cannot be told, all
 * have to be looked at. */
bool sleepers_rest(struct sampled_process *process);

void sleepers_free(struct sleepers *sleepers);

#endif

/* Which descriptors a thread in poll or select waits for, read from its memory. */
#ifndef PYNECK_SAMPLER_WATCHED_DESCRIPTORS_H
#define PYNECK_SAMPLER_WATCHED_DESCRIPTORS_H

#include "sampler/system_calls.h"
#include "sampler/thread_probe.h"

enum {
    WATCHED_MAX_NAMED = 4,
};

struct watched_descriptors {
    bool known;
    size_t count;
    int fds[WATCHED_MAX_NAMED]; /* the first of them */
    bool
        in_call; /* the list lies where the call began on the stack: it was made for this one call, inside another one
                   * such as a recv(2) with a timeout, and belongs to no selector that is kept */
};

/* Read the list of a thread that is blocked in a call of class CALL_POLL or CALL_SELECT. A list that is longer than
 * 1,024 descriptors is not known. */
struct watched_descriptors watched_descriptors_read(pid_t pid, const struct system_call *call,
                                                    const struct kernel_activity *activity);

#endif

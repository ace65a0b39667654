/* Why a thread is off the CPU: its system call and that call's arguments, as a thread state. */
#ifndef PYNECK_SAMPLER_WAIT_KIND_H
#define PYNECK_SAMPLER_WAIT_KIND_H

#include "model/thread_state.h"
#include "python/unwind.h"
#include "sampler/thread_probe.h"
#include "sampler/watched_descriptors.h"

struct wait_reason {
    enum thread_state state;
    const char *call; /* the system call's name or a closer word; NULL when it is not one that is known */
    int fd; /* the descriptor it waits for, that of an epoll, or the only one in a poll or select; or -1 */
    uint64_t lock_address;              /* the lock's, or the GIL's; 0 when it waits for none */
    pid_t child;                        /* as the target numbers it; 0 when it waits for none, or for any */
    size_t watched_count;               /* descriptors in a poll or select of several */
    int watched_fds[WATCHED_MAX_NAMED]; /* the first of them */
};

/* Nothing is known but the state. */
struct wait_reason wait_reason_of_state(enum thread_state state);

enum {
    WAIT_REMEMBERED_SOCKETS = 64,
};

/* What is the same for all waits of one process, and what was found out about its sockets: the number of one is not soon
 * used again. */
struct wait_finder {
    pid_t pid;
    uint64_t gil_bytes;   /* size of what a thread's reference has as `gil` */
    bool has_parking_lot; /* locks are waited for in Python/parking_lot.c, from 3.13 on */
    uint32_t attachment;  /* of the layout: where a thread state says whether it is suspended */
    struct {
        uint64_t inode; /* 0: empty */
        enum thread_state state;
    } sockets[WAIT_REMEMBERED_SOCKETS];
};

struct wait_finder wait_finder_of(pid_t pid, const struct python_layout *layout);

/* Decide why a thread waits.
 *
 * thread    its state in the interpreter, and the interpreter's GIL
 * tid       for a closer look at a thread that waits outside of the calls that are known; 0 for none
 * activity  of a thread that is blocked */
struct wait_reason wait_reason_find(struct wait_finder *finder, const struct thread_reference *thread,
                                    pid_t tid, const struct kernel_activity *activity);

#endif

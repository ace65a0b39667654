/* Why a thread is off the CPU: its system call and that call's arguments, as a thread state. */
#ifndef PYNECK_SAMPLER_WAIT_KIND_H
#define PYNECK_SAMPLER_WAIT_KIND_H

#include "model/thread_state.h"
#include "sampler/thread_probe.h"

struct wait_reason {
    enum thread_state state;
    const char *call; /* the system call's name, or NULL when it is not one that is known */
    int fd;           /* the descriptor it waits for, or -1 */
};

enum {
    WAIT_REMEMBERED_SOCKETS = 64,
};

/* One process's waits. Whether a socket is a Unix socket is looked up in a table of the kernel that can be
 * long, so the answers are remembered by inode. Zero-initialized but for `pid`. */
struct wait_finder {
    pid_t pid;
    struct {
        unsigned long long inode;
        enum thread_state state;
    } sockets[WAIT_REMEMBERED_SOCKETS];
};

/* Decide why a thread waits.
 *
 * activity  of a thread that is blocked
 * gil       address of the interpreter's struct _gil_runtime_state, 0 when not known */
struct wait_reason wait_reason_find(struct wait_finder *finder, const struct kernel_activity *activity,
                                    uint64_t gil);

#endif

/* The system calls that a thread can be blocked in, by the names of the C library's headers. */
#ifndef PYNECK_SAMPLER_SYSTEM_CALLS_H
#define PYNECK_SAMPLER_SYSTEM_CALLS_H

#include "model/thread_state.h"

enum {
    NO_FD_ARGUMENT = -1,
};

/* What decides the state of a thread that is blocked in a call. */
enum call_class {
    CALL_FIXED,         /* the call alone */
    CALL_BY_DESCRIPTOR, /* what its descriptor is */
    CALL_FUTEX,         /* the address */
    CALL_POLL,          /* the array of struct pollfd: address, then count */
    CALL_SELECT,        /* the sets of descriptors: their size, then the addresses of three */
    CALL_CHILD,         /* a process of the caller: in the first argument, or in the second after P_PID */
};

struct system_call {
    long number;
    const char *name;
    enum call_class class;
    enum thread_state state; /* unless the class says more */
    int fd_argument;         /* which argument is a descriptor, or NO_FD_ARGUMENT */
};

/* A call by its number on this machine; NULL for one that is not known to block.
 *
 * source  <sys/syscall.h> of x86-64 and aarch64 */
const struct system_call *system_call_find(long number);

#endif

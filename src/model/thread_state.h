/* What a thread was doing when it was sampled, one for every sample. */
#ifndef PYNECK_MODEL_THREAD_STATE_H
#define PYNECK_MODEL_THREAD_STATE_H

#include <stdbool.h>

enum thread_state {
    THREAD_RUNNING,  /* on a CPU */
    THREAD_RUNNABLE, /* wants a CPU and has none */
    THREAD_GIL,      /* waits for the GIL */
    THREAD_LOCK,     /* waits for another lock */
    THREAD_SLEEP,    /* sleeps for a time it asked for */
    THREAD_DISK,     /* waits for a file or a block device */
    THREAD_NETWORK,  /* waits for an internet socket */
    THREAD_PIPE,     /* waits for a pipe, a tty or a Unix socket */
    THREAD_POLL,     /* waits in select, poll or epoll */
    THREAD_CHILD,    /* waits for a child process */
    THREAD_GC,       /* on a CPU, inside the garbage collector */
    THREAD_NATIVE,   /* on a CPU in native code: without the GIL, or in a call of C code that holds it */
    THREAD_OTHER,    /* off the CPU for a reason that is not known */
    THREAD_STATES,
};

/* The state's name in output and JSON: "running", "runnable", "gil", ... */
const char *thread_state_name(enum thread_state state);

/* Whether a thread in this state uses a CPU (running, gc, native). */
bool thread_state_on_cpu(enum thread_state state);

#endif

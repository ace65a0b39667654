/* Holds threads of other processes still while they are read, and lets them go.
 *
 * A thread is seized, interrupted and detached again for each read, so that between two of them it is traced by nobody: its
 * signals, stops and its end go their usual way. A signal that comes in a read is delivered when the thread is let go;
 * a process that job control has stopped stays stopped. Nothing is set that would keep a thread when its tracer dies: the
 * kernel lets all of them go, whatever ends pyneck.
 *
 * The kernel takes these calls from the thread only that made the first one.
 *
 * source  ptrace(2); kernel/ptrace.c: ptrace_detach, exit_ptrace */
#ifndef PYNECK_SAMPLER_PAUSE_H
#define PYNECK_SAMPLER_PAUSE_H

#include <stdbool.h>
#include <sys/types.h>

struct pause;

enum pause_answer {
    PAUSE_ASKED,   /* it stops as soon as it is on a CPU, or in a few microseconds when it is already */
    PAUSE_GONE,    /* the thread has ended */
    PAUSE_REFUSED, /* another process traces it, or the kernel forbids to trace */
};

struct pause *pause_new(void);

/* Free it. What is held is let go by the kernel, when the thread that held it ends. */
void pause_free(struct pause *pause);

/* Ask a thread of a process to stop. */
enum pause_answer pause_ask(struct pause *pause, pid_t pid, pid_t tid);

/* Wait until the threads that were asked have stopped, but no longer than some milliseconds: one that has not stopped by then
 * waits for a CPU or for the disk, and its memory stands still as well. */
void pause_wait(struct pause *pause);

/* Let all threads go.
 *
 * returns  whether some have not stopped yet: this is to be called again soon, as they will */
bool pause_let_go(struct pause *pause);

/* Whether a process other than pyneck traces this one. */
bool pause_is_traced(pid_t pid);

#endif

/* What the user can do to a process: send it a signal, change its priority. */
#ifndef PYNECK_UI_PROCESS_CONTROL_H
#define PYNECK_UI_PROCESS_CONTROL_H

#include "base/error.h"
#include "model/tick.h"

enum {
    PROCESS_TARGET_NAME = 64,
};

/* A process that stays the same one however long the user thinks: a file descriptor holds it, so that its
 * number cannot be another's when the signal is sent (pidfd_open(2)). */
struct process_target {
    pid_t pid;
    int pidfd; /* -1: the kernel has none, or the process has gone */
    char name[PROCESS_TARGET_NAME];
};

/* Hold a process that a tick shows.
 *
 * returns  an error when it has gone */
struct error *process_target_open(struct process_target *target, const struct process *process);
void process_target_close(struct process_target *target);

/* Send it a signal. */
struct error *process_target_signal(const struct process_target *target, int signal);

/* Add to the nice value of all its threads (setpriority(2) sets one thread's).
 *
 * nice  receives the new value */
struct error *process_target_renice(const struct process_target *target, int step, int *nice);

#endif

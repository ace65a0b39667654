/* The process ids of the machine. */
#ifndef PYNECK_SYSTEM_PID_LIST_H
#define PYNECK_SYSTEM_PID_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Zero-initialized is empty. */
struct pid_list {
    pid_t *pids; /* ascending */
    size_t count;
    size_t capacity;
};

/* Read the names in /proc, anew each time.
 *
 * proc_fd  /proc, opened for reading; it is read from its start
 * returns  0, or the errno; then the list is empty */
int pid_list_read(struct pid_list *list, int proc_fd);

/* Whether a process id is in the list. */
bool pid_list_contains(const struct pid_list *list, pid_t pid);

void pid_list_free(struct pid_list *list);

#endif

/* Paths as a process sees them that has another root directory (chroot). */
#ifndef PYNECK_SYSTEM_PROCESS_ROOT_H
#define PYNECK_SYSTEM_PROCESS_ROOT_H

#include <limits.h>
#include <stddef.h>

/* What a process has as its root directory; empty where that is pyneck's own, or not known. */
struct process_root {
    char path[PATH_MAX];
    size_t length;
};

/* Read it by a descriptor of the directory /proc/PID (proc_pid_root(5)). */
void process_root_read(struct process_root *root, int process_fd);

/* Cut from a path that the kernel named, as the links in /proc/PID do, what the process does not see of it. */
void process_root_enter(const struct process_root *root, const char **path, size_t *length);

#endif

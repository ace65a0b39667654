/* The open file descriptors of a process, and what is behind them. */
#ifndef PYNECK_SYSTEM_OPEN_FILES_H
#define PYNECK_SYSTEM_OPEN_FILES_H

#include "model/tick.h"

struct open_files;

/* A reader that remembers positions, for rates, and the tables of sockets, for a short time. */
struct open_files *open_files_new(void);
void open_files_free(struct open_files *reader);

struct open_file_list {
    const struct open_file *files; /* by fd, from the arena */
    size_t count;
    int64_t total;       /* descriptors that the process has; UNKNOWN_COUNT without permission */
    bool complete;       /* false: the time was over before all were read */
    struct error *error; /* why nothing could be read; the caller frees it; NULL */
};

/* List the descriptors of a process. A process that has gone has none.
 *
 * time_limit_ns  it stops after about this long, with what it has; the next call goes on where it stopped, so
 *                that a long list is complete after some calls (what was read before is kept as it was then);
 *                for the tables of what is behind the descriptors, half of it is CPU time
 *
 * At most 65,536 descriptors are listed; a longer list is never complete. The file behind a descriptor is
 * asked for its size, which can take longer than the limit when it lies on a server that does not answer.
 *
 * Source: proc_pid_fd(5), proc_pid_fdinfo(5), proc_pid_net(5) in the process's own network namespace,
 * sock_diag(7) for Unix sockets in that of pyneck */
struct open_file_list open_files_read(struct open_files *reader, pid_t pid, uint64_t start_ticks,
                                      struct arena *arena, uint64_t time_limit_ns);

/* How many descriptors a process has, without listing them (one stat(2) of /proc/PID/fd where the kernel
 * tells the count there, from 6.2 on, else by counting names); UNKNOWN_COUNT without permission. */
int64_t open_files_count(pid_t pid);

/* The soft limit of RLIMIT_NOFILE; UNKNOWN_COUNT when it cannot be read or is unlimited. */
int64_t open_files_limit(pid_t pid);

/* Forget what is remembered of a process that has gone. */
void open_files_forget(struct open_files *reader, pid_t pid);

#endif

/* How the CPU limits of control groups hold processes back. */
#ifndef PYNECK_SYSTEM_CGROUP_LIMITS_H
#define PYNECK_SYSTEM_CGROUP_LIMITS_H

#include <stdint.h>
#include <sys/types.h>

struct cgroup_limits;

struct cgroup_limits *cgroup_limits_new(void);
void cgroup_limits_free(struct cgroup_limits *limits);

/* The share of the time since the last call, in percent, in which a limit of the process's group, or of one that contains it,
 * held it back; unknown when none of them has a limit, and at the first call. Which group it is in, and what limits
 * there are, is looked at anew after some seconds.
 *
 * now_ns  CLOCK_MONOTONIC */
double cgroup_limits_read(struct cgroup_limits *limits, pid_t pid, uint64_t start_ticks, uint64_t now_ns);

/* Forget a process that has gone. */
void cgroup_limits_forget(struct cgroup_limits *limits, pid_t pid);

#endif

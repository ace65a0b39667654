/* Control groups and their CPU limits, read from the text of the kernel's files. */
#ifndef PYNECK_SYSTEM_CGROUP_TEXT_H
#define PYNECK_SYSTEM_CGROUP_TEXT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* The two kinds of hierarchies; a machine can have both, and the CPU controller is in one of them. */
enum cgroup_version {
    CGROUP_V1,
    CGROUP_V2,
    CGROUP_VERSIONS,
};

/* Where a hierarchy is mounted, and which part of it. */
struct cgroup_mount {
    char directory[PATH_MAX]; /* empty: it is not mounted */
    char root[PATH_MAX];      /* the group that the directory is, "/" for the hierarchy's root */
};

/* Read one line of /proc/self/mountinfo (proc_pid_mountinfo(5)): false when it does not mount a hierarchy that can have
 * the CPU controller. */
bool cgroup_text_parse_mount(const char *line, enum cgroup_version *version, struct cgroup_mount *mount);

/* Find a process's group in the text of its file cgroup (cgroups(7)): of the hierarchy with the CPU controller, or of
 * version 2. False when it has none there. */
bool cgroup_text_find_group(const char *text, enum cgroup_version version, char group[static PATH_MAX]);

/* The directory of a group; false when it lies outside of what is mounted. */
bool cgroup_text_find_directory(const struct cgroup_mount *mount, const char *group,
                                char directory[static PATH_MAX]);

/* How long a period of the limit in cpu.max is, in ns; 0 when the text has no limit. */
uint64_t cgroup_text_parse_max(const char *text);

/* What cpu.stat says. */
struct cgroup_throttling {
    uint64_t periods;      /* in which the limit was reached */
    uint64_t throttled_ns; /* added up over all CPUs */
};

/* source  Documentation/admin-guide/cgroup-v2.rst, Documentation/scheduler/sched-bwc.rst */
struct cgroup_throttling cgroup_text_parse_stat(const char *text);

/* The share of an interval, in percent, in which a group was held back. On several CPUs the time adds up to more than
 * passed, and then the periods tell: no more than those in which the limit was reached. */
double cgroup_throttled_percent(struct cgroup_throttling before, struct cgroup_throttling now,
                                uint64_t period_ns, uint64_t interval_ns);

#endif

/* Which processes are Python, and which of them are watched.
 *
 * A new process is examined once. Then its CPU clock tells whether it has run since: if not, it is what it
 * was. If so, its executable is looked at once a second, to notice an exec, and more and more seldom its
 * mappings, to notice that it loaded an interpreter. */
#ifndef PYNECK_SOURCE_DISCOVERY_H
#define PYNECK_SOURCE_DISCOVERY_H

#include "model/tick.h"
#include "python/locate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct watched_process {
    pid_t pid;
    uint64_t start_ticks;
    pid_t parent_pid;
    uid_t uid;
    bool identified; /* identity, owner and name are known */
    bool examined;
    bool kernel_thread;
    bool likely_python; /* by its name */
    bool selected;      /* named by the user, or a child of one that is */
    bool is_root;       /* named by the user */
    bool is_python;     /* an interpreter is mapped, or looks so where that cannot be seen */
    bool excluded;      /* by the caller, by a filter */
    bool replaced;      /* has ended, and its number was used again */
    bool sampled;       /* the caller's: it was given to the sampler */
    bool is_doubtful;   /* the caller's: its memory made no sense, so it was examined again */
    enum python_presence presence;
    struct python_location *location; /* of the interpreter, as far as known; NULL: there is none */
    uint64_t starting_ns;             /* since when it is PYTHON_STARTING; 0: it is not */
    char *error;                      /* why it cannot be read, or what of it is not there yet; or NULL */

    clockid_t cpu_clock; /* of the process, all its threads */
    bool has_cpu_clock;
    uint64_t cpu_ns;      /* CPU time at the last look at the process, by its clock; 0 when not readable */
    uint64_t cpu_read_ns; /* when that was, CLOCK_MONOTONIC; 0 when not readable */
    uint64_t executable_cpu_ns; /* the same at the last look at its executable */
    uint64_t mappings_cpu_ns;   /* and at its mappings */
    uint64_t executable_hash;
    uint64_t seen_ns;       /* first */
    uint64_t executable_ns; /* last look at the executable */
    uint64_t mappings_ns;   /* last look at the mappings */

    /* The caller's. */
    int64_t open_file_count;
    int64_t open_file_limit;
    uint64_t files_cpu_ns;                   /* CPU time when they were read */
    uint64_t limit_ns;                       /* when the limit was read */
    uint64_t counted_ns;                     /* when they were counted */
    uint32_t files_by_kind[OPEN_FILE_KINDS]; /* when they were listed, completely, at: */
    uint64_t kinds_ns;                       /* 0: they were not */
};

struct discovery;

/* roots     the processes the user named; none: every Python process is selected
 * children  whether children of selected processes are selected too */
struct discovery *discovery_new(const pid_t *roots, size_t root_count, bool children);
void discovery_free(struct discovery *discovery);

/* Bring the list up to date.
 *
 * pids           of all processes of the machine, ascending
 * time_limit_ns  processes that do not look like Python at first sight are examined as long as this lasts, the
 *                rest at the next call
 * forget         called for each process that has gone or has become another one, before it leaves
 * returns        whether all processes are examined */
bool discovery_update(struct discovery *discovery, const pid_t *pids, size_t count, uint64_t time_limit_ns,
                      void (*forget)(void *context, const struct watched_process *process), void *context);

/* The processes, by pid; valid until the next update. */
struct watched_process *discovery_processes(struct discovery *discovery, size_t *count);
struct watched_process *discovery_find(struct discovery *discovery, pid_t pid);

/* The same for many pids that ascend.
 *
 * cursor  0 at the first; brought up to date */
struct watched_process *discovery_find_next(struct discovery *discovery, pid_t pid, size_t *cursor);

/* Look at a process again from the start at the next update: it has become another program. */
void discovery_reexamine(struct watched_process *process);

/* Take a process for another one from the next update on: its number was used again. */
void discovery_replace(struct watched_process *process);

#endif

/* The live source: this machine, now. It brings together what the kernel says (src/system), what the
 * interpreters say (src/python) and what the sampler counts (src/sampler). */
#ifndef PYNECK_SOURCE_LIVE_H
#define PYNECK_SOURCE_LIVE_H

#include "source/source.h"

struct live_options {
    uint64_t interval_ns;
    double rate_hz;        /* stack samples a second of a process at full rate; 0 for no sampling */
    double budget_percent; /* of one core, for pyneck itself; UNKNOWN_REAL for no limit */
    const pid_t *pids;     /* the processes to watch; none means every Python process that may be read */
    size_t pid_count;
    bool pause;         /* hold the threads of a process while they are read (sampler/pause.h) */
    bool no_children;   /* do not watch the children of `pids` */
    const char *user;   /* only processes of this user; NULL for all */
    const char *filter; /* only processes whose command line matches this extended regular expression; NULL */
    bool all_processes; /* list processes that are not Python too */
    bool quick_start;   /* the second tick follows the first one soon, whatever the interval */
};

/* Start watching.
 *
 * source   receives the source; source_close() it
 * returns  an error when a named process does not exist, the user or the expression is unknown or wrong */
struct error *live_open(struct source **source, const struct live_options *options);

#endif

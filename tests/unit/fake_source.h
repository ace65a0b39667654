/* A source whose ticks are written down here: the same machine, the same processes, the same time, always. */
#ifndef PYNECK_TESTS_FAKE_SOURCE_H
#define PYNECK_TESTS_FAKE_SOURCE_H

#include "source/source.h"

enum {
    FAKE_TICKS = 3, /* that come by themselves; afterwards time stands still */
};

struct fake_source_options {
    size_t cpu_count;
    pid_t real_pid;        /* a process that really is there joins the invented ones; 0 for none */
    uint64_t end_after;    /* this many ticks the source has no more; 0: it goes on */
    bool fail_at_end;      /* ... but an error */
    size_t many_processes; /* so many more small ones */
    bool notice;
    bool repeats; /* the work of the first ticks is done again and again */
};

/* Make one; source_close() it. */
struct source *fake_source_open(const struct fake_source_options *options);

#endif

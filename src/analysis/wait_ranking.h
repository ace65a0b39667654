/* What the threads of a process waited for in one interval: by function, line and thing. */
#ifndef PYNECK_ANALYSIS_WAIT_RANKING_H
#define PYNECK_ANALYSIS_WAIT_RANKING_H

#include "model/call_tree.h"
#include "model/tick.h"

/* All the waits of one kind for one thing in one line, of all threads. */
struct wait_row {
    bool has_function; /* false: outside of Python code */
    uint32_t function; /* id in the call tree, of the innermost frame */
    uint32_t line;
    const struct profile_wait *wait; /* the first of them: state, fd, lock_address, description */
    uint64_t samples;
    uint64_t wall_ns;
};

struct wait_ranking {
    struct wait_row *rows; /* longest first */
    size_t count;
};

/* Rank the waits of one interval; free the result with wait_ranking_free(). It points into `profile`. */
struct wait_ranking wait_ranking_new(const struct profile *profile, const struct call_tree *tree);
void wait_ranking_free(struct wait_ranking *ranking);

#endif

/* The rows of the threads pane: the threads of a process, with where each is and how its time went. */
#ifndef PYNECK_UI_THREAD_ROWS_H
#define PYNECK_UI_THREAD_ROWS_H

#include "analysis/ranking.h"
#include "analysis/state_shares.h"
#include "base/hash.h"
#include "model/call_tree.h"

struct thread_row {
    const struct thread *thread;
    const struct function *function; /* innermost; NULL when it runs no Python code, or that is not known */
    uint32_t line;
    struct state_shares shares; /* of the window */
};

struct thread_rows {
    struct thread_row *rows;
    size_t count;
    size_t capacity;
    struct hash_map places;     /* tid to row */
    struct state_shares shares; /* of all threads, also of those that have ended */
};

/* Make the rows for the threads of a process (NULL: none), which must live as long as the rows.
 *
 * window  of the process; how time went is of it; NULL when that is not known */
void thread_rows_collect(struct thread_rows *rows, const struct process *process, const struct window *window,
                         const struct call_tree *tree);

void thread_rows_free(struct thread_rows *rows);

#endif

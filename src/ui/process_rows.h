/* The rows of the process table: each process with what its busiest thread does, in order or as a tree. */
#ifndef PYNECK_UI_PROCESS_ROWS_H
#define PYNECK_UI_PROCESS_ROWS_H

#include "model/call_tree.h"
#include "model/tick.h"
#include "ui/history.h"
#include "ui/table.h"

struct process_row {
    const struct process *process;
    const struct thread *busiest;    /* NULL when no thread has a Python stack */
    const struct function *function; /* innermost of the busiest thread, or NULL */
    uint32_t line;                   /* being executed in it */
    const struct verdict *verdict;   /* NULL when there is none */
    int depth;                       /* in the tree: 0 for one without a parent here */
    uint64_t open_branches;          /* bit n: at depth n the line goes on below this row */
    struct process_row *parent;      /* these four only while the tree is built */
    struct process_row *first_child;
    struct process_row *next_sibling;
    bool last_child;
};

struct process_rows {
    struct process_row *rows;
    size_t capacity;
    size_t count;
};

/* Make a row of each process, by pid; of one user when `user` is not NULL. */
void process_rows_collect(struct process_rows *rows, const struct tick *tick, const struct call_tree *tree,
                          const struct history *history, const uid_t *user);

/* Fill the table: sorted, or as a tree in which siblings are sorted. */
void process_rows_fill(struct process_rows *rows, const struct tick *tick, struct table *table, bool as_tree);

void process_rows_free(struct process_rows *rows);

#endif

#include "ui/process_rows.h"

#include "analysis/ranking.h"
#include "base/memory.h"

#include <stdlib.h>

enum {
    MAX_ANCESTORS = 64, /* looked at to find a process's place in the tree */
};

static struct process_row make_row(const struct process *process, const struct call_tree *tree,
                                   const struct history *history)
{
    struct process_row row = {
        .process = process,
        .busiest = process_busiest_thread(process),
        .verdict = history_verdict(history, process),
    };

    if (row.busiest != NULL && row.busiest->stack_node != CALL_TREE_ROOT) {
        const struct call_node *node = call_tree_node(tree, row.busiest->stack_node);
        row.function = call_tree_function(tree, node->function);
        row.line = node->line;
    }
    return row;
}

void process_rows_collect(struct process_rows *rows, const struct tick *tick, const struct call_tree *tree,
                          const struct history *history, const uid_t *user)
{
    rows->rows = memory_grow(rows->rows, &rows->capacity, tick->process_count, sizeof(*rows->rows));
    rows->count = 0;
    for (size_t i = 0; i < tick->process_count; i++)
        if (user == NULL || tick->processes[i].uid == *user)
            rows->rows[rows->count++] = make_row(&tick->processes[i], tree, history);
}

static int compare_pid(const void *key, const void *element)
{
    pid_t wanted = *(const pid_t *)key;
    pid_t pid = ((const struct process_row *)element)->process->pid;

    return (wanted > pid) - (wanted < pid);
}

/* A parent is older than its child; what is not so is a pid that has been used again. */
static bool may_be_parent(const struct process *parent, const struct process *child)
{
    if (parent->start_ticks != child->start_ticks)
        return parent->start_ticks < child->start_ticks;
    return parent->pid < child->pid;
}

/* The nearest ancestor that has a row that the filter lets through, or NULL. */
static struct process_row *find_parent(const struct process_rows *rows, const struct tick *tick,
                                       const struct table *table, const struct process *child)
{
    const struct process *process = child;

    for (int step = 0; step < MAX_ANCESTORS; step++) {
        pid_t pid = process->parent_pid;
        struct process_row *row =
            rows->count > 0 ? bsearch(&pid, rows->rows, rows->count, sizeof(*rows->rows), compare_pid) : NULL;
        if (row != NULL && may_be_parent(row->process, child) && table_filter_accepts(table, row))
            return row;
        process = tick_find_process(tick, pid);
        if (process == NULL)
            return NULL;
    }
    return NULL;
}

/* Hand the tree's rows to the table, parents before their children. */
static void add_in_tree_order(struct table *table, struct process_row *first)
{
    for (struct process_row *row = first; row != NULL;) {
        table_add(table, row);
        struct process_row *next = row->first_child;
        for (struct process_row *above = row; next == NULL && above != NULL; above = above->parent)
            next = above->next_sibling;
        row = next;
    }
}

/* Depth and lines of a row, when those of its parent are known. */
static void place_under_parent(struct process_row *row)
{
    if (row->parent == NULL)
        return;
    row->depth = row->parent->depth < MAX_ANCESTORS - 1 ? row->parent->depth + 1 : MAX_ANCESTORS - 1;
    row->open_branches = row->parent->open_branches;
    if (!row->last_child)
        row->open_branches |= UINT64_C(1) << row->depth;
}

static void place_all(struct process_row *first)
{
    for (struct process_row *row = first; row != NULL;) {
        place_under_parent(row);
        struct process_row *next = row->first_child;
        for (struct process_row *above = row; next == NULL && above != NULL; above = above->parent)
            next = above->next_sibling;
        row = next;
    }
}

/* Link the sorted rows of the table into a tree; returns the first root. */
static struct process_row *link_tree(const struct process_rows *rows, const struct tick *tick,
                                     const struct table *table)
{
    struct process_row *first_root = NULL;

    for (size_t i = table->count; i-- > 0;) {
        size_t index = (size_t)((const struct process_row *)table->rows[i] - rows->rows);
        struct process_row *row = &rows->rows[index];
        row->parent = find_parent(rows, tick, table, row->process);
        struct process_row **siblings = row->parent != NULL ? &row->parent->first_child : &first_root;
        row->last_child = *siblings == NULL;
        row->next_sibling = *siblings;
        *siblings = row;
    }
    return first_root;
}

void process_rows_fill(struct process_rows *rows, const struct tick *tick, struct table *table, bool as_tree)
{
    table->unsorted = false;
    table_begin(table);
    for (size_t i = 0; i < rows->count; i++)
        table_add(table, &rows->rows[i]);
    table_sort(table);
    if (as_tree) {
        struct process_row *first = link_tree(rows, tick, table);
        size_t total = table->total;
        place_all(first);
        table_begin(table);
        add_in_tree_order(table, first);
        table->total = total;
        table->unsorted = true;
    }
    table_finish(table);
}

void process_rows_free(struct process_rows *rows)
{
    free(rows->rows);
    *rows = (struct process_rows){0};
}

#include "ui/thread_rows.h"

#include "base/memory.h"

#include <stdlib.h>

static struct thread_row make_row(const struct thread *thread, const struct call_tree *tree)
{
    struct thread_row row = {.thread = thread};

    if (thread->has_stack && thread->stack_node != CALL_TREE_ROOT) {
        const struct call_node *node = call_tree_node(tree, thread->stack_node);
        row.function = call_tree_function(tree, node->function);
        row.line = node->line;
    }
    return row;
}

static void add_time(void *context, const struct thread_time *time)
{
    struct thread_rows *rows = context;
    const uint32_t *place = hash_map_find(&rows->places, (uint64_t)time->tid);

    if (place != NULL)
        state_shares_add(&rows->rows[*place].shares, time->state, time->wall_ns);
    state_shares_add(&rows->shares, time->state, time->wall_ns);
}

void thread_rows_collect(struct thread_rows *rows, const struct process *process, const struct window *window,
                         const struct call_tree *tree)
{
    rows->count = 0;
    rows->shares = (struct state_shares){0};
    hash_map_clear(&rows->places);
    if (process == NULL)
        return;
    rows->rows = memory_grow(rows->rows, &rows->capacity, process->thread_detail_count, sizeof(*rows->rows));
    for (size_t i = 0; i < process->thread_detail_count; i++) {
        hash_map_set(&rows->places, (uint64_t)process->threads[i].tid, (uint32_t)rows->count);
        rows->rows[rows->count++] = make_row(&process->threads[i], tree);
    }
    if (window != NULL)
        window_visit_times(window, add_time, rows);
}

void thread_rows_free(struct thread_rows *rows)
{
    free(rows->rows);
    hash_map_free(&rows->places);
    *rows = (struct thread_rows){0};
}

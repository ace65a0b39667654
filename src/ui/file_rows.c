#include "ui/file_rows.h"

#include "base/memory.h"

#include <stdlib.h>

static void add_wait(struct file_row *row, const struct file_wait *wait, const struct call_tree *tree)
{
    const struct call_node *node = call_tree_node(tree, wait->node);

    row->waited_ns += wait->wall_ns;
    if (wait->wall_ns <= row->longest_ns || node->depth == 0)
        return;
    row->longest_ns = wait->wall_ns;
    row->function = call_tree_function(tree, node->function);
    row->line = node->line;
}

void file_rows_collect(struct file_rows *rows, const struct process *process, const struct file_waits *waits,
                       const struct call_tree *tree)
{
    size_t count = process != NULL ? process->open_file_detail_count : 0;

    rows->count = count;
    rows->rows = memory_grow(rows->rows, &rows->capacity, count, sizeof(*rows->rows));
    hash_map_clear(&rows->places);
    for (size_t i = 0; i < count; i++) {
        rows->rows[i] = (struct file_row){.file = &process->open_files[i]};
        if (waits != NULL && waits->count > 0)
            hash_map_set(&rows->places, (uint64_t)process->open_files[i].fd, (uint32_t)i);
    }
    for (size_t i = 0; count > 0 && waits != NULL && i < waits->count; i++) {
        const uint32_t *place = hash_map_find(&rows->places, (uint64_t)waits->waits[i].fd);
        if (place != NULL)
            add_wait(&rows->rows[*place], &waits->waits[i], tree);
    }
}

void file_rows_free(struct file_rows *rows)
{
    free(rows->rows);
    hash_map_free(&rows->places);
    *rows = (struct file_rows){0};
}

/* The rows of the files pane: the open files of a process, with how long and where each was waited for. */
#ifndef PYNECK_UI_FILE_ROWS_H
#define PYNECK_UI_FILE_ROWS_H

#include "model/call_tree.h"
#include "ui/file_waits.h"

struct file_row {
    const struct open_file *file;
    uint64_t waited_ns;              /* by all threads */
    const struct function *function; /* in which it was waited for longest, NULL when in none; */
    uint32_t line;
    uint64_t longest_ns; /* so long */
};

struct file_rows {
    struct file_row *rows;
    size_t count;
    size_t capacity;
    struct hash_map places; /* descriptor to row */
};

/* Make the rows for the open files of a process (NULL: none), which must live as long as the rows.
 *
 * waits  of the process, or NULL */
void file_rows_collect(struct file_rows *rows, const struct process *process, const struct file_waits *waits,
                       const struct call_tree *tree);

void file_rows_free(struct file_rows *rows);

#endif

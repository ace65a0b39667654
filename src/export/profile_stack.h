/* The stacks of a profile, as the formats of other tools want them: from the outermost frame in, with the process and the
 * thread as frames where there are several. */
#ifndef PYNECK_EXPORT_PROFILE_STACK_H
#define PYNECK_EXPORT_PROFILE_STACK_H

#include "export/profile_format.h"

enum {
    PROFILE_LABEL_SIZE = 512,
};

/* The nodes on the way to a node, outermost first, without the root.
 *
 * nodes    receives them: room for CALL_TREE_MAX_DEPTH
 * returns  how many there are */
size_t profile_stack_nodes(const struct call_tree *tree, uint32_t node, uint32_t *nodes);

/* Whether the profile is of several processes, of several threads: only then their names are worth a frame. */
bool profile_has_processes(const struct profile_sum *sum);
bool profile_has_threads(const struct profile_sum *sum);

/* "1234 python3 app.py", "MainThread" or "thread 1234": a process's and a thread's frame. */
void profile_process_label(char label[static PROFILE_LABEL_SIZE], const struct profile_thread *thread);
void profile_thread_label(char label[static PROFILE_LABEL_SIZE], const struct profile_thread *thread);

/* "fetch_rows (db.py:41)", with the line that was being executed; in the root "[no Python code]". */
void profile_frame_label(char label[static PROFILE_LABEL_SIZE], const struct call_tree *tree, uint32_t node);

#endif

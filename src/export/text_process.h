/* What the text formats say of one process. For export/text*.c. */
#ifndef PYNECK_EXPORT_TEXT_PROCESS_H
#define PYNECK_EXPORT_TEXT_PROCESS_H

#include "export/format.h"
#include "export/text_line.h"

/* The hottest functions and lines, the threads and the open files of a process that was looked into; nothing
 * for one that was not. */
void text_write_details(struct text_line *line, const struct tick *tick, const struct process *process,
                        const struct call_tree *tree, enum ranking_mode mode);

/* The longest waits of a process: how long, in which state and line, and for what. */
void text_write_waits(struct text_line *line, const struct profile *profile, const struct call_tree *tree);

/* "function (file:line)", without a line when it is 0. */
void text_write_place(struct text_line *line, const struct function *function, uint32_t at_line);

/* Every thread with its stack, innermost frame first. */
void text_write_stacks(struct text_line *line, const struct process *process, const struct call_tree *tree);

#endif

/* The open files of a process in a tick of the live source: how many, how fast they grow, and the list of them. */
#ifndef PYNECK_SOURCE_LIVE_FILES_H
#define PYNECK_SOURCE_LIVE_FILES_H

#include "model/tick.h"
#include "source/discovery.h"
#include "system/open_files.h"

/* Fill in the number of open files, its limit, and by how many a second it grew since the last tick.
 *
 * now_ns  CLOCK_MONOTONIC of this tick */
void live_files_count(struct watched_process *watched, struct process *row, uint64_t now_ns);

/* List the open files of a process, with the growth by kind since it was listed last; open_files_read() says what
 * the limit means. */
void live_files_list(struct open_files *open_files, struct watched_process *watched, struct process *row,
                     uint64_t time_limit_ns, uint64_t now_ns, struct arena *arena);

#endif

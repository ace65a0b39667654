/* The process table: which processes there are, and what the kernel says of the ones that are shown.
 *
 * Listing is cheap (names of /proc only); reading a process in full is not, so only the wanted ones are read.
 */
#ifndef PYNECK_SYSTEM_PROCESS_TABLE_H
#define PYNECK_SYSTEM_PROCESS_TABLE_H

#include "base/error.h"
#include "model/tick.h"

struct process_table;

struct error *process_table_open(struct process_table **table);
void process_table_close(struct process_table *table);

/* All process ids of the machine, ascending, valid until the next call. Costs one getdents64(2) per few
 * hundred processes and reads none of them. */
struct error *process_table_list(struct process_table *table, const pid_t **pids, size_t *count);

/* What the CPU clock of a process showed, and when. */
struct cpu_reading {
    uint64_t cpu_ns;
    uint64_t monotonic_ns; /* CLOCK_MONOTONIC; 0: it was not read */
};

/* Read some processes.
 *
 * pids       ascending; those that have gone meanwhile are left out
 * readings   of their CPU clocks for this very tick, where the caller has them: a clock costs a call into the kernel,
 *            as much as all else does for a process at rest. NULL: none
 * processes  receives an array from `arena`, by pid, with everything that the kernel says of a process. What
 *            belongs to Python and threads stays zeroed or NULL, and what belongs to open files unknown.
 *            Rates are since the process was last read by this table, and unknown before.
 * returns    how many there are
 *
 * The files of /proc are read here and not through libproc2: it cannot tell an unreadable /proc/PID/io from
 * one that says 0, and needs three times the CPU time even when every process is read.
 *
 * Source: proc_pid_stat(5), proc_pid_statm(5), proc_pid_io(5), proc_pid_cmdline(5), clock_getcpuclockid(3) */
size_t process_table_read(struct process_table *table, const pid_t *pids, const struct cpu_reading *readings,
                          size_t pid_count, struct arena *arena, struct process **processes);

/* Fill in what the resident memory of a process consists of (anonymous, file, shared memory, swap): a row of the last
 * process_table_read(). It costs one file more, and is asked for sampled processes only. */
void process_table_read_memory_parts(struct process_table *table, struct process *row);

/* Fill in its proportional memory (Pss), which is brought up to date once in some seconds: it costs a walk over all of
 * its page tables, so it is asked for one process at a time. Unknown without permission. */
void process_table_read_proportional(struct process_table *table, struct process *row);

#endif

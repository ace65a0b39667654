/* The machine as a whole: CPUs, memory, load, disks, networks, pressure. */
#ifndef PYNECK_SYSTEM_MACHINE_H
#define PYNECK_SYSTEM_MACHINE_H

#include "base/error.h"
#include "model/tick.h"

struct machine;

/* Open what is read again at each tick (libproc2's stat, meminfo and diskstats; /proc/net/dev,
 * /proc/pressure).
 *
 * machine  receives the reader; machine_close() it
 * returns  an error when /proc cannot be read */
struct error *machine_open(struct machine **machine);

/* Read now; rates and shares are since the last call, and unknown at the first.
 *
 * usage  receives the figures; texts and arrays come from `arena`. A part that cannot be read is unknown, and
 *        so is task_count: process_table_list() knows it.
 *
 * Source: proc_stat(5), proc_meminfo(5), proc_diskstats(5), proc_pid_net(5), and the kernel's
 * Documentation/accounting/psi.rst */
void machine_read(struct machine *machine, struct arena *arena, struct system_usage *usage);

void machine_close(struct machine *machine);

#endif

/* How the CPUs spend their time. */
#ifndef PYNECK_SYSTEM_CPUS_H
#define PYNECK_SYSTEM_CPUS_H

#include "base/error.h"
#include "model/tick.h"

/* What one CPU has done since boot, in clock ticks. As in the kernel, user contains guest and nice contains
 * guest_nice: proc_stat(5). */
struct cpu_ticks {
    int id;
    uint64_t user;
    uint64_t nice;
    uint64_t system;
    uint64_t idle;
    uint64_t iowait;
    uint64_t irq;
    uint64_t softirq;
    uint64_t steal;
    uint64_t guest;
    uint64_t guest_nice;
};

/* How a CPU spent its time between two readings; all unknown when `before` is NULL or no tick has passed. */
struct cpu_usage cpu_usage_between(const struct cpu_ticks *before, const struct cpu_ticks *now);

struct cpu_reader;

/* cpu_reader_close() it. An error when /proc/stat cannot be read. */
struct error *cpu_reader_open(struct cpu_reader **reader);
void cpu_reader_close(struct cpu_reader *reader);

/* Set the fields of `usage` that speak of CPUs, and running_task_count. A CPU that has come online since the
 * last call has no shares yet. */
void cpu_reader_read(struct cpu_reader *reader, struct arena *arena, struct system_usage *usage);

#endif

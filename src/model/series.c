#include "model/series.h"

/* Of all CPUs together. */
static double busy_percent(const struct system_usage *system)
{
    const struct cpu_usage *all = &system->all_cpus;

    return (100 - all->idle_percent - all->iowait_percent) * (double)system->cpu_count;
}

static void add_machine(struct series_point *point, const struct system_usage *system)
{
    point->cpu_percent = busy_percent(system);
    point->memory_bytes = system->memory.used_bytes;
    if (system->disk_count > 0)
        point->read_bytes_per_second = point->write_bytes_per_second = 0;
    for (size_t i = 0; i < system->disk_count; i++) {
        point->read_bytes_per_second += system->disks[i].read_bytes_per_second;
        point->write_bytes_per_second += system->disks[i].write_bytes_per_second;
    }
}

struct series_point series_point_of(const struct tick *tick, pid_t pid)
{
    const struct process *process = pid != 0 ? tick_find_process(tick, pid) : NULL;
    struct series_point point = {
        .sequence = tick->sequence,
        .time_ns = tick->time_ns,
        .interval_ns = tick->interval_ns,
        .cpu_percent = UNKNOWN_REAL,
        .memory_bytes = UNKNOWN_COUNT,
        .read_bytes_per_second = UNKNOWN_REAL,
        .write_bytes_per_second = UNKNOWN_REAL,
    };

    if (pid == 0)
        add_machine(&point, &tick->system);
    if (process != NULL) {
        point.cpu_percent = process->cpu_percent;
        point.memory_bytes = process->resident_bytes;
        point.read_bytes_per_second = process->read_bytes_per_second;
        point.write_bytes_per_second = process->write_bytes_per_second;
    }
    return point;
}

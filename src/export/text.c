/* Text for people: tables as wide as they need, or cut to the terminal. */
#include "export/format.h"
#include "export/text_process.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>

static void write_moment(struct text_line *line, const struct tick *tick)
{
    const struct system_usage *system = &tick->system;
    char time[CLOCK_RFC3339_SIZE];

    clock_format_rfc3339(time, tick->time_ns);
    line_add(line, "pyneck  %s  %s  interval ", time, system->hostname != NULL ? system->hostname : "-");
    line_add_real(line, (double)tick->interval_ns / (double)NS_PER_SECOND, 2, 0);
    line_add(line, " s  own CPU ");
    line_add_real(line, tick->own_cpu_percent, 1, 0);
    line_add(line, "%%");
    line_end(line);
}

static void write_share(struct text_line *line, double percent, const char *name)
{
    line_add_real(line, percent, 1, 6);
    line_add(line, " %s", name);
}

static void write_cpu(struct text_line *line, const struct system_usage *system)
{
    const struct cpu_usage *cpu = &system->all_cpus;

    line_add(line, "CPU%%   ");
    write_share(line, cpu->user_percent + cpu->guest_percent, "user");
    write_share(line, cpu->system_percent, "system");
    write_share(line, cpu->nice_percent, "nice");
    write_share(line, cpu->iowait_percent, "iowait");
    write_share(line, cpu->irq_percent, "irq");
    write_share(line, cpu->steal_percent, "steal");
    write_share(line, cpu->idle_percent, "idle");
    line_end(line);
    line_add(line, "Load    ");
    for (size_t i = 0; i < 3; i++)
        line_add_real(line, system->load_average[i], 2, 6);
    line_add(line, "  %zu CPUs, ", system->cpu_count);
    line_add_count(line, system->task_count, 0);
    line_add(line, " tasks, ");
    line_add_count(line, system->running_task_count, 0);
    line_add(line, " running");
    line_end(line);
}

static void write_amount(struct text_line *line, int64_t bytes, const char *name)
{
    line_add_bytes(line, (double)bytes, 7);
    line_add(line, " %s", name);
}

static void write_memory(struct text_line *line, const struct memory_usage *memory)
{
    line_add(line, "Memory ");
    write_amount(line, memory->total_bytes, "total");
    write_amount(line, memory->used_bytes, "used");
    write_amount(line, memory->available_bytes, "available");
    write_amount(line, memory->buffers_bytes, "buffers");
    write_amount(line, memory->cached_bytes, "cached");
    line_end(line);
    line_add(line, "Swap   ");
    write_amount(line, memory->swap_total_bytes, "total");
    write_amount(line, memory->swap_used_bytes, "used");
    line_end(line);
}

/* A machine may have dozens of devices that nobody uses. */
static void write_disk(struct text_line *line, const struct disk_usage *disk)
{
    if (disk->read_bytes_per_second == 0 && disk->write_bytes_per_second == 0 && disk->busy_percent == 0)
        return;
    line_add(line, "Disk   ");
    line_add_bytes(line, disk->read_bytes_per_second, 7);
    line_add(line, "/s read");
    line_add_bytes(line, disk->write_bytes_per_second, 7);
    line_add(line, "/s write");
    line_add_real(line, disk->busy_percent, 1, 7);
    line_add(line, "%% busy  %s", disk->name);
    line_end(line);
}

static void write_network(struct text_line *line, const struct network_usage *network)
{
    if (network->receive_bytes_per_second == 0 && network->transmit_bytes_per_second == 0)
        return;
    line_add(line, "Network");
    line_add_bytes(line, network->receive_bytes_per_second, 7);
    line_add(line, "/s in  ");
    line_add_bytes(line, network->transmit_bytes_per_second, 7);
    line_add(line, "/s out                %s", network->name);
    line_end(line);
}

static void write_devices(struct text_line *line, const struct system_usage *system)
{
    if (system->pressure != NULL) {
        line_add(line, "Stall%% ");
        write_share(line, system->pressure->cpu_percent, "cpu");
        write_share(line, system->pressure->memory_percent, "memory");
        write_share(line, system->pressure->io_percent, "io");
        line_end(line);
    }
    for (size_t i = 0; i < system->disk_count; i++)
        write_disk(line, &system->disks[i]);
    for (size_t i = 0; i < system->network_count; i++)
        write_network(line, &system->networks[i]);
}

static void write_process(struct text_line *line, const struct process *process)
{
    line_add_count(line, process->pid, 7);
    line_add(line, " ");
    line_add_text(line, process->user, 8);
    line_add_real(line, process->cpu_percent, 1, 6);
    line_add_real(line, process->memory_percent, 1, 6);
    line_add_bytes(line, (double)process->resident_bytes, 7);
    line_add_bytes(line, process->read_bytes_per_second, 7);
    line_add_bytes(line, process->write_bytes_per_second, 8);
    line_add_count(line, process->thread_count, 5);
    line_add_count(line, process->open_file_count, 5);
    line_add(line, " ");
    line_add_text(line, process->python != NULL ? process->python->version : NULL, 7);
    line_add(line, " %c %s", process->state != '\0' ? process->state : '-',
             process->command != NULL ? process->command : "-");
    line_end(line);
}

static int compare_cpu(const void *left, const void *right)
{
    const struct process *one = *(const struct process *const *)left;
    const struct process *other = *(const struct process *const *)right;
    double one_percent = real_is_known(one->cpu_percent) ? one->cpu_percent : -1;
    double other_percent = real_is_known(other->cpu_percent) ? other->cpu_percent : -1;

    if (one_percent != other_percent)
        return one_percent < other_percent ? 1 : -1;
    return (one->pid > other->pid) - (one->pid < other->pid);
}

/* The processes, busiest first; free() the array. */
static const struct process **sort_processes(const struct tick *tick)
{
    const struct process **processes = memory_allocate(tick->process_count, sizeof(*processes));

    for (size_t i = 0; i < tick->process_count; i++)
        processes[i] = &tick->processes[i];
    if (tick->process_count > 1)
        qsort(processes, tick->process_count, sizeof(*processes), compare_cpu);
    return processes;
}

static void write_snapshot(FILE *stream, const struct tick *tick, const struct call_tree *tree,
                           const struct print_options *options)
{
    struct text_line line = {.stream = stream, .columns = options->columns};

    write_moment(&line, tick);
    write_cpu(&line, &tick->system);
    write_memory(&line, &tick->system.memory);
    write_devices(&line, &tick->system);
    if (tick->notice != NULL) {
        line_add(&line, "%s", tick->notice);
        line_end(&line);
    }
    line_end(&line);
    line_add(&line, "%7s %-8s%6s%6s%7s%7s%8s%5s%5s %-7s S %s", "PID", "USER", "CPU%", "MEM%", "RSS", "READ/s",
             "WRITE/s", "THR", "FD", "PY", "COMMAND");
    line_end(&line);
    const struct process **processes = sort_processes(tick);
    for (size_t i = 0; i < tick->process_count; i++)
        write_process(&line, processes[i]);
    for (size_t i = 0; i < tick->process_count; i++)
        text_write_details(&line, tick, processes[i], tree, options->mode);
    free(processes);
    line_end(&line);
}

static void write_dump(FILE *stream, const struct tick *tick, const struct call_tree *tree,
                       const struct print_options *options)
{
    struct text_line line = {.stream = stream, .columns = options->columns};

    for (size_t i = 0; i < tick->process_count; i++) {
        if (i > 0)
            line_end(&line);
        text_write_stacks(&line, &tick->processes[i], tree);
    }
}

const struct format format_text = {
    .name = "text",
    .suffix = ".txt",
    .write_tick = write_snapshot,
    .write_dump = write_dump,
};

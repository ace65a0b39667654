#include "record/tick_fields.h"

#include "base/clock.h"
#include "model/tick.h"

enum {
    RATE = 10, /* steps in a byte or a sample a second */
    SECONDS = 1000,
    LOAD = 100,
    MICROSECONDS = 1000,
    MILLISECONDS = NS_PER_MILLISECOND,
    KIBIBYTES = 1024, /* in which the kernel counts memory */
};

#define TABLE(name, rows) const struct fields name = {rows, sizeof(rows) / sizeof((rows)[0])}

static const struct field tick_rows[] = {
    {FIELD_SIGNED, offsetof(struct tick, time_ns), MICROSECONDS},
    {FIELD_UNSIGNED, offsetof(struct tick, monotonic_ns), MICROSECONDS},
    {FIELD_UNSIGNED, offsetof(struct tick, interval_ns), MICROSECONDS},
    {FIELD_REAL, offsetof(struct tick, own_cpu_percent), PERCENT_STEPS},
    {FIELD_REAL, offsetof(struct tick, budget_percent), PERCENT_STEPS},
    {FIELD_TEXT, offsetof(struct tick, notice), 0},
};
TABLE(tick_fields, tick_rows);

static const struct field system_rows[] = {
    {FIELD_TEXT, offsetof(struct system_usage, hostname), 0},
    {FIELD_REAL, offsetof(struct system_usage, uptime_seconds), UPTIME_STEPS},
    {FIELD_REAL, offsetof(struct system_usage, load_average[0]), LOAD},
    {FIELD_REAL, offsetof(struct system_usage, load_average[1]), LOAD},
    {FIELD_REAL, offsetof(struct system_usage, load_average[2]), LOAD},
    {FIELD_COUNT, offsetof(struct system_usage, memory.total_bytes), KIBIBYTES},
    {FIELD_SIGNED, offsetof(struct system_usage, memory.used_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct system_usage, memory.available_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct system_usage, memory.buffers_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct system_usage, memory.cached_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct system_usage, memory.swap_total_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct system_usage, memory.swap_used_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct system_usage, task_count), 0},
    {FIELD_COUNT, offsetof(struct system_usage, running_task_count), 0},
};
TABLE(system_fields, system_rows);

static const struct field pressure_rows[] = {
    {FIELD_REAL, offsetof(struct pressure, cpu_percent), PERCENT_STEPS},
    {FIELD_REAL, offsetof(struct pressure, memory_percent), PERCENT_STEPS},
    {FIELD_REAL, offsetof(struct pressure, io_percent), PERCENT_STEPS},
};
TABLE(pressure_fields, pressure_rows);

static const struct field disk_rows[] = {
    {FIELD_TEXT, offsetof(struct disk_usage, name), 0},
    {FIELD_REAL, offsetof(struct disk_usage, read_bytes_per_second), RATE},
    {FIELD_REAL, offsetof(struct disk_usage, write_bytes_per_second), RATE},
    {FIELD_REAL, offsetof(struct disk_usage, busy_percent), PERCENT_STEPS},
};
TABLE(disk_fields, disk_rows);

static const struct field network_rows[] = {
    {FIELD_TEXT, offsetof(struct network_usage, name), 0},
    {FIELD_REAL, offsetof(struct network_usage, receive_bytes_per_second), RATE},
    {FIELD_REAL, offsetof(struct network_usage, transmit_bytes_per_second), RATE},
};
TABLE(network_fields, network_rows);

/* What a process is, and not what it does, is in the table `process` (record/names.h). */
static const struct field process_rows[] = {
    {FIELD_CHAR, offsetof(struct process, state), 0},
    {FIELD_INT, offsetof(struct process, priority), 0},
    {FIELD_INT, offsetof(struct process, nice), 0},
    {FIELD_REAL, offsetof(struct process, cpu_percent), PERCENT_STEPS},
    {FIELD_REAL, offsetof(struct process, cpu_seconds), SECONDS},
    {FIELD_COUNT, offsetof(struct process, resident_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct process, shared_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct process, virtual_bytes), KIBIBYTES},
    {FIELD_REAL, offsetof(struct process, memory_percent), PERCENT_STEPS},
    {FIELD_COUNT, offsetof(struct process, anonymous_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct process, file_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct process, shared_memory_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct process, swap_bytes), KIBIBYTES},
    {FIELD_COUNT, offsetof(struct process, proportional_bytes), KIBIBYTES},
    {FIELD_REAL, offsetof(struct process, growth_bytes_per_second), RATE},
    {FIELD_REAL, offsetof(struct process, minor_faults_per_second), RATE},
    {FIELD_REAL, offsetof(struct process, major_faults_per_second), RATE},
    {FIELD_REAL, offsetof(struct process, read_bytes_per_second), RATE},
    {FIELD_REAL, offsetof(struct process, write_bytes_per_second), RATE},
    {FIELD_COUNT, offsetof(struct process, thread_count), 0},
    {FIELD_COUNT, offsetof(struct process, open_file_count), 0},
    {FIELD_COUNT, offsetof(struct process, open_file_limit), 0},
    {FIELD_REAL, offsetof(struct process, open_file_growth_per_second), SECONDS},
    {FIELD_REAL, offsetof(struct process, runnable_percent), PERCENT_STEPS},
    {FIELD_REAL, offsetof(struct process, throttled_percent), PERCENT_STEPS},
    {FIELD_TEXT, offsetof(struct process, error), 0},
    {FIELD_TEXT, offsetof(struct process, phase), 0},
    {FIELD_BOOL, offsetof(struct process, open_files_listed), 0},
    {FIELD_BOOL, offsetof(struct process, open_files_complete), 0},
};
TABLE(process_fields, process_rows);

static const struct field collector_rows[] = {
    {FIELD_INT, offsetof(struct collector_usage, generation_count), 0},
    {FIELD_COUNT, offsetof(struct collector_usage, collections[0]), 0},
    {FIELD_COUNT, offsetof(struct collector_usage, collections[1]), 0},
    {FIELD_COUNT, offsetof(struct collector_usage, collections[2]), 0},
    {FIELD_REAL, offsetof(struct collector_usage, collecting_seconds), 1000000},
    {FIELD_COUNT, offsetof(struct collector_usage, tracked_objects), 0},
};
TABLE(collector_fields, collector_rows);

static const struct field thread_rows[] = {
    {FIELD_INT, offsetof(struct thread, tid), 0},
    {FIELD_TEXT, offsetof(struct thread, name), 0},
    {FIELD_ENUM, offsetof(struct thread, state), THREAD_STATES},
    {FIELD_REAL, offsetof(struct thread, cpu_percent), PERCENT_STEPS},
    {FIELD_INT, offsetof(struct thread, holds_gil), 0},
    {FIELD_REAL, offsetof(struct thread, gil_percent), PERCENT_STEPS},
    {FIELD_BOOL, offsetof(struct thread, has_stack), 0},
};
TABLE(thread_fields, thread_rows);

static const struct field waiting_rows[] = {
    {FIELD_TEXT, offsetof(struct waiting, kind), 0},
    {FIELD_INT, offsetof(struct waiting, fd), 0},
    {FIELD_TEXT, offsetof(struct waiting, description), 0},
    {FIELD_UNSIGNED, offsetof(struct waiting, lock_address), 0},
    {FIELD_COUNT, offsetof(struct waiting, waited_ns), MILLISECONDS},
};
TABLE(waiting_fields, waiting_rows);

/* What an open file is, is in the table `open_file`. */
static const struct field open_file_rows[] = {
    {FIELD_COUNT, offsetof(struct open_file, position_bytes), 0},
    {FIELD_COUNT, offsetof(struct open_file, size_bytes), 0},
    {FIELD_REAL, offsetof(struct open_file, bytes_per_second), RATE},
};
TABLE(open_file_fields, open_file_rows);

static const struct field queue_rows[] = {
    {FIELD_COUNT, offsetof(struct socket_info, receive_queue_bytes), 0},
    {FIELD_COUNT, offsetof(struct socket_info, send_queue_bytes), 0},
};
TABLE(queue_fields, queue_rows);

static const struct field profile_rows[] = {
    {FIELD_REAL, offsetof(struct profile, rate_hz), RATE},
    {FIELD_SIGNED, offsetof(struct profile, samples), 0},
    {FIELD_UNSIGNED, offsetof(struct profile, partial), 0},
    {FIELD_UNSIGNED, offsetof(struct profile, invalid), 0},
    {FIELD_UNSIGNED, offsetof(struct profile, late), 0},
    {FIELD_REAL, offsetof(struct profile, cpu_percent), PERCENT_STEPS},
    {FIELD_BOOL, offsetof(struct profile, growth_measured), 0},
};
TABLE(profile_fields, profile_rows);

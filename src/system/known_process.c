#include "system/known_process.h"

#include "base/clock.h"
#include "base/memory.h"
#include "system/counter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_INTERVAL_NS       (10 * NS_PER_SECOND)
#define FULL_INTERVAL_NS         (60 * NS_PER_SECOND)
#define PROPORTIONAL_INTERVAL_NS (5 * NS_PER_SECOND)
#define COMMAND_INTERVAL_NS      (2 * NS_PER_SECOND) /* programs may rewrite their own command line */

struct known_process *known_process_new(pid_t pid)
{
    struct known_process *process = memory_allocate(1, sizeof(*process));

    process->facts.pid = pid;
    process->has_cpu_clock = clock_getcpuclockid(pid, &process->cpu_clock) == 0;
    return process;
}

void known_process_free(struct known_process *process)
{
    free(process->name);
    free(process->command);
    free(process);
}

/* What a process is before it is read for the first time, also when its id has gone to another process. */
static void forget(struct known_process *process)
{
    process->facts = (struct process){
        .pid = process->facts.pid,
        .open_file_count = UNKNOWN_COUNT,
        .open_file_limit = UNKNOWN_COUNT,
        .anonymous_bytes = UNKNOWN_COUNT,
        .file_bytes = UNKNOWN_COUNT,
        .shared_memory_bytes = UNKNOWN_COUNT,
        .swap_bytes = UNKNOWN_COUNT,
        .proportional_bytes = UNKNOWN_COUNT,
        .growth_bytes_per_second = UNKNOWN_REAL,
        .minor_faults_per_second = UNKNOWN_REAL,
        .major_faults_per_second = UNKNOWN_REAL,
        .open_file_growth_per_second = UNKNOWN_REAL,
        .runnable_percent = UNKNOWN_REAL,
        .throttled_percent = UNKNOWN_REAL,
    };
    process->transfer = (struct process_transfer){UNKNOWN_COUNT, UNKNOWN_COUNT};
    process->read_ns = process->parts_read_ns = process->proportional_read_ns = 0;
    free(process->command);
    process->command = NULL;
    process->has_command = false;
}

/* Read one of the small files of /proc/PID: the kernel gives each whole in one read(2), so no second one asks
 * for the end, as file_read_at() would. */
static ssize_t read_file(struct process_reader *reader, int directory_fd, const char *name, size_t size)
{
    int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    ssize_t length = read(fd, reader->buffer, size - 1);
    reader->buffer[length > 0 ? length : 0] = '\0';
    close(fd);
    return length;
}

static int64_t find_start_time(uint64_t start_ticks, uint64_t ns_per_tick)
{
    struct timespec since_boot;

    clock_gettime(CLOCK_BOOTTIME, &since_boot);
    int64_t boot_ns =
        clock_realtime_ns() - (int64_t)since_boot.tv_sec * (int64_t)NS_PER_SECOND - since_boot.tv_nsec;
    return boot_ns + (int64_t)(start_ticks * ns_per_tick);
}

/* Seldom a new text: then nothing moves. */
static void keep_text(char **kept, const char *text)
{
    if (*kept != NULL && strcmp(*kept, text) == 0)
        return;
    free(*kept);
    *kept = memory_copy_text(text);
}

static void read_command(struct known_process *process, struct process_reader *reader, int directory_fd,
                         const struct process_stat *stat, uint64_t now_ns)
{
    bool is_another = !process->has_command || process->arguments_address != stat->arguments_address ||
                      strcmp(process->name, stat->name) != 0;
    bool may_differ = process->run_ns >= process->command_read_ns &&
                      now_ns - process->command_read_ns >= COMMAND_INTERVAL_NS;

    if (!is_another && !may_differ)
        return;
    char command[PROCESS_COMMAND_SIZE];
    ssize_t length = 0;
    if (!stat->is_kernel_thread)
        length = read_file(reader, directory_fd, "cmdline", PROCESS_COMMAND_SIZE);
    size_t written = 0;
    if (length > 0)
        written = process_format_command(command, sizeof(command), reader->buffer, (size_t)length);
    if (written == 0)
        snprintf(command, sizeof(command), "[%s]", stat->name);
    keep_text(&process->command, command);
    /* In the middle of execve(2) the new arguments are not there yet. */
    process->has_command = written > 0 || stat->is_kernel_thread || stat->state == 'Z';
    process->arguments_address = stat->arguments_address;
    process->command_read_ns = now_ns;
}

static double seconds_since_reading(const struct known_process *process, uint64_t now_ns)
{
    return process->read_ns > 0 ? (double)(now_ns - process->read_ns) / NS_PER_SECOND : 0;
}

/* When something is due that is read once in an interval. Processes that are first seen together are spread over it. */
static uint64_t find_due(const struct known_process *process, uint64_t now_ns, uint64_t interval_ns)
{
    uint64_t early_ns = process->read_ns == 0 ? interval_ns / 64 * (uint64_t)(process->facts.pid % 64) : 0;

    return now_ns + interval_ns - early_ns;
}

static void read_transfer(struct known_process *process, struct process_reader *reader, int directory_fd,
                          double seconds)
{
    struct process_transfer before = process->transfer;
    struct process_transfer now = {UNKNOWN_COUNT, UNKNOWN_COUNT};

    if (read_file(reader, directory_fd, "io", PROCESS_BUFFER_SIZE) > 0)
        now = process_parse_transfer(reader->buffer);
    process->facts.read_bytes_per_second = UNKNOWN_REAL;
    process->facts.write_bytes_per_second = UNKNOWN_REAL;
    if (count_is_known(before.read_bytes) && count_is_known(now.read_bytes))
        process->facts.read_bytes_per_second =
            counter_rate((uint64_t)before.read_bytes, (uint64_t)now.read_bytes, seconds);
    if (count_is_known(before.write_bytes) && count_is_known(now.write_bytes))
        process->facts.write_bytes_per_second =
            counter_rate((uint64_t)before.write_bytes, (uint64_t)now.write_bytes, seconds);
    process->transfer = now;
}

/* Read its memory through a path below a directory; false when it has gone. */
static bool read_memory(struct known_process *process, struct process_reader *reader, int directory_fd,
                        const char *path, uint64_t now_ns)
{
    struct process *facts = &process->facts;
    struct process_memory memory;
    int64_t before_bytes = facts->resident_bytes;
    double seconds = seconds_since_reading(process, now_ns);

    if (read_file(reader, directory_fd, path, PROCESS_BUFFER_SIZE) <= 0 ||
        !process_parse_memory(reader->buffer, &memory))
        return false;
    facts->virtual_bytes = memory.virtual_pages * reader->page_bytes;
    facts->resident_bytes = memory.resident_pages * reader->page_bytes;
    facts->shared_bytes = memory.shared_pages * reader->page_bytes;
    facts->growth_bytes_per_second =
        seconds > 0 ? (double)(facts->resident_bytes - before_bytes) / seconds : UNKNOWN_REAL;
    facts->memory_percent = reader->memory_bytes > 0
                                ? (double)facts->resident_bytes / (double)reader->memory_bytes * 100
                                : UNKNOWN_REAL;
    process->memory_read_ns = now_ns;
    process->memory_due_ns = find_due(process, now_ns, MEMORY_INTERVAL_NS);
    return true;
}

static void take_faults(struct known_process *process, const struct process_stat *stat, double seconds)
{
    if (seconds > 0) {
        process->facts.minor_faults_per_second =
            counter_rate(process->minor_faults, stat->minor_faults, seconds);
        process->facts.major_faults_per_second =
            counter_rate(process->major_faults, stat->major_faults, seconds);
    }
    process->minor_faults = stat->minor_faults;
    process->major_faults = stat->major_faults;
}

/* Take over what the files of /proc/PID say; false when the process ends meanwhile. */
static bool read_files(struct known_process *process, struct process_reader *reader, int directory_fd,
                       uint64_t now_ns)
{
    struct process *facts = &process->facts;
    struct process_stat stat;
    struct stat directory;

    if (fstat(directory_fd, &directory) != 0 ||
        read_file(reader, directory_fd, "stat", PROCESS_BUFFER_SIZE) <= 0 ||
        !process_parse_stat(reader->buffer, &stat))
        return false;
    if (facts->start_ticks != stat.start_ticks || process->read_ns == 0) {
        forget(process);
        facts->start_ticks = stat.start_ticks;
        facts->start_time_ns = find_start_time(stat.start_ticks, reader->ns_per_tick);
    }
    if (!read_memory(process, reader, directory_fd, "statm", now_ns))
        return false;
    double seconds = seconds_since_reading(process, now_ns);
    take_faults(process, &stat, seconds);
    read_transfer(process, reader, directory_fd, seconds);
    read_command(process, reader, directory_fd, &stat, now_ns);

    keep_text(&process->name, stat.name);
    facts->name = process->name;
    facts->command = process->command;
    facts->uid = directory.st_uid; /* the effective one */
    facts->parent_pid = stat.parent_pid;
    facts->state = stat.state;
    facts->priority = stat.priority;
    facts->nice = stat.nice;
    facts->thread_count = stat.thread_count;
    if (!process->has_cpu_clock)
        process->cpu_ns = stat.cpu_ticks * reader->ns_per_tick;
    return true;
}

/* Its directory in /proc, or -1. */
static int open_directory(const struct known_process *process, const struct process_reader *reader)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", (int)process->facts.pid);
    return openat(reader->proc_fd, number, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool read_in_full(struct known_process *process, struct process_reader *reader, uint64_t now_ns)
{
    int directory_fd = open_directory(process, reader);

    if (directory_fd < 0)
        return false;
    bool read = read_files(process, reader, directory_fd, now_ns);
    close(directory_fd);
    process->full_due_ns = process->has_command ? find_due(process, now_ns, FULL_INTERVAL_NS) : now_ns;
    return read;
}

/* Bring a process up to date that has not run: all that the others can do unseen is to take memory from it. */
static bool read_at_rest(struct known_process *process, struct process_reader *reader, uint64_t now_ns)
{
    struct process *facts = &process->facts;
    char path[32];

    facts->growth_bytes_per_second = 0;
    facts->minor_faults_per_second = facts->major_faults_per_second = 0;
    facts->read_bytes_per_second = count_is_known(process->transfer.read_bytes) ? 0 : UNKNOWN_REAL;
    facts->write_bytes_per_second = count_is_known(process->transfer.write_bytes) ? 0 : UNKNOWN_REAL;
    if (now_ns < process->memory_due_ns)
        return true;
    snprintf(path, sizeof(path), "%d/statm", (int)facts->pid);
    return read_memory(process, reader, reader->proc_fd, path, now_ns);
}

/* Whether something outside the process has changed it. */
static bool was_changed_by_others(const struct known_process *process, const struct process_reader *reader)
{
    const struct process *facts = &process->facts;

    errno = 0;
    int nice = getpriority(PRIO_PROCESS, (id_t)facts->pid);
    if (errno != 0 || nice != facts->nice)
        return true;
    if (facts->parent_pid == 0 || reader->listed->count == 0)
        return false;
    return !pid_list_contains(reader->listed, facts->parent_pid);
}

/* Read the CPU-time clock, unless the caller has; false when it cannot be read. */
static bool read_cpu_clock(const struct known_process *process, struct cpu_reading *reading)
{
    if (reading->monotonic_ns != 0)
        return true;
    reading->monotonic_ns = clock_monotonic_ns();
    return process->has_cpu_clock && clock_read_ns(process->cpu_clock, &reading->cpu_ns);
}

bool known_process_refresh(struct known_process *process, struct process_reader *reader,
                           struct cpu_reading reading)
{
    struct process *facts = &process->facts;
    uint64_t cpu_before_ns = process->cpu_ns;
    bool is_timed = read_cpu_clock(process, &reading);
    uint64_t now_ns = reading.monotonic_ns;

    /* One that could have run, but got no CPU, may be in another state by now. */
    bool ran = !is_timed || reading.cpu_ns != cpu_before_ns || facts->state == 'R';
    if (is_timed)
        process->cpu_ns = reading.cpu_ns;
    if (ran)
        process->run_ns = now_ns;
    bool in_full = ran || now_ns >= process->full_due_ns || was_changed_by_others(process, reader);
    if (!(in_full ? read_in_full(process, reader, now_ns) : read_at_rest(process, reader, now_ns)))
        return false;
    double seconds = seconds_since_reading(process, now_ns);
    double percent = counter_rate(cpu_before_ns, process->cpu_ns, seconds) / 1e9 * 100;
    facts->cpu_percent = percent > reader->cpu_percent_limit ? reader->cpu_percent_limit : percent;
    facts->cpu_seconds = (double)process->cpu_ns / 1e9;
    facts->user = user_names_find(reader->users, facts->uid);
    process->read_ns = now_ns;
    return true;
}

/* Read one file of /proc/PID into the reader's buffer; false when it cannot be read. */
static bool read_one_file(const struct known_process *process, struct process_reader *reader,
                          const char *name)
{
    int directory_fd = open_directory(process, reader);

    if (directory_fd < 0)
        return false;
    bool read = read_file(reader, directory_fd, name, PROCESS_BUFFER_SIZE) > 0;
    close(directory_fd);
    return read;
}

void known_process_refresh_parts(struct known_process *process, struct process_reader *reader)
{
    if (process->parts_read_ns != 0 && process->parts_read_ns >= process->memory_read_ns)
        return;
    bool read = read_one_file(process, reader, "status");
    process->parts = process_parse_memory_parts(read ? reader->buffer : "");
    process->parts_read_ns = process->read_ns;
}

void known_process_refresh_proportional(struct known_process *process, struct process_reader *reader)
{
    if (process->proportional_read_ns != 0 &&
        process->read_ns - process->proportional_read_ns < PROPORTIONAL_INTERVAL_NS)
        return;
    bool read = read_one_file(process, reader, "smaps_rollup");
    process->proportional_bytes = process_parse_proportional_bytes(read ? reader->buffer : "");
    process->proportional_read_ns = process->read_ns;
}

#include "sampler/thread_probe.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KERNEL_NAME_MAX = 15, /* TASK_COMM_LEN without the final NUL */
};

/* Of /proc/PID/task/TID/stat; source: proc_pid_stat(5). */
enum {
    FIELD_STATE = 3,
    FIELD_MINOR_FAULTS = 10,
    FIELD_UTIME = 14, /* stime follows */
    FIELD_PROCESSOR = 39,
};

static int open_task_file(const char *directory, const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

bool thread_probe_open_directory(struct thread_probe *probe, const char *directory)
{
    probe->schedstat_fd = open_task_file(directory, "schedstat");
    probe->stat_fd = probe->schedstat_fd < 0 ? open_task_file(directory, "stat") : -1;
    probe->syscall_fd = open_task_file(directory, "syscall");
    return probe->schedstat_fd >= 0 || probe->stat_fd >= 0 || probe->syscall_fd >= 0;
}

bool thread_probe_open(struct thread_probe *probe, pid_t pid, pid_t tid)
{
    char directory[64];

    snprintf(directory, sizeof(directory), "/proc/%d/task/%d", pid, tid);
    return thread_probe_open_directory(probe, directory);
}

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void thread_probe_close(struct thread_probe *probe)
{
    close_file(&probe->schedstat_fd);
    close_file(&probe->stat_fd);
    close_file(&probe->syscall_fd);
}

/* One pread(2); -1 when the thread is gone, 0 when there is no such file. */
static ssize_t read_once(int fd, char *text, size_t size)
{
    if (fd < 0) {
        text[0] = '\0';
        return 0;
    }
    ssize_t length = pread(fd, text, size - 1, 0);
    if (length < 0)
        return -1;
    text[length] = '\0';
    return length;
}

static uint64_t parse_decimal(const char **cursor)
{
    uint64_t value = 0;

    while (**cursor == ' ')
        (*cursor)++;
    while (**cursor >= '0' && **cursor <= '9')
        value = value * 10 + (uint64_t)(*(*cursor)++ - '0');
    return value;
}

/* A field of stat, and all that follows; NULL when there are not so many. They are counted from 1, and the second is a name
 * that may hold anything. */
static const char *find_stat_field(const char *text, size_t number)
{
    const char *cursor = strrchr(text, ')');

    for (size_t field = 2; cursor != NULL && field < number; field++)
        cursor = strchr(cursor + 1, ' ');
    return cursor != NULL ? cursor + 1 : NULL;
}

static bool read_clock_ticks(const struct thread_probe *probe, struct schedule_counters *counters)
{
    char text[1024];

    *counters = (struct schedule_counters){0};
    if (read_once(probe->stat_fd, text, sizeof(text)) < 0)
        return false;
    const char *cursor = find_stat_field(text, FIELD_UTIME);
    if (cursor == NULL)
        return true;
    uint64_t user_ticks = parse_decimal(&cursor);
    uint64_t system_ticks = parse_decimal(&cursor);
    counters->cpu_ns = (user_ticks + system_ticks) * (NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK));
    return true;
}

bool thread_probe_schedule(const struct thread_probe *probe, struct schedule_counters *counters)
{
    char text[96];
    const char *cursor = text;

    if (probe->schedstat_fd < 0)
        return read_clock_ticks(probe, counters);
    if (read_once(probe->schedstat_fd, text, sizeof(text)) < 0)
        return false;
    counters->cpu_ns = parse_decimal(&cursor);
    counters->wait_ns = parse_decimal(&cursor);
    counters->turns = parse_decimal(&cursor);
    return true;
}

bool thread_probe_activity(const struct thread_probe *probe, struct kernel_activity *activity)
{
    char text[256];
    char *cursor = text;
    ssize_t length = read_once(probe->syscall_fd, text, sizeof(text));

    *activity = (struct kernel_activity){.number = -1};
    if (length < 0)
        return errno != ESRCH && errno != ENOENT;
    if (length == 0)
        return true;
    activity->known = true;
    if (text[0] == 'r') {
        activity->running = true;
        return true;
    }
    activity->number = strtol(cursor, &cursor, 10);
    for (size_t i = 0; activity->number >= 0 && i < 6; i++)
        activity->arguments[i] = strtoull(cursor, &cursor, 16);
    activity->stack_pointer = strtoull(cursor, &cursor, 16);
    return true;
}

/* A field of a thread's stat, as find_stat_field(). */
static const char *read_stat_field(char *text, size_t size, pid_t pid, pid_t tid, size_t number)
{
    char path[80];

    snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
    return file_read_at(AT_FDCWD, path, text, size) > 0 ? find_stat_field(text, number) : NULL;
}

void thread_probe_keep_stat(struct thread_probe *probe, pid_t pid, pid_t tid)
{
    char directory[64];

    snprintf(directory, sizeof(directory), "/proc/%d/task/%d", pid, tid);
    if (probe->stat_fd < 0)
        probe->stat_fd = open_task_file(directory, "stat");
}

bool thread_probe_minor_faults(const struct thread_probe *probe, pid_t pid, pid_t tid, uint64_t *faults)
{
    char text[1024];
    const char *field = NULL;

    if (probe->stat_fd < 0)
        field = read_stat_field(text, sizeof(text), pid, tid, FIELD_MINOR_FAULTS);
    else if (read_once(probe->stat_fd, text, sizeof(text)) > 0)
        field = find_stat_field(text, FIELD_MINOR_FAULTS);
    if (field != NULL)
        *faults = parse_decimal(&field);
    return field != NULL;
}

bool thread_probe_is_uninterruptible(pid_t pid, pid_t tid)
{
    char text[1024];
    const char *state = read_stat_field(text, sizeof(text), pid, tid, FIELD_STATE);

    return state != NULL && state[0] == 'D';
}

int thread_probe_cpu(struct thread_probe *probe, pid_t pid, pid_t tid)
{
    char text[1024];

    thread_probe_keep_stat(probe, pid, tid);
    bool came = read_once(probe->stat_fd, text, sizeof(text)) > 0;
    const char *processor = came ? find_stat_field(text, FIELD_PROCESSOR) : NULL;
    return processor != NULL ? atoi(processor) : -1;
}

uint64_t thread_probe_last_run_ns(pid_t pid, pid_t tid)
{
    static const char key[] = "se.exec_start";
    char path[80], text[512];
    double milliseconds;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/sched", pid, tid);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return 0;
    const char *line = strstr(text, key);
    const char *colon = line != NULL ? strchr(line, ':') : NULL;
    if (colon == NULL || sscanf(colon + 1, "%lf", &milliseconds) != 1 || milliseconds <= 0)
        return 0;
    return (uint64_t)(milliseconds * 1e6);
}

/* The first line of a small file, clean; empty when it cannot be read. */
static void read_comm(char name[static KERNEL_NAME_SIZE], const char *path)
{
    char text[64];
    ssize_t length = file_read_at(AT_FDCWD, path, text, sizeof(text));

    name[0] = '\0';
    if (length > 1)
        text_clean(name, KERNEL_NAME_SIZE, text, (size_t)length - 1);
}

/* Whether the name that a program gets when it is executed from `path` is this one. */
static bool is_name_of(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');

    return strncmp(slash != NULL ? slash + 1 : path, name, KERNEL_NAME_MAX) == 0;
}

/* Whether a thread's name is only that of the program which the process runs: each thread has the name of the one
 * that started it until it gets its own, and the main thread may have got its own since. */
static bool is_inherited(pid_t pid, const char *name)
{
    char path[40], process_name[KERNEL_NAME_SIZE], program[PATH_MAX];

    snprintf(path, sizeof(path), "/proc/%d/comm", pid);
    read_comm(process_name, path);
    if (strcmp(name, process_name) == 0)
        return true;
    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    ssize_t length = readlink(path, program, sizeof(program) - 1);
    program[length > 0 ? length : 0] = '\0';
    if (is_name_of(program, name))
        return true;
    snprintf(path, sizeof(path), "/proc/%d/cmdline", pid); /* executed by another name, a link */
    return file_read_at(AT_FDCWD, path, program, sizeof(program)) > 0 && is_name_of(program, name);
}

void thread_read_kernel_name(char name[static KERNEL_NAME_SIZE], pid_t pid, pid_t tid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, tid);
    read_comm(name, path);
    if (is_inherited(pid, name))
        name[0] = '\0';
}

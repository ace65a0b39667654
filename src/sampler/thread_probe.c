#include "sampler/thread_probe.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_task_file(pid_t pid, pid_t tid, const char *name)
{
    char path[80];

    snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

bool thread_probe_open(struct thread_probe *probe, pid_t pid, pid_t tid)
{
    probe->schedstat_fd = open_task_file(pid, tid, "schedstat");
    probe->syscall_fd = open_task_file(pid, tid, "syscall");
    if (probe->schedstat_fd < 0 && probe->syscall_fd < 0)
        return false;
    return true;
}

void thread_probe_close(struct thread_probe *probe)
{
    if (probe->schedstat_fd >= 0)
        close(probe->schedstat_fd);
    if (probe->syscall_fd >= 0)
        close(probe->syscall_fd);
    probe->schedstat_fd = probe->syscall_fd = -1;
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

bool thread_probe_schedule(const struct thread_probe *probe, struct schedule_counters *counters)
{
    char text[96];
    const char *cursor = text;

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
    return true;
}

static bool same_pid_namespace(pid_t pid)
{
    char path[40], own[64], other[64];

    snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
    ssize_t other_length = readlink(path, other, sizeof(other));
    ssize_t own_length = readlink("/proc/self/ns/pid", own, sizeof(own));
    return other_length <= 0 || (other_length == own_length && memcmp(own, other, (size_t)own_length) == 0);
}

/* The last number of the line "NSpid:" of a thread's status: its id in the innermost namespace. */
static uint64_t innermost_id(pid_t pid, pid_t tid)
{
    char path[64], text[4096];

    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return 0;
    const char *line = strstr(text, "\nNSpid:");
    if (line == NULL)
        return 0;
    uint64_t id = 0;
    for (char *cursor = (char *)line + 7, *end; *cursor != '\0' && *cursor != '\n'; cursor = end) {
        uint64_t number = strtoull(cursor, &end, 10);
        if (end == cursor)
            break;
        id = number;
        while (*end == '\t' || *end == ' ')
            end++;
    }
    return id;
}

pid_t thread_find(pid_t pid, uint64_t native_id)
{
    char path[64];

    if (native_id == 0 || native_id > INT32_MAX)
        return 0;
    if (same_pid_namespace(pid)) {
        snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, (int)native_id);
        return access(path, F_OK) == 0 ? (pid_t)native_id : 0;
    }
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *directory = opendir(path);
    if (directory == NULL)
        return 0;
    pid_t found = 0;
    for (struct dirent *entry; found == 0 && (entry = readdir(directory)) != NULL;) {
        pid_t tid = (pid_t)atoi(entry->d_name);
        if (tid > 0 && innermost_id(pid, tid) == native_id)
            found = tid;
    }
    closedir(directory);
    return found;
}

void thread_read_name(char name[static THREAD_NAME_SIZE], pid_t pid, pid_t tid)
{
    char path[64], text[64];

    name[0] = '\0';
    snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, tid);
    ssize_t length = file_read_at(AT_FDCWD, path, text, sizeof(text));
    if (length > 1)
        text_clean(name, THREAD_NAME_SIZE, text, (size_t)length - 1);
}

#include "source/discovery.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const uint64_t longest_executable_interval_ns = 9 * NS_PER_SECOND / 10;
static const uint64_t starting_interval_ns = 50 * NS_PER_MILLISECOND;
static const uint64_t first_mappings_interval_ns = NS_PER_SECOND / 2;
static const uint64_t longest_mappings_interval_ns = 60 * NS_PER_SECOND;

/* PF_KTHREAD in the flags of stat, include/linux/sched.h */
static const unsigned long kernel_thread_flag = 0x00200000;

struct discovery {
    struct python_locator *locator;
    pid_t *roots;
    size_t root_count;
    bool children;
    struct watched_process *processes;
    size_t capacity;
    size_t count;
};

struct discovery *discovery_new(const pid_t *roots, size_t root_count, bool children)
{
    struct discovery *discovery = memory_allocate(1, sizeof(*discovery));

    discovery->locator = python_locator_new();
    discovery->roots = memory_allocate(root_count, sizeof(*roots));
    if (root_count > 0)
        memcpy(discovery->roots, roots, root_count * sizeof(*roots));
    discovery->root_count = root_count;
    discovery->children = children;
    return discovery;
}

static void release(struct watched_process *process)
{
    free(process->location);
    free(process->error);
}

void discovery_free(struct discovery *discovery)
{
    for (size_t i = 0; i < discovery->count; i++)
        release(&discovery->processes[i]);
    python_locator_free(discovery->locator);
    free(discovery->processes);
    free(discovery->roots);
    free(discovery);
}

struct watched_process *discovery_processes(struct discovery *discovery, size_t *count)
{
    *count = discovery->count;
    return discovery->processes;
}

static int compare_pid(const void *key, const void *element)
{
    pid_t wanted = *(const pid_t *)key;
    pid_t pid = ((const struct watched_process *)element)->pid;

    return (wanted > pid) - (wanted < pid);
}

struct watched_process *discovery_find(struct discovery *discovery, pid_t pid)
{
    if (discovery->count == 0)
        return NULL;
    return bsearch(&pid, discovery->processes, discovery->count, sizeof(*discovery->processes), compare_pid);
}

struct watched_process *discovery_find_next(struct discovery *discovery, pid_t pid, size_t *cursor)
{
    while (*cursor < discovery->count && discovery->processes[*cursor].pid < pid)
        (*cursor)++;
    bool found = *cursor < discovery->count && discovery->processes[*cursor].pid == pid;
    return found ? &discovery->processes[*cursor] : NULL;
}

void discovery_reexamine(struct watched_process *process)
{
    process->identified = process->examined = false;
}

void discovery_replace(struct watched_process *process)
{
    process->replaced = true;
}

/* ---- looking at one process ---- */

/* The fields of /proc/PID/stat that tell who a process is; false when it has gone. */
static bool read_identity(struct watched_process *process, char name[static 32])
{
    char path[32], text[1024];

    snprintf(path, sizeof(path), "/proc/%d/stat", process->pid);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return false;
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    int parent;
    unsigned long flags;
    unsigned long long start;
    if (open == NULL || close == NULL || close < open)
        return false;
    /* state ppid pgrp session tty tpgid flags, then 12 fields, then starttime */
    if (sscanf(close + 1, " %*c %d %*d %*d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &parent, &flags, &start) != 3)
        return false;
    snprintf(name, 32, "%.*s", (int)(close - open - 1), open + 1);
    process->parent_pid = parent;
    process->start_ticks = start;
    process->kernel_thread = (flags & kernel_thread_flag) != 0;
    return true;
}

/* Note how much CPU time a process has used; 0 when it cannot be told, and then it is taken to have run. */
static void read_cpu_clock(struct watched_process *process)
{
    process->cpu_read_ns = clock_monotonic_ns();
    if (!process->has_cpu_clock || !clock_read_ns(process->cpu_clock, &process->cpu_ns))
        process->cpu_ns = process->cpu_read_ns = 0;
}

/* A number for the executable that a process runs; 0 when it cannot be seen. */
static uint64_t hash_executable(pid_t pid, char target[static PATH_MAX])
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    ssize_t length = readlink(path, target, PATH_MAX - 1);
    if (length <= 0) {
        target[0] = '\0';
        return 0;
    }
    target[length] = '\0';
    return hash_bytes(target, (size_t)length, 0);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static bool looks_like_python(const char *name)
{
    return strncmp(name, "python", 6) == 0;
}

/* Where the mappings may not be read, the command line still tells who calls itself Python. */
static bool calls_itself_python(const struct watched_process *process)
{
    char path[40], command[512];

    snprintf(path, sizeof(path), "/proc/%d/cmdline", process->pid);
    if (file_read_at(AT_FDCWD, path, command, sizeof(command)) <= 0)
        command[0] = '\0';
    return process->likely_python || looks_like_python(last_part(command));
}

static void look_at_mappings(struct python_locator *locator, struct watched_process *process, uint64_t now_ns)
{
    struct python_location location = {0};
    struct error *error = NULL;

    release(process);
    process->error = NULL;
    process->location = NULL;
    process->mappings_cpu_ns = process->cpu_ns;
    process->presence = python_locate(locator, process->pid, &location, &error);
    if (location.implementation != NULL) {
        process->location = memory_allocate(1, sizeof(*process->location));
        *process->location = location;
    }
    process->mappings_ns = now_ns;
    if (process->presence != PYTHON_STARTING)
        process->starting_ns = 0;
    else if (process->starting_ns == 0)
        process->starting_ns = now_ns;
    process->is_python = process->presence == PYTHON_FOUND || process->presence == PYTHON_STARTING ||
                         process->presence == PYTHON_UNREADABLE ||
                         (process->presence == PYTHON_DENIED && calls_itself_python(process));
    if (error != NULL)
        process->error = memory_copy_text(error_message(error));
    error_free(error);
}

/* Find out who a process is; false when it has gone. */
static bool identify(struct watched_process *process, uint64_t now_ns)
{
    char name[32], executable[PATH_MAX], path[32];
    struct stat status;

    process->has_cpu_clock = clock_getcpuclockid(process->pid, &process->cpu_clock) == 0;
    read_cpu_clock(process);
    if (!read_identity(process, name))
        return false;
    snprintf(path, sizeof(path), "/proc/%d", process->pid);
    if (stat(path, &status) != 0)
        return false;
    process->uid = status.st_uid;
    process->executable_ns = now_ns;
    process->executable_cpu_ns = process->cpu_ns;
    process->executable_hash = process->kernel_thread ? 0 : hash_executable(process->pid, executable);
    process->likely_python =
        !process->kernel_thread && (looks_like_python(name) || looks_like_python(last_part(executable)));
    process->identified = true;
    return true;
}

/* See whether an interpreter is in a process that was identified. */
static void examine(struct python_locator *locator, struct watched_process *process, uint64_t now_ns)
{
    process->examined = true;
    process->is_python = false;
    if (!process->kernel_thread)
        look_at_mappings(locator, process, now_ns);
}

/* How long to wait before the mappings are looked at again: a process that has just come may still load an
 * interpreter. */
static uint64_t mappings_interval(const struct watched_process *process)
{
    uint64_t age_ns = process->mappings_ns - process->seen_ns;

    if (process->presence == PYTHON_STARTING)
        return starting_interval_ns;
    if (age_ns < first_mappings_interval_ns)
        return process->likely_python ? starting_interval_ns : first_mappings_interval_ns;
    return age_ns < longest_mappings_interval_ns ? age_ns : longest_mappings_interval_ns;
}

/* How long to wait before the executable is looked at again: most programs that execute another one do so soon after their
 * start (shells, wrappers such as env and those of version managers). */
static uint64_t executable_interval(const struct watched_process *process, uint64_t now_ns)
{
    uint64_t interval_ns = (now_ns - process->seen_ns) / 4;

    return interval_ns < longest_executable_interval_ns ? interval_ns : longest_executable_interval_ns;
}

/* See whether a known process has become another one. What has not run since the last look has not. */
static void look_again(struct python_locator *locator, struct watched_process *process, uint64_t now_ns)
{
    char executable[PATH_MAX];

    if (process->kernel_thread)
        return;
    read_cpu_clock(process);
    bool may_have_executed = process->cpu_ns == 0 || process->cpu_ns != process->executable_cpu_ns;
    if (may_have_executed && now_ns - process->executable_ns >= executable_interval(process, now_ns)) {
        process->executable_ns = now_ns;
        process->executable_cpu_ns = process->cpu_ns;
        uint64_t hash = hash_executable(process->pid, executable);
        /* A process that has ended has none any more: its last interval still counts. */
        if (hash != 0 && hash != process->executable_hash)
            discovery_reexamine(process);
    }
    bool may_have_mapped = process->cpu_ns == 0 || process->cpu_ns != process->mappings_cpu_ns;
    if (process->examined && process->presence != PYTHON_FOUND && may_have_mapped &&
        now_ns - process->mappings_ns >= mappings_interval(process))
        look_at_mappings(locator, process, now_ns);
}

/* Whether a process that was named, or one of its children, has ended and its number was used again. Of others it
 * matters less, and the caller notices when it reads them. */
static bool is_replaced(const struct discovery *discovery, const struct watched_process *process)
{
    struct watched_process now = {.pid = process->pid};
    char name[32];

    if (process->replaced)
        return true;
    return discovery->root_count > 0 && process->selected && process->identified &&
           read_identity(&now, name) && now.start_ticks != process->start_ticks;
}

/* Begin anew with a process that was given the number of one which has ended: whoever named that one did not mean
 * this one. */
static void begin_anew(struct watched_process *process, uint64_t now_ns)
{
    release(process);
    *process = (struct watched_process){.pid = process->pid, .seen_ns = now_ns};
}

/* ---- the list ---- */

static bool is_root(const struct discovery *discovery, pid_t pid)
{
    for (size_t i = 0; i < discovery->root_count; i++) {
        if (discovery->roots[i] == pid)
            return true;
    }
    return false;
}

/* Let those go that are not among the pids any more. */
static void drop_vanished(struct discovery *discovery, const pid_t *pids, size_t count,
                          void (*forget)(void *, const struct watched_process *), void *context)
{
    size_t kept = 0, next = 0;

    for (size_t i = 0; i < discovery->count; i++) {
        struct watched_process *process = &discovery->processes[i];
        while (next < count && pids[next] < process->pid)
            next++;
        if (next < count && pids[next] == process->pid) {
            discovery->processes[kept++] = *process;
            continue;
        }
        forget(context, process);
        release(process);
    }
    discovery->count = kept;
}

/* Put those in between that are new, from the last one on: so each moves once, and none as long as none comes. */
static void add_new(struct discovery *discovery, const pid_t *pids, size_t count, uint64_t now_ns)
{
    size_t old = discovery->count;

    discovery->processes =
        memory_grow(discovery->processes, &discovery->capacity, count, sizeof(*discovery->processes));
    for (size_t place = count; place > old; place--) {
        pid_t pid = pids[place - 1];
        struct watched_process *process = &discovery->processes[place - 1];
        if (old > 0 && discovery->processes[old - 1].pid == pid) {
            *process = discovery->processes[--old];
            continue;
        }
        bool root = is_root(discovery, pid);
        *process = (struct watched_process){
            .pid = pid,
            .is_root = root,
            .selected = root,
            .seen_ns = now_ns,
        };
    }
    discovery->count = count;
}

/* Children of selected processes are selected, and stay so when the parent has gone. */
static void select_children(struct discovery *discovery)
{
    bool changed = discovery->children && discovery->root_count > 0;

    while (changed) {
        changed = false;
        for (size_t i = 0; i < discovery->count; i++) {
            struct watched_process *process = &discovery->processes[i];
            if (process->selected || process->parent_pid == 0)
                continue;
            const struct watched_process *parent = discovery_find(discovery, process->parent_pid);
            if (parent != NULL && parent->selected)
                process->selected = changed = true;
        }
    }
}

bool discovery_update(struct discovery *discovery, const pid_t *pids, size_t count, uint64_t time_limit_ns,
                      void (*forget)(void *context, const struct watched_process *process), void *context)
{
    uint64_t begin_ns = clock_monotonic_ns();
    bool complete = true;

    drop_vanished(discovery, pids, count, forget, context);
    add_new(discovery, pids, count, begin_ns);
    for (size_t i = 0; i < discovery->count; i++) {
        struct watched_process *process = &discovery->processes[i];
        if (is_replaced(discovery, process)) {
            forget(context, process);
            begin_anew(process, begin_ns);
        }
        if (process->examined)
            look_again(discovery->locator, process, begin_ns);
        if (process->sampled && !process->examined) {
            forget(context, process);
            process->sampled = false;
        }
        bool identified = process->identified || identify(process, begin_ns);
        if (identified && !process->examined && (process->selected || process->likely_python))
            examine(discovery->locator, process, begin_ns);
    }
    uint64_t deadline_ns = clock_monotonic_ns() + time_limit_ns;
    for (size_t i = 0; i < discovery->count && complete; i++) {
        struct watched_process *process = &discovery->processes[i];
        if (!process->identified || process->examined)
            continue;
        complete = clock_monotonic_ns() < deadline_ns;
        if (complete)
            examine(discovery->locator, process, begin_ns);
    }
    select_children(discovery);
    return complete;
}

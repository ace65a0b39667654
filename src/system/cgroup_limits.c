#include "system/cgroup_limits.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/number.h"
#include "system/cgroup_text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_LEVELS = 8, /* of groups with a limit, one in the other */
};

static const uint64_t look_interval_ns = 10 * NS_PER_SECOND;

/* A group with a limit. */
struct limited_group {
    char *directory;
    uint64_t period_ns;
    struct cgroup_throttling throttling; /* at the last call */
};

struct limited_process {
    pid_t pid;
    uint64_t start_ticks;
    uint64_t looked_ns;
    uint64_t read_ns;
    size_t group_count;
    struct limited_group groups[MAX_LEVELS];
};

struct cgroup_limits {
    struct cgroup_mount mounts[CGROUP_VERSIONS];
    struct limited_process **processes; /* by pid */
    size_t count;
    size_t capacity;
};

struct cgroup_limits *cgroup_limits_new(void)
{
    struct cgroup_limits *limits = memory_allocate(1, sizeof(*limits));
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen("/proc/self/mountinfo", "re");

    while (file != NULL && getline(&line, &size, file) > 0) {
        struct cgroup_mount mount;
        enum cgroup_version version;
        if (cgroup_text_parse_mount(line, &version, &mount) && limits->mounts[version].directory[0] == '\0')
            limits->mounts[version] = mount;
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return limits;
}

static void drop_groups(struct limited_process *process)
{
    for (size_t i = 0; i < process->group_count; i++)
        free(process->groups[i].directory);
    process->group_count = 0;
}

static void free_process(struct limited_process *process)
{
    drop_groups(process);
    free(process);
}

void cgroup_limits_free(struct cgroup_limits *limits)
{
    for (size_t i = 0; i < limits->count; i++)
        free_process(limits->processes[i]);
    free(limits->processes);
    free(limits);
}

static bool read_text(const char *directory, const char *name, char *text, size_t size)
{
    char path[PATH_MAX + 32];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return file_read_at(AT_FDCWD, path, text, size) > 0;
}

/* The period of a group's limit; 0 when it has none. */
static uint64_t read_limit(const char *directory, enum cgroup_version version)
{
    char text[128], period[64];

    if (version == CGROUP_V2)
        return read_text(directory, "cpu.max", text, sizeof(text)) ? cgroup_text_parse_max(text) : 0;
    if (!read_text(directory, "cpu.cfs_quota_us", text, 64) || text[0] == '-' ||
        !read_text(directory, "cpu.cfs_period_us", period, sizeof(period)))
        return 0;
    text[strcspn(text, "\n")] = ' ';
    strncat(text, period, sizeof(text) - strlen(text) - 1);
    return cgroup_text_parse_max(text);
}

static bool read_throttling(const struct limited_group *group, struct cgroup_throttling *throttling)
{
    char text[1024];

    if (!read_text(group->directory, "cpu.stat", text, sizeof(text)))
        return false;
    *throttling = cgroup_text_parse_stat(text);
    return true;
}

static void add_group(struct limited_process *process, const char *directory, enum cgroup_version version)
{
    uint64_t period_ns = read_limit(directory, version);
    struct limited_group group = {.period_ns = period_ns};

    if (period_ns == 0 || process->group_count == MAX_LEVELS)
        return;
    group.directory = memory_copy_text(directory);
    if (read_throttling(&group, &group.throttling))
        process->groups[process->group_count++] = group;
    else
        free(group.directory);
}

/* Find the limits of a process's group and of those around it. */
static void find_groups(const struct cgroup_limits *limits, struct limited_process *process)
{
    char path[32], text[8192], group[PATH_MAX], directory[PATH_MAX];

    snprintf(path, sizeof(path), "/proc/%d/cgroup", process->pid);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return;
    for (enum cgroup_version version = 0; version < CGROUP_VERSIONS; version++) {
        const struct cgroup_mount *mount = &limits->mounts[version];
        if (!cgroup_text_find_group(text, version, group) ||
            !cgroup_text_find_directory(mount, group, directory))
            continue;
        for (size_t root_length = strlen(mount->directory); strlen(directory) >= root_length;) {
            add_group(process, directory, version);
            char *slash = strrchr(directory, '/');
            if (slash == NULL || slash == directory)
                break;
            *slash = '\0';
        }
    }
}

/* Groups that were there before keep what was read of them. */
static void look_again(const struct cgroup_limits *limits, struct limited_process *process)
{
    struct limited_process old = *process;

    process->group_count = 0;
    find_groups(limits, process);
    for (size_t i = 0; i < process->group_count; i++) {
        for (size_t k = 0; k < old.group_count; k++) {
            if (strcmp(process->groups[i].directory, old.groups[k].directory) == 0)
                process->groups[i].throttling = old.groups[k].throttling;
        }
    }
    drop_groups(&old);
}

/* The place of the first process whose id is not below `pid`. */
static size_t find_place(const struct cgroup_limits *limits, pid_t pid)
{
    size_t low = 0;
    size_t high = limits->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (limits->processes[middle]->pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct cgroup_limits *limits, size_t place, pid_t pid)
{
    return place < limits->count && limits->processes[place]->pid == pid;
}

static struct limited_process *find_process(struct cgroup_limits *limits, pid_t pid)
{
    size_t place = find_place(limits, pid);

    if (!is_at(limits, place, pid)) {
        limits->processes = memory_grow(limits->processes, &limits->capacity, limits->count + 1,
                                        sizeof(struct limited_process *));
        memmove(&limits->processes[place + 1], &limits->processes[place],
                (limits->count++ - place) * sizeof(struct limited_process *));
        limits->processes[place] = memory_allocate(1, sizeof(struct limited_process));
        limits->processes[place]->pid = pid;
    }
    return limits->processes[place];
}

double cgroup_limits_read(struct cgroup_limits *limits, pid_t pid, uint64_t start_ticks, uint64_t now_ns)
{
    struct limited_process *process = find_process(limits, pid);
    double greatest = UNKNOWN_REAL;
    uint64_t interval_ns = now_ns - process->read_ns;
    bool is_new = process->read_ns == 0 || process->start_ticks != start_ticks;

    process->start_ticks = start_ticks;
    process->read_ns = now_ns;
    if (is_new || now_ns - process->looked_ns >= look_interval_ns) {
        look_again(limits, process);
        process->looked_ns = now_ns;
    }
    for (size_t i = 0; !is_new && i < process->group_count; i++) {
        struct limited_group *group = &process->groups[i];
        struct cgroup_throttling before = group->throttling;
        if (!read_throttling(group, &group->throttling))
            continue;
        double percent = cgroup_throttled_percent(before, group->throttling, group->period_ns, interval_ns);
        if (!real_is_known(greatest) || percent > greatest)
            greatest = percent;
    }
    return greatest;
}

void cgroup_limits_forget(struct cgroup_limits *limits, pid_t pid)
{
    size_t place = find_place(limits, pid);

    if (!is_at(limits, place, pid))
        return;
    free_process(limits->processes[place]);
    limits->count--;
    memmove(&limits->processes[place], &limits->processes[place + 1],
            (limits->count - place) * sizeof(struct limited_process *));
}

#include "system/descriptor_holders.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "system/open_file_text.h"
#include "system/pid_list.h"
#include "system/process_text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REST_NS (3 * NS_PER_SECOND)

enum {
    MAX_HOLDERS = 262144, /* more than these are not remembered */
    COST_FACTOR = 50,     /* looking may take at most this part of the time */
    NO_HOLDER = -1,
    MAX_STEPS = 1024,
    UNCHANGED_AT_ONCE = 64, /* processes that have not run, between two looks at the time */
};

struct holder {
    uint64_t inode;
    pid_t pid;
    int fd;
    uint32_t name; /* of the process: where it begins in the names */
    int32_t next;  /* the next holder of the same thing, or NO_HOLDER */
    enum open_file_access access;
};

/* One process that was looked at. */
struct looked_at {
    pid_t pid;
    bool has_cpu_clock;
    clockid_t cpu_clock;
    uint64_t
        cpu_ns; /* just before the look: while it stays, the process has not run, and holds what it held */
    size_t first_holder;
    size_t holder_count;
};

/* What one look at all processes found. */
struct holder_map {
    struct hash_map first; /* inode to the index of its newest holder */
    struct holder *holders;
    size_t count;
    size_t capacity;
    struct looked_at *processes; /* by pid */
    size_t process_count;
    size_t process_capacity;
    char *names; /* each with its NUL */
    size_t names_length;
    size_t names_capacity;
};

struct descriptor_holders {
    int proc_fd;
    struct holder_map ready;
    uint64_t due_ns;
    /* The look that is under way: */
    bool is_looking;
    struct holder_map found;
    struct pid_list pids;
    size_t pid_index;
    size_t ready_index; /* in ready.processes: those before it have lower pids */
    int directory_fd;   /* /proc/PID/fd of the process that is looked at, or -1 */
    bool has_process_name;
    uint32_t process_name; /* in found.names */
    uint64_t cost_ns;
};

struct descriptor_holders *descriptor_holders_new(void)
{
    struct descriptor_holders *holders = memory_allocate(1, sizeof(*holders));

    holders->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    holders->directory_fd = -1;
    return holders;
}

static void map_free(struct holder_map *map)
{
    hash_map_free(&map->first);
    free(map->holders);
    free(map->processes);
    free(map->names);
}

void descriptor_holders_free(struct descriptor_holders *holders)
{
    if (holders->directory_fd >= 0)
        close(holders->directory_fd);
    if (holders->proc_fd >= 0)
        close(holders->proc_fd);
    map_free(&holders->ready);
    map_free(&holders->found);
    pid_list_free(&holders->pids);
    free(holders);
}

static uint32_t keep_name(struct descriptor_holders *holders, const char *name)
{
    struct holder_map *map = &holders->found;
    size_t size = strlen(name) + 1;

    map->names = memory_grow(map->names, &map->names_capacity, map->names_length + size, 1);
    memcpy(map->names + map->names_length, name, size);
    holders->process_name = (uint32_t)map->names_length;
    holders->has_process_name = true;
    map->names_length += size;
    return holders->process_name;
}

/* Names are read only of processes that hold something. */
static uint32_t take_name(struct descriptor_holders *holders, pid_t pid)
{
    char path[32], raw[PROCESS_NAME_SIZE], name[PROCESS_NAME_SIZE];

    if (holders->has_process_name)
        return holders->process_name;
    snprintf(path, sizeof(path), "%d/comm", (int)pid);
    ssize_t length = file_read_at(holders->proc_fd, path, raw, sizeof(raw));
    if (length > 0 && raw[length - 1] == '\n')
        length--;
    text_clean(name, sizeof(name), raw, length > 0 ? (size_t)length : 0);
    return keep_name(holders, name);
}

/* Whether the process is known to hold this end already: one descriptor of it is enough to name. */
static bool is_held(const struct holder_map *map, int32_t newest, pid_t pid, enum open_file_access access)
{
    for (int32_t i = newest; i != NO_HOLDER && map->holders[i].pid == pid; i = map->holders[i].next) {
        if (map->holders[i].access == access)
            return true;
    }
    return false;
}

static void add_holder(struct descriptor_holders *holders, uint64_t inode, int fd,
                       enum open_file_access access)
{
    struct holder_map *map = &holders->found;
    pid_t pid = holders->pids.pids[holders->pid_index];
    const uint32_t *first = hash_map_find(&map->first, inode);
    int32_t newest = first != NULL ? (int32_t)*first : NO_HOLDER;

    if (map->count == MAX_HOLDERS || is_held(map, newest, pid, access))
        return;
    map->holders = memory_grow(map->holders, &map->capacity, map->count + 1, sizeof(*map->holders));
    map->holders[map->count] = (struct holder){
        .inode = inode,
        .pid = pid,
        .fd = fd,
        .name = take_name(holders, pid),
        .next = newest,
        .access = access,
    };
    hash_map_set(&map->first, inode, (uint32_t)map->count);
    map->count++;
}

static void look_at_descriptor(struct descriptor_holders *holders, const char *name)
{
    char target[64]; /* a longer one is neither a pipe nor a socket */
    struct stat status;
    ssize_t length = readlinkat(holders->directory_fd, name, target, sizeof(target) - 1);

    if (length <= 0 || (target[0] != 'p' && target[0] != 's'))
        return;
    target[length] = '\0';
    struct descriptor_link link = descriptor_parse_link(target);
    if (link.inode == 0)
        return;
    enum open_file_access access = ACCESS_READ_WRITE;
    if (link.kind == OPEN_FILE_PIPE &&
        fstatat(holders->directory_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        access = descriptor_access_of_link(status.st_mode);
    add_holder(holders, link.inode, atoi(name), access);
}

/* What the last look found of a process; NULL when it did not look at it. */
static const struct looked_at *find_earlier(struct descriptor_holders *holders, pid_t pid)
{
    const struct holder_map *map = &holders->ready;

    while (holders->ready_index < map->process_count && map->processes[holders->ready_index].pid < pid)
        holders->ready_index++;
    bool is_there =
        holders->ready_index < map->process_count && map->processes[holders->ready_index].pid == pid;
    return is_there ? &map->processes[holders->ready_index] : NULL;
}

/* Begin with the process whose turn it is; returns what it was at the last look if it has not run since, or NULL. */
static const struct looked_at *begin_process(struct descriptor_holders *holders)
{
    struct holder_map *map = &holders->found;
    pid_t pid = holders->pids.pids[holders->pid_index];
    const struct looked_at *earlier = find_earlier(holders, pid);
    struct looked_at now = {.pid = pid, .first_holder = map->count};

    if (earlier != NULL) {
        now.has_cpu_clock = earlier->has_cpu_clock;
        now.cpu_clock = earlier->cpu_clock;
    } else {
        now.has_cpu_clock = clock_getcpuclockid(pid, &now.cpu_clock) == 0;
    }
    if (now.has_cpu_clock && !clock_read_ns(now.cpu_clock, &now.cpu_ns))
        now.cpu_ns = 0;
    map->processes =
        memory_grow(map->processes, &map->process_capacity, map->process_count + 1, sizeof(*map->processes));
    map->processes[map->process_count++] = now;
    return earlier != NULL && now.cpu_ns != 0 && now.cpu_ns == earlier->cpu_ns ? earlier : NULL;
}

static void next_process(struct descriptor_holders *holders)
{
    struct looked_at *process = &holders->found.processes[holders->found.process_count - 1];

    process->holder_count = holders->found.count - process->first_holder;
    if (holders->directory_fd >= 0)
        close(holders->directory_fd);
    holders->directory_fd = -1;
    holders->has_process_name = false;
    holders->pid_index++;
}

/* Take over what the last look found of a process that has not run since. */
static void take_over(struct descriptor_holders *holders, const struct looked_at *earlier)
{
    const struct holder *old = &holders->ready.holders[earlier->first_holder];

    if (earlier->holder_count > 0)
        keep_name(holders, holders->ready.names + old->name);
    for (size_t i = 0; i < earlier->holder_count; i++)
        add_holder(holders, old[i].inode, old[i].fd, old[i].access);
    next_process(holders);
}

/* Go past processes that have not run, to one that is to be looked at, but not past all of them at once; false when there
 * is none yet. */
static bool find_changed(struct descriptor_holders *holders)
{
    for (int i = 0; i < UNCHANGED_AT_ONCE && holders->pid_index < holders->pids.count; i++) {
        const struct looked_at *earlier = begin_process(holders);
        if (earlier == NULL)
            return true;
        take_over(holders, earlier);
    }
    return false;
}

/* Look at some descriptors of the next process that has run; few enough that the time limit holds. */
static void look_on(struct descriptor_holders *holders)
{
    _Alignas(struct dirent64) char names[4096];

    if (holders->directory_fd < 0) {
        char path[32];
        if (!find_changed(holders))
            return;
        snprintf(path, sizeof(path), "%d/fd", (int)holders->pids.pids[holders->pid_index]);
        holders->directory_fd = openat(holders->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    ssize_t length = -1;
    if (holders->directory_fd >= 0)
        length = getdents64(holders->directory_fd, names, sizeof(names));
    for (ssize_t offset = 0; offset < length;) {
        const struct dirent64 *entry = (const struct dirent64 *)(names + offset);
        if (entry->d_name[0] != '.')
            look_at_descriptor(holders, entry->d_name);
        offset += entry->d_reclen;
    }
    if (length <= 0)
        next_process(holders);
}

static bool begin(struct descriptor_holders *holders)
{
    if (pid_list_read(&holders->pids, holders->proc_fd) != 0)
        return false;
    hash_map_clear(&holders->found.first);
    holders->found.count = 0;
    holders->found.process_count = 0;
    holders->found.names_length = 0;
    holders->pid_index = holders->ready_index = 0;
    holders->cost_ns = 0;
    holders->is_looking = true;
    return true;
}

static void finish(struct descriptor_holders *holders, uint64_t now_ns)
{
    struct holder_map old = holders->ready;
    uint64_t rest_ns = holders->cost_ns * COST_FACTOR;

    holders->ready = holders->found;
    holders->found = old;
    holders->is_looking = false;
    holders->due_ns = now_ns + (rest_ns > REST_NS ? rest_ns : REST_NS);
}

void descriptor_holders_update(struct descriptor_holders *holders, uint64_t deadline_ns)
{
    uint64_t start_ns = clock_thread_cpu_ns();
    uint64_t now_ns = start_ns;

    if (!holders->is_looking && (clock_monotonic_ns() < holders->due_ns || !begin(holders)))
        return;
    while (now_ns < deadline_ns && holders->pid_index < holders->pids.count) {
        look_on(holders);
        now_ns = clock_thread_cpu_ns();
    }
    holders->cost_ns += now_ns - start_ns;
    if (holders->pid_index == holders->pids.count)
        finish(holders, clock_monotonic_ns());
}

static bool is_opposite(enum open_file_access access, enum open_file_access near)
{
    return access != near || access == ACCESS_READ_WRITE;
}

/* The best holder to name: of another process rather than of the same, and then the one with the lowest id.
 */
static const struct holder *choose(const struct holder_map *map, uint64_t inode, struct descriptor_end near)
{
    const uint32_t *first = hash_map_find(&map->first, inode);
    const struct holder *best = NULL;

    int32_t next = first != NULL ? (int32_t)*first : NO_HOLDER;
    for (size_t steps = 0; next != NO_HOLDER && steps < MAX_STEPS; steps++) {
        const struct holder *holder = &map->holders[next];
        next = holder->next;
        bool is_itself = holder->pid == near.pid && holder->fd == near.fd;
        if (is_itself || !is_opposite(holder->access, near.access))
            continue;
        /* Newer holders come first, and they are of higher processes. */
        if (best == NULL || holder->pid != near.pid)
            best = holder;
    }
    return best;
}

const char *descriptor_holders_find(const struct descriptor_holders *holders, uint64_t inode,
                                    struct descriptor_end near, struct arena *arena)
{
    const struct holder_map *map = &holders->ready;
    const struct holder *holder = choose(map, inode, near);

    if (holder == NULL)
        return NULL;
    return arena_format(arena, "%d (%s) fd %d", (int)holder->pid, map->names + holder->name, holder->fd);
}

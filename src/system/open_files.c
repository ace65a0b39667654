#include "system/open_files.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "system/descriptor_holders.h"
#include "system/known_files.h"
#include "system/open_file_text.h"
#include "system/socket_text.h"
#include "system/sockets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct watched_process {
    pid_t pid;
    uint64_t start_ticks;
    struct known_files known;
};

struct open_files {
    struct socket_tables *sockets;
    struct descriptor_holders *holders;
    struct watched_process *processes; /* by pid */
    size_t count;
    size_t capacity;
};

struct open_files *open_files_new(void)
{
    struct open_files *reader = memory_allocate(1, sizeof(*reader));

    reader->sockets = socket_tables_new();
    reader->holders = descriptor_holders_new();
    return reader;
}

void open_files_free(struct open_files *reader)
{
    if (reader == NULL)
        return;
    for (size_t i = 0; i < reader->count; i++)
        known_files_free(&reader->processes[i].known);
    free(reader->processes);
    socket_tables_free(reader->sockets);
    descriptor_holders_free(reader->holders);
    free(reader);
}

/* The place of the first process whose id is not below `pid`. */
static size_t find_place(const struct open_files *reader, pid_t pid)
{
    size_t low = 0;
    size_t high = reader->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (reader->processes[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What is known of a process, which is nothing when the id belonged to another one before. */
static struct watched_process *find_process(struct open_files *reader, pid_t pid, uint64_t start_ticks)
{
    size_t place = find_place(reader, pid);
    bool is_known = place < reader->count && reader->processes[place].pid == pid;

    if (!is_known) {
        reader->processes =
            memory_grow(reader->processes, &reader->capacity, reader->count + 1, sizeof(*reader->processes));
        memmove(&reader->processes[place + 1], &reader->processes[place],
                (reader->count - place) * sizeof(*reader->processes));
        reader->count++;
        reader->processes[place] = (struct watched_process){.pid = pid, .start_ticks = start_ticks};
    } else if (reader->processes[place].start_ticks != start_ticks) {
        known_files_free(&reader->processes[place].known);
        reader->processes[place].start_ticks = start_ticks;
    }
    return &reader->processes[place];
}

void open_files_forget(struct open_files *reader, pid_t pid)
{
    size_t place = find_place(reader, pid);

    if (place == reader->count || reader->processes[place].pid != pid)
        return;
    known_files_free(&reader->processes[place].known);
    reader->count--;
    memmove(&reader->processes[place], &reader->processes[place + 1],
            (reader->count - place) * sizeof(*reader->processes));
}

static int open_process(pid_t pid)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Of a socket that no table lists (one that is neither bound nor connected, or of a rarer family), the
 * protocol can be told nevertheless. */
static const struct socket_info *describe_unlisted(const char *protocol, struct arena *arena)
{
    char name[3 * SOCKET_PROTOCOL_SIZE];

    if (*protocol == '\0')
        return NULL;
    socket_format_protocol(name, sizeof(name), protocol, strlen(protocol));
    struct socket_info *info = arena_allocate(arena, 1, sizeof(*info));
    *info = (struct socket_info){
        .protocol = arena_copy_text(arena, name, strlen(name)),
        .receive_queue_bytes = UNKNOWN_COUNT,
        .send_queue_bytes = UNKNOWN_COUNT,
    };
    return info;
}

/* What all the descriptors of one reading have in common. */
struct reading {
    const struct open_files *reader;
    pid_t pid;
    int process_fd;
    const struct socket_table *sockets;
    struct arena *arena;
    uint64_t deadline_ns; /* clock_thread_cpu_ns() */
};

static void describe_socket(const struct reading *reading, const struct known_file *known,
                            struct open_file *file)
{
    struct descriptor_end near = {reading->pid, known->fd, ACCESS_READ_WRITE};
    uint64_t peer_inode = socket_table_peer(reading->sockets, known->inode);

    file->socket = socket_table_describe(reading->sockets, known->inode, reading->arena);
    if (file->socket == NULL && reading->sockets != NULL)
        file->socket = describe_unlisted(known->protocol, reading->arena);
    if (peer_inode != 0)
        file->peer = descriptor_holders_find(reading->reader->holders, peer_inode, near, reading->arena);
}

static struct open_file describe(const struct reading *reading, const struct known_file *known)
{
    struct open_file file = {
        .fd = known->fd,
        .kind = known->kind,
        .access = known->access,
        .position_bytes = known->position_bytes,
        .size_bytes = known->size_bytes,
        .bytes_per_second = known->bytes_per_second,
        .deleted = known->deleted,
    };

    if (known->path != NULL)
        file.path = arena_copy_text(reading->arena, known->path, strlen(known->path));
    if (known->inode != 0 && clock_thread_cpu_ns() < reading->deadline_ns) {
        if (known->kind == OPEN_FILE_SOCKET)
            describe_socket(reading, known, &file);
        else if (known->kind == OPEN_FILE_PIPE)
            file.peer = descriptor_holders_find(
                reading->reader->holders, known->inode,
                (struct descriptor_end){reading->pid, known->fd, known->access}, reading->arena);
    }
    return file;
}

/* Bring up to date what the descriptors point at, each only when there is one that needs it. */
static void update_tables(struct open_files *reader, const struct known_files *known, struct reading *reading,
                          uint64_t sockets_deadline_ns)
{
    size_t count = known_files_count(known);
    uint32_t sockets = 0;
    bool has_pipe = false;

    for (size_t i = 0; i < count; i++) {
        const struct known_file *file = known_files_at(known, i);
        if (file->kind == OPEN_FILE_SOCKET)
            sockets |= socket_files_of_protocol(file->protocol);
        has_pipe |= file->kind == OPEN_FILE_PIPE;
    }
    if (sockets != 0)
        reading->sockets =
            socket_tables_find(reader->sockets, reading->process_fd, sockets, sockets_deadline_ns);
    if (has_pipe || (sockets >> SOCKET_FILE_UNIX & 1) != 0)
        descriptor_holders_update(reader->holders, reading->deadline_ns);
}

static struct error *explain(pid_t pid, int status)
{
    if (status == EACCES || status == EPERM)
        return error_new(
            "cannot list the open files of process %d: permission denied; run pyneck as the same "
            "user or as root",
            (int)pid);
    return error_new_errno(status, "cannot list the open files of process %d", (int)pid);
}

struct open_file_list open_files_read(struct open_files *reader, pid_t pid, uint64_t start_ticks,
                                      struct arena *arena, uint64_t time_limit_ns)
{
    struct open_file_list list = {.total = UNKNOWN_COUNT, .complete = true};
    int process_fd = open_process(pid);

    if (process_fd < 0)
        return list; /* it has gone */
    struct known_files *known = &find_process(reader, pid, start_ticks)->known;
    /* Half of the time is for the descriptors themselves, whose sizes a slow server may have to tell; the rest is for
     * what is behind them, which is all work of this machine. */
    int status = known_files_read(known, process_fd, clock_monotonic_ns() + time_limit_ns / 2);
    if (status == 0) {
        uint64_t start_ns = clock_thread_cpu_ns();
        struct reading reading = {
            .reader = reader,
            .pid = pid,
            .process_fd = process_fd,
            .arena = arena,
            .deadline_ns = start_ns + time_limit_ns / 2,
        };
        update_tables(reader, known, &reading, start_ns + time_limit_ns / 4);
        list.count = known_files_count(known);
        struct open_file *files = arena_allocate(arena, list.count, sizeof(*files));
        for (size_t i = 0; i < list.count; i++)
            files[i] = describe(&reading, known_files_at(known, i));
        list.files = files;
        list.complete = known->is_complete && !known->is_cut;
        list.total = list.complete ? (int64_t)list.count : open_files_count(pid);
    } else if (status != ENOENT && status != ESRCH) {
        list.error = explain(pid, status);
        list.complete = false;
    }
    close(process_fd);
    return list;
}

/* Count the names in /proc/PID/fd. */
static int64_t count_names(const char *path)
{
    _Alignas(struct dirent64) char names[32 * 1024];
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int64_t count = 0;
    ssize_t length;

    if (fd < 0)
        return UNKNOWN_COUNT;
    while ((length = getdents64(fd, names, sizeof(names))) > 0) {
        for (ssize_t offset = 0; offset < length;) {
            const struct dirent64 *entry = (const struct dirent64 *)(names + offset);
            count += entry->d_name[0] != '.';
            offset += entry->d_reclen;
        }
    }
    close(fd);
    return length < 0 ? UNKNOWN_COUNT : count;
}

int64_t open_files_count(pid_t pid)
{
    char path[32];
    struct stat status;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    if (stat(path, &status) != 0)
        return UNKNOWN_COUNT;
    return status.st_size > 0 ? status.st_size : count_names(path);
}

int64_t open_files_limit(pid_t pid)
{
    char path[32];
    char text[4096];
    struct rlimit limit;

    if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) == 0)
        return limit.rlim_cur == RLIM_INFINITY ? UNKNOWN_COUNT : (int64_t)limit.rlim_cur;
    snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
    return file_read_at(AT_FDCWD, path, text, sizeof(text)) > 0 ? descriptor_parse_limit(text)
                                                                : UNKNOWN_COUNT;
}

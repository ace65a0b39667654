#include "source/live_waits.h"

#include "base/file.h"
#include "base/text.h"
#include "system/process_root.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EPOLL_INFO_SIZE = 16384, /* some 200 descriptors; of more the first are named and no number is told */
};

/* ---- one descriptor ---- */

static int compare_file(const void *key, const void *element)
{
    int wanted = *(const int *)key;
    int fd = ((const struct open_file *)element)->fd;

    return (wanted > fd) - (wanted < fd);
}

static const char *describe_socket(const struct open_file *file, struct arena *arena)
{
    const struct socket_info *socket = file->socket;
    const char *local = socket->local != NULL ? socket->local : "";
    const char *space = local[0] != '\0' ? " " : "";

    if (file->peer != NULL)
        return arena_format(arena, "%s%s%s <-> %s", socket->protocol, space, local, file->peer);
    if (socket->remote != NULL)
        return arena_format(arena, "%s%s%s -> %s", socket->protocol, space, local, socket->remote);
    if (socket->state != NULL)
        return arena_format(arena, "%s %s%s%s", socket->protocol, socket->state, space, local);
    return arena_format(arena, "%s%s%s", socket->protocol, space, local);
}

/* What the link in /proc says, with the path that the process sees; NULL when it is closed. */
static const char *read_link(pid_t pid, int fd, struct arena *arena)
{
    char name[48], link[PATH_MAX], clean[PATH_MAX];
    struct process_root root;

    snprintf(name, sizeof(name), "/proc/%d", pid);
    int process_fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process_fd < 0)
        return NULL;
    process_root_read(&root, process_fd);
    snprintf(name, sizeof(name), "fd/%d", fd);
    ssize_t received = readlinkat(process_fd, name, link, sizeof(link));
    close(process_fd);
    if (received <= 0)
        return NULL;
    const char *path = link;
    size_t length = (size_t)received;
    process_root_enter(&root, &path, &length);
    return arena_copy_text(arena, clean, text_clean(clean, sizeof(clean), path, length));
}

static const struct open_file *find_file(const struct process *process, int fd)
{
    if (process->open_file_detail_count == 0)
        return NULL;
    return bsearch(&fd, process->open_files, process->open_file_detail_count, sizeof(*process->open_files),
                   compare_file);
}

/* What one descriptor is, or NULL. */
static const char *describe_one(const struct process *process, int fd, struct arena *arena)
{
    const struct open_file *file = find_file(process, fd);

    if (file == NULL)
        return read_link(process->pid, fd, arena);
    if (file->socket != NULL && file->socket->protocol != NULL)
        return describe_socket(file, arena);
    if (file->peer != NULL && file->path != NULL)
        return arena_format(arena, "%s <-> %s", file->path, file->peer);
    return file->path;
}

/* ---- several descriptors ---- */

/* "fd 4 tcp 10.0.0.1:5 -> 10.0.0.2:80, fd 6 pipe:[12], 3 more" */
static const char *describe_several(const struct process *process, const int *fds, size_t count,
                                    struct arena *arena)
{
    const char *text = "";

    for (size_t i = 0; i < count && i < WATCHED_MAX_NAMED; i++) {
        const char *one = describe_one(process, fds[i], arena);
        text = arena_format(arena, "%s%sfd %d%s%s", text, i > 0 ? ", " : "", fds[i], one != NULL ? " " : "",
                            one != NULL ? one : "");
    }
    if (count > WATCHED_MAX_NAMED)
        text = arena_format(arena, "%s, %zu more", text, count - WATCHED_MAX_NAMED);
    return text;
}

/* The descriptors that an epoll watches, from its lines "tfd: 5 events: ..." (proc_pid_fdinfo(5)). */
static const char *describe_epoll(const struct process *process, int fd, struct arena *arena)
{
    char path[48], text[EPOLL_INFO_SIZE];
    int fds[WATCHED_MAX_NAMED];
    size_t count = 0;

    snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", process->pid, fd);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return NULL;
    for (const char *line = strstr(text, "tfd:"); line != NULL; line = strstr(line + 1, "tfd:")) {
        if (count < WATCHED_MAX_NAMED)
            fds[count] = atoi(line + strlen("tfd:"));
        count++;
    }
    return count > 0 ? describe_several(process, fds, count, arena) : "nothing";
}

static const char *describe_descriptor(const struct process *process, int fd, struct arena *arena)
{
    const struct open_file *file = find_file(process, fd);

    if (file == NULL || file->kind != OPEN_FILE_EPOLL)
        return describe_one(process, fd, arena);
    const char *watched = describe_epoll(process, fd, arena);
    return watched != NULL ? arena_format(arena, "epoll of %s", watched) : file->path;
}

/* ---- locks and children ---- */

static const char *describe_gil(const struct process_record *record, struct arena *arena)
{
    for (size_t i = 0; i < record->thread_count; i++) {
        const struct thread_record *thread = &record->threads[i];
        if (thread->holds_gil == 1)
            return arena_format(arena, "the GIL, held by thread %d%s%s%s", thread->tid,
                                thread->name != NULL ? " (" : "", thread->name != NULL ? thread->name : "",
                                thread->name != NULL ? ")" : "");
    }
    return "the GIL";
}

static const char *describe_lock(const struct process_record *record, uint64_t address, struct arena *arena)
{
    size_t waiters = 0;

    for (size_t i = 0; record != NULL && i < record->thread_count; i++)
        waiters += record->threads[i].reason.lock_address == address;
    if (waiters < 2)
        return arena_format(arena, "lock 0x%" PRIx64, address);
    return arena_format(arena, "lock 0x%" PRIx64 ", which %zu threads wait for", address, waiters);
}

/* A child's name is told only where its number is that of a child in pyneck's own PID namespace too. */
static const char *describe_child(pid_t parent, pid_t child, struct arena *arena)
{
    char path[32], text[1024], name[64];
    int parent_of_it;

    snprintf(path, sizeof(path), "/proc/%d/stat", child);
    ssize_t length = file_read_at(AT_FDCWD, path, text, sizeof(text));
    const char *begin = length > 0 ? strchr(text, '(') : NULL;
    const char *end = length > 0 ? strrchr(text, ')') : NULL;
    if (begin == NULL || end == NULL || sscanf(end, ") %*c %d", &parent_of_it) != 1 || parent_of_it != parent)
        return arena_format(arena, "process %d", child);
    text_clean(name, sizeof(name), begin + 1, (size_t)(end - begin - 1));
    return arena_format(arena, "process %d (%s)", child, name);
}

/* ---- waits ---- */

/* record  where it is about this moment: who else waits, and who holds; NULL for the whole interval */
static const char *describe(const struct process *process, const struct process_record *record,
                            const struct wait_reason *reason, struct arena *arena)
{
    const char *text = NULL;

    if (reason->state == THREAD_GIL)
        text = record != NULL ? describe_gil(record, arena) : "the GIL";
    else if (reason->fd >= 0)
        text = describe_descriptor(process, reason->fd, arena);
    else if (reason->lock_address != 0)
        text = describe_lock(record, reason->lock_address, arena);
    else if (reason->child != 0)
        text = describe_child(process->pid, reason->child, arena);
    else if (reason->watched_count > 0)
        text = describe_several(process, reason->watched_fds, reason->watched_count, arena);
    return text != NULL ? text : reason->call;
}

const struct waiting *live_waits_describe_thread(const struct process *process,
                                                 const struct process_record *record,
                                                 const struct thread_record *thread, struct arena *arena)
{
    const struct wait_reason *reason = &thread->reason;

    if (thread_state_on_cpu(reason->state) || reason->state == THREAD_RUNNABLE)
        return NULL;
    struct waiting *waiting = arena_allocate(arena, 1, sizeof(*waiting));
    *waiting = (struct waiting){
        .kind = thread_state_name(reason->state),
        .fd = reason->fd,
        .description = describe(process, record, reason, arena),
        .lock_address = reason->lock_address,
        .waited_ns = (int64_t)thread->waited_ns,
    };
    return waiting;
}

/* A process waits for few things in many places, so what was described just before is looked at first. */
static const struct profile_wait *find_described(const struct process_record *record,
                                                 const struct profile_wait *waits, size_t count)
{
    enum {
        MOST_LOOKED_AT = 64
    };
    const struct wait_reason *wanted = &record->waits[count].reason;

    for (size_t i = count; i > 0 && count - i < MOST_LOOKED_AT; i--) {
        const struct wait_reason *reason = &record->waits[i - 1].reason;
        if (reason->state == wanted->state && reason->call == wanted->call && reason->fd == wanted->fd &&
            reason->lock_address == wanted->lock_address && reason->child == wanted->child &&
            reason->watched_count == 0 && wanted->watched_count == 0)
            return &waits[i - 1];
    }
    return NULL;
}

const struct profile_wait *live_waits_describe_all(const struct process *process,
                                                   const struct process_record *record, struct arena *arena)
{
    struct profile_wait *waits = arena_allocate(arena, record->wait_count, sizeof(*waits));

    for (size_t i = 0; i < record->wait_count; i++) {
        const struct wait_record *from = &record->waits[i];
        const struct profile_wait *described = find_described(record, waits, i);
        waits[i] = (struct profile_wait){
            .node = from->node,
            .tid = from->tid,
            .state = from->reason.state,
            .fd = from->reason.fd,
            .lock_address = from->reason.lock_address,
            .description =
                described != NULL ? described->description : describe(process, NULL, &from->reason, arena),
            .samples = from->samples,
            .wall_ns = from->wall_ns,
        };
    }
    return waits;
}

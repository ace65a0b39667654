#include "sampler/wait_kind.h"

#include "python/memory.h"
#include "sampler/system_calls.h"

#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
    GIL_BYTES = 512, /* more than struct _gil_runtime_state takes in any version */
    VERSION_OF_PARKING_LOT = 0x030d0000,
    HAS_PARKED = 2, /* bit in a PyMutex, and the value of what else is waited for there */
};

struct wait_reason wait_reason_of_state(enum thread_state state)
{
    return (struct wait_reason){.state = state, .fd = -1};
}

struct wait_finder wait_finder_of(pid_t pid, const struct python_layout *layout)
{
    /* In 2.7 the GIL is a lock like others, made by PyThread_allocate_lock(), and the next one may lie beside it. */
    return (struct wait_finder){
        .pid = pid,
        .gil_bytes = layout->runtime.gil_pointer != LAYOUT_NONE ? sizeof(sem_t) : GIL_BYTES,
        .has_parking_lot = layout->version >= VERSION_OF_PARKING_LOT,
        .attachment = layout->thread.attachment,
    };
}

/* ---- descriptors ---- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* A socket by its protocol, as the kernel names it: "TCP", "UNIX-STREAM", "NETLINK" ... */
static enum thread_state ask_socket(const char *path)
{
    char protocol[32] = "";

    if (getxattr(path, "system.sockprotoname", protocol, sizeof(protocol) - 1) < 0)
        return THREAD_NETWORK;
    if (starts_with(protocol, "UNIX"))
        return THREAD_PIPE;
    return starts_with(protocol, "NETLINK") ? THREAD_OTHER : THREAD_NETWORK;
}

/* What has a path, by what it is; AT_STATX_DONT_SYNC because the server of a file may not answer. */
static enum thread_state file_state(const char *path)
{
    struct statx status;

    if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_TYPE, &status) != 0)
        return THREAD_OTHER;
    if (S_ISFIFO(status.stx_mode))
        return THREAD_PIPE;
    return S_ISCHR(status.stx_mode) ? THREAD_OTHER : THREAD_DISK;
}

static enum thread_state socket_state(struct wait_finder *finder, const char *path, const char *link)
{
    uint64_t inode = strtoull(link + strlen("socket:["), NULL, 10);
    size_t slot = (size_t)(inode % WAIT_REMEMBERED_SOCKETS);

    if (finder->sockets[slot].inode != inode) {
        finder->sockets[slot].inode = inode;
        finder->sockets[slot].state = ask_socket(path);
    }
    return finder->sockets[slot].state;
}

static enum thread_state descriptor_state(struct wait_finder *finder, int fd)
{
    static const struct {
        const char *start;
        enum thread_state state;
    } links[] = {
        {"pipe:[", THREAD_PIPE},
        {"/dev/pts/", THREAD_PIPE},
        {"/dev/tty", THREAD_PIPE},
        {"/dev/console", THREAD_PIPE},
        {"anon_inode:[eventpoll]", THREAD_POLL},
        {"anon_inode:[eventfd]", THREAD_LOCK},
        {"anon_inode:[timerfd]", THREAD_SLEEP},
        {"anon_inode:[pidfd]", THREAD_CHILD},
        {"pidfd:[", THREAD_CHILD}, /* from Linux 6.9 on */
        {"anon_inode:", THREAD_POLL},
    };
    char path[48], link[64];

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", finder->pid, fd);
    ssize_t length = readlink(path, link, sizeof(link) - 1);
    if (length < 0)
        return THREAD_OTHER;
    link[length] = '\0';
    if (starts_with(link, "socket:["))
        return socket_state(finder, path, link);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (starts_with(link, links[i].start))
            return links[i].state;
    }
    return link[0] == '/' ? file_state(path) : THREAD_OTHER;
}

/* A poll that another call made for its own descriptor waits for what that is; so does one for a process's end. A poll of
 * nothing is a sleep (time.sleep() to 3.10). */
static void find_watched(struct wait_finder *finder, const struct system_call *call,
                         const struct kernel_activity *activity, struct wait_reason *reason)
{
    struct watched_descriptors watched = watched_descriptors_read(finder->pid, call, activity);

    if (!watched.known)
        return;
    if (watched.count == 0)
        reason->state = THREAD_SLEEP;
    if (watched.count == 1) {
        enum thread_state state = descriptor_state(finder, watched.fds[0]);
        reason->fd = watched.fds[0];
        if (state == THREAD_CHILD || (watched.in_call && state != THREAD_OTHER))
            reason->state = state;
    }
    if (watched.count > 1) {
        reason->watched_count = watched.count;
        memcpy(reason->watched_fds, watched.fds, sizeof(reason->watched_fds));
    }
}

/* ---- locks ---- */

/* What a thread waits for in the parking lot: the futex is in its own struct wait_entry there, and the address that the
 * entry is for lies before it. Something waits there says a bit at that address.
 *
 * source  CPython Python/parking_lot.c: struct wait_entry, Include/internal/pycore_lock.h: _Py_HAS_PARKED */
static uint64_t find_parked(const struct wait_finder *finder, uint64_t futex)
{
    uint64_t address;
    uint8_t bits;

    if (!finder->has_parking_lot || !memory_read_word(finder->pid, futex - sizeof(address), &address) ||
        !memory_read(finder->pid, address, &bits, sizeof(bits)) || (bits & HAS_PARKED) == 0)
        return futex;
    return address;
}

/* Where a thread of a free-threaded build waits until the world goes on, it waits for its own state to change.
 *
 * source  CPython Python/pystate.c: tstate_wait_attach() */
static bool is_suspended(const struct wait_finder *finder, const struct thread_reference *thread,
                         uint64_t lock)
{
    return finder->attachment != LAYOUT_NONE && lock == thread->address + finder->attachment;
}

static void find_lock(const struct wait_finder *finder, const struct thread_reference *thread, uint64_t futex,
                      struct wait_reason *reason)
{
    if (thread->gil != 0 && futex - thread->gil < finder->gil_bytes) {
        reason->state = THREAD_GIL;
        reason->lock_address = thread->gil;
        return;
    }
    uint64_t lock = find_parked(finder, futex);
    if (is_suspended(finder, thread, lock))
        reason->call = "stop-the-world pause";
    else
        reason->lock_address = lock;
}

/* ---- the call ---- */

static void find_child(const struct kernel_activity *activity, const struct system_call *call,
                       struct wait_reason *reason)
{
    bool is_waitid = strcmp(call->name, "waitid") == 0;
    int id = (int)(is_waitid ? activity->arguments[1] : activity->arguments[0]);

    if (is_waitid && activity->arguments[0] == P_PIDFD)
        reason->fd = id;
    else if (id > 0 && (!is_waitid || activity->arguments[0] == P_PID))
        reason->child = id;
}

static struct wait_reason find_in_call(struct wait_finder *finder, const struct thread_reference *thread,
                                       const struct kernel_activity *activity)
{
    struct wait_reason reason = wait_reason_of_state(THREAD_OTHER);
    const struct system_call *call = system_call_find(activity->number);

    if (call == NULL)
        return reason;
    reason.call = call->name;
    reason.state = call->state;
    if (call->fd_argument != NO_FD_ARGUMENT && activity->arguments[call->fd_argument] <= INT_MAX)
        reason.fd = (int)activity->arguments[call->fd_argument];
    switch (call->class) {
    case CALL_FIXED:
        break;
    case CALL_BY_DESCRIPTOR:
        reason.state = descriptor_state(finder, reason.fd);
        break;
    case CALL_FUTEX:
        find_lock(finder, thread, activity->arguments[0], &reason);
        break;
    case CALL_POLL:
    case CALL_SELECT:
        find_watched(finder, call, activity, &reason);
        break;
    case CALL_CHILD:
        find_child(activity, call, &reason);
        break;
    }
    return reason;
}

struct wait_reason wait_reason_find(struct wait_finder *finder, const struct thread_reference *thread,
                                    pid_t tid, const struct kernel_activity *activity)
{
    struct wait_reason reason = wait_reason_of_state(THREAD_OTHER);

    if (!activity->known)
        return reason;
    if (activity->number >= 0)
        reason = find_in_call(finder, thread, activity);
    if (reason.state == THREAD_OTHER && tid != 0 && thread_probe_is_uninterruptible(finder->pid, tid)) {
        reason.state = THREAD_DISK;
        if (activity->number < 0)
            reason.call = "page fault";
    }
    return reason;
}

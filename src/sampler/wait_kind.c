#include "sampler/wait_kind.h"

#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    NO_FD = -1,
    GIL_BYTES = 512, /* more than struct _gil_runtime_state takes in any version */
};

/* What a system call waits for: a fixed state, or what its descriptor is. */
enum call_class {
    CALL_FIXED,
    CALL_BY_DESCRIPTOR,
    CALL_FUTEX,
};

struct system_call {
    long number;
    const char *name;
    enum call_class class;
    enum thread_state state; /* CALL_FIXED */
    int fd_argument;         /* which argument is a descriptor, or NO_FD */
};

#define FIXED(name, state, fd_argument)                                                                      \
    {                                                                                                        \
        SYS_##name, #name, CALL_FIXED, state, fd_argument                                                    \
    }
#define BY_FD(name)                                                                                          \
    {                                                                                                        \
        SYS_##name, #name, CALL_BY_DESCRIPTOR, THREAD_OTHER, 0                                               \
    }

/* The calls that block, by the names of the C library's headers (<sys/syscall.h>); some exist on one machine
 * only. */
static const struct system_call calls[] = {
    {SYS_futex, "futex", CALL_FUTEX, THREAD_LOCK, NO_FD},
    FIXED(clock_nanosleep, THREAD_SLEEP, NO_FD),
    FIXED(nanosleep, THREAD_SLEEP, NO_FD),
    FIXED(rt_sigtimedwait, THREAD_SLEEP, NO_FD),
    FIXED(rt_sigsuspend, THREAD_SLEEP, NO_FD),
    FIXED(ppoll, THREAD_POLL, NO_FD),
    FIXED(pselect6, THREAD_POLL, NO_FD),
    FIXED(epoll_pwait, THREAD_POLL, 0),
#ifdef SYS_poll
    FIXED(poll, THREAD_POLL, NO_FD),
    FIXED(select, THREAD_POLL, NO_FD),
    FIXED(epoll_wait, THREAD_POLL, 0),
    FIXED(pause, THREAD_SLEEP, NO_FD),
#endif
#ifdef SYS_epoll_pwait2
    FIXED(epoll_pwait2, THREAD_POLL, 0),
#endif
    FIXED(wait4, THREAD_CHILD, NO_FD),
    FIXED(waitid, THREAD_CHILD, NO_FD),
    BY_FD(read),
    BY_FD(readv),
    BY_FD(write),
    BY_FD(writev),
    BY_FD(pread64),
    BY_FD(preadv),
    BY_FD(pwrite64),
    BY_FD(pwritev),
    BY_FD(ioctl),
    BY_FD(accept),
    BY_FD(accept4),
    BY_FD(connect),
    BY_FD(recvfrom),
    BY_FD(recvmsg),
    BY_FD(recvmmsg),
    BY_FD(sendto),
    BY_FD(sendmsg),
    BY_FD(sendmmsg),
    BY_FD(sendfile),
    BY_FD(splice),
    BY_FD(close),
    FIXED(fsync, THREAD_DISK, 0),
    FIXED(fdatasync, THREAD_DISK, 0),
    FIXED(sync_file_range, THREAD_DISK, 0),
    FIXED(syncfs, THREAD_DISK, 0),
    FIXED(sync, THREAD_DISK, NO_FD),
    FIXED(msync, THREAD_DISK, NO_FD),
    FIXED(ftruncate, THREAD_DISK, 0),
    FIXED(fallocate, THREAD_DISK, 0),
    FIXED(getdents64, THREAD_DISK, 0),
    FIXED(copy_file_range, THREAD_DISK, 0),
    FIXED(openat, THREAD_DISK, NO_FD),
    FIXED(unlinkat, THREAD_DISK, NO_FD),
    FIXED(renameat2, THREAD_DISK, NO_FD),
    FIXED(mkdirat, THREAD_DISK, NO_FD),
    FIXED(newfstatat, THREAD_DISK, NO_FD),
    FIXED(statx, THREAD_DISK, NO_FD),
    FIXED(flock, THREAD_LOCK, 0),
    FIXED(fcntl, THREAD_LOCK, 0),
    FIXED(semtimedop, THREAD_LOCK, NO_FD),
    FIXED(semop, THREAD_LOCK, NO_FD),
    FIXED(msgrcv, THREAD_PIPE, NO_FD),
    FIXED(msgsnd, THREAD_PIPE, NO_FD),
    FIXED(mq_timedreceive, THREAD_PIPE, NO_FD),
    FIXED(mq_timedsend, THREAD_PIPE, NO_FD),
#ifdef SYS_rename
    FIXED(open, THREAD_DISK, NO_FD),
    FIXED(stat, THREAD_DISK, NO_FD),
    FIXED(lstat, THREAD_DISK, NO_FD),
    FIXED(unlink, THREAD_DISK, NO_FD),
    FIXED(rename, THREAD_DISK, NO_FD),
    FIXED(mkdir, THREAD_DISK, NO_FD),
    FIXED(rmdir, THREAD_DISK, NO_FD),
#endif
};

static const struct system_call *find_call(long number)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (calls[i].number == number)
            return &calls[i];
    }
    return NULL;
}

/* Whether the kernel lists a socket's inode among the Unix sockets of the process's network namespace. */
static bool is_unix_socket(pid_t pid, const char *inode)
{
    char path[40], line[512];
    bool found = false;

    snprintf(path, sizeof(path), "/proc/%d/net/unix", pid);
    FILE *table = fopen(path, "re");
    if (table == NULL)
        return false;
    /* Num RefCount Protocol Flags Type St Inode Path */
    while (!found && fgets(line, sizeof(line), table) != NULL) {
        char field[24];
        found = sscanf(line, "%*s %*s %*s %*s %*s %*s %23s", field) == 1 && strcmp(field, inode) == 0;
    }
    fclose(table);
    return found;
}

static enum thread_state socket_state(struct wait_finder *finder, const char *link)
{
    unsigned long long inode = strtoull(link + strlen("socket:["), NULL, 10);
    size_t slot = (size_t)(inode % WAIT_REMEMBERED_SOCKETS);

    if (finder->sockets[slot].inode != inode) {
        char text[24];
        snprintf(text, sizeof(text), "%llu", inode);
        finder->sockets[slot].inode = inode;
        finder->sockets[slot].state = is_unix_socket(finder->pid, text) ? THREAD_PIPE : THREAD_NETWORK;
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
        {"anon_inode:", THREAD_POLL},
        {"/", THREAD_DISK},
    };
    char path[48], link[64];

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", finder->pid, fd);
    ssize_t length = readlink(path, link, sizeof(link) - 1);
    if (length < 0)
        return THREAD_OTHER;
    link[length] = '\0';
    if (strncmp(link, "socket:[", 8) == 0)
        return socket_state(finder, link);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (strncmp(link, links[i].start, strlen(links[i].start)) == 0)
            return links[i].state;
    }
    return THREAD_OTHER;
}

struct wait_reason wait_reason_find(struct wait_finder *finder, const struct kernel_activity *activity,
                                    uint64_t gil)
{
    struct wait_reason reason = {.state = THREAD_OTHER, .fd = NO_FD};

    if (!activity->known || activity->number < 0)
        return reason;
    const struct system_call *call = find_call(activity->number);
    if (call == NULL)
        return reason;
    reason.call = call->name;
    reason.state = call->state;
    if (call->fd_argument != NO_FD && activity->arguments[call->fd_argument] <= INT32_MAX)
        reason.fd = (int)activity->arguments[call->fd_argument];
    if (call->class == CALL_FUTEX && gil != 0 && activity->arguments[0] - gil < GIL_BYTES)
        reason.state = THREAD_GIL;
    if (call->class == CALL_BY_DESCRIPTOR)
        reason.state = descriptor_state(finder, reason.fd);
    return reason;
}

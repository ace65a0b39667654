#include "sampler/system_calls.h"

#include <stddef.h>
#include <sys/syscall.h>

#define CALL(name, class, state, fd_argument)                                                                \
    {                                                                                                        \
        SYS_##name, #name, class, state, fd_argument                                                         \
    }
#define FIXED(name, state) CALL(name, CALL_FIXED, state, NO_FD_ARGUMENT)
#define ON_FD(name, state) CALL(name, CALL_FIXED, state, 0)
#define BY_FD(name)        CALL(name, CALL_BY_DESCRIPTOR, THREAD_OTHER, 0)

/* Calls that only one of the machines has, and those that are newer than Linux 5.0, which a C library may not know yet,
 * are asked for. */
static const struct system_call calls[] = {
    CALL(futex, CALL_FUTEX, THREAD_LOCK, NO_FD_ARGUMENT),
    FIXED(clock_nanosleep, THREAD_SLEEP),
    FIXED(nanosleep, THREAD_SLEEP),
    FIXED(rt_sigtimedwait, THREAD_SLEEP),
    FIXED(rt_sigsuspend, THREAD_SLEEP),
    CALL(ppoll, CALL_POLL, THREAD_POLL, NO_FD_ARGUMENT),
    CALL(pselect6, CALL_SELECT, THREAD_POLL, NO_FD_ARGUMENT),
    ON_FD(epoll_pwait, THREAD_POLL),
    FIXED(io_getevents, THREAD_DISK),
    CALL(wait4, CALL_CHILD, THREAD_CHILD, NO_FD_ARGUMENT),
    CALL(waitid, CALL_CHILD, THREAD_CHILD, NO_FD_ARGUMENT),
    BY_FD(read),
    BY_FD(readv),
    BY_FD(write),
    BY_FD(writev),
    BY_FD(pread64),
    BY_FD(preadv),
    BY_FD(preadv2),
    BY_FD(pwrite64),
    BY_FD(pwritev),
    BY_FD(pwritev2),
    BY_FD(ioctl),
    BY_FD(accept),
    BY_FD(accept4),
    BY_FD(connect),
    BY_FD(shutdown),
    BY_FD(recvfrom),
    BY_FD(recvmsg),
    BY_FD(recvmmsg),
    BY_FD(sendto),
    BY_FD(sendmsg),
    BY_FD(sendmmsg),
    BY_FD(sendfile),
    BY_FD(splice),
    BY_FD(tee),
    BY_FD(vmsplice),
    BY_FD(close),
    ON_FD(fsync, THREAD_DISK),
    ON_FD(fdatasync, THREAD_DISK),
    ON_FD(sync_file_range, THREAD_DISK),
    ON_FD(syncfs, THREAD_DISK),
    FIXED(sync, THREAD_DISK),
    FIXED(msync, THREAD_DISK),
    ON_FD(ftruncate, THREAD_DISK),
    FIXED(truncate, THREAD_DISK),
    ON_FD(fallocate, THREAD_DISK),
    ON_FD(fadvise64, THREAD_DISK),
    ON_FD(readahead, THREAD_DISK),
    ON_FD(getdents64, THREAD_DISK),
    ON_FD(copy_file_range, THREAD_DISK),
    ON_FD(fstat, THREAD_DISK),
    FIXED(openat, THREAD_DISK),
    FIXED(unlinkat, THREAD_DISK),
    FIXED(renameat2, THREAD_DISK),
    FIXED(linkat, THREAD_DISK),
    FIXED(symlinkat, THREAD_DISK),
    FIXED(readlinkat, THREAD_DISK),
    FIXED(mkdirat, THREAD_DISK),
    FIXED(newfstatat, THREAD_DISK),
    FIXED(statx, THREAD_DISK),
    FIXED(statfs, THREAD_DISK),
    FIXED(faccessat, THREAD_DISK),
    FIXED(execve, THREAD_DISK),
    ON_FD(flock, THREAD_LOCK),
    ON_FD(fcntl, THREAD_LOCK),
    FIXED(semtimedop, THREAD_LOCK),
    FIXED(semop, THREAD_LOCK),
    FIXED(msgrcv, THREAD_PIPE),
    FIXED(msgsnd, THREAD_PIPE),
    FIXED(mq_timedreceive, THREAD_PIPE),
    FIXED(mq_timedsend, THREAD_PIPE),
#ifdef SYS_vfork
    FIXED(vfork, THREAD_CHILD),
#endif
#ifdef SYS_poll
    CALL(poll, CALL_POLL, THREAD_POLL, NO_FD_ARGUMENT),
#endif
#ifdef SYS_select
    CALL(select, CALL_SELECT, THREAD_POLL, NO_FD_ARGUMENT),
#endif
#ifdef SYS_epoll_wait
    ON_FD(epoll_wait, THREAD_POLL),
#endif
#ifdef SYS_pause
    FIXED(pause, THREAD_SLEEP),
#endif
#ifdef SYS_epoll_pwait2
    ON_FD(epoll_pwait2, THREAD_POLL),
#endif
#ifdef SYS_io_uring_enter
    ON_FD(io_uring_enter, THREAD_POLL),
#endif
#ifdef SYS_io_pgetevents
    FIXED(io_pgetevents, THREAD_DISK),
#endif
#ifdef SYS_futex_waitv
    FIXED(futex_waitv, THREAD_LOCK),
#endif
#ifdef SYS_futex_wait
    CALL(futex_wait, CALL_FUTEX, THREAD_LOCK, NO_FD_ARGUMENT),
#endif
#ifdef SYS_openat2
    FIXED(openat2, THREAD_DISK),
#endif
#ifdef SYS_faccessat2
    FIXED(faccessat2, THREAD_DISK),
#endif
#ifdef SYS_open
    FIXED(open, THREAD_DISK),
    FIXED(stat, THREAD_DISK),
    FIXED(lstat, THREAD_DISK),
    FIXED(access, THREAD_DISK),
    FIXED(unlink, THREAD_DISK),
    FIXED(rename, THREAD_DISK),
    FIXED(link, THREAD_DISK),
    FIXED(symlink, THREAD_DISK),
    FIXED(readlink, THREAD_DISK),
    FIXED(mkdir, THREAD_DISK),
    FIXED(rmdir, THREAD_DISK),
#endif
    FIXED(restart_syscall, THREAD_OTHER), /* a sleep, a poll or a futex that was interrupted */
    FIXED(munmap, THREAD_OTHER),
    FIXED(madvise, THREAD_OTHER),
    FIXED(mmap, THREAD_OTHER),
    FIXED(mprotect, THREAD_OTHER),
    FIXED(brk, THREAD_OTHER),
    FIXED(getrandom, THREAD_OTHER),
    FIXED(exit, THREAD_OTHER),
    FIXED(exit_group, THREAD_OTHER),
};

const struct system_call *system_call_find(long number)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (calls[i].number == number)
            return &calls[i];
    }
    return NULL;
}

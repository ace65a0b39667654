#include "sampler/pause.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const uint64_t spin_ns = 30 * NS_PER_MICROSECOND;
static const uint64_t step_ns = 50 * NS_PER_MICROSECOND;
static const uint64_t limit_ns = 20 * NS_PER_MILLISECOND;

struct held_thread {
    pid_t pid;
    pid_t tid;
    bool stopped;
    int signal; /* that it was about to get when it stopped; 0 for none */
};

struct pause {
    struct held_thread *threads;
    size_t count;
    size_t capacity;
};

struct pause *pause_new(void)
{
    struct pause *pause = memory_allocate(1, sizeof(*pause));
    struct sigaction action;

    /* Each stop would be told to this process as that of a child. */
    if (sigaction(SIGCHLD, NULL, &action) == 0) {
        action.sa_flags |= SA_NOCLDSTOP;
        sigaction(SIGCHLD, &action, NULL);
    }
    return pause;
}

void pause_free(struct pause *pause)
{
    if (pause == NULL)
        return;
    free(pause->threads);
    free(pause);
}

/* The thread that traces a process's first thread; 0 for none. */
static pid_t tracer_of(pid_t pid)
{
    static const char key[] = "\nTracerPid:";
    char path[40], text[4096];

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return 0;
    const char *line = strstr(text, key);
    return line != NULL ? (pid_t)strtol(line + sizeof(key) - 1, NULL, 10) : 0;
}

static bool is_held(const struct pause *pause, pid_t tid)
{
    for (size_t i = 0; i < pause->count; i++) {
        if (pause->threads[i].tid == tid)
            return true;
    }
    return false;
}

enum pause_answer pause_ask(struct pause *pause, pid_t pid, pid_t tid)
{
    if (is_held(pause, tid))
        return PAUSE_ASKED;
    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0)
        return errno == ESRCH ? PAUSE_GONE : PAUSE_REFUSED;
    pause->threads = memory_grow(pause->threads, &pause->capacity, pause->count + 1, sizeof(*pause->threads));
    pause->threads[pause->count++] = (struct held_thread){.pid = pid, .tid = tid};
    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
    return PAUSE_ASKED;
}

/* The kernel gives this answer only when the thread stands still. waitpid(2) would tell it as well, but the thread that
 * waits for a command which pyneck has started may have been told already. */
static bool has_stopped(struct held_thread *thread)
{
    siginfo_t info;

    if (ptrace(PTRACE_GETSIGINFO, thread->tid, NULL, &info) != 0)
        return false;
    thread->stopped = true;
    thread->signal = info.si_code >> 8 == PTRACE_EVENT_STOP ? 0 : info.si_signo;
    return true;
}

static bool is_own_child(pid_t pid)
{
    char path[40], text[512];
    int parent = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return false;
    const char *end_of_name = strrchr(text, ')');
    return end_of_name != NULL && sscanf(end_of_name + 1, " %*c %d", &parent) == 1 && parent == getpid();
}

/* Whether a seized thread has ended. Its tracer is told first and must take note, or nobody else is ever told; only how a
 * command ended that pyneck has started is for the thread that waits for it. */
static bool has_ended(const struct held_thread *thread)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)thread->tid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0)
        return errno == ECHILD;
    if (info.si_pid == 0 || info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED)
        return false;
    if (thread->tid != thread->pid || !is_own_child(thread->pid))
        waitpid(thread->tid, NULL, WNOHANG | __WALL);
    return true;
}

/* Whether a thread that seems to have ended has executed another program instead: then it is the first thread of its
 * process now, and as much traced as before. */
static bool has_new_tid(const struct pause *pause, const struct held_thread *thread)
{
    return thread->tid != thread->pid && !is_held(pause, thread->pid) && tracer_of(thread->pid) == gettid();
}

/* See which of the threads have stopped, and forget those that have ended; false when some have done neither. */
static bool settle(struct pause *pause)
{
    size_t kept = 0;
    bool settled = true;

    for (size_t i = 0; i < pause->count; i++) {
        struct held_thread *thread = &pause->threads[i];
        if (!thread->stopped && !has_stopped(thread)) {
            bool ended = has_ended(thread);
            if (ended && !has_new_tid(pause, thread))
                continue;
            if (ended)
                thread->tid = thread->pid;
            settled = false;
        }
        pause->threads[kept++] = *thread;
    }
    pause->count = kept;
    return settled;
}

void pause_wait(struct pause *pause)
{
    const struct timespec step = {.tv_nsec = (long)step_ns};
    uint64_t begin_ns = clock_monotonic_ns();

    while (!settle(pause)) {
        uint64_t waited_ns = clock_monotonic_ns() - begin_ns;
        if (waited_ns >= limit_ns)
            return;
        if (waited_ns >= spin_ns) /* it may need this CPU to stop */
            nanosleep(&step, NULL);
    }
}

bool pause_let_go(struct pause *pause)
{
    size_t kept = 0;

    settle(pause);
    for (size_t i = 0; i < pause->count; i++) {
        struct held_thread *thread = &pause->threads[i];
        if (thread->stopped &&
            ptrace(PTRACE_DETACH, thread->tid, NULL, (void *)(intptr_t)thread->signal) == 0)
            continue;
        thread->stopped = false; /* when it was, it has been killed meanwhile */
        pause->threads[kept++] = *thread;
    }
    pause->count = kept;
    return kept > 0;
}

bool pause_is_traced(pid_t pid)
{
    pid_t tracer = tracer_of(pid);

    return tracer != 0 && tracer != gettid();
}

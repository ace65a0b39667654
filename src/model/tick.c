#include "model/tick.h"

#include <stdlib.h>

static const char *const kind_names[OPEN_FILE_KINDS] = {
    [OPEN_FILE_FILE] = "file",         [OPEN_FILE_DIRECTORY] = "directory",
    [OPEN_FILE_PIPE] = "pipe",         [OPEN_FILE_SOCKET] = "socket",
    [OPEN_FILE_TTY] = "tty",           [OPEN_FILE_EVENTFD] = "eventfd",
    [OPEN_FILE_EPOLL] = "epoll",       [OPEN_FILE_TIMERFD] = "timerfd",
    [OPEN_FILE_SIGNALFD] = "signalfd", [OPEN_FILE_INOTIFY] = "inotify",
    [OPEN_FILE_MEMFD] = "memfd",       [OPEN_FILE_DEVICE] = "device",
    [OPEN_FILE_OTHER] = "other",
};

static const char *const access_names[] = {
    [ACCESS_UNKNOWN] = NULL,
    [ACCESS_READ] = "read",
    [ACCESS_WRITE] = "write",
    [ACCESS_READ_WRITE] = "read-write",
};

const char *open_file_kind_name(enum open_file_kind kind)
{
    return kind < OPEN_FILE_KINDS ? kind_names[kind] : "other";
}

const char *open_file_access_name(enum open_file_access access)
{
    return access <= ACCESS_READ_WRITE ? access_names[access] : NULL;
}

struct tick *tick_new(void)
{
    struct arena *arena = arena_new();
    struct tick *tick = arena_allocate(arena, 1, sizeof(*tick));

    tick->arena = arena;
    return tick;
}

struct tick *tick_share(struct tick *tick)
{
    tick->other_owners++;
    return tick;
}

void tick_free(struct tick *tick)
{
    if (tick != NULL && tick->other_owners > 0)
        tick->other_owners--;
    else if (tick != NULL)
        arena_free(tick->arena);
}

static int compare_pid(const void *key, const void *element)
{
    pid_t wanted = *(const pid_t *)key;
    pid_t pid = ((const struct process *)element)->pid;

    return (wanted > pid) - (wanted < pid);
}

const struct process *tick_find_process(const struct tick *tick, pid_t pid)
{
    if (tick->process_count == 0)
        return NULL;
    return bsearch(&pid, tick->processes, tick->process_count, sizeof(*tick->processes), compare_pid);
}

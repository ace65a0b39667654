#include "source/live_profile.h"

#include "base/clock.h"
#include "base/text.h"
#include "system/process_root.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct python_info *live_profile_describe(const struct python_location *location, struct arena *arena)
{
    struct python_info *info = arena_allocate(arena, 1, sizeof(*info));

    info->implementation = location->implementation;
    info->free_threaded = location->has_layout && location->layout.free_threaded;
    if (location->version != 0) {
        char version[LAYOUT_VERSION_SIZE];
        layout_format_version(version, location->version);
        info->version = arena_copy_text(arena, version, strlen(version));
    }
    return info;
}

/* What a descriptor is: as the list of open files has it, else as the link says. */
static const char *describe_descriptor(const struct process *process, int fd, struct arena *arena)
{
    for (size_t i = 0; i < process->open_file_detail_count; i++) {
        const struct open_file *file = &process->open_files[i];
        if (file->fd != fd)
            continue;
        const struct socket_info *socket = file->socket;
        if (socket == NULL)
            return file->path;
        const char *remote = socket->remote != NULL ? socket->remote : socket->local;
        return arena_format(arena, "%s %s", socket->protocol, remote != NULL ? remote : "unconnected");
    }

    char name[48], link[PATH_MAX], clean[PATH_MAX];
    struct process_root root;
    snprintf(name, sizeof(name), "/proc/%d", process->pid);
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
    size_t clean_length = text_clean(clean, sizeof(clean), path, length);
    return arena_copy_text(arena, clean, clean_length);
}

static const struct waiting *describe_wait(const struct process *process, const struct wait_reason *reason,
                                           struct arena *arena)
{
    if (thread_state_on_cpu(reason->state) || reason->state == THREAD_RUNNABLE)
        return NULL;
    struct waiting *waiting = arena_allocate(arena, 1, sizeof(*waiting));
    waiting->kind = thread_state_name(reason->state);
    waiting->fd = reason->fd;
    waiting->waited_ns = UNKNOWN_COUNT;
    if (reason->fd >= 0)
        waiting->description = describe_descriptor(process, reason->fd, arena);
    if (waiting->description == NULL)
        waiting->description = reason->call;
    return waiting;
}

static void attach_threads(struct process *process, const struct process_record *record, uint64_t interval_ns,
                           struct arena *arena)
{
    struct thread *threads = arena_allocate(arena, record->thread_count, sizeof(*threads));

    for (size_t i = 0; i < record->thread_count; i++) {
        const struct thread_record *from = &record->threads[i];
        threads[i] = (struct thread){
            .tid = from->tid,
            .name = from->name != NULL ? arena_copy_text(arena, from->name, strlen(from->name)) : NULL,
            .state = from->reason.state,
            .cpu_percent =
                interval_ns > 0 ? 100.0 * (double)from->cpu_ns / (double)interval_ns : UNKNOWN_REAL,
            .holds_gil = from->holds_gil,
            .gil_percent = UNKNOWN_REAL,
            .has_stack = from->has_stack,
            .stack_node = from->node,
            .waiting = describe_wait(process, &from->reason, arena),
        };
    }
    process->threads = threads;
    process->thread_detail_count = record->thread_count;
}

void live_profile_attach(struct process *process, const struct process_record *record, uint64_t interval_ns,
                         struct arena *arena)
{
    static const char *const reasons[] = {
        [SAMPLING_WORKS] = NULL,
        [SAMPLING_STARTING] = NULL,
        [SAMPLING_EXITING] = NULL,
        [SAMPLING_DENIED] =
            "its memory may not be read: run pyneck as the same user, as root or with CAP_SYS_PTRACE, "
            "and see kernel.yama.ptrace_scope",
        [SAMPLING_TRACED] =
            "its threads cannot be paused: another program traces it (a debugger, strace), or ptrace(2) is "
            "forbidden here; end the other one, or leave out --pause",
        [SAMPLING_BROKEN] = "its interpreter's memory makes no sense",
        [SAMPLING_GONE] = NULL,
    };

    static const char *const phases[] = {
        [SAMPLING_WORKS] = NULL,     [SAMPLING_STARTING] = "starting", [SAMPLING_EXITING] = "exiting",
        [SAMPLING_DENIED] = NULL,    [SAMPLING_TRACED] = NULL,         [SAMPLING_BROKEN] = NULL,
        [SAMPLING_GONE] = "exiting",
    };

    if (process->error == NULL)
        process->error = reasons[record->status];
    process->phase = phases[record->status];
    if (record->status != SAMPLING_WORKS)
        return;
    struct profile *profile = arena_allocate(arena, 1, sizeof(*profile));
    *profile = record->profile;
    struct profile_counter *counters = arena_allocate(arena, profile->counter_count, sizeof(*counters));
    if (profile->counter_count > 0)
        memcpy(counters, profile->counters, profile->counter_count * sizeof(*counters));
    profile->counters = counters;
    process->profile = profile;
    attach_threads(process, record, interval_ns, arena);
}

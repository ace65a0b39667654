#include "source/live_profile.h"

#include "base/clock.h"
#include "source/live_waits.h"

#include <stdlib.h>
#include <string.h>

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

/* A share of the interval; the clock that took the samples and the one that tells the interval differ a little. */
static double percent_of(uint64_t part_ns, uint64_t interval_ns)
{
    if (interval_ns == 0)
        return UNKNOWN_REAL;
    return part_ns < interval_ns ? 100.0 * (double)part_ns / (double)interval_ns : 100.0;
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
            .gil_percent = from->holds_gil >= 0 ? percent_of(from->gil_ns, interval_ns) : UNKNOWN_REAL,
            .has_stack = from->has_stack,
            .stack_node = from->node,
            .waiting = live_waits_describe_thread(process, record, from, arena),
        };
    }
    process->threads = threads;
    process->thread_detail_count = record->thread_count;
}

static void attach_profile(struct process *process, const struct process_record *record, uint64_t interval_ns,
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
    /* What was counted before the process ended, or was found to make no sense, happened all the same. */
    if (record->status != SAMPLING_WORKS && record->profile.counter_count == 0)
        return;
    struct profile *profile = arena_allocate(arena, 1, sizeof(*profile));
    *profile = record->profile;
    struct profile_counter *counters = arena_allocate(arena, profile->counter_count, sizeof(*counters));
    if (profile->counter_count > 0)
        memcpy(counters, profile->counters, profile->counter_count * sizeof(*counters));
    profile->counters = counters;
    profile->waits = live_waits_describe_all(process, record, arena);
    profile->wait_count = record->wait_count;
    if (interval_ns > 0)
        process->runnable_percent = 100.0 * (double)record->delay_ns / (double)interval_ns;
    struct profile_run *runs = arena_allocate(arena, profile->run_count, sizeof(*runs));
    if (profile->run_count > 0)
        memcpy(runs, profile->runs, profile->run_count * sizeof(*runs));
    profile->runs = runs;
    process->profile = profile;
    if (record->collector.generation_count > 0) {
        struct collector_usage *collector = arena_allocate(arena, 1, sizeof(*collector));
        *collector = record->collector;
        process->collector = collector;
    }
    attach_threads(process, record, interval_ns, arena);
}

static int compare_record(const void *key, const void *element)
{
    pid_t wanted = ((const struct process *)key)->pid;
    pid_t pid = ((const struct process_record *)element)->pid;

    return (wanted > pid) - (wanted < pid);
}

static int compare_records(const void *left, const void *right)
{
    pid_t a = ((const struct process_record *)left)->pid;
    pid_t b = ((const struct process_record *)right)->pid;

    return (a > b) - (a < b);
}

/* What the sampler found in one process. Where its memory makes no sense it may have become another program
 * since it was examined (exec): that is looked into before it counts. */
static void attach_record(struct discovery *discovery, struct process *row,
                          const struct process_record *record, uint64_t interval_ns, struct arena *arena)
{
    struct watched_process *watched = discovery_find(discovery, row->pid);
    bool broken = record->status == SAMPLING_BROKEN;

    if (watched == NULL || record->start_ticks != row->start_ticks)
        return;
    if (broken && !watched->is_doubtful)
        discovery_reexamine(watched);
    else
        attach_profile(row, record, interval_ns, arena);
    watched->is_doubtful = broken;
}

void live_profile_attach(struct discovery *discovery, const struct sampler_batch *batch, struct process *rows,
                         size_t count, struct arena *arena)
{
    qsort(batch->processes, batch->process_count, sizeof(*batch->processes), compare_records);
    for (size_t i = 0; i < count; i++) {
        if (batch->process_count == 0)
            return;
        const struct process_record *record = bsearch(&rows[i], batch->processes, batch->process_count,
                                                      sizeof(*batch->processes), compare_record);
        if (record != NULL)
            attach_record(discovery, &rows[i], record, batch->end_ns - batch->begin_ns, arena);
    }
}

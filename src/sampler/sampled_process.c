#include "sampler/sampled_process.h"

#include "base/clock.h"
#include "base/memory.h"
#include "sampler/growth_share.h"
#include "sampler/sampled_state.h"
#include "sampler/thread_list.h"
#include "sampler/thread_sample.h"

#include <stdlib.h>

struct sampled_process *sampled_process_new(pid_t pid, uint64_t start_ticks,
                                            const struct python_location *location, struct call_tree *tree,
                                            struct pause *pause, struct turn_counter *turn_counter)
{
    struct sampled_process *process = memory_allocate(1, sizeof(*process));

    process->pid = pid;
    process->start_ticks = start_ticks;
    process->location = *location;
    process->pause = pause;
    process->sleepers.counter = turn_counter;
    process->namer.tree = tree;
    process->namer.codes = code_cache_new(pid, &process->location.layout, tree);
    process->unwinder = unwinder_new(pid, &process->location.layout, process->namer.codes);
    process->names = thread_names_new(pid, &process->location.layout);
    process->ids.pid = pid;
    process->wait_finder = wait_finder_of(pid, &process->location.layout);
    if (clock_getcpuclockid(pid, &process->cpu_clock) != 0)
        process->cpu_clock = CLOCK_MONOTONIC; /* it has gone, and this is never used */
    clock_read_ns(process->cpu_clock, &process->taken_cpu_ns);
    memory_growth_open(&process->growth, pid);
    process->status = SAMPLING_STARTING;
    process->must_list = true;
    return process;
}

void sampled_process_keep_runs(struct sampled_process *process, bool keep)
{
    for (size_t i = 0; i < process->thread_count; i++)
        thread_sample_catch_up(process, &process->threads[i]);
    process->keep_runs = keep;
}

void sampled_process_free(struct sampled_process *process)
{
    thread_list_free(process);
    memory_growth_close(&process->growth);
    accumulator_free(&process->accumulator);
    sleepers_free(&process->sleepers);
    wait_counts_free(&process->wait_counts);
    run_list_free(&process->runs);
    thread_names_free(process->names);
    unwinder_free(process->unwinder);
    free(process->kept_frames);
    code_cache_free(process->namer.codes);
    stack_namer_release(&process->namer);
    free(process);
}

/* Which threads are sampled: all, or those that the moment's second listing has found. */
static bool is_due(const struct sampled_thread *thread, bool only_new, uint64_t now_ns)
{
    return !only_new || (thread->is_young && thread->sampled_ns != now_ns);
}

static void sample_thread(struct sampled_process *process, size_t index, uint64_t now_ns)
{
    thread_sample_look(process, &process->threads[index]);
    thread_sample_take(process, &process->threads[index], now_ns);
}

static void sample_all(struct sampled_process *process, uint64_t now_ns)
{
    uint64_t turns;
    bool note = sleepers_begin(process, &turns);

    for (size_t i = 0; i < process->thread_count; i++)
        sample_thread(process, i, now_ns);
    if (note)
        sleepers_note(process, turns);
}

/* Sample those that were awake, and the others only when one of them may have run. */
static void sample_awake(struct sampled_process *process, uint64_t now_ns)
{
    const struct sleepers *sleepers = &process->sleepers;

    for (size_t i = 0; i < sleepers->other_count; i++)
        sample_thread(process, sleepers->others[i], now_ns);
    if (sleepers_rest(process))
        return;
    for (size_t i = 0, next = 0; i < process->thread_count; i++) {
        if (next < sleepers->other_count && sleepers->others[next] == i)
            next++;
        else
            sample_thread(process, i, now_ns);
    }
}

static void sample_new(struct sampled_process *process, uint64_t now_ns)
{
    for (size_t i = 0; i < process->thread_count; i++) {
        if (is_due(&process->threads[i], true, now_ns))
            sample_thread(process, i, now_ns);
    }
}

/* Whether a thread has run is told by its count of turns, or by that of the whole process, and by nothing less: CPU clocks
 * move only at ticks and when a thread leaves the CPU (kernel/sched/cputime.c, thread_group_cputime()), and so do counts
 * of switches. A thread that woke up less than a tick ago and runs would be taken for asleep, just while it works. */
static void sample_running(struct sampled_process *process, bool only_new, uint64_t now_ns)
{
    if (only_new)
        sample_new(process, now_ns);
    else if (process->sleepers.known)
        sample_awake(process, now_ns);
    else
        sample_all(process, now_ns);
}

/* Whether a thread that was looked at may run while it is read; the others stand still by themselves. */
static bool may_run(const struct sampled_thread *thread)
{
    const struct kernel_activity *activity = &thread->look.activity;

    return !thread->gone && thread->look.has_run && (activity->running || !activity->known);
}

static void sample_paused(struct sampled_process *process, bool only_new, uint64_t now_ns)
{
    for (size_t i = 0; i < process->thread_count; i++) {
        struct sampled_thread *thread = &process->threads[i];
        if (!is_due(thread, only_new, now_ns))
            continue;
        thread_sample_look(process, thread);
        if (may_run(thread) && pause_ask(process->pause, process->pid, thread->tid) == PAUSE_REFUSED)
            process->status = SAMPLING_TRACED;
    }
    pause_wait(process->pause);
    for (size_t i = 0; process->status == SAMPLING_WORKS && i < process->thread_count; i++) {
        if (is_due(&process->threads[i], only_new, now_ns))
            thread_sample_take(process, &process->threads[i], now_ns);
    }
    pause_let_go(process->pause);
}

static void update_threads(struct sampled_process *process, uint64_t now_ns)
{
    thread_list_update(process, now_ns);
    if (process->status == SAMPLING_WORKS && process->pause != NULL && pause_is_traced(process->pid))
        process->status = SAMPLING_TRACED;
}

uint64_t sampled_process_sample(struct sampled_process *process, uint64_t now_ns, bool late)
{
    void (*sample)(struct sampled_process *, bool, uint64_t) =
        process->pause != NULL ? sample_paused : sample_running;

    if (thread_list_is_due(process, now_ns))
        update_threads(process, now_ns);
    if (process->status != SAMPLING_WORKS)
        return clock_monotonic_ns();
    sample(process, false, now_ns);
    /* New threads are looked for at once where the samples show that there are some: they may be short-lived. */
    if (process->must_list && process->listed_ns != now_ns && process->status == SAMPLING_WORKS) {
        update_threads(process, now_ns);
        sample(process, true, now_ns);
    }
    process->moment_ns = now_ns;
    process->moment_number++;
    growth_share_sample(process, now_ns);
    process->moments++;
    process->late += late;
    uint64_t done_ns = clock_monotonic_ns();
    process->cost_ns += done_ns - now_ns;
    return done_ns;
}

bool sampled_process_has_begun(const struct sampled_process *process)
{
    return process->listed_ns != 0;
}

uint64_t sampled_process_rests_until(const struct sampled_process *process)
{
    return process->status == SAMPLING_WORKS ? 0 : thread_list_next_retry(process);
}

pid_t sampled_process_pid(const struct sampled_process *process)
{
    return process->pid;
}

uint64_t sampled_process_start_ticks(const struct sampled_process *process)
{
    return process->start_ticks;
}

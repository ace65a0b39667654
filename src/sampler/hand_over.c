#include "base/clock.h"
#include "base/memory.h"
#include "python/collector.h"
#include "sampler/growth_share.h"
#include "sampler/sampled_process.h"
#include "sampler/thread_list.h"
#include "sampler/thread_sample.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_NAMES_AT_ONCE = 256, /* at a hand-over */
    MAX_COLLECTORS = 64,     /* interpreters whose collectors are looked at */
};

static const uint64_t name_interval_ns = 2 * NS_PER_SECOND;

/* ---- names of threads ---- */

/* The name that the program gave the thread, else the one that the kernel knows. */
static void read_name(struct sampled_process *process, struct sampled_thread *thread, uint64_t now_ns)
{
    char name[THREAD_NAME_SIZE] = "";

    thread_names_read(process->names, name, thread->reference.interpreter, thread->reference.thread_id,
                      now_ns);
    if (name[0] == '\0' && thread->is_main)
        strcpy(name, "MainThread"); /* as the threading module would call it */
    else if (name[0] == '\0')
        thread_read_kernel_name(name, process->pid, thread->tid);
    free(thread->name);
    thread->name = name[0] != '\0' ? memory_copy_text(name) : NULL;
    thread->name_ns = now_ns;
}

/* Read the names that are new or old. */
static void read_names(struct sampled_process *process, uint64_t now_ns)
{
    size_t left = MAX_NAMES_AT_ONCE;

    for (size_t i = 0; left > 0 && i < process->thread_count; i++) {
        struct sampled_thread *thread = &process->threads[i];
        if (thread->name_ns != 0 && now_ns - thread->name_ns < name_interval_ns)
            continue;
        read_name(process, thread, now_ns);
        left--;
    }
}

/* ---- what was counted ---- */

/* A thread's name as the oldest interpreter knows it: the others found it running already. */
static const char *name_of(const struct sampled_process *process, const struct sampled_thread *thread)
{
    const struct sampled_thread *oldest = thread;

    for (size_t i = 0; thread->is_shared && i < process->thread_count; i++) {
        const struct sampled_thread *other = &process->threads[i];
        if (other->tid == thread->tid && other->age > oldest->age)
            oldest = other;
    }
    return oldest->name;
}

/* What the lasting threads add up to. */
struct interval_sums {
    uint64_t cpu_ns;
    uint64_t delay_ns;
};

/* Fill in a thread's record; false when another thread state stands for it. */
static bool record_thread(struct sampled_process *process, struct sampled_thread *thread,
                          struct thread_record *record, struct arena *arena, struct interval_sums *sums)
{
    struct schedule_counters schedule;

    if (!thread_probe_schedule(&thread->probe, &schedule))
        schedule = thread->schedule;
    uint64_t cpu_ns = schedule.cpu_ns - thread->taken_cpu_ns;
    uint64_t delay_ns = schedule.wait_ns - thread->taken_delay_ns;
    uint64_t gil_ns = thread->gil_ns;
    thread->taken_cpu_ns = schedule.cpu_ns;
    thread->taken_delay_ns = schedule.wait_ns;
    thread->gil_ns = 0;
    if (thread->is_covered)
        return false;
    if (thread->is_young) {
        thread->is_young = false;
        thread_list_add_short_lived(process, thread->tid);
    } else if (cpu_ns > 0 || thread->owed_cpu_ns > 0) {
        sums->cpu_ns += cpu_ns;
        thread->owed_cpu_ns += cpu_ns;
        if (accumulator_spread_cpu(&process->accumulator, &thread->tid, 1, thread->owed_cpu_ns))
            thread->owed_cpu_ns = 0;
    }
    sums->delay_ns += delay_ns;
    if (delay_ns > 0)
        accumulator_spread_delay(&process->accumulator, thread->number, thread->tid, cpu_ns, delay_ns);
    const char *name = name_of(process, thread);
    *record = (struct thread_record){
        .tid = thread->tid,
        .name = name != NULL ? arena_copy_text(arena, name, strlen(name)) : NULL,
        .reason = thread->reason,
        .waited_ns = thread->sampled_ns - thread->waiting_since_ns,
        .cpu_ns = cpu_ns,
        .holds_gil = thread_sample_holds_gil(process, thread),
        .gil_ns = gil_ns,
        .has_stack = thread->has_stack,
        .node = thread->node,
    };
    return true;
}

/* Give the threads that came or went in this interval the CPU time that the process used and no lasting thread did, as
 * far as samples found them running: what single threads used before their first and after their last sample is
 * nowhere to be read any more, but the process's clock has it. */
static void spread_short_lived(struct sampled_process *process, uint64_t spread_ns)
{
    struct accumulator *accumulator = &process->accumulator;
    uint64_t cpu_ns = 0;

    if (clock_read_ns(process->cpu_clock, &cpu_ns) && process->short_lived_count > 0 &&
        cpu_ns > process->taken_cpu_ns) {
        uint64_t used_ns = cpu_ns - process->taken_cpu_ns;
        uint64_t left_ns = used_ns > spread_ns ? used_ns - spread_ns : 0;
        accumulator_sort_tids(process->short_lived, process->short_lived_count);
        uint64_t running_ns =
            accumulator_running_ns(accumulator, process->short_lived, process->short_lived_count);
        accumulator_spread_cpu(accumulator, process->short_lived, process->short_lived_count,
                               left_ns < running_ns ? left_ns : running_ns);
    }
    process->taken_cpu_ns = cpu_ns;
    process->short_lived_count = 0;
}

/* What the collectors of all interpreters that have threads have counted. */
static struct collector_usage read_collectors(const struct sampled_process *process)
{
    const struct python_layout *layout = &process->location.layout;
    struct collector_usage usage = COLLECTOR_UNKNOWN;
    uint64_t interpreters[MAX_COLLECTORS];
    size_t count = 0;

    for (size_t i = 0; i < process->thread_count && count < MAX_COLLECTORS; i++) {
        uint64_t interpreter = process->threads[i].reference.interpreter;
        size_t known = 0;
        while (known < count && interpreters[known] != interpreter)
            known++;
        if (known < count)
            continue;
        interpreters[count++] = interpreter;
        collector_read(process->pid, layout, process->location.runtime, interpreter, &usage);
        if (layout->runtime.collector != LAYOUT_NONE)
            break; /* they have it in common */
    }
    return usage;
}

void sampled_process_take(struct sampled_process *process, struct arena *arena, struct process_record *record,
                          uint64_t begin_ns, uint64_t end_ns)
{
    double seconds = (double)(end_ns - begin_ns) / (double)NS_PER_SECOND;

    *record = (struct process_record){
        .pid = process->pid,
        .start_ticks = process->start_ticks,
        .status = process->status,
        .threads = arena_allocate(arena, process->thread_count, sizeof(*record->threads)),
    };
    struct interval_sums sums = {0};
    for (size_t i = 0; i < process->thread_count; i++)
        thread_sample_catch_up(process, &process->threads[i]);
    record->collector = read_collectors(process);
    read_names(process, end_ns);
    for (size_t i = 0; i < process->thread_count; i++)
        record->thread_count += record_thread(process, &process->threads[i],
                                              &record->threads[record->thread_count], arena, &sums);

    spread_short_lived(process, sums.cpu_ns);

    bool growth_measured = growth_share_close(process, end_ns);
    struct accumulator *accumulator = &process->accumulator;
    struct wait_counts *waits = &process->wait_counts;
    struct profile_counter *counters =
        arena_copy(arena, accumulator->counters, accumulator->count, sizeof(*counters));
    record->waits = arena_copy(arena, waits->records, waits->count, sizeof(*record->waits));
    record->wait_count = waits->count;
    record->delay_ns = sums.delay_ns;
    record->profile = (struct profile){
        .rate_hz = seconds > 0 ? (double)process->moments / seconds : UNKNOWN_REAL,
        .samples = process->samples,
        .partial = process->partial,
        .invalid = process->invalid,
        .late = process->late,
        .cpu_percent =
            seconds > 0 ? 100 * (double)process->cost_ns / (double)NS_PER_SECOND / seconds : UNKNOWN_REAL,
        .growth_measured = growth_measured,
        .counters = counters,
        .counter_count = accumulator->count,
    };
    record->profile.runs = run_list_take(&process->runs, arena, &record->profile.run_count);
    accumulator_clear(accumulator);
    wait_counts_clear(waits);
    call_sites_forget(&process->call_sites);
    process->moments = process->samples = process->partial = process->invalid = process->late =
        process->cost_ns = 0;
}

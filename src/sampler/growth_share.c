#include "sampler/growth_share.h"

#include "base/clock.h"
#include "sampler/sampled_state.h"
#include "sampler/thread_sample.h"

/* At high sampling rates not every sample has to pay for the reading. */
static const uint64_t least_interval_ns = NS_PER_MILLISECOND / 2;

enum {
    NO_THREAD = UINT16_MAX, /* in the accumulator: stands for the process when no thread of it has run */
};

/* Whether the last moment has a sample of a thread: its counter is the one to be given to. */
static bool is_counted(const struct sampled_process *process, const struct sampled_thread *thread)
{
    return thread->sampled_ns == process->moment_ns && !thread->is_covered && !thread->gone;
}

/* Whether a thread has run between the last two moments, as far as its sample tells. */
static bool has_run(const struct sampled_process *process, const struct sampled_thread *thread)
{
    return thread->look.has_run && is_counted(process, thread);
}

/* Note which threads' faults are to be counted; whether any thread has run. */
static bool note_runs(struct sampled_process *process)
{
    bool has_any_run = false;

    for (size_t i = 0; i < process->thread_count; i++) {
        struct sampled_thread *thread = &process->threads[i];
        if (!has_run(process, thread))
            continue;
        thread->faults_due = has_any_run = true;
    }
    return has_any_run;
}

/* ---- by what is a thread's part measured ---- */

/* The page faults of a thread since they were counted last; false when they are not known. */
static bool count_faults(const struct sampled_process *process, struct sampled_thread *thread,
                         uint64_t *faults)
{
    uint64_t before = thread->minor_faults;
    bool was_known = thread->faults_known;

    thread_probe_keep_stat(&thread->probe, process->pid, thread->tid);
    thread->faults_known =
        thread_probe_minor_faults(&thread->probe, process->pid, thread->tid, &thread->minor_faults);
    thread->faults_due = false;
    *faults = thread->minor_faults - before;
    return was_known && thread->faults_known && thread->minor_faults >= before;
}

/* Resident memory grows by the page faults of who touches new pages, whoever holds the GIL when that is seen. A fault
 * brings one page or many (huge pages; a file's pages come by the dozen), but what counts is the proportion of
 * threads. Those that have not run since they were counted have none.
 *
 * returns  the sum of the weights; 0 when nothing can be told */
static uint64_t weigh_by_faults(struct sampled_process *process)
{
    uint64_t sum = 0;
    bool known = true;

    for (size_t i = 0; i < process->thread_count; i++) {
        struct sampled_thread *thread = &process->threads[i];
        uint64_t faults = 0;
        thread->growth_weight = 0;
        if (!thread->faults_due || thread->gone)
            continue;
        known = count_faults(process, thread, &faults) && known;
        if (!is_counted(process, thread))
            continue;
        thread->growth_weight = faults;
        sum += faults;
    }
    return known ? sum : 0;
}

/* Objects are made and freed by who holds the GIL. Where nobody does, or that is not known, all that have run get the
 * same.
 *
 * returns  the sum of the weights; 0 when no thread has run */
static uint64_t weigh_by_gil(struct sampled_process *process)
{
    const struct sampled_thread *holder = NULL;
    uint64_t sum = 0;

    for (size_t i = 0; i < process->thread_count && holder == NULL; i++) {
        const struct sampled_thread *thread = &process->threads[i];
        if (has_run(process, thread) && thread_sample_holds_gil(process, thread) == 1)
            holder = thread;
    }
    for (size_t i = 0; i < process->thread_count; i++) {
        struct sampled_thread *thread = &process->threads[i];
        thread->growth_weight = has_run(process, thread) && (holder == NULL || thread == holder);
        sum += thread->growth_weight;
    }
    return sum;
}

/* The faults of processes with several threads are counted also when they do not matter: they belong to this change of
 * the memory, and not to the next.
 *
 * returns  false when no thread has run */
static bool share_out(struct sampled_process *process, int64_t bytes)
{
    uint64_t faults = process->thread_count > 1 ? weigh_by_faults(process) : 0;
    uint64_t left = bytes > 0 && faults > 0 ? faults : weigh_by_gil(process);

    if (left == 0)
        return false;
    for (size_t i = 0; left > 0; i++) {
        const struct sampled_thread *thread = &process->threads[i];
        if (thread->growth_weight == 0)
            continue;
        double share = (double)thread->growth_weight / (double)left; /* the last one gets what is left */
        int64_t part = thread->growth_weight < left ? (int64_t)((double)bytes * share) : bytes;
        accumulator_add_growth(&process->accumulator, thread->counter, part);
        bytes -= part;
        left -= thread->growth_weight;
    }
    return true;
}

void growth_share_sample(struct sampled_process *process, uint64_t now_ns)
{
    bool has_any_run = note_runs(process);
    int64_t bytes;

    if (process->growth.known && (now_ns - process->growth.read_ns < least_interval_ns || !has_any_run))
        return;
    if (memory_growth_read(&process->growth, now_ns, &bytes) && bytes != 0)
        share_out(process, bytes);
}

bool growth_share_close(struct sampled_process *process, uint64_t now_ns)
{
    bool began_known = process->growth_began_known;
    int64_t bytes = 0;

    bool known = memory_growth_read(&process->growth, now_ns, &bytes);
    process->growth_began_known = process->growth.known;
    if (known && bytes != 0 && (process->moments == 0 || !share_out(process, bytes))) {
        uint32_t counter = accumulator_add(&process->accumulator, NO_THREAD, process->pid, CALL_TREE_ROOT,
                                           THREAD_OTHER, 0, 0, 0);
        accumulator_add_growth(&process->accumulator, counter, bytes);
    }
    return known && began_known;
}

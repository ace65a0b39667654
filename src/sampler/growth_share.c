#include "sampler/growth_share.h"

#include "base/clock.h"
#include "sampler/sampled_state.h"
#include "sampler/thread_sample.h"

/* At high sampling rates not every sample has to pay for the reading. */
static const uint64_t least_interval_ns = NS_PER_MILLISECOND / 2;

enum {
    NO_THREAD = UINT16_MAX, /* in the accumulator: stands for the process when no thread of it has run */
};

/* Whether a thread has run between the last two moments, as far as its sample tells. */
static bool has_run(const struct sampled_process *process, const struct sampled_thread *thread)
{
    return thread->look.has_run && thread->sampled_ns == process->moment_ns && !thread->is_covered &&
           !thread->gone;
}

static void give(struct sampled_process *process, const struct sampled_thread *thread, int64_t bytes)
{
    accumulator_add_growth(&process->accumulator, thread->counter, bytes);
}

/* Objects are made and freed by who holds the GIL. Where nobody does, or that is not known, all that have run get the
 * same.
 *
 * returns  false when no thread has run */
static bool share_out(struct sampled_process *process, int64_t bytes)
{
    int64_t count = 0;

    for (size_t i = 0; i < process->thread_count; i++) {
        const struct sampled_thread *thread = &process->threads[i];
        if (!has_run(process, thread))
            continue;
        if (thread_sample_holds_gil(process, thread) == 1) {
            give(process, thread, bytes);
            return true;
        }
        count++;
    }
    for (size_t i = 0; count > 0 && i < process->thread_count; i++) {
        const struct sampled_thread *thread = &process->threads[i];
        if (!has_run(process, thread))
            continue;
        int64_t part = bytes / count; /* the last one gets what is left */
        give(process, thread, part);
        bytes -= part;
        if (--count == 0)
            return true;
    }
    return false;
}

static bool has_anything_run(const struct sampled_process *process)
{
    for (size_t i = 0; i < process->thread_count; i++) {
        if (has_run(process, &process->threads[i]))
            return true;
    }
    return false;
}

void growth_share_sample(struct sampled_process *process, uint64_t now_ns)
{
    int64_t bytes;

    if (process->growth.known &&
        (now_ns - process->growth.read_ns < least_interval_ns || !has_anything_run(process)))
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

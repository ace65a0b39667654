#include "sampler/sleepers.h"

#include "base/clock.h"
#include "base/memory.h"
#include "sampler/sampled_state.h"

#include <stdlib.h>

enum {
    LEAST_SLEEPERS = 8, /* fewer are asked one by one for less */
    MAX_PATIENCE = 63,
};

/* One that has run more lately is likely to run soon again: a thread that waits for the GIL wakes up every 5 ms. */
static const uint64_t least_rest_ns = 100 * NS_PER_MILLISECOND;

void sleepers_wake(struct sleepers *sleepers)
{
    sleepers->known = false;
}

static bool rests(const struct sampled_process *process, const struct sampled_thread *thread)
{
    return thread->blocked && !thread->gone && thread->waiting_since_ns + least_rest_ns <= process->moment_ns;
}

bool sleepers_begin(struct sampled_process *process, uint64_t *turns)
{
    struct sleepers *sleepers = &process->sleepers;

    if (sleepers->patience > 0) {
        sleepers->patience--;
        return false;
    }
    return sleepers->counter != NULL && process->thread_count >= LEAST_SLEEPERS &&
           turn_counter_read(sleepers->counter, process->pid, turns);
}

/* The turns were read before those of the threads. So what a thread has had between is missing here, and makes the sum
 * differ at the next moment, which is only a waste; were it the other way round, it could hide that another one has run. */
void sleepers_note(struct sampled_process *process, uint64_t turns)
{
    struct sleepers *sleepers = &process->sleepers;

    sleepers->others = memory_grow(sleepers->others, &sleepers->other_capacity, process->thread_count,
                                   sizeof(*sleepers->others));
    sleepers->other_count = 0;
    sleepers->turns = turns;
    for (size_t i = 0; i < process->thread_count; i++) {
        const struct sampled_thread *thread = &process->threads[i];
        if (thread->is_shared || thread->look.schedule.turns == 0)
            return; /* its turns would count twice; or the kernel counts none */
        if (!rests(process, thread)) {
            sleepers->others[sleepers->other_count++] = (uint32_t)i;
            sleepers->turns -= thread->look.schedule.turns;
        }
    }
    sleepers->known = process->thread_count - sleepers->other_count >= LEAST_SLEEPERS;
}

/* Turns only grow, and the others had at least those that were seen at their looks just now. So when the sum is the same, no
 * sleeper has had any, nor a thread that nobody knows. */
bool sleepers_rest(struct sampled_process *process)
{
    struct sleepers *sleepers = &process->sleepers;
    uint64_t turns;
    uint64_t expected = sleepers->turns;
    size_t resting = 0;

    for (size_t i = 0; i < sleepers->other_count; i++) {
        const struct sampled_thread *thread = &process->threads[sleepers->others[i]];
        expected += thread->look.schedule.turns;
        resting += rests(process, thread);
    }
    bool rest = turn_counter_read(sleepers->counter, process->pid, &turns) && turns == expected &&
                !process->must_list;
    if (rest) {
        sleepers->patience_grows = 0;
        sleepers->known = resting < LEAST_SLEEPERS; /* else so many more can be among them */
        return true;
    }
    sleepers->known = false;
    sleepers->patience = sleepers->patience_grows;
    if (sleepers->patience_grows < MAX_PATIENCE)
        sleepers->patience_grows = 2 * sleepers->patience_grows + 1;
    return false;
}

void sleepers_free(struct sleepers *sleepers)
{
    free(sleepers->others);
    sleepers->others = NULL;
}

#include "export/profile_timeline.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>

struct walk {
    const struct tick *tick;
    const struct process *process;
    const struct profile_selection *selection;
    enum profile_weight weight;
    timeline_visit *visit;
    void *context;
};

static int64_t counter_weight(const struct profile_counter *counter, enum profile_weight weight)
{
    const struct profile_entry entry = {
        .samples = counter->samples,
        .cpu_ns = counter->cpu_ns,
        .wall_ns = counter->wall_ns,
        .memory_growth_bytes = counter->memory_growth_bytes,
    };

    return profile_entry_weight(&entry, weight);
}

/* CLOCK_REALTIME of a moment in the tick's interval. */
static int64_t realtime_of(const struct tick *tick, uint64_t monotonic_ns)
{
    return tick->time_ns - (int64_t)(tick->monotonic_ns - monotonic_ns);
}

/* A counter's weight goes to its runs by their samples: what the samples so far deserve, less what was given. */
static int64_t take_share(const struct profile_counter *counter, int64_t weight, uint64_t *seen,
                          uint32_t samples)
{
    double before = (double)*seen / counter->samples;

    *seen += samples;
    double after = (double)*seen / counter->samples;
    return (int64_t)((double)weight * after) - (int64_t)((double)weight * before);
}

static void walk_runs(const struct walk *walk)
{
    const struct profile *profile = walk->process->profile;
    uint64_t *seen = memory_allocate(profile->counter_count, sizeof(*seen));

    for (size_t i = 0; i < profile->run_count; i++) {
        const struct profile_run *run = &profile->runs[i];
        const struct profile_counter *counter = &profile->counters[run->counter];
        if (!profile_selection_has_counter(walk->selection, counter) || counter->samples == 0)
            continue;
        walk->visit(walk->context, &(struct timeline_step){
                                       .process = walk->process,
                                       .tid = counter->tid,
                                       .node = counter->node,
                                       .state = counter->state,
                                       .samples = run->samples,
                                       .begin_ns = realtime_of(walk->tick, run->begin_ns),
                                       .wall_ns = run->wall_ns,
                                       .weight = take_share(counter, counter_weight(counter, walk->weight),
                                                            &seen[run->counter], run->samples),
                                   });
    }
    free(seen);
}

/* Without an order: each thread's counters one after the other from the begin of the interval on. */
static void walk_counters(const struct walk *walk)
{
    const struct profile *profile = walk->process->profile;
    uint64_t *ends = memory_allocate(profile->counter_count, sizeof(*ends)); /* of threads, by their place */
    struct hash_map places = {0};

    for (size_t i = 0; i < profile->counter_count; i++) {
        const struct profile_counter *counter = &profile->counters[i];
        if (!profile_selection_has_counter(walk->selection, counter))
            continue;
        if (hash_map_find(&places, (uint64_t)counter->tid) == NULL)
            hash_map_set(&places, (uint64_t)counter->tid, (uint32_t)i);
        uint64_t *end = &ends[*hash_map_find(&places, (uint64_t)counter->tid)];
        walk->visit(walk->context,
                    &(struct timeline_step){
                        .process = walk->process,
                        .tid = counter->tid,
                        .node = counter->node,
                        .state = counter->state,
                        .samples = counter->samples,
                        .begin_ns = walk->tick->time_ns - (int64_t)walk->tick->interval_ns + (int64_t)*end,
                        .wall_ns = counter->wall_ns,
                        .weight = counter_weight(counter, walk->weight),
                    });
        *end += counter->wall_ns;
    }
    hash_map_free(&places);
    free(ends);
}

void profile_timeline_walk(const struct tick *tick, const struct profile_selection *selection,
                           enum profile_weight weight, timeline_visit *visit, void *context)
{
    struct walk walk = {
        .tick = tick, .selection = selection, .weight = weight, .visit = visit, .context = context};

    for (size_t i = 0; i < tick->process_count; i++) {
        walk.process = &tick->processes[i];
        if (!profile_selection_has_process(selection, walk.process))
            continue;
        if (walk.process->profile->run_count > 0)
            walk_runs(&walk);
        else
            walk_counters(&walk);
    }
}

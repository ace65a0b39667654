#include "export/profile_timeline.h"

#include "base/clock.h"
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

/* CLOCK_REALTIME of a moment in the tick's interval. */
static int64_t realtime_of(const struct tick *tick, uint64_t monotonic_ns)
{
    return tick->time_ns - (int64_t)(tick->monotonic_ns - monotonic_ns);
}

/* The samples of a counter's runs: all of them, and those that were visited. (The counter itself can have fewer: a part
 * of the running time is moved to the runnable state when the interval is over.) */
struct run_samples {
    uint64_t all;
    uint64_t seen;
};

/* What a counter has goes to its runs by their samples: what the samples so far deserve, less what was given. */
static int64_t share(const struct run_samples *run_samples, int64_t whole, uint32_t samples)
{
    double before = (double)run_samples->seen / (double)run_samples->all;
    double after = (double)(run_samples->seen + samples) / (double)run_samples->all;

    return (int64_t)((double)whole * after) - (int64_t)((double)whole * before);
}

/* A step of a counter: all of it, without a place in the order. */
static struct timeline_step step_of(const struct walk *walk, const struct profile_counter *counter)
{
    return (struct timeline_step){
        .process = walk->process,
        .tid = counter->tid,
        .node = counter->node,
        .state = counter->state,
        .samples = counter->samples,
        .begin_ns = walk->tick->time_ns,
        .weight = profile_counter_weight(counter, walk->weight),
        .cpu_ns = (int64_t)counter->cpu_ns,
    };
}

/* When each run ends. A sample stands for the time since its thread's last one, so the runs of a thread follow each other
 * without a gap; of their lengths a recording keeps only what is usual for the counter. */
static uint64_t *run_ends(const struct profile *profile)
{
    uint64_t *ends_ns = memory_allocate(profile->run_count, sizeof(*ends_ns));
    struct hash_map next_runs = {0}; /* by thread */

    for (size_t i = profile->run_count; i-- > 0;) {
        const struct profile_run *run = &profile->runs[i];
        uint64_t thread = (uint64_t)profile->counters[run->counter].tid;
        const uint32_t *next = hash_map_find(&next_runs, thread);
        ends_ns[i] = next != NULL ? profile->runs[*next].begin_ns : run->begin_ns + run->wall_ns;
        hash_map_set(&next_runs, thread, (uint32_t)i);
    }
    hash_map_free(&next_runs);
    return ends_ns;
}

static void visit_run(const struct walk *walk, const struct profile_run *run, uint64_t end_ns,
                      struct run_samples *run_samples)
{
    struct timeline_step step = step_of(walk, &walk->process->profile->counters[run->counter]);

    step.samples = run->samples;
    step.begin_ns = realtime_of(walk->tick, run->begin_ns);
    step.wall_ns = end_ns > run->begin_ns ? end_ns - run->begin_ns : 0;
    step.weight = share(run_samples, step.weight, run->samples);
    step.cpu_ns = share(run_samples, step.cpu_ns, run->samples);
    run_samples->seen += run->samples;
    walk->visit(walk->context, &step);
}

/* What no run holds. */
static void visit_rest(const struct walk *walk, const struct profile_counter *counter)
{
    const struct timeline_step step = step_of(walk, counter);

    walk->visit(walk->context, &step);
}

static void walk_runs(const struct walk *walk)
{
    const struct profile *profile = walk->process->profile;
    struct run_samples *run_samples = memory_allocate(profile->counter_count, sizeof(*run_samples));
    uint64_t *ends_ns = run_ends(profile);

    for (size_t i = 0; i < profile->run_count; i++)
        run_samples[profile->runs[i].counter].all += profile->runs[i].samples;
    for (size_t i = 0; i < profile->run_count; i++) {
        const struct profile_run *run = &profile->runs[i];
        if (profile_selection_has_counter(walk->selection, &profile->counters[run->counter]))
            visit_run(walk, run, ends_ns[i], &run_samples[run->counter]);
    }
    for (size_t i = 0; i < profile->counter_count; i++) {
        if (run_samples[i].all == 0 && profile_selection_has_counter(walk->selection, &profile->counters[i]))
            visit_rest(walk, &profile->counters[i]);
    }
    free(ends_ns);
    free(run_samples);
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
        struct timeline_step step = step_of(walk, counter);
        step.begin_ns = walk->tick->time_ns - (int64_t)walk->tick->interval_ns + (int64_t)*end;
        step.wall_ns = counter->wall_ns;
        walk->visit(walk->context, &step);
        *end += counter->wall_ns;
    }
    hash_map_free(&places);
    free(ends);
}

uint64_t profile_timeline_gap_ns(const struct profile_selection *selection)
{
    return selection->states == 0 ? 50 * NS_PER_MILLISECOND : 0;
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

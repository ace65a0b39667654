#include "analysis/profile_sum.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct profile_sum {
    struct profile_selection selection;
    int64_t begin_ns;
    int64_t end_ns;

    struct profile_thread *threads; /* their texts are the sum's own */
    size_t thread_count;
    size_t thread_capacity;
    struct hash_map thread_places; /* by pid and tid: the thread that had them last */

    struct profile_entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    struct hash_map entry_places; /* by thread, state and node */
};

struct profile_sum *profile_sum_new(const struct profile_selection *selection)
{
    struct profile_sum *sum = memory_allocate(1, sizeof(*sum));

    sum->selection = *selection;
    return sum;
}

void profile_sum_free(struct profile_sum *sum)
{
    if (sum == NULL)
        return;
    for (size_t i = 0; i < sum->thread_count; i++) {
        free((char *)sum->threads[i].command);
        free((char *)sum->threads[i].name);
    }
    free(sum->threads);
    free(sum->entries);
    hash_map_free(&sum->thread_places);
    hash_map_free(&sum->entry_places);
    free(sum);
}

/* ---- what is selected ---- */

bool profile_selection_has_tick(const struct profile_selection *selection, const struct tick *tick)
{
    return tick->time_ns > selection->from_ns && (selection->to_ns == 0 || tick->time_ns <= selection->to_ns);
}

bool profile_selection_has_process(const struct profile_selection *selection, const struct process *process)
{
    return process->profile != NULL && (selection->pid == 0 || selection->pid == process->pid);
}

bool profile_selection_has_counter(const struct profile_selection *selection,
                                   const struct profile_counter *counter)
{
    return (selection->tid == 0 || selection->tid == counter->tid) &&
           (selection->states == 0 || (selection->states >> counter->state & 1) != 0);
}

/* ---- adding up ---- */

static void replace_text(const char **text, const char *current)
{
    if (current == NULL || (*text != NULL && strcmp(*text, current) == 0))
        return;
    free((char *)*text);
    *text = memory_copy_text(current);
}

static uint64_t thread_key(const struct process *process, pid_t tid)
{
    return (uint64_t)(uint32_t)process->pid << 32 | (uint32_t)tid;
}

static uint32_t find_thread(struct profile_sum *sum, const struct process *process, pid_t tid)
{
    uint64_t key = thread_key(process, tid);
    const uint32_t *place = hash_map_find(&sum->thread_places, key);

    if (place != NULL && sum->threads[*place].start_ticks == process->start_ticks)
        return *place;
    sum->threads =
        memory_grow(sum->threads, &sum->thread_capacity, sum->thread_count + 1, sizeof(*sum->threads));
    sum->threads[sum->thread_count] = (struct profile_thread){
        .pid = process->pid,
        .start_ticks = process->start_ticks,
        .tid = tid,
    };
    replace_text(&sum->threads[sum->thread_count].command, process->command);
    hash_map_set(&sum->thread_places, key, (uint32_t)sum->thread_count);
    return (uint32_t)sum->thread_count++;
}

static void add_amounts(struct profile_entry *entry, const struct profile_counter *counter)
{
    entry->samples += counter->samples;
    entry->cpu_ns += counter->cpu_ns;
    entry->wall_ns += counter->wall_ns;
    if (counter->memory_growth_bytes > 0)
        entry->memory_growth_bytes += (uint64_t)counter->memory_growth_bytes;
}

static void add_counter(struct profile_sum *sum, uint32_t thread, const struct profile_counter *counter)
{
    uint64_t key = (uint64_t)thread << 40 | (uint64_t)counter->state << 32 | counter->node;
    const uint32_t *place = hash_map_find(&sum->entry_places, key);
    size_t index = place != NULL ? *place : sum->entry_count++;

    if (place == NULL) {
        sum->entries =
            memory_grow(sum->entries, &sum->entry_capacity, sum->entry_count, sizeof(*sum->entries));
        sum->entries[index] =
            (struct profile_entry){.thread = thread, .node = counter->node, .state = counter->state};
        hash_map_set(&sum->entry_places, key, (uint32_t)index);
    }
    add_amounts(&sum->entries[index], counter);
}

static void add_process(struct profile_sum *sum, const struct process *process)
{
    for (size_t i = 0; i < process->profile->counter_count; i++) {
        const struct profile_counter *counter = &process->profile->counters[i];
        if (profile_selection_has_counter(&sum->selection, counter))
            add_counter(sum, find_thread(sum, process, counter->tid), counter);
    }
    for (size_t i = 0; i < process->thread_detail_count; i++) {
        const struct thread *thread = &process->threads[i];
        if (sum->selection.tid != 0 && sum->selection.tid != thread->tid)
            continue;
        uint32_t place = find_thread(sum, process, thread->tid); /* may move the threads */
        replace_text(&sum->threads[place].name, thread->name);
    }
}

void profile_sum_add(struct profile_sum *sum, const struct tick *tick)
{
    if (!profile_selection_has_tick(&sum->selection, tick))
        return;
    if (sum->end_ns == 0)
        sum->begin_ns = tick->time_ns - (int64_t)tick->interval_ns;
    sum->end_ns = tick->time_ns;
    for (size_t i = 0; i < tick->process_count; i++) {
        if (profile_selection_has_process(&sum->selection, &tick->processes[i]))
            add_process(sum, &tick->processes[i]);
    }
}

/* ---- what came out ---- */

const struct profile_entry *profile_sum_entries(const struct profile_sum *sum, size_t *count)
{
    *count = sum->entry_count;
    return sum->entries;
}

const struct profile_thread *profile_sum_threads(const struct profile_sum *sum, size_t *count)
{
    *count = sum->thread_count;
    return sum->threads;
}

size_t profile_sum_find_thread(const struct profile_sum *sum, const struct process *process, pid_t tid)
{
    return *hash_map_find(&sum->thread_places, thread_key(process, tid));
}

void profile_sum_span(const struct profile_sum *sum, int64_t *begin_ns, int64_t *end_ns)
{
    *begin_ns = sum->begin_ns;
    *end_ns = sum->end_ns;
}

int64_t profile_entry_weight(const struct profile_entry *entry, enum profile_weight weight)
{
    switch (weight) {
    case WEIGHT_CPU:
        return (int64_t)entry->cpu_ns;
    case WEIGHT_WALL:
        return (int64_t)entry->wall_ns;
    case WEIGHT_SAMPLES:
        return (int64_t)entry->samples;
    default:
        return (int64_t)entry->memory_growth_bytes;
    }
}

int64_t profile_counter_weight(const struct profile_counter *counter, enum profile_weight weight)
{
    struct profile_entry entry = {0};

    add_amounts(&entry, counter);
    return profile_entry_weight(&entry, weight);
}

static const struct {
    const char *name;
    const char *unit;
} weights[PROFILE_WEIGHTS] = {
    [WEIGHT_CPU] = {"cpu", "nanoseconds"},
    [WEIGHT_WALL] = {"wall", "nanoseconds"},
    [WEIGHT_SAMPLES] = {"samples", "count"},
    [WEIGHT_MEMORY] = {"memory", "bytes"},
};

const char *profile_weight_name(enum profile_weight weight)
{
    return weights[weight].name;
}

const char *profile_weight_unit(enum profile_weight weight)
{
    return weights[weight].unit;
}

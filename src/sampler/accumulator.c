#include "sampler/accumulator.h"

#include "base/memory.h"

#include <stdlib.h>

uint32_t accumulator_add(struct accumulator *accumulator, uint16_t thread, pid_t tid, uint32_t node,
                         enum thread_state state, uint32_t samples, uint64_t wall_ns, uint64_t ran_ns)
{
    uint64_t key = (uint64_t)thread << 40 | (uint64_t)state << 32 | node;
    const uint32_t *place = hash_map_find(&accumulator->places, key);
    uint32_t index;

    if (place != NULL) {
        index = *place;
    } else {
        index = (uint32_t)accumulator->count++;
        accumulator->counters = memory_grow(accumulator->counters, &accumulator->counter_capacity,
                                            accumulator->count, sizeof(*accumulator->counters));
        accumulator->ran_ns = memory_grow(accumulator->ran_ns, &accumulator->ran_capacity, accumulator->count,
                                          sizeof(*accumulator->ran_ns));
        accumulator->counters[index] = (struct profile_counter){.node = node, .tid = tid, .state = state};
        accumulator->ran_ns[index] = 0;
        hash_map_set(&accumulator->places, key, index);
    }
    accumulator->counters[index].samples += samples;
    accumulator->counters[index].wall_ns += wall_ns;
    accumulator->ran_ns[index] += ran_ns;
    return index;
}

void accumulator_add_growth(struct accumulator *accumulator, uint32_t counter, int64_t bytes)
{
    if (counter < accumulator->count)
        accumulator->counters[counter].memory_growth_bytes += bytes;
}

static uint64_t weight_of(const struct accumulator *accumulator, size_t index, bool by_running)
{
    const struct profile_counter *counter = &accumulator->counters[index];

    if (!by_running)
        return accumulator->ran_ns[index];
    return thread_state_on_cpu(counter->state) ? counter->wall_ns : 0;
}

static int compare_tids(const void *left, const void *right)
{
    pid_t a = *(const pid_t *)left;
    pid_t b = *(const pid_t *)right;

    return (a > b) - (a < b);
}

void accumulator_sort_tids(pid_t *tids, size_t tid_count)
{
    if (tid_count > 1)
        qsort(tids, tid_count, sizeof(*tids), compare_tids);
}

static bool is_one_of(pid_t tid, const pid_t *tids, size_t tid_count)
{
    if (tid_count == 1)
        return tids[0] == tid;
    return tid_count > 0 && bsearch(&tid, tids, tid_count, sizeof(*tids), compare_tids) != NULL;
}

static uint64_t total_weight(const struct accumulator *accumulator, const pid_t *tids, size_t tid_count,
                             bool by_running)
{
    uint64_t total = 0;

    for (size_t i = 0; i < accumulator->count; i++) {
        if (is_one_of(accumulator->counters[i].tid, tids, tid_count))
            total += weight_of(accumulator, i, by_running);
    }
    return total;
}

uint64_t accumulator_running_ns(const struct accumulator *accumulator, const pid_t *tids, size_t tid_count)
{
    return total_weight(accumulator, tids, tid_count, true);
}

bool accumulator_spread_cpu(struct accumulator *accumulator, const pid_t *tids, size_t tid_count,
                            uint64_t cpu_ns)
{
    bool by_running = true;
    uint64_t total = total_weight(accumulator, tids, tid_count, by_running);

    if (total == 0) {
        by_running = false;
        total = total_weight(accumulator, tids, tid_count, by_running);
    }
    for (size_t i = 0; total > 0 && i < accumulator->count; i++) {
        struct profile_counter *counter = &accumulator->counters[i];
        if (is_one_of(counter->tid, tids, tid_count))
            counter->cpu_ns +=
                (uint64_t)((double)cpu_ns * (double)weight_of(accumulator, i, by_running) / (double)total);
    }
    return total > 0;
}

/* The part of a counter that goes to another one; its samples go with the time. */
static void move_part(struct accumulator *accumulator, size_t index, uint16_t thread, double share)
{
    struct profile_counter from = accumulator->counters[index];
    uint64_t wall_ns = (uint64_t)((double)from.wall_ns * share);
    uint32_t samples = (uint32_t)((double)from.samples * share + 0.5);

    if (wall_ns == 0)
        return;
    accumulator->counters[index].wall_ns -= wall_ns;
    accumulator->counters[index].samples -= samples;
    accumulator_add(accumulator, thread, from.tid, from.node, THREAD_RUNNABLE, samples, wall_ns, 0);
}

void accumulator_spread_delay(struct accumulator *accumulator, uint16_t thread, pid_t tid, uint64_t cpu_ns,
                              uint64_t delay_ns)
{
    double running_ns = 0, runnable_ns = 0;
    size_t count = accumulator->count;

    for (size_t i = 0; i < count; i++) {
        const struct profile_counter *counter = &accumulator->counters[i];
        if (counter->tid != tid)
            continue;
        running_ns += thread_state_on_cpu(counter->state) ? (double)counter->wall_ns : 0;
        runnable_ns += counter->state == THREAD_RUNNABLE ? (double)counter->wall_ns : 0;
    }
    double seen_ns = running_ns + runnable_ns;
    double counted_ns = (double)cpu_ns + (double)delay_ns;
    double wanted_ns = seen_ns < counted_ns ? seen_ns * (double)delay_ns / counted_ns : (double)delay_ns;
    if (running_ns <= 0 || wanted_ns <= runnable_ns)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct profile_counter *counter = &accumulator->counters[i];
        if (counter->tid == tid && thread_state_on_cpu(counter->state))
            move_part(accumulator, i, thread, (wanted_ns - runnable_ns) / running_ns);
    }
}

void accumulator_clear(struct accumulator *accumulator)
{
    accumulator->count = 0;
    hash_map_clear(&accumulator->places);
}

void accumulator_free(struct accumulator *accumulator)
{
    free(accumulator->counters);
    free(accumulator->ran_ns);
    hash_map_free(&accumulator->places);
    *accumulator = (struct accumulator){0};
}

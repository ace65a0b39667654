/* A window keeps what a process's counters added up to, by node, in one slice a tick; a window without a
 * limit keeps one slice for everything, so that its size is bounded by the call tree and not by time. */
#include "analysis/call_graph.h"
#include "analysis/thread_times.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct slice {
    uint64_t start_ns; /* CLOCK_MONOTONIC */
    uint64_t end_ns;
    uint64_t covered_ns; /* of that, time in which the process was sampled */
    struct node_amount *amounts;
    size_t count;
    size_t capacity;
    struct thread_times times;
};

struct window {
    uint64_t span_ns;
    struct slice *slices; /* oldest first */
    size_t count;
    size_t capacity;
    struct hash_map index; /* node to its place in the slice that is being filled */
    struct hash_map time_index;
};

struct window *window_new(uint64_t span_ns)
{
    struct window *window = memory_allocate(1, sizeof(*window));

    window->span_ns = span_ns;
    return window;
}

void window_free(struct window *window)
{
    if (window == NULL)
        return;
    window_clear(window);
    hash_map_free(&window->index);
    hash_map_free(&window->time_index);
    free(window->slices);
    free(window);
}

static void drop_oldest(struct window *window, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(window->slices[i].amounts);
        free(window->slices[i].times.times);
    }
    window->count -= count;
    if (window->count > 0)
        memmove(window->slices, window->slices + count, window->count * sizeof(*window->slices));
}

void window_clear(struct window *window)
{
    drop_oldest(window, window->count);
    hash_map_clear(&window->index);
    hash_map_clear(&window->time_index);
}

/* A slice leaves when its middle is out of the span, so that ticks that come a little early or late do not
 * make a window of ten ticks one of nine or eleven. */
static void drop_expired(struct window *window, uint64_t now_ns)
{
    size_t expired = 0;

    while (expired < window->count) {
        const struct slice *slice = &window->slices[expired];
        uint64_t middle_ns = slice->start_ns + (slice->end_ns - slice->start_ns) / 2;
        if (middle_ns <= now_ns && now_ns - middle_ns < window->span_ns)
            break;
        expired++;
    }
    drop_oldest(window, expired);
}

/* The slice that takes the tick's counters. */
static struct slice *slice_for_tick(struct window *window, const struct tick *tick)
{
    if (window->span_ns == UINT64_MAX && window->count > 0) {
        window->slices[0].end_ns = tick->monotonic_ns;
        return &window->slices[0];
    }
    hash_map_clear(&window->index);
    hash_map_clear(&window->time_index);
    window->slices =
        memory_grow(window->slices, &window->capacity, window->count + 1, sizeof(*window->slices));
    struct slice *slice = &window->slices[window->count++];
    *slice = (struct slice){
        .start_ns = tick->monotonic_ns - tick->interval_ns,
        .end_ns = tick->monotonic_ns,
    };
    return slice;
}

static void add_amount(struct window *window, struct slice *slice, const struct node_amount *amount)
{
    const uint32_t *known = hash_map_find(&window->index, amount->node);

    if (known != NULL) {
        node_amount_add(&slice->amounts[*known], amount);
        return;
    }
    slice->amounts = memory_grow(slice->amounts, &slice->capacity, slice->count + 1, sizeof(*slice->amounts));
    hash_map_set(&window->index, amount->node, (uint32_t)slice->count);
    slice->amounts[slice->count++] = *amount;
}

void window_add(struct window *window, const struct tick *tick, const struct process *process)
{
    const struct profile *profile = process->profile;

    if (window->span_ns != UINT64_MAX)
        drop_expired(window, tick->monotonic_ns);
    if (profile == NULL)
        return;
    struct slice *slice = slice_for_tick(window, tick);
    slice->covered_ns += tick->interval_ns;
    for (size_t i = 0; i < profile->counter_count; i++) {
        struct node_amount amount = node_amount_of_counter(&profile->counters[i]);
        add_amount(window, slice, &amount);
    }
    thread_times_add(&slice->times, &window->time_index, process);
}

void window_visit_times(const struct window *window, thread_time_visit *visit, void *context)
{
    for (size_t i = 0; i < window->count; i++) {
        const struct thread_times *times = &window->slices[i].times;
        for (size_t j = 0; j < times->count; j++)
            visit(context, &times->times[j]);
    }
}

struct ranking window_rank(const struct window *window, const struct call_tree *tree, enum ranking_mode mode,
                           enum ranking_level level)
{
    const struct node_amount **slices = memory_allocate(window->count, sizeof(*slices));
    size_t *counts = memory_allocate(window->count, sizeof(*counts));
    uint64_t span_ns = 0;

    for (size_t i = 0; i < window->count; i++) {
        slices[i] = window->slices[i].amounts;
        counts[i] = window->slices[i].count;
        span_ns += window->slices[i].covered_ns;
    }
    struct ranking ranking = ranking_of_amounts(slices, counts, window->count, tree, mode, level);
    ranking.span_ns = span_ns;
    free(slices);
    free(counts);
    return ranking;
}

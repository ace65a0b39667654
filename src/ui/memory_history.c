#include "ui/memory_history.h"

#include "base/memory.h"

#include <stdlib.h>

/* The node with the largest growth. A tick's counters of one node under several threads are few, and seldom grow at
 * the same time: they are not summed up. */
static void find_growth(struct memory_point *point, const struct profile *profile)
{
    for (size_t i = 0; profile != NULL && i < profile->counter_count; i++) {
        const struct profile_counter *counter = &profile->counters[i];
        if (counter->memory_growth_bytes > point->growth_bytes) {
            point->growth_bytes = counter->memory_growth_bytes;
            point->node = counter->node;
        }
    }
}

/* Let a point stand for the time of a later one too. */
static void merge(struct memory_point *point, const struct memory_point *later)
{
    point->end_ns = later->end_ns;
    if (later->resident_bytes > point->resident_bytes)
        point->resident_bytes = later->resident_bytes;
    if (point->node == later->node) {
        point->growth_bytes = amount_add(point->growth_bytes, later->growth_bytes);
    } else if (later->growth_bytes > point->growth_bytes) {
        point->growth_bytes = later->growth_bytes;
        point->node = later->node;
    }
}

static void merge_pairs(struct memory_history *history)
{
    for (size_t i = 0; i < history->count / 2; i++) {
        history->points[i] = history->points[2 * i];
        merge(&history->points[i], &history->points[2 * i + 1]);
    }
    history->count /= 2;
    history->ticks_per_point *= 2;
    history->ticks_in_last = history->ticks_per_point;
}

void memory_history_add(struct memory_history *history, const struct tick *tick,
                        const struct process *process)
{
    struct memory_point point = {
        .begin_ns = tick->monotonic_ns - tick->interval_ns,
        .end_ns = tick->monotonic_ns,
        .resident_bytes = process->resident_bytes,
    };

    if (!count_is_known(process->resident_bytes))
        return;
    find_growth(&point, process->profile);
    if (history->points == NULL) {
        history->points = memory_allocate(MEMORY_POINTS, sizeof(*history->points));
        history->ticks_per_point = 1;
    }
    if (history->count > 0 && history->ticks_in_last < history->ticks_per_point) {
        merge(&history->points[history->count - 1], &point);
        history->ticks_in_last++;
        return;
    }
    if (history->count == MEMORY_POINTS)
        merge_pairs(history);
    history->points[history->count++] = point;
    history->ticks_in_last = 1;
}

void memory_history_free(struct memory_history *history)
{
    free(history->points);
    *history = (struct memory_history){0};
}

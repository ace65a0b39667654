#include "record/profile_order.h"

#include <stdlib.h>

struct placed_counter {
    struct profile_counter counter;
    uint32_t place; /* in the profile */
};

static int compare_keys(const struct profile_counter *a, const struct profile_counter *b)
{
    if (a->tid != b->tid)
        return (a->tid > b->tid) - (a->tid < b->tid);
    if (a->node != b->node)
        return (a->node > b->node) - (a->node < b->node);
    return (a->state > b->state) - (a->state < b->state);
}

static int compare_placed(const void *left, const void *right)
{
    const struct placed_counter *a = left, *b = right;
    int order = compare_keys(&a->counter, &b->counter);

    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

/* Find where each thread's counters begin and end. */
static void find_parts(struct profile_order *order, struct arena *arena)
{
    order->parts = arena_allocate(arena, order->count, sizeof(*order->parts));
    order->part_of = arena_allocate(arena, order->count, sizeof(*order->part_of));
    for (size_t i = 0; i < order->count; i++) {
        pid_t tid = order->counters[i].tid;
        if (i == 0 || tid != order->counters[i - 1].tid)
            order->parts[order->part_count++] = (struct profile_part){.tid = tid, .first = i};
        order->parts[order->part_count - 1].end = i + 1;
        order->part_of[i] = (uint32_t)order->part_count - 1;
    }
}

struct profile_order profile_order_of(const struct profile *profile, struct arena *arena)
{
    size_t count = profile->counter_count;
    struct placed_counter *placed = arena_allocate(arena, count, sizeof(*placed));
    struct profile_order order = {
        .counters = arena_allocate(arena, count, sizeof(*order.counters)),
        .count = count,
        .places = arena_allocate(arena, count, sizeof(*order.places)),
    };

    for (size_t i = 0; i < count; i++)
        placed[i] = (struct placed_counter){profile->counters[i], (uint32_t)i};
    if (count > 1)
        qsort(placed, count, sizeof(*placed), compare_placed);
    for (size_t i = 0; i < count; i++) {
        order.counters[i] = placed[i].counter;
        order.places[placed[i].place] = (uint32_t)i;
    }
    find_parts(&order, arena);
    return order;
}

size_t profile_order_find(const struct profile_order *order, pid_t tid, uint32_t node,
                          enum thread_state state)
{
    const struct profile_counter key = {.tid = tid, .node = node, .state = state};
    size_t low = 0, high = order->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_keys(&order->counters[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < order->count && compare_keys(&order->counters[low], &key) == 0 ? low : order->count;
}

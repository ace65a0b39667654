/* A window keeps its slices' counters, and the texts of their waits, in memory of its own. */
#include "analysis/verdict_evidence.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct verdict_window {
    uint64_t span_ns;
    struct verdict_slice *slices; /* oldest first */
    size_t count;
    size_t capacity;
};

struct verdict_window *verdict_window_new(uint64_t span_ns)
{
    struct verdict_window *window = memory_allocate(1, sizeof(*window));

    window->span_ns = span_ns;
    return window;
}

static void free_slice(struct verdict_slice *slice)
{
    for (size_t i = 0; i < slice->wait_count; i++)
        free((char *)slice->waits[i].description);
    free((struct profile_wait *)slice->waits);
    free((struct profile_counter *)slice->counters);
}

static void drop_oldest(struct verdict_window *window, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free_slice(&window->slices[i]);
    window->count -= count;
    if (window->count > 0)
        memmove(window->slices, window->slices + count, window->count * sizeof(*window->slices));
}

void verdict_window_free(struct verdict_window *window)
{
    if (window == NULL)
        return;
    drop_oldest(window, window->count);
    free(window->slices);
    free(window);
}

/* As analysis/window.c has it: a slice leaves when its middle is out of the span. */
static void drop_expired(struct verdict_window *window, uint64_t now_ns)
{
    size_t expired = 0;

    while (expired < window->count) {
        const struct verdict_slice *slice = &window->slices[expired];
        uint64_t middle_ns = slice->start_ns + (slice->end_ns - slice->start_ns) / 2;
        if (middle_ns <= now_ns && now_ns - middle_ns < window->span_ns)
            break;
        expired++;
    }
    drop_oldest(window, expired);
}

static void *copy_array(const void *elements, size_t count, size_t size)
{
    void *copy = memory_allocate(count, size);

    if (count > 0)
        memcpy(copy, elements, count * size);
    return copy;
}

void verdict_window_add(struct verdict_window *window, const struct tick *tick, const struct process *process)
{
    struct verdict_slice slice = verdict_slice_of(tick, process);

    drop_expired(window, tick->monotonic_ns);
    if (process->profile == NULL || tick->interval_ns == 0)
        return;
    struct profile_wait *waits = copy_array(slice.waits, slice.wait_count, sizeof(*waits));
    for (size_t i = 0; i < slice.wait_count; i++) {
        if (waits[i].description != NULL)
            waits[i].description = memory_copy_text(waits[i].description);
    }
    slice.counters = copy_array(slice.counters, slice.counter_count, sizeof(*slice.counters));
    slice.waits = waits;
    window->slices =
        memory_grow(window->slices, &window->capacity, window->count + 1, sizeof(*window->slices));
    window->slices[window->count++] = slice;
}

bool verdict_window_judge(const struct verdict_window *window, const struct call_tree *tree,
                          struct verdict *verdict)
{
    return verdict_of_slices(window->slices, window->count, tree, verdict);
}

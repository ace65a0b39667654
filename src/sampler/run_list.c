#include "sampler/run_list.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void run_list_add(struct run_list *list, uint16_t thread, uint32_t counter, uint32_t samples,
                  uint64_t begin_ns, uint64_t wall_ns)
{
    list->last_of_thread = memory_grow(list->last_of_thread, &list->thread_capacity, (size_t)thread + 1,
                                       sizeof(*list->last_of_thread));
    uint32_t last = list->last_of_thread[thread];
    if (last > 0 && list->runs[last - 1].counter == counter) {
        list->runs[last - 1].samples += samples;
        list->runs[last - 1].wall_ns += wall_ns;
        return;
    }
    list->runs = memory_grow(list->runs, &list->capacity, list->count + 1, sizeof(*list->runs));
    list->runs[list->count++] = (struct profile_run){
        .counter = counter, .samples = samples, .begin_ns = begin_ns, .wall_ns = wall_ns};
    list->last_of_thread[thread] = (uint32_t)list->count;
}

static int compare_begin(const void *left, const void *right)
{
    const struct profile_run *a = left, *b = right;

    if (a->begin_ns != b->begin_ns)
        return (a->begin_ns > b->begin_ns) - (a->begin_ns < b->begin_ns);
    return (a->counter > b->counter) - (a->counter < b->counter);
}

const struct profile_run *run_list_take(struct run_list *list, struct arena *arena, size_t *count)
{
    struct profile_run *runs = arena_allocate(arena, list->count, sizeof(*runs));

    *count = list->count;
    if (list->count == 0)
        return runs;
    memcpy(runs, list->runs, list->count * sizeof(*runs));
    qsort(runs, list->count, sizeof(*runs), compare_begin);
    memset(list->last_of_thread, 0, list->thread_capacity * sizeof(*list->last_of_thread));
    list->count = 0;
    return runs;
}

void run_list_free(struct run_list *list)
{
    free(list->runs);
    free(list->last_of_thread);
    *list = (struct run_list){0};
}

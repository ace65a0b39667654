#include "analysis/thread_times.h"

#include "base/memory.h"

enum {
    ENDED = 0, /* in the place of a tid */
};

static void add_time(struct thread_times *times, struct hash_map *index, struct thread_time time)
{
    uint64_t key = (uint64_t)time.tid << 8 | time.state;
    const uint32_t *known = hash_map_find(index, key);

    if (known != NULL) {
        times->times[*known].wall_ns += time.wall_ns;
        return;
    }
    hash_map_set(index, key, (uint32_t)times->count);
    times->times = memory_grow(times->times, &times->capacity, times->count + 1, sizeof(*times->times));
    times->times[times->count++] = time;
}

/* An entry is never written behind the one that is read. */
static void join_ended(struct thread_times *times, struct hash_map *index, const struct process *process)
{
    size_t count = times->count;
    struct hash_map alive = {0};

    for (size_t i = 0; i < process->thread_detail_count; i++)
        hash_map_set(&alive, (uint64_t)process->threads[i].tid, 0);
    hash_map_clear(index);
    times->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct thread_time time = times->times[i];
        if (hash_map_find(&alive, (uint64_t)time.tid) == NULL)
            time.tid = ENDED;
        add_time(times, index, time);
    }
    hash_map_free(&alive);
}

void thread_times_add(struct thread_times *times, struct hash_map *index, const struct process *process)
{
    const struct profile *profile = process->profile;

    for (size_t i = 0; i < profile->counter_count; i++) {
        const struct profile_counter *counter = &profile->counters[i];
        if ((unsigned int)counter->state < THREAD_STATES)
            add_time(times, index, (struct thread_time){counter->tid, counter->state, counter->wall_ns});
    }
    if (process->thread_detail_count > 0 &&
        times->count > 2 * (process->thread_detail_count + 1) * THREAD_STATES)
        join_ended(times, index, process);
}

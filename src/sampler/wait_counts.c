#include "sampler/wait_counts.h"

#include "base/memory.h"

#include <stdlib.h>

/* What is waited for, as one number: kinds of objects differ in the highest bits, which no address has. */
static uint64_t object_key(const struct wait_reason *reason)
{
    enum {
        KIND_SHIFT = 60
    };
    uint64_t key;

    if (reason->fd >= 0)
        return UINT64_C(1) << KIND_SHIFT | (uint64_t)reason->fd;
    if (reason->lock_address != 0)
        return UINT64_C(2) << KIND_SHIFT | reason->lock_address;
    if (reason->child != 0)
        return UINT64_C(3) << KIND_SHIFT | (uint64_t)reason->child;
    key = reason->watched_count;
    for (size_t i = 0; i < reason->watched_count && i < WATCHED_MAX_NAMED; i++)
        key = hash_u64(key) + (uint64_t)reason->watched_fds[i];
    return key;
}

static uint32_t find_object(struct wait_counts *waits, const struct wait_reason *reason)
{
    uint64_t key = object_key(reason);
    const uint32_t *object = hash_map_find(&waits->objects, key);

    if (object != NULL)
        return *object;
    uint32_t number = (uint32_t)waits->objects.used;
    hash_map_set(&waits->objects, key, number);
    return number;
}

void wait_counts_add(struct wait_counts *waits, uint32_t counter, uint32_t node, pid_t tid,
                     const struct wait_reason *reason, uint32_t samples, uint64_t wall_ns)
{
    uint64_t key = (uint64_t)counter << 32 | find_object(waits, reason);
    const uint32_t *place = hash_map_find(&waits->places, key);
    size_t index;

    if (place != NULL) {
        index = *place;
    } else {
        index = waits->count++;
        waits->records = memory_grow(waits->records, &waits->capacity, waits->count, sizeof(*waits->records));
        waits->records[index] = (struct wait_record){.node = node, .tid = tid, .reason = *reason};
        hash_map_set(&waits->places, key, (uint32_t)index);
    }
    waits->records[index].samples += samples;
    waits->records[index].wall_ns += wall_ns;
}

void wait_counts_clear(struct wait_counts *waits)
{
    waits->count = 0;
    hash_map_clear(&waits->objects);
    hash_map_clear(&waits->places);
}

void wait_counts_free(struct wait_counts *waits)
{
    free(waits->records);
    hash_map_free(&waits->objects);
    hash_map_free(&waits->places);
    *waits = (struct wait_counts){0};
}

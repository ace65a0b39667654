#include "ui/file_waits.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_WAITS = 1024, /* of one process */
};

static uint64_t hash_description(const char *description)
{
    return description != NULL ? hash_bytes(description, strlen(description), 0) : 0;
}

/* Forget what was waited for under the descriptor when it was something else. */
static void forget_others(struct file_waits *waits, int fd, uint64_t description)
{
    for (size_t i = 0; i < waits->count; i++) {
        struct file_wait *wait = &waits->waits[i];
        if (wait->fd != fd || wait->description == description)
            continue;
        wait->wall_ns = 0;
        wait->description = description;
    }
}

static void add(struct file_waits *waits, const struct profile_wait *wait)
{
    uint64_t key = (uint64_t)(uint32_t)wait->fd << 32 | wait->node;
    uint64_t description = hash_description(wait->description);
    const uint32_t *place = hash_map_find(&waits->places, key);

    if (place == NULL || waits->waits[*place].description != description)
        forget_others(waits, wait->fd, description);
    if (place == NULL) {
        if (waits->count == MAX_WAITS)
            return;
        hash_map_set(&waits->places, key, (uint32_t)waits->count);
        waits->waits = memory_grow(waits->waits, &waits->capacity, waits->count + 1, sizeof(*waits->waits));
        waits->waits[waits->count++] = (struct file_wait){wait->fd, wait->node, description, wait->wall_ns};
        return;
    }
    waits->waits[*place].wall_ns += wait->wall_ns;
}

void file_waits_add(struct file_waits *waits, const struct profile *profile)
{
    for (size_t i = 0; profile != NULL && i < profile->wait_count; i++) {
        if (profile->waits[i].fd >= 0)
            add(waits, &profile->waits[i]);
    }
}

void file_waits_clear(struct file_waits *waits)
{
    waits->count = 0;
    hash_map_clear(&waits->places);
}

void file_waits_free(struct file_waits *waits)
{
    free(waits->waits);
    hash_map_free(&waits->places);
    *waits = (struct file_waits){0};
}

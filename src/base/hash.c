#include "base/hash.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

uint64_t hash_random_key(void)
{
    uint64_t key;

    if (getrandom(&key, sizeof(key), GRND_NONBLOCK) != (ssize_t)sizeof(key))
        key = clock_monotonic_ns() ^ (uint64_t)(uintptr_t)&key;
    return key;
}

uint64_t hash_bytes(const void *bytes, size_t length, uint64_t key)
{
    const unsigned char *cursor = bytes;
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) ^ length ^ key;

    while (length >= 8) {
        uint64_t word;
        memcpy(&word, cursor, 8);
        hash = hash_u64(hash ^ word);
        cursor += 8;
        length -= 8;
    }
    uint64_t rest = 0;
    if (length > 0)
        memcpy(&rest, cursor, length);
    return hash_u64(hash ^ rest);
}

static struct hash_slot *find_slot(const struct hash_map *map, uint64_t key)
{
    size_t index = (size_t)hash_u64(key ^ map->secret) & (map->capacity - 1);

    while (map->slots[index].taken && map->slots[index].key != key)
        index = (index + 1) & (map->capacity - 1);
    return &map->slots[index];
}

uint32_t *hash_map_find(const struct hash_map *map, uint64_t key)
{
    if (map->used == 0)
        return NULL;
    struct hash_slot *slot = find_slot(map, key);
    return slot->taken ? &slot->value : NULL;
}

static void grow(struct hash_map *map)
{
    struct hash_map bigger = {
        .capacity = map->capacity > 0 ? map->capacity * 2 : 64,
        .used = map->used,
        .secret = map->capacity > 0 ? map->secret : hash_random_key(),
    };

    bigger.slots = memory_allocate(bigger.capacity, sizeof(*bigger.slots));
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].taken)
            *find_slot(&bigger, map->slots[i].key) = map->slots[i];
    }
    free(map->slots);
    *map = bigger;
}

void hash_map_set(struct hash_map *map, uint64_t key, uint32_t value)
{
    if ((map->used + 1) * 3 > map->capacity * 2)
        grow(map);
    struct hash_slot *slot = find_slot(map, key);
    if (!slot->taken)
        map->used++;
    *slot = (struct hash_slot){.key = key, .value = value, .taken = true};
}

void hash_map_clear(struct hash_map *map)
{
    if (map->used > 0)
        memset(map->slots, 0, map->capacity * sizeof(*map->slots));
    map->used = 0;
}

void hash_map_free(struct hash_map *map)
{
    free(map->slots);
    *map = (struct hash_map){0};
}

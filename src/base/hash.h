/* Hashing, and a table from 64-bit keys to 32-bit values. */
#ifndef PYNECK_BASE_HASH_H
#define PYNECK_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Mix the bits of a key (a finalizer of the murmur family): near keys get far hashes. */
static inline uint64_t hash_u64(uint64_t key)
{
    key ^= key >> 33;
    key *= UINT64_C(0xff51afd7ed558ccd);
    key ^= key >> 33;
    key *= UINT64_C(0xc4ceb9fe1a85ec53);
    key ^= key >> 33;
    return key;
}

/* The hash of `length` bytes. With a key that nobody knows, nobody can choose bytes that collide; 0 for hashes
 * that have to stay the same. */
uint64_t hash_bytes(const void *bytes, size_t length, uint64_t key);

/* A key for hashes of what a watched program may choose. */
uint64_t hash_random_key(void);

/* A map from uint64_t to uint32_t, by open addressing. Zero-initialized is empty. Every key is allowed. */
struct hash_map {
    struct hash_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t used;
    uint64_t secret; /* of the hash: keys may be what a watched program chose */
};

struct hash_slot {
    uint64_t key;
    uint32_t value;
    bool taken;
};

/* The value of `key`, or NULL. The pointer is valid until the next change of the map. */
uint32_t *hash_map_find(const struct hash_map *map, uint64_t key);

/* Set the value of `key`. */
void hash_map_set(struct hash_map *map, uint64_t key, uint32_t value);

/* Forget all keys, keep the room. */
void hash_map_clear(struct hash_map *map);

/* Free the room; the map is empty again. */
void hash_map_free(struct hash_map *map);

#endif

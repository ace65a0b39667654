/* An append-only array that one thread extends while others read it without a lock.
 *
 * Elements lie in segments that never move and never change once their index has been handed to a reader (by
 * any hand-over that orders memory, such as an atomic store with release). So a reader may look at every
 * index it was given, at any time, at no cost to the writer. */
#ifndef PYNECK_MODEL_SEGMENTS_H
#define PYNECK_MODEL_SEGMENTS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SEGMENT_ELEMENTS = 4096,
    SEGMENTS_MAX = 512,
    SEGMENTS_CAPACITY = SEGMENT_ELEMENTS * SEGMENTS_MAX, /* 2,097,152 */
};

struct segments {
    _Atomic(unsigned char *) start[SEGMENTS_MAX];
    size_t element_size;
    uint32_t count; /* the writer's */
};

/* Make an empty array of elements of `element_size` bytes. */
void segments_init(struct segments *segments, size_t element_size);

/* Free the elements. No reader may be left. */
void segments_free(struct segments *segments);

/* Append one zeroed element (writer only).
 *
 * returns  the element, to be filled before its index is handed to a reader; NULL when the array is full */
void *segments_append(struct segments *segments, uint32_t *index);

/* The element at an index that was handed over, or NULL for an index that no segment holds. */
static inline void *segments_at(const struct segments *segments, uint32_t index)
{
    if (index >= SEGMENTS_CAPACITY)
        return NULL;
    unsigned char *start =
        atomic_load_explicit(&segments->start[index / SEGMENT_ELEMENTS], memory_order_acquire);
    return start == NULL ? NULL : start + (index % SEGMENT_ELEMENTS) * segments->element_size;
}

#endif

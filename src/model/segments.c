#include "model/segments.h"

#include "base/memory.h"

#include <stdlib.h>

void segments_init(struct segments *segments, size_t element_size)
{
    for (size_t i = 0; i < SEGMENTS_MAX; i++)
        atomic_init(&segments->start[i], NULL);
    segments->element_size = element_size;
    segments->count = 0;
}

void segments_free(struct segments *segments)
{
    for (size_t i = 0; i < SEGMENTS_MAX; i++) {
        free(atomic_load(&segments->start[i]));
        atomic_store(&segments->start[i], NULL);
    }
    segments->count = 0;
}

void *segments_append(struct segments *segments, uint32_t *index)
{
    if (segments->count >= SEGMENTS_CAPACITY)
        return NULL;
    if (segments->count % SEGMENT_ELEMENTS == 0) {
        unsigned char *start = memory_allocate(SEGMENT_ELEMENTS, segments->element_size);
        atomic_store_explicit(&segments->start[segments->count / SEGMENT_ELEMENTS], start,
                              memory_order_release);
    }
    *index = segments->count++;
    return segments_at(segments, *index);
}

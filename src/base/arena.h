/* Memory that is freed all at once: everything in a tick comes from one arena. */
#ifndef PYNECK_BASE_ARENA_H
#define PYNECK_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* An empty arena. */
struct arena *arena_new(void);

/* Free the arena and all that came from it; NULL is allowed. */
void arena_free(struct arena *arena);

/* Memory that it takes. */
size_t arena_bytes(const struct arena *arena);

/* `count` zeroed elements of `size` bytes, aligned for any type, valid until arena_free(). */
void *arena_allocate(struct arena *arena, size_t count, size_t size);

/* A copy of `count` elements of `size` bytes; `elements` may be NULL when there are none. */
void *arena_copy(struct arena *arena, const void *elements, size_t count, size_t size);

/* A copy of `length` bytes of `text` with a final NUL. */
char *arena_copy_text(struct arena *arena, const char *text, size_t length);

/* A formatted text. */
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

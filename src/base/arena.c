#include "base/arena.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BLOCK_BYTES = 4 * 1024, /* many arenas are small and long-lived, */
    BLOCK_BYTES = 32 * 1024,      /* and large ones soon have blocks of this size */
};

struct block {
    struct block *previous;
    size_t used;
    size_t size;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *newest;
    size_t bytes;
};

struct arena *arena_new(void)
{
    return memory_allocate(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->newest != NULL) {
        struct block *block = arena->newest;
        arena->newest = block->previous;
        free(block);
    }
    free(arena);
}

static void add_block(struct arena *arena, size_t needed)
{
    size_t size = arena->newest == NULL ? FIRST_BLOCK_BYTES : 2 * arena->newest->size;

    size = size < BLOCK_BYTES ? size : BLOCK_BYTES;
    size = size > needed ? size : needed;
    struct block *block = memory_allocate(1, sizeof(*block) + size);

    block->size = size;
    block->previous = arena->newest;
    arena->newest = block;
    arena->bytes += sizeof(*block) + size;
}

size_t arena_bytes(const struct arena *arena)
{
    return arena->bytes;
}

void *arena_allocate(struct arena *arena, size_t count, size_t size)
{
    const size_t alignment = _Alignof(max_align_t);

    if (size != 0 && count > (SIZE_MAX / 2) / size)
        return memory_allocate(count, size); /* ends the program: no such amount exists */
    size_t needed = (count * size + alignment - 1) / alignment * alignment;
    if (arena->newest == NULL || arena->newest->size - arena->newest->used < needed)
        add_block(arena, needed);
    struct block *block = arena->newest;
    void *memory = block->bytes + block->used;
    block->used += needed;
    return memory;
}

void *arena_copy(struct arena *arena, const void *elements, size_t count, size_t size)
{
    void *copy = arena_allocate(arena, count, size);

    if (count > 0)
        memcpy(copy, elements, count * size);
    return copy;
}

char *arena_copy_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_allocate(arena, length + 1, 1);

    memcpy(copy, text, length);
    return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    char *formatted = NULL;
    va_list arguments;

    va_start(arguments, format);
    int length = vasprintf(&formatted, format, arguments);
    va_end(arguments);
    if (length < 0)
        return arena_copy_text(arena, "", 0);
    char *text = arena_copy_text(arena, formatted, (size_t)length);
    free(formatted);
    return text;
}

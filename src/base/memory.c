#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static void (*cleanup_before_exit)(void);

static _Noreturn void fail(void)
{
    static const char message[] = "pyneck: out of memory\n";

    if (cleanup_before_exit != NULL)
        cleanup_before_exit();
    ssize_t written = write(STDERR_FILENO, message, sizeof(message) - 1);
    (void)written;
    _exit(1);
}

void *memory_allocate(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

    if (memory == NULL)
        fail();
    return memory;
}

char *memory_copy_text(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(memory_allocate(1, size), text, size);
}

void *memory_grow(void *elements, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return elements;
    size_t wanted = *capacity > 0 ? *capacity : 8;
    while (wanted < needed) {
        if (wanted > (size_t)-1 / 2)
            fail();
        wanted *= 2;
    }
    void *grown = reallocarray(elements, wanted, size);
    if (grown == NULL)
        fail();
    memset((char *)grown + *capacity * size, 0, (wanted - *capacity) * size);
    *capacity = wanted;
    return grown;
}

void memory_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void memory_set_cleanup(void (*cleanup)(void))
{
    cleanup_before_exit = cleanup;
}

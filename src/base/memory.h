/* Allocation that cannot fail.
 *
 * Out of memory ends the program with one line on standard error, after the cleanup function has put the
 * terminal back, so no caller checks for NULL. */
#ifndef PYNECK_BASE_MEMORY_H
#define PYNECK_BASE_MEMORY_H

#include <stddef.h>

/* `count` zeroed elements of `size` bytes; free() them. An overflow of count * size counts as out of memory.
 */
void *memory_allocate(size_t count, size_t size);

/* A copy of `text`; free() it. */
char *memory_copy_text(const char *text);

/* Make room in a growing array.
 *
 * elements  the array, NULL at first
 * capacity  how many elements it has room for; updated
 * needed    how many it must have room for
 * returns   the array, perhaps moved; new elements are zeroed */
void *memory_grow(void *elements, size_t *capacity, size_t needed, size_t size);

/* Give pages that were freed back to the system, after a time in which much more was in use than before and after. */
void memory_trim(void);

/* What has to be done before the program ends for want of memory (put the terminal back); NULL for nothing.
 */
void memory_set_cleanup(void (*cleanup)(void));

#endif

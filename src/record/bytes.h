/* Numbers in a row of bytes: seven bits a byte, the lowest first, the top bit says that more follow. Signed numbers
 * are folded first (0, -1, 1, -2, ...), so that small ones are short. */
#ifndef PYNECK_RECORD_BYTES_H
#define PYNECK_RECORD_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing row; zero-initialized is empty. */
struct bytes {
    unsigned char *start;
    size_t length;
    size_t capacity;
};

/* A signed number as an unsigned one. */
static inline uint64_t bytes_fold(int64_t number)
{
    return (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
}

void bytes_put_unsigned(struct bytes *bytes, uint64_t number);
void bytes_put_signed(struct bytes *bytes, int64_t number);
void bytes_put_block(struct bytes *bytes, const void *start, size_t length);
void bytes_free(struct bytes *bytes);

/* What is still to be read. After a number that is cut off or too long it has failed: everything read from then on
 * is 0. */
struct byte_cursor {
    const unsigned char *next;
    const unsigned char *end;
    bool failed;
};

uint64_t bytes_take_unsigned(struct byte_cursor *cursor);
int64_t bytes_take_signed(struct byte_cursor *cursor);

/* An unsigned number of 32 bits; a greater one gives 0, which stands for no id, no samples, no line. */
uint32_t bytes_take_word(struct byte_cursor *cursor);

/* The number of elements that follow, each of which takes at least `element_bytes`: where they cannot all be there,
 * the cursor has failed and there are none. */
size_t bytes_take_count(struct byte_cursor *cursor, size_t element_bytes);

#endif

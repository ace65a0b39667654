#include "record/bytes.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_NUMBER_BYTES = 10,
};

static unsigned char *make_room(struct bytes *bytes, size_t length)
{
    bytes->start = memory_grow(bytes->start, &bytes->capacity, bytes->length + length, 1);
    return bytes->start + bytes->length;
}

void bytes_put_unsigned(struct bytes *bytes, uint64_t number)
{
    unsigned char *next = make_room(bytes, MAX_NUMBER_BYTES);

    while (number >= 0x80) {
        *next++ = (unsigned char)(number | 0x80);
        number >>= 7;
    }
    *next++ = (unsigned char)number;
    bytes->length = (size_t)(next - bytes->start);
}

void bytes_put_signed(struct bytes *bytes, int64_t number)
{
    bytes_put_unsigned(bytes, bytes_fold(number));
}

void bytes_put_block(struct bytes *bytes, const void *start, size_t length)
{
    if (length > 0)
        memcpy(make_room(bytes, length), start, length);
    bytes->length += length;
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->start);
    *bytes = (struct bytes){0};
}

uint64_t bytes_take_unsigned(struct byte_cursor *cursor)
{
    uint64_t number = 0;

    for (unsigned int shift = 0; shift < 64 && cursor->next < cursor->end; shift += 7) {
        uint64_t part = *cursor->next++;
        number |= (part & 0x7f) << shift;
        if (part < 0x80)
            return number;
    }
    cursor->failed = true;
    cursor->next = cursor->end;
    return 0;
}

int64_t bytes_take_signed(struct byte_cursor *cursor)
{
    uint64_t folded = bytes_take_unsigned(cursor);

    return (int64_t)(folded >> 1 ^ ((folded & 1) != 0 ? UINT64_MAX : 0));
}

uint32_t bytes_take_word(struct byte_cursor *cursor)
{
    uint64_t number = bytes_take_unsigned(cursor);

    return number <= UINT32_MAX ? (uint32_t)number : 0;
}

size_t bytes_take_count(struct byte_cursor *cursor, size_t element_bytes)
{
    uint64_t count = bytes_take_unsigned(cursor);

    if (count <= (size_t)(cursor->end - cursor->next) / element_bytes)
        return (size_t)count;
    cursor->failed = true;
    cursor->next = cursor->end;
    return 0;
}

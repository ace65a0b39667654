#include "python/unicode.h"

#include "base/text.h"
#include "python/memory.h"

#include <string.h>

enum {
    KIND_MASK = 7,
    REPLACEMENT_CHARACTER = 0xfffd,
};

size_t unicode_header_size(const struct python_layout *layout)
{
    if (layout->text_storage == TEXT_IS_BYTES)
        return layout->bytes.length + 2 * sizeof(uint64_t);

    size_t state_end = layout->unicode.state + sizeof(uint32_t);
    size_t hash_end = layout->unicode.length + 2 * sizeof(uint64_t);

    return state_end > hash_end ? state_end : hash_end;
}

size_t unicode_ascii_offset(const struct python_layout *layout)
{
    return layout->text_storage == TEXT_IS_BYTES ? layout->bytes.data : layout->unicode.ascii_data;
}

static uint32_t limit_length(uint64_t length)
{
    return length < UNICODE_MAX_CHARACTERS ? (uint32_t)length : UNICODE_MAX_CHARACTERS;
}

static bool find_bytes(struct unicode_characters *characters, const struct python_layout *layout,
                       uint64_t address, const unsigned char *header)
{
    uint64_t length = memory_get_u64(header, layout->bytes.length);

    *characters = (struct unicode_characters){
        .address = address + layout->bytes.data,
        .length = limit_length(length),
        .width = 1,
        .is_encoded = true,
    };
    return length <= INT64_MAX;
}

bool unicode_find_characters(struct unicode_characters *characters, const struct python_layout *layout,
                             uint64_t address, const unsigned char *header)
{
    if (layout->text_storage == TEXT_IS_BYTES)
        return find_bytes(characters, layout, address, header);

    uint32_t state = memory_get_u32(header, layout->unicode.state);
    uint64_t length = memory_get_u64(header, layout->unicode.length);
    unsigned kind = state >> layout->unicode.kind_shift & KIND_MASK;
    bool compact = state >> layout->unicode.compact_shift & 1;
    bool ascii = state >> layout->unicode.ascii_shift & 1;

    if (!compact || (kind != 1 && kind != 2 && kind != 4) || (ascii && kind != 1) || length > INT64_MAX)
        return false;
    characters->address = address + (ascii ? layout->unicode.ascii_data : layout->unicode.compact_data);
    characters->length = limit_length(length);
    characters->width = (uint8_t)kind;
    characters->is_encoded = false;
    return true;
}

static uint32_t character_at(const unsigned char *bytes, size_t index, unsigned width)
{
    uint16_t narrow;

    if (width == 1)
        return bytes[index];
    if (width == 4)
        return memory_get_u32(bytes, index * 4);
    memcpy(&narrow, bytes + index * 2, sizeof(narrow));
    return narrow;
}

static size_t encode(char *output, uint32_t character)
{
    if (character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
        character = REPLACEMENT_CHARACTER;
    if (character < 0x80) {
        output[0] = (char)character;
        return 1;
    }
    size_t size = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        output[i] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    output[0] = (char)(0xf00 >> size | character);
    return size;
}

void unicode_clean(char text[static UNICODE_TEXT_SIZE], const struct unicode_characters *characters,
                   const unsigned char *bytes)
{
    char encoded[UNICODE_MAX_BYTES];
    size_t length = 0;

    if (characters->is_encoded) {
        text_clean(text, UNICODE_TEXT_SIZE, (const char *)bytes, characters->length);
        return;
    }
    for (size_t i = 0; i < characters->length; i++)
        length += encode(encoded + length, character_at(bytes, i, characters->width));
    text_clean(text, UNICODE_TEXT_SIZE, encoded, length);
}

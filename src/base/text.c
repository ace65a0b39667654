#include "base/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Decode one character; returns its length in bytes, or 0 when the bytes are not valid UTF-8. */
static size_t decode(const unsigned char *bytes, size_t length, uint32_t *character)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = bytes[0];
    size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;

    if (size == 0 || size > length)
        return 0;
    *character = size == 1 ? lead : lead & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if (bytes[i] >> 6 != 2)
            return 0;
        *character = *character << 6 | (bytes[i] & 0x3fU);
    }
    bool surrogate = *character >= 0xd800 && *character <= 0xdfff;
    if (*character < smallest[size] || *character > 0x10ffff || surrogate)
        return 0;
    return size;
}

/* Characters that move the cursor, end a line or reorder what stands beside them. */
static bool is_harmful(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x61c ||
           character == 0x200e || character == 0x200f || (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069) || character == 0xfeff;
}

size_t text_clean(char *output, size_t capacity, const char *bytes, size_t length)
{
    size_t written = 0;

    for (size_t position = 0; position < length;) {
        const char *piece = bytes + position;
        uint32_t character = 0;
        size_t consumed = decode((const unsigned char *)piece, length - position, &character);
        size_t piece_length = consumed;
        if (consumed == 0 || is_harmful(character)) {
            piece = replacement;
            piece_length = sizeof(replacement) - 1;
            if (consumed == 0)
                consumed = 1;
        }
        if (written + piece_length + 1 > capacity)
            break;
        memcpy(output + written, piece, piece_length);
        written += piece_length;
        position += consumed;
    }
    output[written] = '\0';
    return written;
}

unsigned int text_next_character(const char **cursor)
{
    uint32_t character = 0;
    size_t length = strnlen(*cursor, 4);

    if (length == 0)
        return 0;
    size_t size = decode((const unsigned char *)*cursor, length, &character);
    if (size == 0) {
        (*cursor)++;
        return 0xfffd;
    }
    *cursor += size;
    return character;
}

static size_t character_width(unsigned int character)
{
    int width = wcwidth((wchar_t)character);

    return width < 0 ? 1 : (size_t)width;
}

size_t text_width(const char *text)
{
    size_t width = 0;
    unsigned int character;

    while ((character = text_next_character(&text)) != 0)
        width += character_width(character);
    return width;
}

size_t text_fit(const char *text, size_t columns)
{
    const char *cursor = text;
    const char *end = text;
    unsigned int character;

    while ((character = text_next_character(&cursor)) != 0) {
        size_t width = character_width(character);
        if (width > columns)
            break;
        columns -= width;
        end = cursor;
    }
    return (size_t)(end - text);
}

const char *text_fit_end(const char *text, size_t columns)
{
    size_t width = text_width(text);

    while (width > columns)
        width -= character_width(text_next_character(&text));
    return text;
}

const char *text_end(const char *text, size_t bytes)
{
    size_t length = strlen(text);
    const char *end = length > bytes ? text + length - bytes : text;

    while (((unsigned char)*end & 0xc0) == 0x80) /* within a character */
        end++;
    return end;
}

void text_format_bytes(char text[static TEXT_AMOUNT_SIZE], double bytes)
{
    static const char units[] = "BKMGTPE";
    size_t unit = 0;

    if (isnan(bytes) || bytes < 0) {
        snprintf(text, TEXT_AMOUNT_SIZE, "-");
        return;
    }
    while (bytes >= 999.5 && units[unit + 1] != '\0' && (bytes >= 1023.5 || unit == 0)) {
        bytes /= 1024;
        unit++;
    }
    if (unit == 0 || bytes >= 99.95)
        snprintf(text, TEXT_AMOUNT_SIZE, "%.0f%c", bytes, units[unit]);
    else
        snprintf(text, TEXT_AMOUNT_SIZE, "%.1f%c", bytes, units[unit]);
}

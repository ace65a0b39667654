/* Python's str objects as they lie in memory (Include/cpython/unicodeobject.h; 2.7: Include/stringobject.h).
 */
#ifndef PYNECK_PYTHON_UNICODE_H
#define PYNECK_PYTHON_UNICODE_H

#include "python/layout.h"

enum {
    UNICODE_HEADER_MAX =
        LAYOUT_MAX_OBJECT_BYTES,   /* a buffer for any version's object without its characters */
    UNICODE_MAX_CHARACTERS = 4096, /* what lies behind is cut off */
    UNICODE_MAX_BYTES = UNICODE_MAX_CHARACTERS * 4,
    UNICODE_TEXT_SIZE = UNICODE_MAX_CHARACTERS * 4 + 1, /* a buffer for any clean text that comes out */
};

/* Where the characters of a str lie. */
struct unicode_characters {
    uint64_t address;
    uint32_t length; /* at most UNICODE_MAX_CHARACTERS */
    uint8_t width;   /* bytes a character: 1, 2 or 4 */
    bool is_encoded; /* 2.7: bytes of an encoding, which is taken for UTF-8 */
};

/* How much of a str object lies before its characters: unicode_find_characters() wants that, and the hash is in it, behind
 * the length. */
size_t unicode_header_size(const struct python_layout *layout);

/* How far from the start of a str object the characters of an ASCII text lie. */
size_t unicode_ascii_offset(const struct python_layout *layout);

/* Where a str keeps its characters; false when it is no compact str (all that the compiler makes are). */
bool unicode_find_characters(struct unicode_characters *characters, const struct python_layout *layout,
                             uint64_t address, const unsigned char *header);

/* Turn characters into clean UTF-8. */
void unicode_clean(char text[static UNICODE_TEXT_SIZE], const struct unicode_characters *characters,
                   const unsigned char *bytes);

#endif

/* Text from outside is made safe here, once, where it enters; and text is measured and cut for columns. */
#ifndef PYNECK_BASE_TEXT_H
#define PYNECK_BASE_TEXT_H

#include <stddef.h>

/* Clean bytes of unknown origin: what comes out is valid UTF-8 without control characters (C0, DEL, C1),
 * without bidirectional overrides and line separators. Each offending character or byte becomes U+FFFD.
 *
 * output    receives the clean text and a final NUL; never cut in the middle of a character
 * capacity  size of output in bytes, at least 1
 * returns   length of the clean text in bytes */
size_t text_clean(char *output, size_t capacity, const char *bytes, size_t length);

/* The next character of clean text: its code point; `cursor` moves behind it. 0 at the end. */
unsigned int text_next_character(const char **cursor);

/* Columns that clean text takes on a terminal, by wcwidth(3) of the current locale. */
size_t text_width(const char *text);

/* How many bytes from the start of clean text fit into `columns`. */
size_t text_fit(const char *text, size_t columns);

/* Where to start so that the end of clean text fits into `columns` (a pointer into `text`). */
const char *text_fit_end(const char *text, size_t columns);

/* The end of clean text: as much as `bytes` hold, from the beginning of a character (a pointer into `text`). */
const char *text_end(const char *text, size_t bytes);

enum {
    TEXT_AMOUNT_SIZE = 16,
};

/* A number of bytes in at most five columns, in powers of 1024: "0B" "999B" "1.0K" "12.3M" "1023G".
 * A negative (unknown) amount gives "-". */
void text_format_bytes(char text[static TEXT_AMOUNT_SIZE], double bytes);

#endif

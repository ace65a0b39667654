/* One line of text: composed piece by piece, in columns of a terminal. For export/text*.c. */
#ifndef PYNECK_EXPORT_TEXT_LINE_H
#define PYNECK_EXPORT_TEXT_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct text_line {
    FILE *stream;
    size_t columns; /* the line is cut to so many; 0: not at all */
    size_t length;
    char text[8192]; /* what does not fit is left out */
};

/* Add formatted text. */
void line_add(struct text_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add a text in a column of its own, cut or filled up to `width`; "-" for NULL. */
void line_add_text(struct text_line *line, const char *text, size_t width);

/* Add right-aligned figures; "-" for what is unknown. */
void line_add_count(struct text_line *line, int64_t count, int width);
void line_add_real(struct text_line *line, double value, int decimals, int width);
void line_add_bytes(struct text_line *line, double bytes, int width);
void line_add_seconds(struct text_line *line, uint64_t ns, int width);

/* Write the line, and begin the next one. */
void line_end(struct text_line *line);

#endif

/* JSON that is written piece by piece, for exports that are too large for a tree of it in memory. */
#ifndef PYNECK_EXPORT_JSON_STREAM_H
#define PYNECK_EXPORT_JSON_STREAM_H

#include "export/number_log.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Numbers of a table in memory. Zero-initialized is empty; free() the numbers. */
struct json_numbers {
    int64_t *numbers; /* or NO_NUMBER */
    size_t count;
    size_t capacity;
};

void json_numbers_add(struct json_numbers *column, int64_t number);

/* Write a string with its quotes, from clean text. */
void json_stream_text(FILE *stream, const char *text);

/* The same for a script in a page of HTML, in which no tag can begin. */
void json_stream_page_text(FILE *stream, const char *text);

/* Write a number; NO_NUMBER as null. */
void json_stream_number(FILE *stream, int64_t number);

/* The same, of so many thousandths or millionths: 1500 thousandths as 1.500, exactly, where a double would round what adds
 * up to days. */
void json_stream_thousandths(FILE *stream, int64_t number);
void json_stream_millionths(FILE *stream, int64_t number);

/* Write a member, with a comma behind it: `"name":[1,null,3],`. */
void json_stream_numbers(FILE *stream, const char *name, const struct json_numbers *column);

/* The same, of one value so many times. */
void json_stream_repeat(FILE *stream, const char *name, const char *value, size_t count);

/* The same, of a column that may lie in a temporary file.
 *
 * write    one of those above
 * returns  an error when the file cannot be read */
struct error *json_stream_log(FILE *stream, const char *name, const struct number_log *log,
                              const struct number_store *store, void (*write)(FILE *stream, int64_t number));

#endif

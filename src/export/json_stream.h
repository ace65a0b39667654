/* JSON that is written piece by piece, for exports that are too large for a tree of it in memory. */
#ifndef PYNECK_EXPORT_JSON_STREAM_H
#define PYNECK_EXPORT_JSON_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Numbers of a column. Zero-initialized is empty; free() the numbers. */
struct json_numbers {
    int64_t *numbers; /* NO_NUMBER stands for null */
    size_t count;
    size_t capacity;
};

#define NO_NUMBER INT64_MIN

void json_numbers_add(struct json_numbers *column, int64_t number);

/* Write a string with its quotes, from clean text. */
void json_stream_text(FILE *stream, const char *text);

/* Write a member, with a comma behind it: `"name":[1,null,3],`. */
void json_stream_numbers(FILE *stream, const char *name, const struct json_numbers *column);

/* The same, of numbers that are millionths of what is written: 1500000 as 1.500000. */
void json_stream_millionths(FILE *stream, const char *name, const struct json_numbers *column);

/* The same, of one value so many times. */
void json_stream_repeat(FILE *stream, const char *name, const char *value, size_t count);

#endif

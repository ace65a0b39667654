#include "export/json_stream.h"

#include "base/memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

static const int64_t millionths = 1000 * 1000;

void json_numbers_add(struct json_numbers *column, int64_t number)
{
    column->numbers =
        memory_grow(column->numbers, &column->capacity, column->count + 1, sizeof(*column->numbers));
    column->numbers[column->count++] = number;
}

void json_stream_text(FILE *stream, const char *text)
{
    json_t *string = json_string(text);

    json_dumpf(string, stream, JSON_ENCODE_ANY);
    json_decref(string);
}

static void write_number(FILE *stream, int64_t number)
{
    if (number == NO_NUMBER)
        fputs("null", stream);
    else
        fprintf(stream, "%" PRId64, number);
}

/* Exact, where a double would round what adds up to days. */
static void write_millionths(FILE *stream, int64_t number)
{
    int64_t size = number < 0 ? -number : number;

    fprintf(stream, "%s%" PRId64 ".%06" PRId64, number < 0 ? "-" : "", size / millionths, size % millionths);
}

static void write_column(FILE *stream, const char *name, const struct json_numbers *column,
                         void (*write)(FILE *stream, int64_t number))
{
    fprintf(stream, "\"%s\":[", name);
    for (size_t i = 0; i < column->count; i++) {
        if (i > 0)
            putc(',', stream);
        write(stream, column->numbers[i]);
    }
    fputs("],", stream);
}

void json_stream_numbers(FILE *stream, const char *name, const struct json_numbers *column)
{
    write_column(stream, name, column, write_number);
}

void json_stream_millionths(FILE *stream, const char *name, const struct json_numbers *column)
{
    write_column(stream, name, column, write_millionths);
}

void json_stream_repeat(FILE *stream, const char *name, const char *value, size_t count)
{
    fprintf(stream, "\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        fprintf(stream, "%s%s", i > 0 ? "," : "", value);
    fputs("],", stream);
}

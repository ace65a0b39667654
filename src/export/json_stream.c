#include "export/json_stream.h"

#include "base/memory.h"

#include <stdbool.h>
#include <string.h>

enum {
    MAX_DIGITS = 24,
};

void json_numbers_add(struct json_numbers *column, int64_t number)
{
    column->numbers =
        memory_grow(column->numbers, &column->capacity, column->count + 1, sizeof(*column->numbers));
    column->numbers[column->count++] = number;
}

/* ---- texts ---- */

static void write_text(FILE *stream, const char *text, const char *escaped)
{
    putc_unlocked('"', stream);
    while (*text != '\0') {
        size_t length = strcspn(text, escaped);
        fwrite_unlocked(text, 1, length, stream);
        text += length;
        if (*text != '\0')
            fprintf(stream, "\\u%04x", (unsigned)(unsigned char)*text++);
    }
    putc_unlocked('"', stream);
}

/* Control characters are not in clean text. */
void json_stream_text(FILE *stream, const char *text)
{
    write_text(stream, text, "\"\\");
}

void json_stream_page_text(FILE *stream, const char *text)
{
    write_text(stream, text, "\"\\<");
}

/* ---- numbers ---- */

/* Write at least so many digits. */
static void write_digits(FILE *stream, uint64_t number, size_t least)
{
    char digits[MAX_DIGITS];
    size_t begin = MAX_DIGITS;

    while (number > 0 || MAX_DIGITS - begin < least) {
        digits[--begin] = (char)('0' + number % 10);
        number /= 10;
    }
    fwrite_unlocked(digits + begin, 1, MAX_DIGITS - begin, stream);
}

static uint64_t write_sign(FILE *stream, int64_t number)
{
    if (number < 0)
        putc_unlocked('-', stream);
    return number < 0 ? -(uint64_t)number : (uint64_t)number;
}

void json_stream_number(FILE *stream, int64_t number)
{
    if (number == NO_NUMBER)
        fputs_unlocked("null", stream);
    else
        write_digits(stream, write_sign(stream, number), 1);
}

static void write_fraction(FILE *stream, int64_t number, size_t decimals, uint64_t unit)
{
    uint64_t size = write_sign(stream, number);

    write_digits(stream, size / unit, 1);
    putc_unlocked('.', stream);
    write_digits(stream, size % unit, decimals);
}

void json_stream_thousandths(FILE *stream, int64_t number)
{
    write_fraction(stream, number, 3, 1000);
}

void json_stream_millionths(FILE *stream, int64_t number)
{
    write_fraction(stream, number, 6, 1000 * 1000);
}

/* ---- columns ---- */

void json_stream_numbers(FILE *stream, const char *name, const struct json_numbers *column)
{
    fprintf(stream, "\"%s\":[", name);
    for (size_t i = 0; i < column->count; i++) {
        if (i > 0)
            putc_unlocked(',', stream);
        json_stream_number(stream, column->numbers[i]);
    }
    fputs("],", stream);
}

void json_stream_repeat(FILE *stream, const char *name, const char *value, size_t count)
{
    fprintf(stream, "\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        fprintf(stream, "%s%s", i > 0 ? "," : "", value);
    fputs("],", stream);
}

struct log_writing {
    FILE *stream;
    void (*write)(FILE *stream, int64_t number);
    bool is_first;
};

static void write_logged(void *context, int64_t number)
{
    struct log_writing *writing = context;

    if (!writing->is_first)
        putc_unlocked(',', writing->stream);
    writing->is_first = false;
    writing->write(writing->stream, number);
}

struct error *json_stream_log(FILE *stream, const char *name, const struct number_log *log,
                              const struct number_store *store, void (*write)(FILE *stream, int64_t number))
{
    struct log_writing writing = {.stream = stream, .write = write, .is_first = true};

    fprintf(stream, "\"%s\":[", name);
    struct error *error = number_log_walk(log, store, write_logged, &writing);
    fputs("],", stream);
    return error;
}

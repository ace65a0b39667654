#include "python/line_table.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>

/* The first byte of an entry: bit 7 set, four bits of code, three bits of length in code units, less one. */
enum {
    ENTRY_START = 0x80,
    ENTRY_CODE_SHIFT = 3,
    ENTRY_CODE_MASK = 15,
    ENTRY_LENGTH_MASK = 7,
};

/* _PyCodeLocationInfoKind of Include/cpython/code.h; the kinds before 10 stay on the line. */
enum {
    CODE_ONE_LINE0 = 10,
    CODE_ONE_LINE2 = 12,
    CODE_NO_COLUMNS = 13,
    CODE_LONG = 14,
    CODE_NONE = 15,
};

enum {
    VARINT_MORE = 0x40,
    VARINT_BITS = 6,
    VARINT_MAX_BYTES = 6,
};

/* 3.10: an entry of this second byte has no line. */
enum {
    RANGE_WITHOUT_LINE = -128,
    RANGE_UNIT_BYTES = 2,
};

/* A signed number at the start of an entry's rest: chunks of 6 bits, lowest first, the sign in bit 0. */
static int64_t read_signed(const unsigned char *bytes, const unsigned char *end)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < VARINT_MAX_BYTES && bytes + i < end && bytes[i] < ENTRY_START; i++) {
        value |= (uint64_t)(bytes[i] & (VARINT_MORE - 1)) << (i * VARINT_BITS);
        if ((bytes[i] & VARINT_MORE) == 0)
            break;
    }
    return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

static int64_t line_delta(unsigned code, const unsigned char *rest, const unsigned char *end)
{
    if (code == CODE_NO_COLUMNS || code == CODE_LONG)
        return read_signed(rest, end);
    return code >= CODE_ONE_LINE0 && code <= CODE_ONE_LINE2 ? (int)code - CODE_ONE_LINE0 : 0;
}

static size_t count_entries(const unsigned char *bytes, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++)
        count += bytes[i] >= ENTRY_START;
    return count;
}

/* Room for one span more than there are entries: the last one ends the table. */
static struct line_table *table_new(size_t entries)
{
    return memory_allocate(1, sizeof(struct line_table) + (entries + 1) * sizeof(struct line_span));
}

static void add_span(struct line_table *table, uint32_t start, uint32_t line)
{
    if (table->count == 0 || table->spans[table->count - 1].line != line)
        table->spans[table->count++] = (struct line_span){.start = start, .line = line};
}

static uint32_t line_or_none(bool has_line, int64_t line)
{
    return has_line && line > 0 && line <= INT32_MAX ? (uint32_t)line : 0;
}

/* 3.11 and later: entries of several bytes. */
static struct line_table *decode_locations(const unsigned char *bytes, size_t length, uint32_t first_line,
                                           uint32_t code_units)
{
    const unsigned char *end = bytes + length;
    struct line_table *table = table_new(count_entries(bytes, length));
    int64_t line = first_line;
    uint32_t unit = 0;

    for (const unsigned char *cursor = bytes; cursor < end && unit < code_units; cursor++) {
        if (*cursor < ENTRY_START)
            continue;
        unsigned code = *cursor >> ENTRY_CODE_SHIFT & ENTRY_CODE_MASK;
        line += line_delta(code, cursor + 1, end);
        add_span(table, unit, line_or_none(code != CODE_NONE, line));
        unit += (*cursor & ENTRY_LENGTH_MASK) + 1U;
    }
    add_span(table, unit, 0);
    return table;
}

/* 3.10: pairs of bytes, the length of a range and how far its line is from the line before. */
static struct line_table *decode_ranges(const unsigned char *bytes, size_t length, uint32_t first_line,
                                        uint32_t code_units)
{
    struct line_table *table = table_new(length / 2);
    int64_t line = first_line;
    uint32_t unit = 0;

    for (size_t i = 0; i + 1 < length && unit < code_units; i += 2) {
        int delta = (int8_t)bytes[i + 1];
        if (delta != RANGE_WITHOUT_LINE)
            line += delta;
        if (bytes[i] == 0) /* a part of a step that is too large for one byte */
            continue;
        add_span(table, unit, line_or_none(delta != RANGE_WITHOUT_LINE, line));
        unit += bytes[i] / RANGE_UNIT_BYTES;
    }
    add_span(table, unit, 0);
    return table;
}

/* To 3.9: pairs of bytes, how many bytes of instructions the line so far has, and the step to the next line.
 * The last line has all that is left. */
static struct line_table *decode_steps(const unsigned char *bytes, size_t length, uint32_t first_line,
                                       uint32_t code_units, bool is_signed)
{
    struct line_table *table = table_new(length / 2 + 1);
    int64_t line = first_line;
    uint32_t unit = 0;

    for (size_t i = 0; i + 1 < length && unit < code_units; i += 2) {
        if (bytes[i] != 0)
            add_span(table, unit, line_or_none(true, line));
        unit += bytes[i];
        line += is_signed ? (int8_t)bytes[i + 1] : bytes[i + 1];
    }
    if (unit < code_units)
        add_span(table, unit, line_or_none(true, line));
    add_span(table, code_units, 0);
    return table;
}

static struct line_table *decode_signed_steps(const unsigned char *bytes, size_t length, uint32_t first_line,
                                              uint32_t code_units)
{
    return decode_steps(bytes, length, first_line, code_units, true);
}

static struct line_table *decode_steps_up(const unsigned char *bytes, size_t length, uint32_t first_line,
                                          uint32_t code_units)
{
    return decode_steps(bytes, length, first_line, code_units, false);
}

struct line_table *line_table_decode(enum line_table_format format, const unsigned char *bytes, size_t length,
                                     uint32_t first_line, uint32_t code_units)
{
    static struct line_table *(*const decoders[])(const unsigned char *, size_t, uint32_t, uint32_t) = {
        [LINES_AS_LOCATIONS] = decode_locations,
        [LINES_AS_RANGES] = decode_ranges,
        [LINES_AS_STEPS] = decode_signed_steps,
        [LINES_AS_STEPS_UP] = decode_steps_up,
    };
    struct line_table *table = decoders[format](bytes, length, first_line, code_units);
    struct line_table *smaller = realloc(table, line_table_size(table));
    if (smaller == NULL)
        return table;
    return smaller;
}

uint32_t line_table_find(const struct line_table *table, uint32_t unit)
{
    size_t low = 0;
    size_t high = table->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->spans[middle].start <= unit)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? table->spans[low - 1].line : 0;
}

size_t line_table_size(const struct line_table *table)
{
    return sizeof(*table) + table->count * sizeof(table->spans[0]);
}

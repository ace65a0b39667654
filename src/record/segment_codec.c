#include "record/segment_codec.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    WIDTH_BITS = 30, /* of the key of a table; the rest is the part */
    MANY_ROWS = 10,  /* fewer are no columns: to say how each is told would take more than it saves */
};

/* How the numbers of a column are told, from the second row on. */
enum column_mode {
    COLUMN_PLAIN,
    COLUMN_CHANGES,            /* from row to row; */
    COLUMN_CHANGES_OF_CHANGES, /* of those: a clock goes evenly */
    COLUMN_MODES,
};

/* The sections of one part that have the same number of numbers. */
struct table {
    size_t width;
    size_t rows;
    uint64_t *cells;             /* row by row; in what was unpacked only where there are columns */
    const unsigned char **plain; /* else there: where the bytes of each row begin, and the last one ends */
};

struct placed_section {
    uint32_t table;
    uint32_t row;
};

struct packed_segment {
    struct arena *arena;
    struct table *tables;
    size_t table_count;
    struct placed_section *sections; /* of the ticks, one after the other */
    size_t section_count;
    size_t *tick_ends; /* by tick: the section after its last one */
    size_t tick_count;
};

/* ---- ticks that wait ---- */

size_t segment_append(struct open_segment *segment, const struct tick *tick, const struct encode_names *names)
{
    size_t begin = segment->bytes.length, sections = segment->sections.count;

    tick_encode(&segment->bytes, tick, names, &segment->sections);
    segment->section_counts = memory_grow(segment->section_counts, &segment->capacity, segment->count + 1,
                                          sizeof(*segment->section_counts));
    segment->section_counts[segment->count++] = segment->sections.count - sections;
    return begin;
}

void segment_clear(struct open_segment *segment)
{
    segment->bytes.length = segment->sections.count = segment->count = 0;
}

void segment_free(struct open_segment *segment)
{
    bytes_free(&segment->bytes);
    free(segment->sections.list);
    free(segment->section_counts);
    *segment = (struct open_segment){0};
}

/* ---- columns ---- */

/* What the number in a row would be if it were told as nothing. */
static uint64_t expected_number(const struct table *table, enum column_mode mode, size_t row, size_t column)
{
    const uint64_t *cell = &table->cells[row * table->width + column];
    uint64_t last = cell[-(ptrdiff_t)table->width];

    if (mode == COLUMN_PLAIN)
        return 0;
    if (mode == COLUMN_CHANGES || row == 1)
        return last;
    return 2 * last - cell[-2 * (ptrdiff_t)table->width];
}

static unsigned int bits_of(uint64_t number)
{
    return number == 0 ? 0 : 64 - (unsigned int)__builtin_clzll(number);
}

/* How long the numbers of a column are when they are told so. */
static uint64_t column_bits(const struct table *table, enum column_mode mode, size_t column)
{
    uint64_t bits = 0;

    for (size_t row = 1; row < table->rows; row++) {
        uint64_t off = table->cells[row * table->width + column] - expected_number(table, mode, row, column);
        bits += bits_of(mode == COLUMN_PLAIN ? off : bytes_fold((int64_t)off));
    }
    return bits;
}

static enum column_mode choose_mode(const struct table *table, size_t column)
{
    enum column_mode best = COLUMN_CHANGES;
    uint64_t least = column_bits(table, best, column);

    for (enum column_mode mode = 0; mode < COLUMN_MODES; mode++) {
        uint64_t bits = column_bits(table, mode, column);
        if (bits < least) {
            best = mode;
            least = bits;
        }
    }
    return best;
}

static void put_column(struct bytes *bytes, const struct table *table, enum column_mode mode, size_t column)
{
    for (size_t row = 1; row < table->rows; row++) {
        uint64_t number = table->cells[row * table->width + column];
        if (mode == COLUMN_PLAIN)
            bytes_put_unsigned(bytes, number);
        else
            bytes_put_signed(bytes, (int64_t)(number - expected_number(table, mode, row, column)));
    }
}

static void take_column(struct byte_cursor *cursor, const struct table *table, enum column_mode mode,
                        size_t column)
{
    for (size_t row = 1; row < table->rows; row++) {
        uint64_t told =
            mode == COLUMN_PLAIN ? bytes_take_unsigned(cursor) : (uint64_t)bytes_take_signed(cursor);
        table->cells[row * table->width + column] = told + expected_number(table, mode, row, column);
    }
}

static bool has_columns(const struct table *table)
{
    return table->rows >= MANY_ROWS;
}

/* The numbers that are told row by row. */
static size_t plain_numbers(const struct table *table)
{
    return has_columns(table) ? table->width : table->rows * table->width;
}

/* All modes, all rows and all columns stand together: most modes are the same, and so are most numbers of a column with the
 * one before. */
static void put_tables(struct bytes *bytes, const struct packed_segment *segment)
{
    struct bytes modes = {0}, columns = {0};

    for (size_t i = 0; i < segment->table_count; i++) {
        const struct table *table = &segment->tables[i];
        for (size_t column = 0; column < table->width && has_columns(table); column++) {
            enum column_mode mode = choose_mode(table, column);
            bytes_put_unsigned(&modes, mode);
            put_column(&columns, table, mode, column);
        }
    }
    bytes_put_block(bytes, modes.start, modes.length);
    for (size_t i = 0; i < segment->table_count; i++) {
        for (size_t cell = 0; cell < plain_numbers(&segment->tables[i]); cell++)
            bytes_put_unsigned(bytes, segment->tables[i].cells[cell]);
    }
    bytes_put_block(bytes, columns.start, columns.length);
    bytes_free(&modes);
    bytes_free(&columns);
}

/* Pass over numbers. */
static void pass_numbers(struct byte_cursor *cursor, size_t count)
{
    for (; count > 0 && cursor->next < cursor->end; cursor->next++)
        count -= *cursor->next < 0x80;
    cursor->failed = cursor->failed || count > 0;
}

static void take_rows(struct byte_cursor *cursor, const struct table *table)
{
    for (size_t column = 0; column < table->width && has_columns(table); column++)
        table->cells[column] = bytes_take_unsigned(cursor);
    for (size_t row = 0; row <= table->rows && !has_columns(table); row++) {
        table->plain[row] = cursor->next;
        pass_numbers(cursor, row < table->rows ? table->width : 0);
    }
}

static void take_tables(struct byte_cursor *cursor, const struct packed_segment *segment)
{
    struct byte_cursor modes = *cursor;

    for (size_t i = 0; i < segment->table_count; i++)
        pass_numbers(cursor, has_columns(&segment->tables[i]) ? segment->tables[i].width : 0);
    for (size_t i = 0; i < segment->table_count; i++)
        take_rows(cursor, &segment->tables[i]);
    for (size_t i = 0; i < segment->table_count && !cursor->failed; i++) {
        const struct table *table = &segment->tables[i];
        for (size_t column = 0; column < table->width && has_columns(table); column++) {
            uint64_t mode = bytes_take_unsigned(&modes);
            take_column(cursor, table, mode < COLUMN_MODES ? (enum column_mode)mode : COLUMN_PLAIN, column);
        }
    }
}

/* ---- which sections each tick has: mostly those of the tick before ---- */

static bool has_same_sections(const struct packed_segment *segment, size_t tick)
{
    size_t end = segment->tick_ends[tick], middle = tick > 0 ? segment->tick_ends[tick - 1] : 0;
    size_t begin = tick > 1 ? segment->tick_ends[tick - 2] : 0;

    if (end - middle != middle - begin)
        return false;
    for (size_t i = begin; i < middle; i++) {
        if (segment->sections[i].table != segment->sections[i + (middle - begin)].table)
            return false;
    }
    return true;
}

static void put_sections(struct bytes *bytes, const struct packed_segment *segment)
{
    size_t section = 0;

    for (size_t tick = 0; tick < segment->tick_count; tick++) {
        bool same = has_same_sections(segment, tick);
        int64_t next = 0;
        bytes_put_unsigned(bytes, same ? 0 : segment->tick_ends[tick] - section);
        for (; section < segment->tick_ends[tick]; section++) {
            if (!same)
                bytes_put_signed(bytes, segment->sections[section].table - next);
            next = (int64_t)segment->sections[section].table + 1;
        }
    }
}

static bool append_section(struct packed_segment *segment, size_t most, int64_t table)
{
    if (segment->section_count >= most || table < 0 || (uint64_t)table >= segment->table_count)
        return false;
    segment->sections[segment->section_count++] =
        (struct placed_section){(uint32_t)table, (uint32_t)segment->tables[table].rows++};
    return true;
}

/* At most as many sections as there are bytes: each has a number of its own. */
static bool take_sections(struct byte_cursor *cursor, struct packed_segment *segment)
{
    size_t most = (size_t)(cursor->end - cursor->next), before = 0;

    segment->sections = arena_allocate(segment->arena, most, sizeof(*segment->sections));
    for (size_t tick = 0; tick < segment->tick_count; tick++) {
        size_t begin = segment->section_count, count = bytes_take_count(cursor, 1);
        int64_t table = -1, step;
        for (size_t i = before; count == 0 && i < begin; i++) {
            if (!append_section(segment, most, segment->sections[i].table))
                return false;
        }
        for (size_t i = 0; i < count; i++) {
            if (__builtin_add_overflow(table + 1, bytes_take_signed(cursor), &step) ||
                !append_section(segment, most, step))
                return false;
            table = step;
        }
        segment->tick_ends[tick] = segment->section_count;
        before = begin;
    }
    return !cursor->failed;
}

/* ---- tables ---- */

static void allocate_cells(struct table *table, struct arena *arena)
{
    table->cells = arena_allocate(arena, table->rows * table->width, sizeof(*table->cells));
}

static size_t count_numbers(const unsigned char *bytes, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++)
        count += bytes[i] < 0x80;
    return count;
}

/* Find the table of each section; they are as many as there are parts and widths. */
static void place_sections(struct packed_segment *segment, const struct open_segment *open)
{
    const unsigned char *bytes = open->bytes.start;
    struct hash_map known = {0};

    for (size_t i = 0; i < open->sections.count; i++) {
        const struct tick_section *section = &open->sections.list[i];
        size_t width = count_numbers(bytes, section->length);
        uint64_t key = section->part << WIDTH_BITS | width;
        const uint32_t *found = hash_map_find(&known, key);
        uint32_t table = found != NULL ? *found : (uint32_t)segment->table_count++;
        if (found == NULL)
            hash_map_set(&known, key, table);
        segment->tables[table].width = width;
        segment->sections[i] = (struct placed_section){table, (uint32_t)segment->tables[table].rows++};
        bytes += section->length;
    }
    hash_map_free(&known);
}

static void fill_tables(const struct packed_segment *segment, const struct open_segment *open)
{
    struct byte_cursor cursor = {.next = open->bytes.start, .end = open->bytes.start + open->bytes.length};

    for (size_t i = 0; i < segment->section_count; i++) {
        const struct table *table = &segment->tables[segment->sections[i].table];
        for (size_t column = 0; column < table->width; column++)
            table->cells[segment->sections[i].row * table->width + column] = bytes_take_unsigned(&cursor);
    }
}

void segment_pack(struct bytes *bytes, const struct open_segment *open)
{
    struct arena *arena = arena_new();
    struct packed_segment segment = {
        .arena = arena,
        .tables = arena_allocate(arena, open->sections.count, sizeof(*segment.tables)),
        .sections = arena_allocate(arena, open->sections.count, sizeof(*segment.sections)),
        .section_count = open->sections.count,
        .tick_ends = arena_allocate(arena, open->count, sizeof(*segment.tick_ends)),
        .tick_count = open->count,
    };

    for (size_t i = 0; i < open->count; i++)
        segment.tick_ends[i] = (i > 0 ? segment.tick_ends[i - 1] : 0) + open->section_counts[i];
    place_sections(&segment, open);
    for (size_t i = 0; i < segment.table_count; i++)
        allocate_cells(&segment.tables[i], arena);
    fill_tables(&segment, open);
    bytes_put_unsigned(bytes, segment.table_count);
    for (size_t i = 0; i < segment.table_count; i++)
        bytes_put_unsigned(bytes, segment.tables[i].width);
    put_sections(bytes, &segment);
    put_tables(bytes, &segment);
    arena_free(arena);
}

/* All numbers of the tables are still to come, and each is a byte at least. */
static bool cells_fit(const struct packed_segment *segment, const struct byte_cursor *cursor)
{
    size_t left = (size_t)(cursor->end - cursor->next);

    for (size_t i = 0; i < segment->table_count; i++) {
        const struct table *table = &segment->tables[i];
        if (table->width == 0 || table->rows == 0 || table->rows > left / table->width)
            return false;
        left -= table->rows * table->width;
    }
    return true;
}

static bool take_segment(struct byte_cursor *cursor, struct packed_segment *segment)
{
    segment->table_count = bytes_take_count(cursor, 1);
    segment->tables = arena_allocate(segment->arena, segment->table_count, sizeof(*segment->tables));
    for (size_t i = 0; i < segment->table_count; i++)
        segment->tables[i].width = bytes_take_word(cursor);
    if (!take_sections(cursor, segment) || !cells_fit(segment, cursor))
        return false;
    for (size_t i = 0; i < segment->table_count; i++) {
        struct table *table = &segment->tables[i];
        if (has_columns(table))
            allocate_cells(table, segment->arena);
        else
            table->plain = arena_allocate(segment->arena, table->rows + 1, sizeof(*table->plain));
    }
    take_tables(cursor, segment);
    return !cursor->failed && cursor->next == cursor->end;
}

struct packed_segment *segment_unpack(const unsigned char *bytes, size_t length, size_t tick_count)
{
    struct byte_cursor cursor = {.next = bytes, .end = bytes + length};
    struct arena *arena = arena_new();
    struct packed_segment *segment = arena_allocate(arena, 1, sizeof(*segment));

    *segment = (struct packed_segment){
        .arena = arena,
        .tick_ends = arena_allocate(arena, tick_count, sizeof(*segment->tick_ends)),
        .tick_count = tick_count,
    };
    if (take_segment(&cursor, segment))
        return segment;
    arena_free(arena);
    return NULL;
}

void packed_segment_free(struct packed_segment *segment)
{
    if (segment != NULL)
        arena_free(segment->arena);
}

void packed_segment_tick(const struct packed_segment *segment, size_t index, struct bytes *bytes)
{
    for (size_t i = index > 0 ? segment->tick_ends[index - 1] : 0; i < segment->tick_ends[index]; i++) {
        const struct table *table = &segment->tables[segment->sections[i].table];
        size_t row = segment->sections[i].row;
        if (!has_columns(table))
            bytes_put_block(bytes, table->plain[row], (size_t)(table->plain[row + 1] - table->plain[row]));
        for (size_t column = 0; column < table->width && has_columns(table); column++)
            bytes_put_unsigned(bytes, table->cells[row * table->width + column]);
    }
}

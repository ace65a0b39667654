#include "ui/canvas.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static const struct {
    uint32_t unicode;
    uint32_t ascii;
} glyphs[GLYPHS] = {
    [GLYPH_CUT_LEFT] = {0x2026, '<'},    [GLYPH_CUT_RIGHT] = {0x2026, '>'},
    [GLYPH_HORIZONTAL] = {0x2500, '-'},  [GLYPH_VERTICAL] = {0x2502, '|'},
    [GLYPH_TOP_LEFT] = {0x256d, '+'},    [GLYPH_TOP_RIGHT] = {0x256e, '+'},
    [GLYPH_BOTTOM_LEFT] = {0x2570, '+'}, [GLYPH_BOTTOM_RIGHT] = {0x256f, '+'},
    [GLYPH_BRANCH] = {0x251c, '|'},      [GLYPH_BRANCH_LAST] = {0x2514, '`'},
    [GLYPH_DESCENDING] = {0x25bc, 'v'},  [GLYPH_ASCENDING] = {0x25b2, '^'},
    [GLYPH_ROSE] = {0x25b2, '+'},        [GLYPH_FELL] = {0x25bc, '-'},
    [GLYPH_POINTER] = {0x25b6, '>'},     [GLYPH_BAR_USER] = {0x2587, '|'},
    [GLYPH_BAR_NICE] = {0x2585, ':'},    [GLYPH_BAR_SYSTEM] = {0x2586, '#'},
    [GLYPH_BAR_IOWAIT] = {0x2582, '~'},  [GLYPH_FULL] = {0x2588, '#'},
    [GLYPH_BAR_OTHER] = {0x2583, '*'},
};

static const struct cell blank = {.character = ' ', .columns = 1, .style = STYLE_TEXT};

void canvas_clear(struct canvas *canvas)
{
    for (int i = 0; i < canvas->rows * canvas->columns; i++)
        canvas->cells[i] = blank;
}

void canvas_resize(struct canvas *canvas, int rows, int columns)
{
    free(canvas->cells);
    canvas->rows = rows;
    canvas->columns = columns;
    canvas->cells = memory_allocate((size_t)rows * (size_t)columns, sizeof(*canvas->cells));
    canvas_clear(canvas);
}

void canvas_free(struct canvas *canvas)
{
    free(canvas->cells);
    *canvas = (struct canvas){0};
}

struct region canvas_region(struct canvas *canvas)
{
    return (struct region){.canvas = canvas, .rows = canvas->rows, .columns = canvas->columns};
}

static int limit(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

struct region region_part(const struct region *region, int top, int left, int rows, int columns)
{
    struct region part = {.canvas = region->canvas};
    int first_row = limit(top, 0, region->rows);
    int first_column = limit(left, 0, region->columns);

    part.top = region->top + first_row;
    part.left = region->left + first_column;
    part.rows = limit(rows, 0, region->rows - first_row);
    part.columns = limit(columns, 0, region->columns - first_column);
    return part;
}

uint32_t region_glyph(const struct region *region, enum glyph glyph)
{
    return region->canvas->ascii ? glyphs[glyph].ascii : glyphs[glyph].unicode;
}

uint32_t region_level_glyph(const struct region *region, double level)
{
    static const char ascii_levels[] = "_.:-=+*#@";
    int eighths = level > 0 ? limit((int)(level * 8 + 0.5), 0, 8) : 0;

    if (region->canvas->ascii)
        return (uint32_t)ascii_levels[eighths];
    return eighths == 0 ? 0x2581 : 0x2580 + (uint32_t)eighths;
}

/* The cell, or NULL outside of the region. */
static struct cell *cell_at(const struct region *region, int row, int column)
{
    if (row < 0 || row >= region->rows || column < 0 || column >= region->columns)
        return NULL;
    const struct canvas *canvas = region->canvas;
    return &canvas->cells[(region->top + row) * canvas->columns + region->left + column];
}

/* Half of a wide character that is about to be overwritten must not stay alone. */
static void split_wide(const struct region *region, int row, int column)
{
    const struct canvas *canvas = region->canvas;
    int canvas_column = region->left + column;
    struct cell *cell = cell_at(region, row, column);

    if (cell->columns == 0 && canvas_column > 0) {
        cell[-1].character = ' ';
        cell[-1].columns = 1;
    } else if (cell->columns == 2 && canvas_column + 1 < canvas->columns) {
        cell[1] = blank;
    }
}

static void put(const struct region *region, int row, int column, uint32_t character, int width,
                enum style style)
{
    struct cell *cell = cell_at(region, row, column);

    if (cell == NULL || (width == 2 && column + 1 >= region->columns))
        return;
    split_wide(region, row, column);
    *cell = (struct cell){.character = character, .columns = (uint16_t)width, .style = (uint16_t)style};
    if (width == 2) {
        split_wide(region, row, column + 1);
        cell[1] = (struct cell){.columns = 0, .style = (uint16_t)style};
    }
}

/* A combining character joins the one before it. */
static void combine(const struct region *region, int row, int column, uint32_t character)
{
    struct cell *cell = cell_at(region, row, column);

    if (cell == NULL)
        return;
    if (cell->columns == 0 && column > 0)
        cell--;
    for (int i = 0; i < CELL_COMBINING; i++) {
        if (cell->combining[i] == 0) {
            cell->combining[i] = character;
            return;
        }
    }
}

void region_fill(const struct region *region, int row, int column, int columns, enum style style,
                 uint32_t character)
{
    for (int i = 0; i < columns; i++)
        put(region, row, column + i, character, 1, style);
}

/* Write at most `length` bytes; returns the columns used. */
static int write_bytes(const struct region *region, int row, int column, enum style style, const char *text,
                       size_t length)
{
    const char *end = text + length;
    int start = column;

    while (text < end) {
        uint32_t character = text_next_character(&text);
        if (character == 0)
            break;
        int width = wcwidth((wchar_t)character);
        if (width < 0)
            width = 1;
        if (width == 0) {
            if (!region->canvas->ascii && column > start)
                combine(region, row, column - 1, character);
            continue;
        }
        if (region->canvas->ascii && (character < ' ' || character > '~')) {
            region_fill(region, row, column, width, style, '?');
        } else {
            put(region, row, column, character, width, style);
        }
        column += width;
    }
    return column - start;
}

int region_text(const struct region *region, int row, int column, int columns, enum style style,
                const char *text)
{
    if (columns <= 0)
        return 0;
    size_t length = text_fit(text, (size_t)columns);
    if (text[length] == '\0')
        return write_bytes(region, row, column, style, text, length);
    length = text_fit(text, (size_t)columns - 1);
    int used = write_bytes(region, row, column, style, text, length);
    put(region, row, column + used, region_glyph(region, GLYPH_CUT_RIGHT), 1, style);
    return used + 1;
}

int region_text_end(const struct region *region, int row, int column, int columns, enum style style,
                    const char *text)
{
    if (columns <= 0)
        return 0;
    const char *end = text_fit_end(text, (size_t)columns);
    if (end == text)
        return write_bytes(region, row, column, style, text, strlen(text));
    end = text_fit_end(text, (size_t)columns - 1);
    put(region, row, column, region_glyph(region, GLYPH_CUT_LEFT), 1, style);
    return 1 + write_bytes(region, row, column + 1, style, end, strlen(end));
}

void region_text_right(const struct region *region, int row, int column, int columns, enum style style,
                       const char *text)
{
    int width = (int)text_width(text);

    if (width < columns)
        region_text(region, row, column + columns - width, width, style, text);
    else
        region_text(region, row, column, columns, style, text);
}

int region_format(const struct region *region, int row, int column, int columns, enum style style,
                  const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return region_text(region, row, column, columns, style, text);
}

int region_wrap(const struct region *region, int row, int column, int columns, enum style style,
                const char *text)
{
    int rows = 0;

    while (*text != '\0' && columns > 0) {
        size_t length = text_fit(text, (size_t)columns);
        if (text[length] != '\0') {
            size_t space = length;
            while (space > 0 && text[space] != ' ')
                space--;
            if (space > 0)
                length = space;
            if (length == 0)
                break;
        }
        write_bytes(region, row + rows, column, style, text, length);
        rows++;
        text += length;
        text += strspn(text, " ");
    }
    return rows;
}

int region_text_end_column(const struct region *region, int row)
{
    int column = region->columns;

    while (column > 0 && row < region->rows && cell_at(region, row, column - 1)->character == ' ')
        column--;
    return column;
}

void region_restyle(const struct region *region, int row, enum style style)
{
    for (int column = 0; column < region->columns; column++) {
        struct cell *cell = cell_at(region, row, column);
        if (cell != NULL)
            cell->style = (uint16_t)style;
    }
}

struct region region_frame(const struct region *region, enum style style, const char *title)
{
    uint32_t horizontal = region_glyph(region, GLYPH_HORIZONTAL);
    uint32_t vertical = region_glyph(region, GLYPH_VERTICAL);
    int last_row = region->rows - 1;
    int last_column = region->columns - 1;

    for (int row = 0; row <= last_row; row++) {
        bool edge = row == 0 || row == last_row;
        region_fill(region, row, 0, region->columns, style, edge ? horizontal : ' ');
        region_fill(region, row, 0, 1, style, vertical);
        region_fill(region, row, last_column, 1, style, vertical);
    }
    region_fill(region, 0, 0, 1, style, region_glyph(region, GLYPH_TOP_LEFT));
    region_fill(region, 0, last_column, 1, style, region_glyph(region, GLYPH_TOP_RIGHT));
    region_fill(region, last_row, 0, 1, style, region_glyph(region, GLYPH_BOTTOM_LEFT));
    region_fill(region, last_row, last_column, 1, style, region_glyph(region, GLYPH_BOTTOM_RIGHT));
    region_format(region, 0, 2, region->columns - 4, style, " %s ", title);
    return region_part(region, 1, 2, region->rows - 2, region->columns - 4);
}

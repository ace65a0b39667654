#include "ui/table.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    NARROWEST_ELASTIC = 6, /* columns; an elastic column that would be narrower leaves */
    LOW_PRIORITY = 6,      /* columns from here on come in when the elastic ones are comfortable */
};

void table_init(struct table *table, const struct table_class *class, const void *context)
{
    *table = (struct table){.class = class, .context = context, .sort_column = class->sort_column};
}

void table_free(struct table *table)
{
    free(table->rows);
    *table = (struct table){0};
}

void table_begin(struct table *table)
{
    table->count = 0;
    table->total = 0;
}

/* Whether `text` holds one of the alternatives that '|' separates in `pattern`, in any case of letters. */
static bool text_matches(const char *text, const char *pattern)
{
    char alternative[TABLE_FILTER_SIZE];

    while (*pattern != '\0') {
        size_t length = strcspn(pattern, "|");
        if (length > 0 && length < sizeof(alternative)) {
            memcpy(alternative, pattern, length);
            alternative[length] = '\0';
            if (strcasestr(text, alternative) != NULL)
                return true;
        }
        pattern += length;
        pattern += *pattern == '|';
    }
    return false;
}

static bool row_matches(const struct table *table, const void *row, const char *pattern)
{
    char text[TABLE_TEXT_SIZE] = "";

    table->class->text(text, row, table->context);
    return text_matches(text, pattern);
}

bool table_filter_accepts(const struct table *table, const void *row)
{
    return strspn(table->filter, "|") == strlen(table->filter) || row_matches(table, row, table->filter);
}

void table_add(struct table *table, const void *row)
{
    table->total++;
    if (!table_filter_accepts(table, row))
        return;
    table->rows = memory_grow(table->rows, &table->row_capacity, table->count + 1, sizeof(*table->rows));
    table->rows[table->count++] = row;
}

bool table_is_descending(const struct table *table)
{
    return table->class->columns[table->sort_column].descending != table->inverted;
}

int table_compare(const struct table *table, const void *left, const void *right)
{
    const struct column *column = &table->class->columns[table->sort_column];
    int order = column->compare != NULL ? column->compare(left, right, table->context) : 0;

    if (order != 0)
        return table_is_descending(table) ? -order : order;
    return table->class->compare_equal(left, right, table->context);
}

static int compare_elements(const void *left, const void *right, void *context)
{
    return table_compare(context, *(const void *const *)left, *(const void *const *)right);
}

void table_sort(struct table *table)
{
    if (!table->unsorted && table->count > 1)
        qsort_r(table->rows, table->count, sizeof(*table->rows), compare_elements, table);
}

/* Keep the selected row in view, and no empty space below the last row. */
static void scroll(struct table *table)
{
    size_t visible = table->visible_rows > 0 ? (size_t)table->visible_rows : 1;

    if (table->top + visible > table->count)
        table->top = table->count > visible ? table->count - visible : 0;
    if (table->selected < table->top)
        table->top = table->selected;
    if (table->selected >= table->top + visible)
        table->top = table->selected - visible + 1;
}

/* Find the selected row again; when it has gone, its neighbour is selected. */
static void follow_selected(struct table *table)
{
    if (table->chosen) {
        for (size_t i = 0; i < table->count; i++) {
            if (table->class->identity(table->rows[i]) == table->selected_identity) {
                table->selected = i;
                scroll(table);
                return;
            }
        }
    }
    table_select(table, table->chosen ? table->selected : 0);
}

void table_finish(struct table *table)
{
    table_sort(table);
    follow_selected(table);
}

void table_sort_by(struct table *table, size_t column)
{
    if (column >= table->class->column_count || table->class->columns[column].compare == NULL)
        return;
    table->inverted = column == table->sort_column && !table->inverted;
    table->sort_column = column;
    table_finish(table);
}

void table_sort_step(struct table *table, int step)
{
    size_t count = table->class->column_count;
    size_t column = table->sort_column;

    do {
        column = (column + count + (size_t)step) % count;
    } while (table->class->columns[column].compare == NULL && column != table->sort_column);
    table->inverted = false;
    table->sort_column = column;
    table_finish(table);
}

void table_invert(struct table *table)
{
    table->inverted = !table->inverted;
    table_finish(table);
}

const void *table_selected_row(const struct table *table)
{
    return table->chosen && table->selected < table->count ? table->rows[table->selected] : NULL;
}

void table_select(struct table *table, size_t index)
{
    if (table->count == 0) {
        table->selected = 0;
        table->top = 0;
        return;
    }
    table->selected = index < table->count ? index : table->count - 1;
    table->selected_identity = table->class->identity(table->rows[table->selected]);
    table->chosen = true;
    scroll(table);
}

void table_move(struct table *table, int rows)
{
    if (rows < 0 && (size_t)-rows > table->selected)
        table_select(table, 0);
    else
        table_select(table, table->selected + (size_t)rows);
}

bool table_search(struct table *table, const char *text, bool from_selected)
{
    for (size_t i = from_selected ? 0 : 1; i < table->count + (from_selected ? 0 : 1); i++) {
        size_t index = (table->selected + i) % table->count;
        if (row_matches(table, table->rows[index], text)) {
            table_select(table, index);
            return true;
        }
    }
    return false;
}

/* ---- drawing ---- */

/* What elastic columns still need to be comfortable. */
static int comfort(const struct table *table)
{
    int columns = 0;

    for (size_t i = 0; i < table->class->column_count; i++) {
        int missing = table->class->columns[i].comfortable_width - table->widths[i];
        if (table->widths[i] > 0 && missing > 0)
            columns += missing;
    }
    return columns;
}

/* Add the columns in the order of their priority while they fit; returns the room that is left. */
static int choose_columns(struct table *table, int room)
{
    const struct table_class *class = table->class;
    bool full = false;

    for (size_t i = 0; i < class->column_count; i++)
        table->widths[i] = 0;
    for (int priority = 0; priority < TABLE_MAX_COLUMNS && !full; priority++) {
        for (size_t i = 0; i < class->column_count; i++) {
            const struct column *column = &class->columns[i];
            if (column->priority != priority)
                continue;
            int gap = priority > 0;
            int reserved = priority >= LOW_PRIORITY ? comfort(table) : 0;
            int width = column->minimal_width;
            if (column->elastic > 0 && width + gap > room && room - gap >= NARROWEST_ELASTIC)
                width = room - gap;
            full = full || (width + gap > room - reserved && priority > 0);
            if (full)
                continue;
            table->widths[i] = width < room ? width : room;
            room -= width + gap;
        }
    }
    return room > 0 ? room : 0;
}

/* Let columns grow to what they want, then share out the rest among the elastic ones. */
static void grow_columns(struct table *table, int room)
{
    const struct table_class *class = table->class;
    int elastic = 0;

    for (size_t i = 0; i < class->column_count; i++) {
        int growth = class->columns[i].wanted_width - table->widths[i];
        if (table->widths[i] == 0)
            continue;
        elastic += class->columns[i].elastic;
        if (growth <= 0 || class->columns[i].elastic > 0)
            continue;
        growth = growth < room ? growth : room;
        table->widths[i] += growth;
        room -= growth;
    }
    for (size_t i = 0; i < class->column_count && elastic > 0; i++) {
        if (table->widths[i] == 0 || class->columns[i].elastic == 0)
            continue;
        int share = room * class->columns[i].elastic / elastic;
        int most = class->columns[i].wanted_width - table->widths[i];
        if (class->columns[i].wanted_width > 0 && share > most)
            share = most > 0 ? most : 0;
        table->widths[i] += share;
        room -= share;
        elastic -= class->columns[i].elastic;
    }
}

static void place_columns(struct table *table, const struct region *region)
{
    int edge = 0;

    grow_columns(table, choose_columns(table, region->columns));
    for (size_t i = 0; i < table->class->column_count; i++) {
        table->edges[i] = table->widths[i] > 0 ? region->left + edge : -1;
        if (table->widths[i] > 0)
            edge += table->widths[i] + 1;
    }
}

static void draw_head(struct table *table, const struct region *region, bool focused)
{
    enum style style = focused ? STYLE_HEAD_FOCUSED : STYLE_HEAD;

    region_fill(region, 0, 0, region->columns, style, ' ');
    for (size_t i = 0; i < table->class->column_count; i++) {
        const struct column *column = &table->class->columns[i];
        int edge = table->edges[i] - region->left;
        int width = table->widths[i];
        int title = (int)strlen(column->title);
        bool sorts = i == table->sort_column;
        if (width == 0)
            continue;
        title = title < width ? title : width;
        int start = column->alignment == ALIGN_RIGHT ? edge + width - title : edge;
        for (int j = 0; j < title; j++)
            region_fill(region, 0, start + j, 1, sorts ? STYLE_HEAD_SORT : style,
                        (unsigned char)column->title[j]);
        if (sorts)
            region_fill(
                region, 0, start + title, 1, STYLE_HEAD_SORT,
                region_glyph(region, table_is_descending(table) ? GLYPH_DESCENDING : GLYPH_ASCENDING));
    }
}

static void draw_row(struct table *table, const struct region *region, int screen_row, size_t index,
                     bool focused)
{
    bool selected = table->chosen && index == table->selected;

    for (size_t i = 0; i < table->class->column_count; i++) {
        struct table_cell cell = {.region = region,
                                  .row = screen_row,
                                  .column = table->edges[i] - region->left,
                                  .columns = table->widths[i],
                                  .context = table->context};
        if (cell.columns > 0)
            table->class->columns[i].draw(&cell, table->rows[index]);
    }
    if (selected)
        region_restyle(region, screen_row, focused ? STYLE_SELECTED : STYLE_SELECTED_UNFOCUSED);
}

void table_draw(struct table *table, const struct region *region, bool focused)
{
    table->visible_rows = region->rows - 1;
    if (region->rows <= 0)
        return;
    scroll(table);
    place_columns(table, region);
    draw_head(table, region, focused);
    for (int row = 1; row < region->rows; row++) {
        size_t index = table->top + (size_t)row - 1;
        if (index >= table->count)
            break;
        draw_row(table, region, row, index, focused);
    }
}

int table_column_at(const struct table *table, int screen_column)
{
    for (size_t i = 0; i < table->class->column_count; i++)
        if (table->edges[i] >= 0 && table->widths[i] > 0 && screen_column >= table->edges[i] &&
            screen_column <= table->edges[i] + table->widths[i])
            return (int)i;
    return -1;
}

long table_row_at(const struct table *table, int region_row)
{
    size_t index = table->top + (size_t)(region_row - 1);

    return region_row >= 1 && index < table->count ? (long)index : -1;
}

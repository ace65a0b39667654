/* A table: rows that somebody else owns, shown in columns that a constant table describes; it is sorted,
 * scrolled, and has a selected row that is followed by what it is, not by where it stands. */
#ifndef PYNECK_UI_TABLE_H
#define PYNECK_UI_TABLE_H

#include "ui/canvas.h"
#include "ui/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a column draws one cell, and what all cells of the pane may need. */
struct table_cell {
    const struct region *region;
    int row;
    int column;
    int columns; /* the room it has */
    const void *context;
};

enum alignment {
    ALIGN_LEFT,
    ALIGN_RIGHT,
};

struct column {
    const char *title;
    const char *help;
    int minimal_width;
    int comfortable_width; /* an elastic column's, before those of low priority come in; 0: the minimal one */
    int wanted_width;      /* it grows to this before the elastic columns get the rest */
    int elastic;           /* its part of the room that is left; 0 for none */
    int priority;          /* columns with a higher one leave first when the screen is narrow */
    enum alignment alignment;
    bool descending; /* how it sorts at first */
    void (*draw)(const struct table_cell *cell, const void *row);
    int (*compare)(const void *left, const void *right,
                   const void *context); /* ascending; NULL: unsortable */
};

enum {
    TABLE_MAX_COLUMNS = 24,
    TABLE_FILTER_SIZE = 128,
    TABLE_TEXT_SIZE = 1024,
};

/* What a kind of table is, apart from its rows. */
struct table_class {
    const struct column *columns;
    size_t column_count;
    size_t sort_column; /* at first */
    /* What stays the same of a row from tick to tick. */
    uint64_t (*identity)(const void *row);
    /* Order of rows that compare equal. */
    int (*compare_equal)(const void *left, const void *right, const void *context);
    /* The text that search and filter look at. */
    void (*text)(char text[static TABLE_TEXT_SIZE], const void *row, const void *context);
};

struct table {
    const struct table_class *class;
    const void *context; /* handed to the class's functions */
    const void **rows;
    size_t row_capacity;
    size_t count;
    size_t total; /* rows before filtering */
    size_t sort_column;
    bool inverted; /* sorted against the column's first direction */
    bool unsorted; /* the rows' own order holds (tree) */
    bool chosen;   /* a row is selected */
    uint64_t selected_identity;
    size_t selected;
    size_t top; /* first row shown */
    int shift;  /* columns by which the elastic last column is scrolled to the left */
    char filter[TABLE_FILTER_SIZE];
    int visible_rows;             /* at the last draw */
    int edges[TABLE_MAX_COLUMNS]; /* first screen column of each column at the last draw; -1: not shown */
    int widths[TABLE_MAX_COLUMNS];
};

void table_init(struct table *table, const struct table_class *class, const void *context);
void table_free(struct table *table);

/* Give it new rows: begin, add each (rows that the filter rejects are left out), finish (sorts, and finds the
 * selected row again). The rows stay the caller's and must live until the next begin. */
void table_begin(struct table *table);
void table_add(struct table *table, const void *row);
void table_finish(struct table *table);

/* Put the rows in order, without finding the selected row again. */
void table_sort(struct table *table);

/* Whether the filter lets a row through. */
bool table_filter_accepts(const struct table *table, const void *row);

/* Sort the same rows by another column; the same column again turns the order round. */
void table_sort_by(struct table *table, size_t column);

/* Go to the next (1) or previous (-1) column that is sortable. */
void table_sort_step(struct table *table, int step);

void table_invert(struct table *table);

/* Whether larger values come first. */
bool table_is_descending(const struct table *table);

/* Compare two rows as the table is sorted now. */
int table_compare(const struct table *table, const void *left, const void *right);

/* The selected row, or NULL. */
const void *table_selected_row(const struct table *table);

/* Select a row by its place; it is clipped to the table. */
void table_select(struct table *table, size_t index);
void table_move(struct table *table, int rows);

/* Select the next row at or after (`from_selected`) or strictly after the selected one whose text holds
 * `text`, from the start again after the end.
 *
 * returns  false when there is none */
bool table_search(struct table *table, const char *text, bool from_selected);

/* Draw column titles and rows. */
void table_draw(struct table *table, const struct region *region, bool focused);

/* The column whose title is at a screen column, or -1; the row at a row of the region, or -1. */
int table_column_at(const struct table *table, int screen_column);
long table_row_at(const struct table *table, int region_row);

#endif

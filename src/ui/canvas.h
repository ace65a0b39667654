/* What the panes draw on: a grid of character cells in memory. The terminal shows it (terminal.h), and brings
 * over only what differs from what it shows already, so drawing the same thing again costs no output. */
#ifndef PYNECK_UI_CANVAS_H
#define PYNECK_UI_CANVAS_H

#include "ui/style.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CELL_COMBINING = 2, /* combining characters that one cell keeps */
};

/* One character cell. A wide character is followed by a cell whose `columns` is 0. */
struct cell {
    uint32_t character;
    uint32_t combining[CELL_COMBINING];
    uint16_t columns;
    uint16_t style; /* enum style */
};

struct canvas {
    struct cell *cells;
    int rows;
    int columns;
    bool ascii; /* only ASCII characters get in */
};

/* A rectangle of a canvas. All drawing is relative to it and clipped by it. */
struct region {
    struct canvas *canvas;
    int top;
    int left;
    int rows;
    int columns;
};

/* Characters with an ASCII stand-in. */
enum glyph {
    GLYPH_CUT_LEFT, /* text goes on to the left, to the right */
    GLYPH_CUT_RIGHT,
    GLYPH_HORIZONTAL,
    GLYPH_VERTICAL,
    GLYPH_TOP_LEFT,
    GLYPH_TOP_RIGHT,
    GLYPH_BOTTOM_LEFT,
    GLYPH_BOTTOM_RIGHT,
    GLYPH_BRANCH,      /* a child with younger siblings */
    GLYPH_BRANCH_LAST, /* the last child */
    GLYPH_DESCENDING,
    GLYPH_ASCENDING,
    GLYPH_ROSE,
    GLYPH_FELL,
    GLYPH_POINTER,
    GLYPH_BAR_USER,
    GLYPH_BAR_NICE,
    GLYPH_BAR_SYSTEM,
    GLYPH_BAR_IOWAIT,
    GLYPH_BAR_OTHER,
    GLYPH_FULL, /* a full block */
    GLYPHS,
};

/* Make the canvas this big, all blank. Zero-initialize it before the first time; canvas_free() it. */
void canvas_resize(struct canvas *canvas, int rows, int columns);
void canvas_free(struct canvas *canvas);

/* Blank everything. */
void canvas_clear(struct canvas *canvas);

/* The whole canvas as a region. */
struct region canvas_region(struct canvas *canvas);

/* A part of a region, clipped to it (it may come out empty). */
struct region region_part(const struct region *region, int top, int left, int rows, int columns);

/* The character for a glyph on this canvas. */
uint32_t region_glyph(const struct region *region, enum glyph glyph);

/* How full a cell is, from 0 to 1, as one character (a block of that height). */
uint32_t region_level_glyph(const struct region *region, double level);

/* Fill `columns` cells with one character. */
void region_fill(const struct region *region, int row, int column, int columns, enum style style,
                 uint32_t character);

/* Write clean UTF-8 text into at most `columns` columns; what does not fit is cut at the right, and a mark
 * tells so.
 *
 * returns  columns used */
int region_text(const struct region *region, int row, int column, int columns, enum style style,
                const char *text);

/* The same, cut at the left: the end of the text stays. */
int region_text_end(const struct region *region, int row, int column, int columns, enum style style,
                    const char *text);

/* Write text so that it ends at the last of `columns` columns; cut at the right when too long. */
void region_text_right(const struct region *region, int row, int column, int columns, enum style style,
                       const char *text);

/* Formatted region_text(). */
int region_format(const struct region *region, int row, int column, int columns, enum style style,
                  const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Write a text over as many rows as it needs from `row` on, broken at spaces; returns the rows used. */
int region_wrap(const struct region *region, int row, int column, int columns, enum style style,
                const char *text);

/* Behind the last column of a row that is not blank. */
int region_text_end_column(const struct region *region, int row);

/* Give one whole row another style. */
void region_restyle(const struct region *region, int row, enum style style);

/* A frame around the region with a title; returns the region inside. */
struct region region_frame(const struct region *region, enum style style, const char *title);

#endif

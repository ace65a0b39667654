#include "ui/function_cells.h"

#include "ui/pane.h"
#include "ui/shorten.h"

#include <stdio.h>

static const struct ranking_row *ranked_of(const void *row)
{
    return ((const struct function_row *)row)->ranked;
}

static const struct function *function_of(const void *row)
{
    return ((const struct function_row *)row)->function;
}

void function_row_draw_name(const struct table_cell *cell, const void *row)
{
    bool own = ranked_of(row)->samples > 0;
    char text[TABLE_TEXT_SIZE];

    shorten_function(text, sizeof(text), function_of(row)->name, (size_t)cell->columns);
    cell_text_end(cell, own ? STYLE_TEXT : STYLE_DIM, text);
}

void function_row_draw_place(const struct table_cell *cell, const void *row)
{
    uint32_t line = ranked_of(row)->line != 0 ? ranked_of(row)->line : function_of(row)->line;
    char text[TABLE_TEXT_SIZE];

    shorten_place(text, sizeof(text), function_of(row)->file, line, (size_t)cell->columns);
    cell_text_end(cell, STYLE_DIM, text);
}

int function_row_compare_name(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_text(function_of(left)->name, function_of(right)->name);
}

int function_row_compare_place(const void *left, const void *right, const void *context)
{
    int order = compare_text(function_of(left)->file, function_of(right)->file);

    (void)context;
    if (order == 0)
        order = compare_count(function_of(left)->line, function_of(right)->line);
    if (order == 0)
        order = compare_count(ranked_of(left)->line, ranked_of(right)->line);
    return order;
}

uint64_t function_row_identity(const void *row)
{
    return (uint64_t)ranked_of(row)->function << 32 | ranked_of(row)->line;
}

void function_row_text(char text[static TABLE_TEXT_SIZE], const void *row, const void *context)
{
    (void)context;
    snprintf(text, TABLE_TEXT_SIZE, "%s %s", function_of(row)->name, function_of(row)->file);
}

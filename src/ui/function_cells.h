/* What tables of functions have in common, whatever they rank them by: rows are struct function_row. */
#ifndef PYNECK_UI_FUNCTION_CELLS_H
#define PYNECK_UI_FUNCTION_CELLS_H

#include "ui/function_rows.h"
#include "ui/table.h"

/* The name; dim where only what it calls was seen at work. */
void function_row_draw_name(const struct table_cell *cell, const void *row);

/* File and line: of the definition, or where rows are lines, the line. */
void function_row_draw_place(const struct table_cell *cell, const void *row);

/* For columns and classes of tables (table.h). */
int function_row_compare_name(const void *left, const void *right, const void *context);
int function_row_compare_place(const void *left, const void *right, const void *context);
uint64_t function_row_identity(const void *row);
void function_row_text(char text[static TABLE_TEXT_SIZE], const void *row, const void *context);

#endif

#include "ui/pane.h"

#include "model/number.h"
#include "ui/format.h"

#include <string.h>

const struct pane_class *const pane_classes[PANES] = {
    [PANE_PROCESSES] = &processes_pane, [PANE_FUNCTIONS] = &functions_pane, [PANE_FILES] = &files_pane,
    [PANE_THREADS] = &threads_pane,     [PANE_MEMORY] = &memory_pane,
};

bool pane_is_lower(enum pane_id pane)
{
    return pane == PANE_FILES || pane == PANE_THREADS || pane == PANE_MEMORY;
}

void cell_text(const struct table_cell *cell, enum style style, const char *text)
{
    region_text(cell->region, cell->row, cell->column, cell->columns, style, text);
}

void cell_text_right(const struct table_cell *cell, enum style style, const char *text)
{
    region_text_right(cell->region, cell->row, cell->column, cell->columns, style, text);
}

void cell_text_end(const struct table_cell *cell, enum style style, const char *text)
{
    region_text_end(cell->region, cell->row, cell->column, cell->columns, style, text);
}

/* Whether the text says more than nothing: has a digit other than 0. */
static enum style number_style(const char *text)
{
    return strpbrk(text, "123456789") != NULL ? STYLE_TEXT : STYLE_DIM;
}

void cell_percent(const struct table_cell *cell, double percent, double strong_from)
{
    char text[FORMAT_SIZE];

    format_percent(text, percent);
    cell_text_right(cell, isgreaterequal(percent, strong_from) ? STYLE_STRONG : number_style(text), text);
}

void cell_bytes(const struct table_cell *cell, double bytes)
{
    char text[FORMAT_SIZE];

    format_bytes(text, bytes);
    cell_text_right(cell, number_style(text), text);
}

void cell_amount(const struct table_cell *cell, int64_t bytes)
{
    cell_bytes(cell, count_is_known(bytes) ? (double)bytes : UNKNOWN_REAL);
}

void cell_growth(const struct table_cell *cell, double bytes)
{
    char text[FORMAT_SIZE];

    format_growth(text, bytes);
    cell_text_right(cell, number_style(text), text);
}

void cell_count(const struct table_cell *cell, int64_t count)
{
    char text[FORMAT_SIZE];

    format_count(text, count);
    cell_text_right(cell, number_style(text), text);
}

void cell_seconds(const struct table_cell *cell, double seconds)
{
    char text[FORMAT_SIZE];

    format_seconds(text, seconds);
    cell_text_right(cell, number_style(text), text);
}

int compare_real(double left, double right)
{
    if (!real_is_known(left) || !real_is_known(right))
        return real_is_known(left) - real_is_known(right);
    return (left > right) - (left < right);
}

int compare_count(int64_t left, int64_t right)
{
    return (left > right) - (left < right);
}

int compare_text(const char *left, const char *right)
{
    if (left == NULL || right == NULL)
        return (left != NULL) - (right != NULL);
    return strcmp(left, right);
}

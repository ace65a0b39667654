/* The memory of the selected process: over time, what it consists of, and in which functions it grew. */
#include "ui/format.h"
#include "ui/function_cells.h"
#include "ui/memory_graph.h"
#include "ui/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LEAST_WITH_GRAPH = 4,   /* rows from which on there is one row of a graph above the table, */
    LEAST_WITH_FIGURES = 9, /* and lines of figures and a graph with marks */
    FIGURE_ROWS = 2,
    GRAPH_PART = 3, /* of the rows that are left, one part of so many */
    LINE_SIZE = 256,
};

static const struct ranking_row *ranked_of(const void *row)
{
    return ((const struct function_row *)row)->ranked;
}

/* ---- the table ---- */

static void draw_own(const struct table_cell *cell, const void *row)
{
    cell_growth(cell, (double)ranked_of(row)->own_growth_bytes);
}

static void draw_total(const struct table_cell *cell, const void *row)
{
    cell_growth(cell, (double)ranked_of(row)->total_growth_bytes);
}

static int compare_amounts(int64_t left, int64_t right)
{
    return (left > right) - (left < right);
}

static int compare_own(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_amounts(ranked_of(left)->own_growth_bytes, ranked_of(right)->own_growth_bytes);
}

static int compare_total(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_amounts(ranked_of(left)->total_growth_bytes, ranked_of(right)->total_growth_bytes);
}

static int compare_equal(const void *left, const void *right, const void *context)
{
    int order = compare_total(right, left, context);

    if (order == 0)
        order = function_row_compare_name(left, right, context);
    return order != 0 ? order : function_row_compare_place(left, right, context);
}

static const struct column memory_columns[] = {
    {.title = "OWN GROWTH",
     .help = "by how much the resident memory grew while the function itself ran, in the window; "
             "below 0: it was freed",
     .minimal_width = 10,
     .priority = 0,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_own,
     .compare = compare_own},
    {.title = "TOTAL GROWTH",
     .help = "the same with what it calls",
     .minimal_width = 12,
     .priority = 3,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_total,
     .compare = compare_total},
    {.title = "FUNCTION",
     .help = "qualified name",
     .minimal_width = 14,
     .elastic = 5,
     .priority = 1,
     .draw = function_row_draw_name,
     .compare = function_row_compare_name},
    {.title = "FILE:LINE",
     .help = "where it is defined; with lines, the line being executed",
     .minimal_width = 12,
     .elastic = 4,
     .priority = 2,
     .draw = function_row_draw_place,
     .compare = function_row_compare_place},
};

/* The functions pane has ranked them already. */
static void update(struct state *state)
{
    struct table *table = &state->tables[PANE_MEMORY];
    const struct function_rows *rows = &state->function_rows;

    table_begin(table);
    for (size_t i = 0; i < rows->ranking.count; i++) {
        const struct ranking_row *ranked = rows->rows[i].ranked;
        if (ranked->own_growth_bytes != 0 || ranked->total_growth_bytes != 0)
            table_add(table, &rows->rows[i]);
    }
    table_finish(table);
}

/* ---- figures ---- */

/* A line of figures that are joined by commas. */
struct figures {
    char text[LINE_SIZE];
    size_t length;
};

static void add_figure(struct figures *figures, const char *format, const char *value)
{
    size_t room = sizeof(figures->text) - figures->length;
    int length = snprintf(figures->text + figures->length, room, "%s", figures->length > 0 ? ", " : "");

    length += snprintf(figures->text + figures->length + length, room - (size_t)length, format, value);
    figures->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void add_amount(struct figures *figures, const char *format, int64_t bytes)
{
    char text[FORMAT_SIZE];

    if (!count_is_known(bytes))
        return;
    format_bytes(text, (double)bytes);
    add_figure(figures, format, text);
}

static void add_rate(struct figures *figures, const char *format, double rate)
{
    char text[FORMAT_SIZE];

    if (!real_is_known(rate))
        return;
    format_count(text, (int64_t)(rate + 0.5));
    add_figure(figures, format, text);
}

static void draw_parts(const struct region *line, const struct process *process)
{
    struct figures figures = {.length = 0};

    add_amount(&figures, "anonymous %s", process->anonymous_bytes);
    add_amount(&figures, "file %s", process->file_bytes);
    add_amount(&figures, "shared %s", process->shared_memory_bytes);
    add_amount(&figures, "proportional %s", process->proportional_bytes);
    add_amount(&figures, "in swap %s", process->swap_bytes);
    region_text(line, 0, 0, line->columns, STYLE_TEXT, figures.text);
}

/* "collections 812/73/2": of the generations, youngest first. */
static void add_collector(struct figures *figures, const struct collector_usage *collector)
{
    char text[3 * 24];
    int length = 0;

    if (collector == NULL || collector->generation_count <= 0)
        return;
    for (int i = 0; i < collector->generation_count && i < 3; i++)
        length += snprintf(text + length, sizeof(text) - (size_t)length, "%s%" PRId64, i > 0 ? "/" : "",
                           collector->collections[i]);
    add_figure(figures, "collections %s", text);
    if (real_is_known(collector->collecting_seconds)) {
        format_seconds(text, collector->collecting_seconds);
        add_figure(figures, "in them %s", text);
    }
    if (count_is_known(collector->tracked_objects)) {
        format_count(text, collector->tracked_objects);
        add_figure(figures, "%s objects tracked", text);
    }
}

static void draw_events(const struct region *line, const struct process *process)
{
    struct figures figures = {.length = 0};

    add_rate(&figures, "page faults %s/s", process->minor_faults_per_second);
    add_rate(&figures, "from storage %s/s", process->major_faults_per_second);
    add_collector(&figures, process->collector);
    region_text(line, 0, 0, line->columns, STYLE_TEXT, figures.text);
}

static struct region draw_around(const struct state *state, const struct region *body)
{
    const struct process *process = state_selected_process(state);
    const struct process_history *history = process != NULL ? history_find(&state->history, process) : NULL;
    struct region rest = *body;
    int graph_rows = 1;

    if (history == NULL || body->rows < LEAST_WITH_GRAPH)
        return rest;
    if (body->rows >= LEAST_WITH_FIGURES) {
        struct region parts = region_part(&rest, 0, 0, 1, rest.columns);
        struct region events = region_part(&rest, 1, 0, 1, rest.columns);
        draw_parts(&parts, process);
        draw_events(&events, process);
        rest = region_part(&rest, FIGURE_ROWS, 0, rest.rows - FIGURE_ROWS, rest.columns);
        graph_rows = rest.rows / GRAPH_PART;
        graph_rows = graph_rows > MEMORY_GRAPH_LEAST_MARKED ? graph_rows : MEMORY_GRAPH_LEAST_MARKED;
    }
    struct region graph = region_part(&rest, 0, 0, graph_rows, rest.columns);
    memory_graph_draw(&graph, &history->memory, source_call_tree(state->source));
    return region_part(&rest, graph_rows, 0, rest.rows - graph_rows, rest.columns);
}

/* ---- the pane ---- */

static void draw_title(const struct state *state, const struct region *line, enum style style)
{
    const struct process *process = state_selected_process(state);
    const struct table *table = &state->tables[PANE_MEMORY];
    char text[FORMAT_SIZE], window[64];
    int used = region_text(line, 0, 0, line->columns, style, "Memory");

    if (process == NULL)
        return;
    if (count_is_known(process->resident_bytes)) {
        format_bytes(text, (double)process->resident_bytes);
        used += region_format(line, 0, used, line->columns - used, style, " %s", text);
    }
    if (real_is_known(process->growth_bytes_per_second)) {
        format_growth(text, process->growth_bytes_per_second);
        used += region_format(line, 0, used, line->columns - used, style, ", %s/s", text);
    }
    travel_name_window(state, window);
    used += region_format(line, 0, used, line->columns - used, style, "; growth, %s", window);
    if (table->filter[0] != '\0')
        region_format(line, 0, used, line->columns - used, style, ", %zu match \"%s\"", table->count,
                      table->filter);
}

static const char *why_empty(const struct state *state, const struct process *process)
{
    (void)state;
    if (process->profile == NULL)
        return "No samples yet";
    if (!process->profile->growth_measured)
        return "Its growth could not be measured";
    return "It did not grow or shrink in this window (w chooses another)";
}

static const struct table_class memory_table = {
    .columns = memory_columns,
    .column_count = sizeof(memory_columns) / sizeof(memory_columns[0]),
    .sort_column = 0,
    .identity = function_row_identity,
    .compare_equal = compare_equal,
    .text = function_row_text,
};

const struct pane_class memory_pane = {
    .name = "Memory",
    .columns_title = "The columns of the memory",
    .row_name = "function",
    .of_interpreter = true,
    .table = &memory_table,
    .update = update,
    .draw_around = draw_around,
    .draw_title = draw_title,
    .why_empty = why_empty,
};

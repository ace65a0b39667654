/* The hottest functions, or lines, of the selected process. */
#include "base/clock.h"
#include "base/hash.h"
#include "ui/format.h"
#include "ui/function_cells.h"
#include "ui/shorten.h"
#include "ui/state.h"

#include <stdio.h>

enum {
    NUMBER_WIDTH = 5, /* of a share */
    NARROWEST_BAR = 4,
};

static const struct ranking_row *ranked_of(const void *row)
{
    return ((const struct function_row *)row)->ranked;
}

static enum ranking_mode mode_of(const void *context)
{
    return ((const struct state *)context)->mode;
}

/* ---- cells ---- */

/* A bar in eighths of a cell. */
static void draw_share_bar(const struct table_cell *cell, int column, int columns, double percent)
{
    static const uint32_t eighth_blocks[] = {' ', 0x258f, 0x258e, 0x258d, 0x258c, 0x258b, 0x258a, 0x2589};
    int eighths = real_is_known(percent) ? (int)(percent / 100 * columns * 8 + 0.5) : 0;
    int full = eighths / 8 < columns ? eighths / 8 : columns;
    bool ascii = cell->region->canvas->ascii;

    region_fill(cell->region, cell->row, column, full, STYLE_BAR_SHARE,
                region_glyph(cell->region, GLYPH_FULL));
    if (full < columns && eighths % 8 > 0 && !ascii)
        region_fill(cell->region, cell->row, column + full, 1, STYLE_BAR_SHARE, eighth_blocks[eighths % 8]);
}

/* The share, a mark when it moved, and a bar where there is room. */
static void draw_own_percent(const struct table_cell *cell, const void *row)
{
    int moved = ((const struct function_row *)row)->moved;
    double percent = ranked_of(row)->own_percent;
    struct table_cell number = *cell;
    int bar = cell->columns - NUMBER_WIDTH - 2;

    number.columns = NUMBER_WIDTH;
    cell_percent(&number, percent, moved != 0 ? 0 : 10);
    if (moved != 0)
        region_fill(cell->region, cell->row, cell->column + NUMBER_WIDTH, 1, STYLE_STRONG,
                    region_glyph(cell->region, moved > 0 ? GLYPH_ROSE : GLYPH_FELL));
    if (bar >= NARROWEST_BAR)
        draw_share_bar(cell, cell->column + NUMBER_WIDTH + 2, bar, percent);
}

static void draw_total_percent(const struct table_cell *cell, const void *row)
{
    cell_percent(cell, ranked_of(row)->total_percent, 101);
}

static uint64_t own_ns(const void *row, const void *context)
{
    return mode_of(context) == RANKING_CPU ? ranked_of(row)->own_cpu_ns : ranked_of(row)->own_wall_ns;
}

static uint64_t total_ns(const void *row, const void *context)
{
    return mode_of(context) == RANKING_CPU ? ranked_of(row)->total_cpu_ns : ranked_of(row)->total_wall_ns;
}

static void draw_own_time(const struct table_cell *cell, const void *row)
{
    cell_seconds(cell, (double)own_ns(row, cell->context) / (double)NS_PER_SECOND);
}

static void draw_total_time(const struct table_cell *cell, const void *row)
{
    cell_seconds(cell, (double)total_ns(row, cell->context) / (double)NS_PER_SECOND);
}

/* ---- order ---- */

/* By what is shown, so that rows keep their place while they look the same. */
static int compare_own_percent(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_count(function_rows_tenths(ranked_of(left)->own_percent),
                         function_rows_tenths(ranked_of(right)->own_percent));
}

static int compare_total_percent(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_count(function_rows_tenths(ranked_of(left)->total_percent),
                         function_rows_tenths(ranked_of(right)->total_percent));
}

static int compare_own_time(const void *left, const void *right, const void *context)
{
    return compare_count((int64_t)own_ns(left, context), (int64_t)own_ns(right, context));
}

static int compare_total_time(const void *left, const void *right, const void *context)
{
    return compare_count((int64_t)total_ns(left, context), (int64_t)total_ns(right, context));
}

static int compare_equal(const void *left, const void *right, const void *context)
{
    int order = compare_total_percent(right, left, context);

    if (order == 0)
        order = function_row_compare_name(left, right, context);
    return order != 0 ? order : function_row_compare_place(left, right, context);
}

static const struct column function_columns[] = {
    {.title = " OWN%",
     .help =
         "share of the process's time in the function itself; a mark tells that it rose or fell by 2 points",
     .minimal_width = 6,
     .wanted_width = 12,
     .priority = 0,
     .descending = true,
     .draw = draw_own_percent,
     .compare = compare_own_percent},
    {.title = "TOTAL%",
     .help = "the same with what it calls",
     .minimal_width = 6,
     .priority = 3,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_total_percent,
     .compare = compare_total_percent},
    {.title = "OWN TIME",
     .help = "time in the function itself, in the window",
     .minimal_width = 8,
     .priority = 4,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_own_time,
     .compare = compare_own_time},
    {.title = "TOTAL TIME",
     .help = "the same with what it calls",
     .minimal_width = 10,
     .priority = 5,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_total_time,
     .compare = compare_total_time},
    {.title = "FUNCTION",
     .help = "qualified name; dim: only what it calls was seen at work",
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

/* ---- the pane ---- */

static uint64_t subject_of(const struct state *state, const struct process *process)
{
    uint64_t settings = (uint64_t)state->mode << 8 | (uint64_t)state->level << 4 | (uint64_t)state->window;

    return hash_u64(process->start_ticks << 22 ^ (uint64_t)process->pid) ^ settings;
}

static void update(struct state *state)
{
    const struct process *process = state_selected_process(state);
    const struct window *window = process != NULL ? travel_window(state, process) : NULL;
    struct table *table = &state->tables[PANE_FUNCTIONS];
    const struct call_tree *tree = source_call_tree(state->source);
    struct ranking ranking = {0};

    if (window != NULL)
        ranking = window_rank(window, tree, state->mode, state->level);
    uint64_t subject = process != NULL ? subject_of(state, process) : 0;
    bool new_tick = state->tick != NULL && state->tick->sequence != state->functions_sequence;
    if (state->tick != NULL)
        state->functions_sequence = state->tick->sequence;
    function_rows_take(&state->function_rows, ranking, tree, subject, new_tick);
    table_begin(table);
    for (size_t i = 0; i < ranking.count; i++)
        table_add(table, &state->function_rows.rows[i]);
    table_finish(table);
}

/* What the samples were like: "1000 samples, 12 partial, 3 invalid, 40 late". */
static void describe_samples(char *text, size_t size, const struct process_history *history)
{
    const struct {
        uint64_t count;
        const char *name;
    } flaws[] = {{history->partial, "partial"}, {history->invalid, "invalid"}, {history->late, "late"}};
    char count[FORMAT_SIZE];

    format_count(count, (int64_t)history->samples);
    int length = snprintf(text, size, "%s samples", count);
    for (size_t i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++) {
        if (flaws[i].count == 0)
            continue;
        format_count(count, (int64_t)flaws[i].count);
        length += snprintf(text + length, size - (size_t)length, ", %s %s", count, flaws[i].name);
    }
}

static void draw_title(const struct state *state, const struct region *line, enum style style)
{
    const struct process *process = state_selected_process(state);
    const struct table *table = &state->tables[PANE_FUNCTIONS];
    char name[128] = "";
    char samples[128] = "";
    char window[64];

    if (process == NULL) {
        region_text(line, 0, 0, line->columns, style, "Functions");
        return;
    }
    shorten_to_program(name, sizeof(name), process->command != NULL ? process->command : process->name);
    int used = region_format(line, 0, 0, line->columns, style, "%s of %d %s",
                             state->level == RANKING_LINES ? "Lines" : "Functions", (int)process->pid, name);
    if (process->error != NULL) {
        region_format(line, 0, used, line->columns - used, STYLE_WARNING, ": %s", process->error);
        return;
    }
    travel_name_window(state, window);
    used += region_format(line, 0, used, line->columns - used, style, ": %s, %s",
                          state->mode == RANKING_CPU ? "CPU" : "wall", window);
    if (table->filter[0] != '\0')
        used += region_format(line, 0, used, line->columns - used, style, ", filter \"%s\"", table->filter);
    const struct process_history *history = history_find(&state->history, process);
    if (history == NULL)
        return;
    describe_samples(samples, sizeof(samples), history);
    region_format(line, 0, used, line->columns - used, STYLE_DIM, "; %s", samples);
}

static const char *why_empty(const struct state *state, const struct process *process)
{
    if (history_find(&state->history, process) == NULL)
        return "No samples yet";
    if (state->mode == RANKING_CPU)
        return "It used no CPU time in this window (m shows wall time)";
    return "No samples in this window (w chooses another)";
}

static const struct table_class function_table = {
    .columns = function_columns,
    .column_count = sizeof(function_columns) / sizeof(function_columns[0]),
    .sort_column = 0,
    .identity = function_row_identity,
    .compare_equal = compare_equal,
    .text = function_row_text,
};

const struct pane_class functions_pane = {
    .name = "Functions",
    .columns_title = "The columns of the functions",
    .row_name = "function",
    .of_interpreter = true,
    .table = &function_table,
    .update = update,
    .draw_title = draw_title,
    .why_empty = why_empty,
};

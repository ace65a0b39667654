/* The threads of the selected process: what each does, since when, and what it waits for. */
#include "base/clock.h"
#include "ui/format.h"
#include "ui/shorten.h"
#include "ui/state.h"
#include "ui/state_bar.h"

#include <stdio.h>

enum {
    LEAST_WITH_BAR = 4,    /* rows from which on the process's states are shown above the table, */
    LEAST_WITH_STACK = 13, /* and the selected thread's stack below it */
    LEAST_TABLE = 5,       /* rows of the table above a stack */
    BAR_PARTS = 3,         /* the bar gets one part of so many of the row, its legend the rest */
    LEAST_FUNCTION = 12,   /* columns of the function in a stack */
};

static const struct thread_row *row_of(const void *row)
{
    return row;
}

static const struct thread *thread_of(const void *row)
{
    return row_of(row)->thread;
}

static int64_t waited_ns(const void *row)
{
    const struct waiting *waiting = thread_of(row)->waiting;

    return waiting != NULL ? waiting->waited_ns : UNKNOWN_COUNT;
}

/* ---- cells ---- */

static void draw_tid(const struct table_cell *cell, const void *row)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", (int)thread_of(row)->tid);
    cell_text_right(cell, thread_of(row)->holds_gil == 1 ? STYLE_STRONG : STYLE_TEXT, text);
}

static void draw_name(const struct table_cell *cell, const void *row)
{
    const char *name = thread_of(row)->name;

    cell_text(cell, name != NULL ? STYLE_TEXT : STYLE_DIM, name != NULL ? name : "-");
}

static void draw_state(const struct table_cell *cell, const void *row)
{
    cell_text(cell, state_text_style(thread_of(row)->state), thread_state_name(thread_of(row)->state));
}

static void draw_since(const struct table_cell *cell, const void *row)
{
    int64_t ns = waited_ns(row);

    cell_seconds(cell, count_is_known(ns) ? (double)ns / (double)NS_PER_SECOND : UNKNOWN_REAL);
}

static void draw_cpu(const struct table_cell *cell, const void *row)
{
    cell_percent(cell, thread_of(row)->cpu_percent, 50);
}

static void draw_gil(const struct table_cell *cell, const void *row)
{
    cell_percent(cell, thread_of(row)->gil_percent, 50);
}

static void draw_states(const struct table_cell *cell, const void *row)
{
    state_bar_draw(cell->region, cell->row, cell->column, cell->columns, &row_of(row)->shares);
}

static void draw_waiting(const struct table_cell *cell, const void *row)
{
    const struct waiting *waiting = thread_of(row)->waiting;
    struct table_cell rest = *cell;

    if (waiting == NULL) {
        cell_text(cell, STYLE_DIM, "-");
        return;
    }
    if (waiting->fd >= 0) {
        int used = region_format(cell->region, cell->row, cell->column, cell->columns, STYLE_TEXT, "fd %d ",
                                 waiting->fd);
        rest.column += used;
        rest.columns -= used;
    }
    if (rest.columns > 0)
        cell_text(&rest, STYLE_TEXT, waiting->description != NULL ? waiting->description : waiting->kind);
}

static void draw_where(const struct table_cell *cell, const void *row)
{
    const struct thread_row *thread_row = row_of(row);
    char text[TABLE_TEXT_SIZE];

    if (thread_row->function == NULL) {
        cell_text(cell, STYLE_DIM, thread_row->thread->has_stack ? "no Python code" : "-");
        return;
    }
    shorten_function(text, sizeof(text), thread_row->function->name, (size_t)cell->columns);
    cell_text_end(cell, STYLE_TEXT, text);
}

static void draw_place(const struct table_cell *cell, const void *row)
{
    const struct thread_row *thread_row = row_of(row);
    char text[TABLE_TEXT_SIZE];

    if (thread_row->function == NULL)
        return;
    shorten_place(text, sizeof(text), thread_row->function->file, thread_row->line, (size_t)cell->columns);
    cell_text_end(cell, STYLE_DIM, text);
}

/* ---- order ---- */

static int compare_tid(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_count(thread_of(left)->tid, thread_of(right)->tid);
}

static int compare_name(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_text(thread_of(left)->name, thread_of(right)->name);
}

static int compare_state(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_count(thread_of(left)->state, thread_of(right)->state);
}

static int compare_since(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_count(waited_ns(left), waited_ns(right));
}

static int compare_cpu(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_real(thread_of(left)->cpu_percent, thread_of(right)->cpu_percent);
}

static int compare_gil(const void *left, const void *right, const void *context)
{
    (void)context;
    return compare_real(thread_of(left)->gil_percent, thread_of(right)->gil_percent);
}

static int compare_waiting(const void *left, const void *right, const void *context)
{
    const struct waiting *one = thread_of(left)->waiting;
    const struct waiting *other = thread_of(right)->waiting;

    (void)context;
    return compare_text(one != NULL ? one->description : NULL, other != NULL ? other->description : NULL);
}

static int compare_where(const void *left, const void *right, const void *context)
{
    const struct function *one = row_of(left)->function;
    const struct function *other = row_of(right)->function;

    (void)context;
    return compare_text(one != NULL ? one->name : NULL, other != NULL ? other->name : NULL);
}

static const struct column thread_columns[] = {
    {.title = "TID",
     .help = "number of the thread; bold: it holds the GIL",
     .minimal_width = 7,
     .priority = 0,
     .alignment = ALIGN_RIGHT,
     .draw = draw_tid,
     .compare = compare_tid},
    {.title = "NAME",
     .help = "as the program or the kernel calls it",
     .minimal_width = 10,
     .wanted_width = 16,
     .priority = 4,
     .draw = draw_name,
     .compare = compare_name},
    {.title = "STATE",
     .help = "what it does: running, native, gc (on a CPU), runnable, gil, lock, disk, network, pipe, poll, "
             "child, sleep, other",
     .minimal_width = 8,
     .priority = 1,
     .draw = draw_state,
     .compare = compare_state},
    {.title = "SINCE",
     .help = "for how long it has been waiting",
     .minimal_width = 6,
     .priority = 6,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_since,
     .compare = compare_since},
    {.title = "CPU%",
     .help = "CPU time in the interval; 100 is one core",
     .minimal_width = 5,
     .priority = 2,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_cpu,
     .compare = compare_cpu},
    {.title = "GIL%",
     .help = "share of the interval in which it held the GIL",
     .minimal_width = 5,
     .priority = 5,
     .alignment = ALIGN_RIGHT,
     .descending = true,
     .draw = draw_gil,
     .compare = compare_gil},
    {.title = "STATES",
     .help = "how its time went in the window; the letters are in the legend above",
     .minimal_width = 10,
     .wanted_width = 20,
     .priority = 8,
     .draw = draw_states},
    {.title = "WAITS FOR",
     .help = "the descriptor and what is behind it, or the system call",
     .minimal_width = 14,
     .elastic = 4,
     .priority = 3,
     .draw = draw_waiting,
     .compare = compare_waiting},
    {.title = "WHERE",
     .help = "its innermost function",
     .minimal_width = 14,
     .elastic = 3,
     .priority = 3,
     .draw = draw_where,
     .compare = compare_where},
    {.title = "FILE:LINE",
     .help = "the line that it executes",
     .minimal_width = 14,
     .elastic = 2,
     .priority = 9,
     .draw = draw_place},
};

static uint64_t identity(const void *row)
{
    return (uint64_t)thread_of(row)->tid;
}

static void row_text(char text[static TABLE_TEXT_SIZE], const void *row, const void *context)
{
    const struct thread_row *thread_row = row_of(row);
    const struct waiting *waiting = thread_row->thread->waiting;

    (void)context;
    snprintf(text, TABLE_TEXT_SIZE, "%d %.200s %s %.300s %.300s", (int)thread_row->thread->tid,
             thread_row->thread->name != NULL ? thread_row->thread->name : "",
             thread_state_name(thread_row->thread->state),
             waiting != NULL && waiting->description != NULL ? waiting->description : "",
             thread_row->function != NULL ? thread_row->function->name : "");
}

/* ---- the pane ---- */

static void update(struct state *state)
{
    struct table *table = &state->tables[PANE_THREADS];
    const struct process *process = state_selected_process(state);
    const struct window *window = process != NULL ? travel_window(state, process) : NULL;

    thread_rows_collect(&state->thread_rows, process, window, source_call_tree(state->source));
    table_begin(table);
    for (size_t i = 0; i < state->thread_rows.count; i++)
        table_add(table, &state->thread_rows.rows[i]);
    table_finish(table);
}

static void draw_title(const struct state *state, const struct region *line, enum style style)
{
    const struct table *table = &state->tables[PANE_THREADS];
    const struct process *process = state_selected_process(state);
    int used = region_text(line, 0, 0, line->columns, style, "Threads");

    if (process == NULL)
        return;
    used += region_format(line, 0, used, line->columns - used, style, " %zu", table->total);
    if (count_is_known(process->thread_count) && (size_t)process->thread_count > table->total)
        used += region_format(line, 0, used, line->columns - used, STYLE_DIM, " of Python, %d more",
                              (int)((size_t)process->thread_count - table->total));
    if (table->filter[0] != '\0')
        region_format(line, 0, used, line->columns - used, style, ", %zu match \"%s\"", table->count,
                      table->filter);
}

static void draw_process_states(const struct state *state, const struct region *line)
{
    const struct state_shares *shares = &state->thread_rows.shares;
    int columns = line->columns / BAR_PARTS;

    if (shares->total_ns == 0)
        return;
    state_bar_draw(line, 0, 0, columns, shares);
    state_bar_draw_legend(line, 0, columns + 1, line->columns - columns - 1, shares);
}

/* One frame a row, innermost first; what does not fit at the end is told. */
static void draw_frames(const struct state *state, const struct region *region, uint32_t innermost)
{
    const struct call_tree *tree = source_call_tree(state->source);
    const struct call_node *node = call_tree_node(tree, innermost);
    int functions = region->columns / 2;
    char text[TABLE_TEXT_SIZE];

    functions = functions > LEAST_FUNCTION ? functions : LEAST_FUNCTION;
    for (int row = 0; row < region->rows && node->depth > 0; row++) {
        const struct function *function = call_tree_function(tree, node->function);
        if (row == region->rows - 1 && node->depth > 1) {
            region_format(region, row, 1, region->columns - 1, STYLE_DIM, "%u more callers", node->depth);
            return;
        }
        shorten_function(text, sizeof(text), function->name, (size_t)functions);
        region_text_end(region, row, 1, functions, STYLE_TEXT, text);
        int room = region->columns - functions - 2;
        shorten_place(text, sizeof(text), function->file, node->line, room > 0 ? (size_t)room : 0);
        region_text_end(region, row, functions + 2, room, STYLE_DIM, text);
        node = call_tree_node(tree, node->parent);
    }
}

static void draw_stack(const struct state *state, const struct region *region)
{
    const void *selected = table_selected_row(&state->tables[PANE_THREADS]);

    region_fill(region, 0, 0, region->columns, STYLE_FRAME, region_glyph(region, GLYPH_HORIZONTAL));
    if (selected == NULL)
        return;
    const struct thread *thread = thread_of(selected);
    const char *name = thread->name != NULL ? thread->name : "";
    region_format(region, 0, 2, region->columns - 4, STYLE_TITLE, " Stack of %d %s ", (int)thread->tid, name);
    struct region frames = region_part(region, 1, 0, region->rows - 1, region->columns);
    if (!thread->has_stack)
        region_text(&frames, 0, 1, frames.columns - 1, STYLE_DIM, "It could not be read");
    else if (thread->stack_node == CALL_TREE_ROOT)
        region_text(&frames, 0, 1, frames.columns - 1, STYLE_DIM, "It runs no Python code");
    else
        draw_frames(state, &frames, thread->stack_node);
}

static struct region draw_around(const struct state *state, const struct region *body)
{
    struct region rest = *body;

    if (body->rows >= LEAST_WITH_BAR) {
        struct region line = region_part(&rest, 0, 0, 1, rest.columns);
        draw_process_states(state, &line);
        rest = region_part(&rest, 1, 0, rest.rows - 1, rest.columns);
    }
    if (body->rows >= LEAST_WITH_STACK) {
        int wanted =
            1 + (int)(state->tables[PANE_THREADS].count < 1000 ? state->tables[PANE_THREADS].count : 1000);
        int rows = wanted < rest.rows / 2 ? wanted : rest.rows / 2;
        rows = rows > LEAST_TABLE ? rows : LEAST_TABLE;
        struct region stack = region_part(&rest, rows, 0, rest.rows - rows, rest.columns);
        draw_stack(state, &stack);
        rest = region_part(&rest, 0, 0, rows, rest.columns);
    }
    return rest;
}

static const char *why_empty(const struct state *state, const struct process *process)
{
    (void)state;
    (void)process;
    return "No threads are known yet";
}

static const struct table_class thread_table = {
    .columns = thread_columns,
    .column_count = sizeof(thread_columns) / sizeof(thread_columns[0]),
    .sort_column = 4,
    .identity = identity,
    .compare_equal = compare_tid,
    .text = row_text,
};

const struct pane_class threads_pane = {
    .name = "Threads",
    .columns_title = "The columns of the threads",
    .row_name = "thread",
    .of_interpreter = true,
    .table = &thread_table,
    .update = update,
    .draw_around = draw_around,
    .draw_title = draw_title,
    .why_empty = why_empty,
};

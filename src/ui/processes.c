/* The process table. */
#include "ui/state.h"
#include "ui/state_bar.h"
#include "ui/verdict_cells.h"

#include <math.h>
#include <stdio.h>

static const struct process *process_of(const void *row)
{
    return ((const struct process_row *)row)->process;
}

enum {
    SETTLING_TICKS = 3,    /* the first figures are of very short intervals */
    ROWS_WITH_VERDICT = 4, /* column titles, two processes, and the verdict on one */
    BAR_PARTS = 5,         /* the bar behind the verdict gets one part of so many of the row, */
    WIDEST_BAR = 20,       /* up to so many columns */
};

/* At the start the selection goes to where the CPU time goes: the busiest process that can be looked into. */
static void settle_selection(struct state *state)
{
    struct table *table = &state->tables[PANE_PROCESSES];
    size_t best = table->count;

    if (state->selection_settled)
        return;
    for (size_t i = 0; i < table->count; i++) {
        const struct process *process = process_of(table->rows[i]);
        if (!process->is_python || process->error != NULL)
            continue;
        if (best == table->count ||
            isgreater(process->cpu_percent, process_of(table->rows[best])->cpu_percent))
            best = i;
    }
    table_select(table, best < table->count ? best : 0);
    bool settled = state->tick->sequence + 1 >= SETTLING_TICKS || state->travel.away;
    state->selection_settled = settled && table->count > 0;
}

static void update(struct state *state)
{
    struct table *table = &state->tables[PANE_PROCESSES];

    if (state->tick == NULL)
        return;
    process_rows_collect(&state->process_rows, state->tick, source_call_tree(state->source), &state->history,
                         state->user_filtered ? &state->user : NULL);
    process_rows_fill(&state->process_rows, state->tick, table, state->tree);
    settle_selection(state);
    if (table->count > state->process_rows_seen)
        state->process_rows_seen = table->count;
}

static const char *user_name(const struct state *state)
{
    for (size_t i = 0; i < state->tick->process_count; i++)
        if (state->tick->processes[i].uid == state->user && state->tick->processes[i].user != NULL)
            return state->tick->processes[i].user;
    return "of that user";
}

static const char *reason_for_none(const struct process *process)
{
    if (process->error != NULL)
        return process->error;
    return process->is_python ? "no verdict yet" : "no Python program";
}

/* The verdict, and behind it, where there is room, how the time of all threads went in the chosen window. */
static void draw_verdict(const struct state *state, const struct region *line, const struct process_row *row)
{
    const struct state_shares *shares = &state->thread_rows.shares;
    int part = line->columns / BAR_PARTS < WIDEST_BAR ? line->columns / BAR_PARTS : WIDEST_BAR;
    int columns = shares->total_ns > 0 ? part : 0;
    int used = verdict_draw_line(line, row->verdict, reason_for_none(row->process), columns + 1);

    if (used + 1 + columns <= line->columns)
        state_bar_draw(line, 0, line->columns - columns, columns, shares);
}

/* The verdict on the selected process stands below the rows. */
static struct region draw_around(const struct state *state, const struct region *body)
{
    const struct process_row *row = table_selected_row(&state->tables[PANE_PROCESSES]);
    struct region line = region_part(body, body->rows - 1, 0, 1, body->columns);

    if (body->rows < ROWS_WITH_VERDICT)
        return *body;
    if (row != NULL)
        draw_verdict(state, &line, row);
    return region_part(body, 0, 0, body->rows - 1, body->columns);
}

static void draw_title(const struct state *state, const struct region *line, enum style style)
{
    const struct table *table = &state->tables[PANE_PROCESSES];
    char text[TABLE_TEXT_SIZE];
    size_t length = 0;

    if (state->tick == NULL)
        return;
    length +=
        (size_t)snprintf(text, sizeof(text), "%s ", state->all_processes ? "Processes" : "Python processes");
    if (table->count == table->total)
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%zu", table->count);
    else
        length +=
            (size_t)snprintf(text + length, sizeof(text) - length, "%zu of %zu", table->count, table->total);
    if (table->filter[0] != '\0')
        length += (size_t)snprintf(text + length, sizeof(text) - length, ", filter \"%s\"", table->filter);
    if (state->user_filtered)
        length += (size_t)snprintf(text + length, sizeof(text) - length, ", user %s", user_name(state));
    if (state->tree)
        snprintf(text + length, sizeof(text) - length, ", tree");
    region_text(line, 0, 0, line->columns, style, text);
}

static const char *why_empty(const struct state *state, const struct process *process)
{
    (void)process;
    if (state->tick == NULL)
        return "Looking for Python programs";
    if (state->user_filtered)
        return "No process of this user (u chooses another)";
    return "No Python program is running (a shows all processes)";
}

const struct pane_class processes_pane = {
    .name = "Processes",
    .columns_title = "The columns of the processes",
    .row_name = "process",
    .table = &process_table,
    .update = update,
    .draw_around = draw_around,
    .draw_title = draw_title,
    .why_empty = why_empty,
};

#include "ui/draw.h"

#include "ui/empty.h"
#include "ui/header.h"
#include "ui/key_bar.h"
#include "ui/layout.h"

#include <stdio.h>
#include <string.h>

/* Which rows are shown, when not all of them are. */
static void draw_extent(const struct table *table, const struct region *region, int title_end)
{
    char text[64];
    size_t visible = table->visible_rows > 0 ? (size_t)table->visible_rows : 0;

    if (visible == 0 || table->count <= visible)
        return;
    snprintf(text, sizeof(text), " %zu-%zu of %zu ", table->top + 1, table->top + visible, table->count);
    int columns = (int)strlen(text);
    if (title_end + columns + 1 < region->columns)
        region_text(region, 0, region->columns - columns - 1, columns, STYLE_DIM, text);
}

/* The pane's title in a line that goes on to the right edge; a mark and bold text tell which has the focus.
 */
static void draw_title_line(const struct state *state, enum pane_id pane, const struct region *region)
{
    bool focused = state->focus == pane;
    struct region line = region_part(region, 0, 0, 1, region->columns);
    struct region title = region_part(&line, 0, 2, 1, line.columns - 4);
    uint32_t horizontal = region_glyph(&line, GLYPH_HORIZONTAL);

    pane_classes[pane]->draw_title(state, &title, focused ? STYLE_TITLE_FOCUSED : STYLE_TITLE);
    int end = 2 + region_text_end_column(&title, 0) + 1;
    if (focused)
        region_fill(&line, 0, 0, 1, STYLE_TITLE_FOCUSED, region_glyph(&line, GLYPH_POINTER));
    else
        region_fill(&line, 0, 0, 1, STYLE_FRAME, horizontal);
    region_fill(&line, 0, end, line.columns - end, STYLE_FRAME, horizontal);
    draw_extent(&state->tables[pane], region, end);
}

static void draw_pane(struct state *state, enum pane_id pane)
{
    struct region *region = &state->regions[pane];
    int title_rows = region->rows >= 2;

    if (region->rows == 0)
        return;
    struct region rest = region_part(region, title_rows, 0, region->rows - title_rows, region->columns);
    if (pane_classes[pane]->draw_around != NULL)
        rest = pane_classes[pane]->draw_around(state, &rest);
    state->table_regions[pane] = rest;
    table_draw(&state->tables[pane], &rest, state->focus == pane);
    if (title_rows > 0) /* after the table: it tells which rows are shown */
        draw_title_line(state, pane, region);
    struct region body = region_part(&rest, 1, 0, rest.rows - 1, rest.columns);
    if (state->tables[pane].count == 0)
        empty_draw(state, pane, &body);
}

static void draw_bar(struct state *state, const struct region *bar)
{
    char word[16], mode[32];
    const char *time_mode = state->travel.away ? travel_word(state, word) : state->paused ? " PAUSED " : "";
    int mode_columns = snprintf(mode, sizeof(mode), "%s%s", recording_word(state), time_mode);

    state->bar = region_part(bar, 0, 0, bar->rows, bar->columns - mode_columns);
    if (bar->rows == 0)
        return;
    if (state->message[0] != '\0')
        region_text(&state->bar, 0, 0, state->bar.columns, state->message_is_error ? STYLE_HOT : STYLE_STRONG,
                    state->message);
    else
        key_bar_draw(state, &state->bar);
    region_text(bar, 0, bar->columns - mode_columns, mode_columns, STYLE_SELECTED, mode);
}

/* The part of the past around what is shown, of the process under the cursor. */
static void draw_timeline(struct state *state, const struct region *region)
{
    struct travel *travel = &state->travel;
    struct timeline_marks marks = {.position = travel->sequence, .mark_count = travel->mark_count};
    const struct process *process = state_selected_process(state);

    if (region->rows == 0)
        return;
    memcpy(marks.marks, travel->marks, sizeof(marks.marks));
    struct error *error = timeline_update(&travel->timeline, state->source,
                                          process != NULL ? process->pid : 0, travel->sequence);
    if (error == NULL)
        timeline_draw(region, &travel->timeline, &marks);
    else
        region_text(region, 0, 0, region->columns, STYLE_HOT, error_message(error));
    error_free(error);
}

void draw_screen(struct state *state)
{
    struct region screen = canvas_region(&state->canvas);
    struct layout_wishes wishes = {
        .header_rows = header_rows(state, screen.rows, screen.columns),
        .timeline_rows = state->travel.away ? timeline_rows(screen.rows) : 0,
        .process_rows = state->process_rows_seen < 1000 ? (int)state->process_rows_seen : 1000,
        .focus = state->focus,
        .lower = state->lower,
        .zoomed = state->zoomed,
    };
    struct layout layout = layout_make(&screen, &wishes);

    canvas_clear(&state->canvas);
    draw_timeline(state, &layout.timeline); /* first: the header tells how much there is */
    header_draw(state, &layout.header);
    memcpy(state->regions, layout.panes, sizeof(state->regions));
    for (int pane = 0; pane < PANES; pane++)
        draw_pane(state, (enum pane_id)pane);
    draw_bar(state, &layout.bar);
    if (state->dialog.class != NULL)
        state->dialog.class->draw(state, &screen);
}

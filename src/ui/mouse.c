#include "ui/mouse.h"

#include "ui/key_bar.h"

enum {
    WHEEL_ROWS = 3,
};

static bool contains(const struct region *region, int row, int column)
{
    return row >= region->top && row < region->top + region->rows && column >= region->left &&
           column < region->left + region->columns;
}

/* A click on column titles sorts, one on a row selects it. */
static void click_pane(struct state *state, enum pane_id pane, const struct event *event)
{
    struct table *table = &state->tables[pane];
    int row = event->row - state->table_regions[pane].top;
    int column = table_column_at(table, event->column);
    long index = table_row_at(table, row);

    state_focus_pane(state, pane);
    if (!contains(&state->table_regions[pane], event->row, event->column))
        return;
    if (row == 0 && column >= 0) {
        table_sort_by(table, (size_t)column);
        state_update_all(state);
    } else if (row > 0 && index >= 0) {
        table_select(table, (size_t)index);
        state_selection_moved(state);
    }
}

void mouse_handle(struct state *state, const struct event *event)
{
    if (event->kind == EVENT_CLICK && contains(&state->bar, event->row, event->column)) {
        const struct key_binding *binding = key_bar_at(state, &state->bar, event->column - state->bar.left);
        if (binding != NULL)
            binding->run(state, binding->argument);
        return;
    }
    for (int pane = 0; pane < PANES; pane++) {
        if (!contains(&state->regions[pane], event->row, event->column))
            continue;
        if (event->kind == EVENT_CLICK) {
            click_pane(state, (enum pane_id)pane, event);
        } else {
            table_move(&state->tables[pane], event->kind == EVENT_WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS);
            state_selection_moved(state);
        }
        return;
    }
}

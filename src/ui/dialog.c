#include "ui/state.h"

void dialog_open(struct state *state, const struct dialog_class *class)
{
    dialog_close(state);
    state->dialog.class = class;
    state->dialog.cursor_row = -1;
}

void dialog_close(struct state *state)
{
    const struct dialog_class *class = state->dialog.class;

    state->dialog.class = NULL;
    state->dialog.cursor_row = -1;
    if (class != NULL && class->close != NULL)
        class->close(state);
}

struct region dialog_box(const struct region *screen, int rows, int columns, const char *title)
{
    int box_rows = rows + 2 < screen->rows ? rows + 2 : screen->rows;
    int box_columns = columns + 4 < screen->columns ? columns + 4 : screen->columns;
    struct region box = region_part(screen, (screen->rows - box_rows) / 2,
                                    (screen->columns - box_columns) / 2, box_rows, box_columns);

    return region_frame(&box, STYLE_DIALOG, title);
}

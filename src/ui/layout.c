#include "ui/layout.h"

enum {
    SIDE_BY_SIDE_COLUMNS = 140, /* from here on two panes stand side by side below the processes */
    GRID_ROWS = 20,             /* from here on all four of them */
    TITLE_ROWS = 2,             /* a pane's title and column titles */
    VERDICT_ROWS = 1,           /* below the processes */
    LEAST_PROCESSES = 3,        /* rows that the process table keeps free, so that the layout stays calm */
    SMALLEST_WITH_BAR = 4,
};

static int clamp(int value, int low, int high)
{
    return value > high ? high : value < low ? low : value;
}

/* Rows for the process pane when all are shown: what it can fill, up to its share. */
static int process_pane_rows(int rows, int wanted, bool side_by_side)
{
    int others = side_by_side ? PANE_MINIMAL_ROWS : 2 * PANE_MINIMAL_ROWS;
    int share = (side_by_side ? rows * 2 / 5 : rows * 3 / 8) + VERDICT_ROWS;

    wanted = TITLE_ROWS + VERDICT_ROWS + (wanted > LEAST_PROCESSES ? wanted : LEAST_PROCESSES);
    return clamp(wanted < share ? wanted : share, PANE_MINIMAL_ROWS, rows - others);
}

static void stack_details(struct layout *layout, const struct region *area, enum pane_id lower)
{
    int functions = clamp(area->rows * 7 / 12, PANE_MINIMAL_ROWS, area->rows - PANE_MINIMAL_ROWS);

    layout->panes[PANE_FUNCTIONS] = region_part(area, 0, 0, functions, area->columns);
    layout->panes[lower] = region_part(area, functions, 0, area->rows - functions, area->columns);
}

/* All four: functions and memory at the left, threads and files at the right. */
static void place_grid(struct layout *layout, const struct region *left, const struct region *right)
{
    int upper = left->rows / 2;

    layout->panes[PANE_FUNCTIONS] = region_part(left, 0, 0, upper, left->columns);
    layout->panes[PANE_MEMORY] = region_part(left, upper, 0, left->rows - upper, left->columns);
    layout->panes[PANE_THREADS] = region_part(right, 0, 0, upper, right->columns);
    layout->panes[PANE_FILES] = region_part(right, upper, 0, right->rows - upper, right->columns);
}

static void place_details(struct layout *layout, const struct region *area, enum pane_id lower)
{
    if (area->columns < SIDE_BY_SIDE_COLUMNS) {
        stack_details(layout, area, lower);
        return;
    }
    int middle = area->columns / 2;
    struct region left = region_part(area, 0, 0, area->rows, middle);
    struct region right = region_part(area, 0, middle + 1, area->rows, area->columns - middle - 1);
    if (area->rows >= GRID_ROWS) {
        place_grid(layout, &left, &right);
        return;
    }
    layout->panes[PANE_FUNCTIONS] = left;
    layout->panes[lower] = right;
}

static void place_panes(struct layout *layout, const struct region *body, const struct layout_wishes *wishes)
{
    bool side_by_side = body->columns >= SIDE_BY_SIDE_COLUMNS;
    int needed_for_all = (side_by_side ? 2 : 3) * PANE_MINIMAL_ROWS;

    if (wishes->zoomed || body->rows < 2 * PANE_MINIMAL_ROWS) {
        layout->panes[wishes->focus] = *body;
        return;
    }
    if (body->rows < needed_for_all) { /* two of them: processes and what is looked at */
        enum pane_id second = wishes->focus == PANE_PROCESSES ? PANE_FUNCTIONS : wishes->focus;
        int first_rows = body->rows / 2;
        layout->panes[PANE_PROCESSES] = region_part(body, 0, 0, first_rows, body->columns);
        layout->panes[second] = region_part(body, first_rows, 0, body->rows - first_rows, body->columns);
        return;
    }
    int rows = process_pane_rows(body->rows, wishes->process_rows, side_by_side);
    layout->panes[PANE_PROCESSES] = region_part(body, 0, 0, rows, body->columns);
    struct region details = region_part(body, rows, 0, body->rows - rows, body->columns);
    place_details(layout, &details, pane_is_lower(wishes->focus) ? wishes->focus : wishes->lower);
}

struct layout layout_make(const struct region *screen, const struct layout_wishes *wishes)
{
    struct layout layout = {0};
    int bar_rows = screen->rows >= SMALLEST_WITH_BAR ? 1 : 0;
    int header_rows = clamp(wishes->header_rows, 0, screen->rows - bar_rows);
    int timeline_rows = clamp(wishes->timeline_rows, 0, screen->rows - bar_rows - header_rows);
    int body_rows = screen->rows - bar_rows - timeline_rows - header_rows;

    layout.header = region_part(screen, 0, 0, header_rows, screen->columns);
    layout.timeline = region_part(screen, header_rows + body_rows, 0, timeline_rows, screen->columns);
    layout.bar = region_part(screen, screen->rows - bar_rows, 0, bar_rows, screen->columns);
    for (int pane = 0; pane < PANES; pane++)
        layout.panes[pane] = region_part(screen, 0, 0, 0, 0);
    struct region body = region_part(screen, header_rows, 0, body_rows, screen->columns);
    place_panes(&layout, &body, wishes);
    return layout;
}

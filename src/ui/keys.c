#include "ui/keys.h"

#include "ui/actions.h"
#include "ui/condition.h"

#include <string.h>

#define F(number) (KEY_FUNCTION + (number))

static const struct key_binding bindings[] = {
    {.keys = {KEY_CURSOR_UP},
     .shown = "Up",
     .group = KEYS_MOVING,
     .help = "select the row above",
     .run = action_move,
     .argument = -1},
    {.keys = {KEY_CURSOR_DOWN},
     .shown = "Down",
     .group = KEYS_MOVING,
     .help = "select the row below",
     .run = action_move,
     .argument = 1},
    {.keys = {KEY_PAGE_UP},
     .shown = "PgUp",
     .group = KEYS_MOVING,
     .help = "a page up",
     .run = action_page,
     .argument = -1},
    {.keys = {KEY_PAGE_DOWN},
     .shown = "PgDn",
     .group = KEYS_MOVING,
     .help = "a page down",
     .run = action_page,
     .argument = 1},
    {.keys = {KEY_FIRST},
     .shown = "Home",
     .group = KEYS_MOVING,
     .help = "to the first row",
     .run = action_jump,
     .argument = -1},
    {.keys = {KEY_LAST},
     .shown = "End",
     .group = KEYS_MOVING,
     .help = "to the last row",
     .run = action_jump,
     .argument = 1},
    {.keys = {KEY_CURSOR_LEFT},
     .shown = "Left",
     .group = KEYS_MOVING,
     .help = "back in long command lines",
     .run = action_shift,
     .argument = -1},
    {.keys = {KEY_CURSOR_RIGHT},
     .shown = "Right",
     .group = KEYS_MOVING,
     .help = "read on in long command lines",
     .run = action_shift,
     .argument = 1},
    {.keys = {KEY_TABULATOR},
     .shown = "Tab",
     .group = KEYS_MOVING,
     .help = "to the next pane",
     .run = action_focus,
     .argument = 1},
    {.keys = {KEY_BACK_TABULATOR},
     .shown = "S-Tab",
     .group = KEYS_MOVING,
     .help = "to the pane before",
     .run = action_focus,
     .argument = -1},
    {.keys = {'1'},
     .shown = "1",
     .group = KEYS_MOVING,
     .help = "to the processes",
     .run = action_go,
     .argument = PANE_PROCESSES},
    {.keys = {'2'},
     .shown = "2",
     .group = KEYS_MOVING,
     .help = "to the functions",
     .run = action_go,
     .argument = PANE_FUNCTIONS},
    {.keys = {'3'},
     .shown = "3",
     .group = KEYS_MOVING,
     .help = "to the open files",
     .run = action_go,
     .argument = PANE_FILES},
    {.keys = {'4'},
     .shown = "4",
     .group = KEYS_MOVING,
     .help = "to the threads",
     .run = action_go,
     .argument = PANE_THREADS},
    {.keys = {'5'},
     .shown = "5",
     .group = KEYS_MOVING,
     .help = "to the memory",
     .run = action_go,
     .argument = PANE_MEMORY},
    {.keys = {KEY_RETURN},
     .shown = "Enter",
     .group = KEYS_MOVING,
     .help = "give the whole screen to this pane, and back",
     .run = action_zoom},
    {.keys = {F(1), '?', 'h'},
     .shown = "F1 ?",
     .bar_key = "F1",
     .bar_label = "Help",
     .bar_pane = ON_ALL_PANES,
     .group = KEYS_SCREEN,
     .help = "this help",
     .run = action_help},
    {.keys = {F(3), '/'},
     .shown = "F3 /",
     .bar_key = "F3",
     .bar_label = "Search",
     .bar_pane = ON_ALL_PANES,
     .group = KEYS_MOVING,
     .help = "search in this pane while you type",
     .run = action_search},
    {.keys = {F(4), '\\'},
     .shown = "F4 \\",
     .bar_key = "F4",
     .bar_label = "Filter",
     .bar_pane = ON_ALL_PANES,
     .group = KEYS_MOVING,
     .help = "show only rows of this pane that hold a text (a|b: a or b)",
     .run = action_filter},
    {.keys = {F(5), 't'},
     .shown = "F5 t",
     .bar_key = "F5",
     .bar_label = "Tree",
     .bar_pane = PANE_PROCESSES,
     .group = KEYS_PROCESSES,
     .help = "children under their parents",
     .run = action_tree},
    {.keys = {F(6)},
     .shown = "F6",
     .bar_key = "F6",
     .bar_label = "Sort",
     .bar_pane = ON_ALL_PANES,
     .group = KEYS_MOVING,
     .help = "choose the column that sorts this pane",
     .run = action_sort},
    {.keys = {'<', ','},
     .shown = "<",
     .group = KEYS_MOVING,
     .help = "sort by the column before",
     .run = action_sort_step,
     .argument = -1},
    {.keys = {'>', '.'},
     .shown = ">",
     .group = KEYS_MOVING,
     .help = "sort by the next column",
     .run = action_sort_step,
     .argument = 1},
    {.keys = {'I'}, .shown = "I", .group = KEYS_MOVING, .help = "turn the order round", .run = action_invert},
    {.keys = {F(7)},
     .shown = "F7",
     .bar_key = "F7",
     .bar_label = "Nice-",
     .bar_pane = PANE_PROCESSES,
     .group = KEYS_PROCESSES,
     .help = "lower the nice value: it goes before others (root only)",
     .run = action_nice,
     .argument = -1},
    {.keys = {F(8)},
     .shown = "F8",
     .bar_key = "F8",
     .bar_label = "Nice+",
     .bar_pane = PANE_PROCESSES,
     .group = KEYS_PROCESSES,
     .help = "raise the nice value: it gives way to others",
     .run = action_nice,
     .argument = 1},
    {.keys = {F(9), 'k'},
     .shown = "F9 k",
     .bar_key = "F9",
     .bar_label = "Signal",
     .bar_pane = PANE_PROCESSES,
     .group = KEYS_PROCESSES,
     .help = "send it a signal, from a list, after a question",
     .run = action_signal},
    {.keys = {F(10), 'q'},
     .shown = "F10 q",
     .bar_key = "F10",
     .bar_label = "Quit",
     .bar_pane = ON_ALL_PANES,
     .bar_last = true,
     .group = KEYS_SCREEN,
     .help = "leave",
     .run = action_quit},
    {.keys = {'u'},
     .shown = "u",
     .bar_key = "u",
     .bar_label = "User",
     .bar_pane = PANE_PROCESSES,
     .group = KEYS_PROCESSES,
     .help = "only the processes of one user",
     .run = action_user},
    {.keys = {'a'},
     .shown = "a",
     .bar_key = "a",
     .bar_label = "All",
     .bar_pane = PANE_PROCESSES,
     .group = KEYS_PROCESSES,
     .help = "processes that are not Python, too",
     .run = action_all},
    {.keys = {'m'},
     .shown = "m",
     .bar_key = "m",
     .bar_label = "CPU/wall",
     .bar_pane = PANE_FUNCTIONS,
     .group = KEYS_FUNCTIONS,
     .help = "count CPU time, or wall time (waiting counts)",
     .run = action_mode},
    {.keys = {'w'},
     .shown = "w",
     .bar_key = "w",
     .bar_label = "Window",
     .bar_pane = PANE_FUNCTIONS,
     .group = KEYS_FUNCTIONS,
     .help = "time that counts: last interval, last 10 s, since start",
     .run = action_window},
    {.keys = {'L'},
     .shown = "L",
     .bar_key = "L",
     .bar_label = "Lines",
     .bar_pane = PANE_FUNCTIONS,
     .group = KEYS_FUNCTIONS,
     .help = "functions, or single lines",
     .run = action_level},
    {.keys = {'r'},
     .shown = "r",
     .bar_key = "r",
     .bar_label = "Reset",
     .bar_pane = PANE_FUNCTIONS,
     .group = KEYS_FUNCTIONS,
     .help = "count from now on",
     .run = action_reset},
    {.keys = {'['},
     .shown = "[",
     .bar_key = "[",
     .bar_label = "Back",
     .bar_pane = WHILE_AWAY,
     .group = KEYS_TIME,
     .help = "the tick before; from now on into the past",
     .run = action_step,
     .argument = -1},
    {.keys = {']'},
     .shown = "]",
     .bar_key = "]",
     .bar_label = "Forth",
     .bar_pane = WHILE_AWAY,
     .group = KEYS_TIME,
     .help = "the next tick",
     .run = action_step,
     .argument = 1},
    {.keys = {'{'},
     .shown = "{",
     .group = KEYS_TIME,
     .help = "a minute back",
     .run = action_minute,
     .argument = -1},
    {.keys = {'}'},
     .shown = "}",
     .group = KEYS_TIME,
     .help = "a minute on",
     .run = action_minute,
     .argument = 1},
    {.keys = {'b'},
     .shown = "b",
     .bar_key = "b",
     .bar_label = "Time",
     .bar_pane = WHILE_AWAY,
     .group = KEYS_TIME,
     .help = "to a time: 14:30, 14:30:05, +90 (seconds from the start)",
     .run = action_time},
    {.keys = {'g'},
     .shown = "g",
     .group = KEYS_TIME,
     .help = "to the start of the recording, or of what is kept",
     .run = action_end,
     .argument = -1},
    {.keys = {'G'},
     .shown = "G",
     .bar_key = "G",
     .bar_label = "End",
     .bar_pane = WHILE_AWAY,
     .group = KEYS_TIME,
     .help = "to its end; while watching: back to now",
     .run = action_end,
     .argument = 1},
    {.keys = {' ', 'p'},
     .shown = "Space p",
     .bar_key = "Space",
     .bar_label = "Play",
     .bar_pane = WHILE_AWAY,
     .group = KEYS_TIME,
     .help = "play, and stop; at the end of a recording that is still written: follow it",
     .run = action_play},
    {.keys = {')'},
     .shown = ")",
     .group = KEYS_TIME,
     .help = "play faster, up to 100 times",
     .run = action_speed,
     .argument = 1},
    {.keys = {'('},
     .shown = "(",
     .group = KEYS_TIME,
     .help = "play slower",
     .run = action_speed,
     .argument = -1},
    {.keys = {'M'},
     .shown = "M",
     .bar_key = "M",
     .bar_label = "Mark",
     .bar_pane = WHILE_AWAY,
     .group = KEYS_TIME,
     .help = "mark the begin of a span, then its end: the functions are those between; then no marks",
     .run = action_mark},
    {.keys = {'c'},
     .shown = "c",
     .bar_key = "c",
     .bar_label = "Find",
     .bar_pane = WHILE_AWAY,
     .group = KEYS_TIME,
     .help = "to the next moment with " CONDITION_FORMS "",
     .run = action_condition},
    {.keys = {'n'},
     .shown = "n",
     .group = KEYS_TIME,
     .help = "to the next one after it",
     .run = action_search_on},
    {.keys = {'z'},
     .shown = "z",
     .group = KEYS_TIME,
     .help = "less time on the timeline, and all of it again",
     .run = action_timeline},
    {.keys = {'+', '='},
     .shown = "+",
     .group = KEYS_SCREEN,
     .help = "refresh less often; in the past: play slower",
     .run = action_delay,
     .argument = 1},
    {.keys = {'-'},
     .shown = "-",
     .group = KEYS_SCREEN,
     .help = "refresh more often; in the past: play faster",
     .run = action_delay,
     .argument = -1},
    {.keys = {'Z'},
     .shown = "Z",
     .bar_key = "Z",
     .bar_label = "Pause",
     .bar_pane = ON_ALL_PANES,
     .group = KEYS_SCREEN,
     .help = "hold the screen still, and go on",
     .run = action_pause},
    {.keys = {'R'},
     .shown = "R",
     .bar_key = "R",
     .bar_label = "Record",
     .bar_pane = WHILE_NOW,
     .group = KEYS_SCREEN,
     .help = "record what is shown in a file from now on, and stop",
     .run = action_record},
    {.keys = {'L' & 0x1f},
     .shown = "Ctrl-L",
     .group = KEYS_SCREEN,
     .help = "draw the screen anew",
     .run = action_redraw},
    {.keys = {KEY_ESCAPE},
     .shown = "Esc",
     .group = KEYS_SCREEN,
     .help = "back: whole screen, then filters",
     .run = action_back},
};

enum {
    BINDINGS = sizeof(bindings) / sizeof(bindings[0]),
};

static const char *const group_titles[KEY_GROUPS] = {
    [KEYS_MOVING] = "Moving about, in every pane",
    [KEYS_PROCESSES] = "The selected process",
    [KEYS_FUNCTIONS] = "Its functions",
    [KEYS_TIME] = "Time: in recordings, and back from now",
    [KEYS_SCREEN] = "The screen",
};

const struct key_binding *key_bindings(size_t *count)
{
    *count = BINDINGS;
    return bindings;
}

const char *key_group_title(enum key_group group)
{
    return group_titles[group];
}

void keys_run(struct state *state, unsigned int key)
{
    for (size_t i = 0; i < BINDINGS; i++) {
        for (int j = 0; j < KEYS_PER_BINDING; j++) {
            if (bindings[i].keys[j] == key && key != KEY_NONE) {
                bindings[i].run(state, bindings[i].argument);
                return;
            }
        }
    }
}

/* ---- the bar ---- */

struct key_bar {
    const struct key_binding *bindings[BINDINGS];
    int edges[BINDINGS];
    size_t count;
    int end;
};

static int bar_width(const struct key_binding *binding)
{
    return (int)(strlen(binding->bar_key) + strlen(binding->bar_label)) + 1;
}

static bool is_on_bar(const struct state *state, int bar_pane)
{
    switch (bar_pane) {
    case ON_ALL_PANES:
        return true;
    case WHILE_AWAY:
        return state->travel.away;
    case WHILE_NOW:
        return !state->travel.away;
    default:
        return bar_pane == (int)state->focus;
    }
}

/* Add those that stand at the end of the bar, or those that do not, while they fit. */
static void add_to_bar(struct key_bar *bar, const struct state *state, int columns, bool last)
{
    for (size_t i = 0; i < BINDINGS; i++) {
        const struct key_binding *binding = &bindings[i];
        if (binding->bar_key == NULL || !is_on_bar(state, binding->bar_pane) || binding->bar_last != last)
            continue;
        if (bar->end + bar_width(binding) > columns + 1)
            return;
        bar->bindings[bar->count] = binding;
        bar->edges[bar->count++] = bar->end;
        bar->end += bar_width(binding);
    }
}

static struct key_bar make_bar(const struct state *state, int columns)
{
    struct key_bar bar = {.count = 0};
    int reserved = 0;

    for (size_t i = 0; i < BINDINGS; i++)
        if (bindings[i].bar_last)
            reserved += bar_width(&bindings[i]);
    add_to_bar(&bar, state, columns - reserved, false);
    add_to_bar(&bar, state, columns, true);
    return bar;
}

void key_bar_draw(const struct state *state, const struct region *region)
{
    struct key_bar bar = make_bar(state, region->columns);

    for (size_t i = 0; i < bar.count; i++) {
        int used = region_text(region, 0, bar.edges[i], region->columns - bar.edges[i], STYLE_KEY,
                               bar.bindings[i]->bar_key);
        region_text(region, 0, bar.edges[i] + used, region->columns - bar.edges[i] - used, STYLE_KEY_LABEL,
                    bar.bindings[i]->bar_label);
    }
}

const struct key_binding *key_bar_at(const struct state *state, const struct region *region, int column)
{
    struct key_bar bar = make_bar(state, region->columns);

    for (size_t i = 0; i < bar.count; i++)
        if (column >= bar.edges[i] && column < bar.edges[i] + bar_width(bar.bindings[i]))
            return bar.bindings[i];
    return NULL;
}

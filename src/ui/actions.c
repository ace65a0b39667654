#include "ui/actions.h"

#include "base/clock.h"
#include "ui/format.h"
#include "ui/state.h"
#include "ui/terminal.h"

enum {
    SHIFT_COLUMNS = 8,
    MAX_SHIFT = 1024,
};

static struct table *focused_table(struct state *state)
{
    return &state->tables[state->focus];
}

/* ---- moving about ---- */

void action_move(struct state *state, int argument)
{
    table_move(focused_table(state), argument);
    state_selection_moved(state);
}

void action_page(struct state *state, int argument)
{
    int rows = focused_table(state)->visible_rows;

    action_move(state, argument * (rows > 1 ? rows - 1 : 1));
}

void action_jump(struct state *state, int argument)
{
    table_select(focused_table(state), argument < 0 ? 0 : SIZE_MAX);
    state_selection_moved(state);
}

void action_shift(struct state *state, int argument)
{
    struct table *table = &state->tables[PANE_PROCESSES];

    table->shift += argument * SHIFT_COLUMNS;
    table->shift = table->shift < 0 ? 0 : table->shift > MAX_SHIFT ? MAX_SHIFT : table->shift;
}

void action_focus(struct state *state, int argument)
{
    state_focus_pane(state, (enum pane_id)(((int)state->focus + argument + PANES) % PANES));
}

void action_go(struct state *state, int argument)
{
    state_focus_pane(state, (enum pane_id)argument);
}

void action_zoom(struct state *state, int argument)
{
    (void)argument;
    state->zoomed = !state->zoomed;
}

void action_search(struct state *state, int argument)
{
    (void)argument;
    search_open(state);
}

void action_filter(struct state *state, int argument)
{
    (void)argument;
    filter_open(state);
}

void action_sort(struct state *state, int argument)
{
    (void)argument;
    sort_open(state);
}

void action_sort_step(struct state *state, int argument)
{
    table_sort_step(focused_table(state), argument);
    state_update_all(state);
}

void action_invert(struct state *state, int argument)
{
    (void)argument;
    table_invert(focused_table(state));
    state_update_all(state);
}

/* ---- the selected process ---- */

void action_tree(struct state *state, int argument)
{
    (void)argument;
    state->tree = !state->tree;
    state_update_all(state);
}

void action_nice(struct state *state, int argument)
{
    const struct process *process = state_selected_process(state);
    struct process_target target = {.pidfd = -1};
    int nice = 0;

    if (process == NULL || travel_refuses(state, "given another nice value"))
        return;
    struct error *error = process_target_open(&target, process);
    if (error == NULL)
        error = process_target_renice(&target, argument, &nice);
    if (error == NULL)
        state_tell(state, "The nice value of %d (%s) is now %d", (int)process->pid, target.name, nice);
    else
        state_tell_failure(state, error);
    process_target_close(&target);
}

void action_signal(struct state *state, int argument)
{
    (void)argument;
    if (!travel_refuses(state, "sent a signal"))
        signal_open(state);
}

void action_user(struct state *state, int argument)
{
    (void)argument;
    user_open(state);
}

void action_all(struct state *state, int argument)
{
    (void)argument;
    if (travel_refuses(state, "added to the list"))
        return;
    state->all_processes = !state->all_processes;
    state->list_changes = true;
    state_tell_focus(state);
    state->refresh_ns = clock_monotonic_ns(); /* the list is wanted now */
    state_tell(state, state->all_processes ? "All processes" : "Python processes only");
}

/* ---- its functions ---- */

void action_mode(struct state *state, int argument)
{
    (void)argument;
    state->mode = state->mode == RANKING_CPU ? RANKING_WALL : RANKING_CPU;
    state_update_details(state);
}

void action_window(struct state *state, int argument)
{
    (void)argument;
    state->window = (state->window + 1) % WINDOW_CHOICES;
    if (state->window == WINDOW_MARKED && state->travel.mark_count < TRAVEL_MARKS)
        state->window = WINDOW_LAST;
    state_update_details(state);
}

void action_level(struct state *state, int argument)
{
    (void)argument;
    state->level = state->level == RANKING_FUNCTIONS ? RANKING_LINES : RANKING_FUNCTIONS;
    state_update_details(state);
}

void action_reset(struct state *state, int argument)
{
    (void)argument;
    history_reset(&state->history);
    state_update_details(state);
    state_tell(state, "Counting from now on");
}

/* ---- the screen ---- */

void action_delay(struct state *state, int argument)
{
    static const uint64_t delays_ms[] = {100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000};
    size_t count = sizeof(delays_ms) / sizeof(delays_ms[0]);

    if (state->travel.away) {
        travel_change_speed(state, -argument);
        return;
    }
    uint64_t next_ns = state->delay_ns;
    char text[FORMAT_SIZE];

    for (size_t i = 0; i < count; i++) {
        uint64_t ns = delays_ms[i] * NS_PER_MILLISECOND;
        if (argument < 0 && ns < state->delay_ns)
            next_ns = ns;
        if (argument > 0 && ns > state->delay_ns && next_ns == state->delay_ns)
            next_ns = ns;
    }
    state->delay_ns = next_ns;
    source_set_interval(state->source, next_ns);
    format_delay(text, next_ns);
    state_tell(state, "A refresh every %s", text);
}

void action_pause(struct state *state, int argument)
{
    (void)argument;
    if (state->travel.away)
        travel_play(state);
    else
        state->paused = !state->paused;
}

void action_redraw(struct state *state, int argument)
{
    (void)state;
    (void)argument;
    terminal_forget();
}

void action_help(struct state *state, int argument)
{
    (void)argument;
    help_open(state);
}

void action_back(struct state *state, int argument)
{
    (void)argument;
    if (state->zoomed) {
        state->zoomed = false;
        return;
    }
    if (focused_table(state)->filter[0] != '\0')
        focused_table(state)->filter[0] = '\0';
    else
        state->user_filtered = false;
    state_update_all(state);
    state_selection_moved(state);
}

void action_quit(struct state *state, int argument)
{
    (void)argument;
    state->quit = true;
}

#include "ui/state.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_NS        (4 * NS_PER_SECOND)
#define SELECTION_REST_NS (150 * NS_PER_MILLISECOND)
#define SHORTEST_TICK_NS  (300 * NS_PER_MILLISECOND)

void state_init(struct state *state, struct source *source, const struct screen_options *options, bool ascii)
{
    *state = (struct state){
        .source = source,
        .options = options,
        .delay_ns = options->delay_ns,
        .mode = options->mode,
        .all_processes = options->all_processes,
        .window = WINDOW_SLIDING,
        .lower = PANE_FILES,
        .dialog.cursor_row = -1,
        .dialog.target.pidfd = -1,
        .canvas.ascii = ascii,
    };
    for (int pane = 0; pane < PANES; pane++)
        table_init(&state->tables[pane], pane_classes[pane]->table, state);
    source_set_interval(source, options->delay_ns);
    state_tell_focus(state);
}

void state_free(struct state *state)
{
    dialog_close(state);
    process_target_close(&state->dialog.target);
    for (int pane = 0; pane < PANES; pane++)
        table_free(&state->tables[pane]);
    process_rows_free(&state->process_rows);
    file_rows_free(&state->file_rows);
    thread_rows_free(&state->thread_rows);
    function_rows_free(&state->function_rows);
    travel_free(state);
    history_free(&state->history);
    tick_free(state->tick);
    canvas_free(&state->canvas);
}

const struct process *state_selected_process(const struct state *state)
{
    const struct process_row *row = table_selected_row(&state->tables[PANE_PROCESSES]);

    return row != NULL ? row->process : NULL;
}

void state_update_details(struct state *state)
{
    for (int pane = PANE_PROCESSES + 1; pane < PANES; pane++)
        pane_classes[pane]->update(state);
}

void state_update_all(struct state *state)
{
    processes_pane.update(state);
    state_update_details(state);
}

void state_tell_focus(struct state *state)
{
    const struct process *process = state_selected_process(state);
    struct source_focus focus = {
        .pid = process != NULL ? process->pid : 0,
        .all_processes = state->all_processes,
        .proportional_memory = state->focus == PANE_MEMORY,
        .all_details = recording_is_on(state),
        .sample_order = recording_is_on(state),
    };

    source_set_focus(state->source, &focus);
    state->focus_pid = focus.pid;
}

void state_focus_pane(struct state *state, enum pane_id pane)
{
    state->focus = pane;
    if (pane_is_lower(pane))
        state->lower = pane;
    state_tell_focus(state);
}

void state_take_tick(struct state *state, struct tick *tick)
{
    state->refresh_ns = 0;
    history_add(state->travel.away ? &state->travel.now : &state->history, tick, state->focus_pid);
    if (state->travel.away || state->paused)
        tick_free(tick);
    else
        state_show_tick(state, tick);
}

void state_show_tick(struct state *state, struct tick *tick)
{
    struct tick *before = state->tick;

    state->tick = tick;
    if (state->list_changes)
        state->process_rows_seen = 0;
    state->list_changes = false;
    history_judge(&state->history, source_call_tree(state->source));
    state_update_all(state);
    tick_free(before); /* the panes point into the new one now */
    state_selection_moved(state);
}

/* Details of the newly selected process come with the next tick: ask for an early one when the selection has
 * rested for a moment. */
void state_selection_moved(struct state *state)
{
    const struct process *process = state_selected_process(state);
    pid_t pid = process != NULL ? process->pid : 0;

    if (pid == state->focus_pid)
        return;
    state_tell_focus(state);
    state_update_details(state);
    if (state->travel.away)
        return;
    state_want_tick(state, SELECTION_REST_NS);
}

void state_want_tick(struct state *state, uint64_t from_now_ns)
{
    state->refresh_ns = clock_monotonic_ns() + from_now_ns;
    if (state->tick != NULL && state->refresh_ns < state->tick->monotonic_ns + SHORTEST_TICK_NS)
        state->refresh_ns = state->tick->monotonic_ns + SHORTEST_TICK_NS;
}

static void tell(struct state *state, bool is_error, const char *format, va_list arguments)
{
    vsnprintf(state->message, sizeof(state->message), format, arguments);
    state->message_until_ns = clock_monotonic_ns() + MESSAGE_NS;
    state->message_is_error = is_error;
}

void state_tell(struct state *state, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tell(state, false, format, arguments);
    va_end(arguments);
}

void state_tell_error(struct state *state, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tell(state, true, format, arguments);
    va_end(arguments);
}

void state_tell_failure(struct state *state, struct error *error)
{
    state_tell_error(state, "%s", error_message(error));
    error_free(error);
}

#include "ui/screen.h"

#include "base/clock.h"
#include "ui/draw.h"
#include "ui/keys.h"
#include "ui/mouse.h"
#include "ui/state.h"
#include "ui/terminal.h"

#include <signal.h>
#include <string.h>

#define FINISHED_CHECK_NS (100 * NS_PER_MILLISECOND)

struct run {
    struct state state;
    uint64_t start_ns;
    uint64_t ticks;
    bool dirty; /* something that is shown has changed */
};

static void show(struct run *run)
{
    struct state *state = &run->state;
    int rows = 0;
    int columns = 0;

    bool resized = terminal_update_size(&rows, &columns);
    if (resized || state->canvas.cells == NULL) {
        canvas_resize(&state->canvas, rows, columns);
        state->process_rows_seen = state->tables[PANE_PROCESSES].count;
        run->dirty = true;
    }
    if (!run->dirty)
        return;
    draw_screen(state);
    terminal_show(&state->canvas, state->dialog.cursor_row, state->dialog.cursor_column);
    run->dirty = false;
}

/* When the next tick is to be read. */
static uint64_t next_tick_ns(const struct state *state)
{
    uint64_t due_ns = source_due_ns(state->source);

    if ((state->paused && !recording_is_on(state)) || source_is_recording(state->source))
        return UINT64_MAX;
    return state->refresh_ns != 0 && state->refresh_ns < due_ns ? state->refresh_ns : due_ns;
}

/* When something has to be done although nobody presses a key. */
static uint64_t next_event_ns(const struct run *run)
{
    const struct state *state = &run->state;
    uint64_t next_ns = next_tick_ns(state);

    if (travel_due_ns(state) < next_ns)
        next_ns = travel_due_ns(state);
    if (recording_due_ns(state) < next_ns)
        next_ns = recording_due_ns(state);
    if (state->message[0] != '\0' && state->message_until_ns < next_ns)
        next_ns = state->message_until_ns;
    if (state->options->time_ns != 0 && run->start_ns + state->options->time_ns < next_ns)
        next_ns = run->start_ns + state->options->time_ns;
    if (state->options->finished != NULL) {
        uint64_t check_ns = clock_monotonic_ns() + FINISHED_CHECK_NS;
        next_ns = check_ns < next_ns ? check_ns : next_ns;
    }
    return next_ns;
}

static void handle_events(struct run *run)
{
    struct state *state = &run->state;

    for (;;) {
        struct event event = terminal_read_event();
        if (event.kind == EVENT_NONE)
            return;
        run->dirty = true;
        state->message[0] = '\0';
        travel_stop_search(state);
        if (state->dialog.class != NULL)
            state->dialog.class->handle(state, &event);
        else if (event.kind == EVENT_KEY)
            keys_run(state, event.key);
        else
            mouse_handle(state, &event);
        if (state->quit)
            return;
    }
}

/* Read a tick when it is time. */
static struct error *take_tick(struct run *run)
{
    struct state *state = &run->state;
    struct tick *tick = NULL;

    if (travel_due_ns(state) <= clock_monotonic_ns()) {
        run->dirty = true;
        return travel_play_on(state);
    }
    if (clock_monotonic_ns() < next_tick_ns(state))
        return NULL;
    struct error *error = source_read_tick(state->source, &tick);
    if (tick != NULL) {
        recording_take_tick(state, tick);
        state_take_tick(state, tick);
        run->ticks++;
        run->dirty = true;
    } else if (error == NULL) {
        state->quit = true; /* there are no more */
    }
    return error;
}

/* Whether one of the ends that the options name has come. */
static bool is_over(const struct run *run)
{
    const struct screen_options *options = run->state.options;

    return run->state.quit || (options->count != 0 && run->ticks >= options->count) ||
           (options->time_ns != 0 && clock_monotonic_ns() >= run->start_ns + options->time_ns) ||
           (options->finished != NULL && options->finished(options->context));
}

static void expire_message(struct run *run)
{
    struct state *state = &run->state;

    if (state->message[0] != '\0' && clock_monotonic_ns() >= state->message_until_ns) {
        state->message[0] = '\0';
        run->dirty = true;
    }
}

/* returns  the signal that ended it, or 0 */
static int run_loop(struct run *run, struct error **error)
{
    while (terminal_end_signal() == 0) {
        *error = take_tick(run);
        if (*error != NULL || is_over(run))
            return 0;
        expire_message(run);
        run->dirty = recording_look(&run->state) || run->dirty;
        show(run);
        bool busy = travel_work(&run->state);
        run->dirty = run->dirty || busy;
        if (!terminal_wait(busy ? 0 : next_event_ns(run)))
            return SIGHUP;
        if (terminal_obey_stop())
            run->dirty = true;
        handle_events(run);
    }
    return terminal_end_signal();
}

struct error *screen_run(struct source *source, const struct screen_options *options, struct screen_end *end)
{
    struct run run = {.start_ns = clock_monotonic_ns(), .dirty = true};

    *end = (struct screen_end){0};
    struct error *error = terminal_open(options->no_color, options->ascii);
    if (error != NULL)
        return error;
    state_init(&run.state, source, options, terminal_is_ascii());
    end->signal = run_loop(&run, &error);
    terminal_close(); /* before the disk is waited for */
    if (error == NULL)
        error = recording_take_last(&run.state);
    struct error *recording_error = recording_end(&run.state);
    memcpy(end->recording, run.state.recording.last_file, sizeof(end->recording));
    state_free(&run.state);
    if (error == NULL)
        return recording_error;
    error_free(recording_error);
    return error;
}

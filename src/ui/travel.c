#include "ui/travel.h"

#include "base/clock.h"
#include "ui/format.h"
#include "ui/state.h"
#include "ui/travel_parts.h"

#include <stdio.h>

#define LOOK_BACK_NS (10 * NS_PER_SECOND) /* what the windows and the verdict are made from */
#define LOOK_FOR_NS  NS_PER_SECOND        /* between two looks for more, at the end */

enum {
    MOST_LOOK_BACK = 128, /* ticks */
    SHORTEST_FRAME_MS = 10,
    LONGEST_FRAME_S = 60,
};

static const unsigned int speeds[] = {1, 2, 5, 10, 20, 50, 100};

enum {
    SPEEDS = sizeof(speeds) / sizeof(speeds[0]),
};

static bool is_recording(const struct state *state)
{
    return source_is_recording(state->source);
}

struct tick_span travel_span(struct state *state)
{
    struct tick_span span = {0};
    struct error *error = source_has_past(state->source) ? source_past_span(state->source, &span) : NULL;

    if (error != NULL) {
        state_tell_failure(state, error);
        return (struct tick_span){0};
    }
    return span;
}

/* ---- showing ---- */

/* How many ticks before this one matter to what is shown with it. */
static uint64_t look_back(const struct tick *tick, uint64_t first)
{
    uint64_t interval_ns = tick->interval_ns > 0 ? tick->interval_ns : NS_PER_SECOND;
    uint64_t ticks = LOOK_BACK_NS / interval_ns + 1;

    ticks = ticks < MOST_LOOK_BACK ? ticks : MOST_LOOK_BACK;
    return ticks < tick->sequence - first ? ticks : tick->sequence - first;
}

/* Fill the windows with the ticks before this one. */
static void rebuild_history(struct state *state, const struct tick *tick, uint64_t first)
{
    uint64_t begin = tick->sequence - look_back(tick, first);

    history_free(&state->history);
    state->travel.counts_from_ns = begin > first ? tick->time_ns : 0;
    for (uint64_t sequence = begin; sequence < tick->sequence; sequence++) {
        struct tick *before = NULL;
        struct error *error = source_past_read(state->source, sequence, &before);
        error_free(error); /* one that cannot be read is missing */
        if (before == NULL)
            continue;
        if (state->travel.counts_from_ns > before->time_ns)
            state->travel.counts_from_ns = before->time_ns;
        history_add(&state->history, before, state->focus_pid);
        tick_free(before);
    }
}

/* What has come is kept aside while the past is shown. */
static void leave_now(struct state *state)
{
    if (!state->travel.away) {
        state->travel.now = state->history;
        state->history = (struct history){0};
    }
    state->travel.away = true;
}

static void return_to_now(struct state *state)
{
    struct tick_span span = travel_span(state);
    struct tick *tick = NULL;

    if (!state->travel.away || is_recording(state))
        return;
    history_free(&state->history);
    state->history = state->travel.now;
    state->travel.now = (struct history){0};
    state->travel.away = state->travel.playing = false;
    state->travel.counts_from_ns = 0;
    struct error *error = span.end > span.first ? source_past_read(state->source, span.end - 1, &tick) : NULL;
    error_free(error); /* then the next one is shown */
    if (tick != NULL)
        state_show_tick(state, tick);
}

/* Show a tick of the past; false: there is none. */
static bool show(struct state *state, uint64_t sequence, struct error **error)
{
    struct travel *travel = &state->travel;
    struct tick_span span = travel_span(state);
    struct tick *tick = NULL;

    *error = source_past_read(state->source, sequence, &tick);
    if (tick == NULL)
        return false;
    bool follows = travel->away && state->tick != NULL && sequence == travel->sequence + 1;
    leave_now(state);
    if (!follows)
        rebuild_history(state, tick, span.first);
    travel->sequence = sequence;
    history_add(&state->history, tick, state->focus_pid);
    state_show_tick(state, tick);
    return true;
}

/* ---- moving ---- */

void travel_to(struct state *state, uint64_t sequence)
{
    struct tick_span span = travel_span(state);
    struct error *error = NULL;

    if (span.first >= span.end) {
        state_tell_error(state, source_has_past(state->source) ? "There is no tick yet"
                                                               : "No past is kept (--history keeps some)");
        return;
    }
    sequence = sequence < span.first ? span.first : sequence;
    if (sequence >= span.end - 1 && !is_recording(state)) {
        return_to_now(state);
        return;
    }
    sequence = sequence < span.end ? sequence : span.end - 1;
    if (!show(state, sequence, &error) && error == NULL)
        state_tell_error(state, "The recording has no tick %llu", (unsigned long long)sequence);
    if (error != NULL)
        state_tell_failure(state, error);
}

uint64_t travel_position(const struct state *state)
{
    if (state->travel.away)
        return state->travel.sequence;
    return state->tick != NULL ? state->tick->sequence : 0;
}

void travel_step(struct state *state, int ticks)
{
    uint64_t here = travel_position(state);

    state->travel.playing = false;
    if (ticks < 0)
        travel_to(state, here > (uint64_t)-ticks ? here - (uint64_t)-ticks : 0);
    else if (state->travel.away)
        travel_to(state, here + (uint64_t)ticks);
}

void travel_to_time(struct state *state, int64_t time_ns)
{
    uint64_t sequence;

    if (!source_has_past(state->source)) {
        travel_to(state, 0);
        return;
    }
    struct error *error = source_past_find_time(state->source, time_ns, &sequence);
    if (error != NULL)
        state_tell_failure(state, error);
    else
        travel_to(state, sequence);
}

void travel_to_start(struct state *state)
{
    state->travel.playing = false;
    travel_to(state, 0);
}

void travel_to_end(struct state *state)
{
    state->travel.playing = false;
    if (state->travel.away)
        travel_to(state, UINT64_MAX);
}

/* ---- playing ---- */

/* How long a tick stays. */
static uint64_t frame_ns(const struct state *state)
{
    const uint64_t shortest_ns = SHORTEST_FRAME_MS * NS_PER_MILLISECOND;
    uint64_t interval_ns = state->tick != NULL ? state->tick->interval_ns : 0;

    if (interval_ns > LONGEST_FRAME_S * NS_PER_SECOND)
        interval_ns = LONGEST_FRAME_S * NS_PER_SECOND;
    uint64_t frame = interval_ns / speeds[state->travel.speed];
    return frame > shortest_ns ? frame : shortest_ns;
}

uint64_t travel_due_ns(const struct state *state)
{
    bool starts = is_recording(state) && state->tick == NULL;

    return starts || state->travel.playing ? state->travel.due_ns : UINT64_MAX;
}

struct error *travel_play_on(struct state *state)
{
    struct travel *travel = &state->travel;
    struct tick_span span = travel_span(state);
    uint64_t next = state->tick != NULL ? travel->sequence + 1 : span.first;
    struct error *error = NULL;

    next = next < span.first ? span.first : next;
    if (next + 1 >= span.end && !is_recording(state)) {
        return_to_now(state);
        return NULL;
    }
    bool shown = next < span.end && show(state, next, &error);
    if (!shown && error == NULL && next < span.end)
        travel->sequence = next; /* it was dropped meanwhile */
    travel->due_ns = clock_monotonic_ns() + (shown ? frame_ns(state) : LOOK_FOR_NS);
    if (error != NULL && state->tick != NULL) {
        travel->playing = false;
        state_tell_failure(state, error);
        return NULL;
    }
    return error;
}

void travel_play(struct state *state)
{
    struct travel *travel = &state->travel;

    if (!travel->away) {
        state_tell(state, "This is now: [ goes back");
        return;
    }
    travel->playing = !travel->playing;
    travel->due_ns = clock_monotonic_ns() + frame_ns(state);
}

void travel_change_speed(struct state *state, int step)
{
    struct travel *travel = &state->travel;

    if ((step > 0 && travel->speed + 1 < SPEEDS) || (step < 0 && travel->speed > 0))
        travel->speed = step > 0 ? travel->speed + 1 : travel->speed - 1;
    travel->due_ns = clock_monotonic_ns() + frame_ns(state);
    state_tell(state, "Played %u times as fast as it was", speeds[travel->speed]);
}

/* ---- the window that the user chose ---- */

const struct window *travel_window(struct state *state, const struct process *process)
{
    const struct process_history *history = history_find(&state->history, process);

    if (state->window == WINDOW_MARKED)
        return travel_marked_window(state, process->pid);
    return history != NULL ? history->windows[state->window] : NULL;
}

static void write_time(char *text, size_t size, const char *format, int64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / (int64_t)NS_PER_SECOND);
    struct tm local;

    text[0] = '\0';
    if (localtime_r(&seconds, &local) != NULL)
        strftime(text, size, format, &local);
}

void travel_name_window(const struct state *state, char text[static 64])
{
    char clock[32];

    if (state->window == WINDOW_ALL && state->travel.counts_from_ns != 0) {
        write_time(clock, sizeof(clock), "%H:%M:%S", state->travel.counts_from_ns);
        snprintf(text, 64, "since %s", clock);
    } else if (state->window == WINDOW_MARKED && travel_marked_percent(&state->travel) < 100) {
        snprintf(text, 64, "%s (%d %% read)", window_choice_name(state->window),
                 travel_marked_percent(&state->travel));
    } else {
        snprintf(text, 64, "%s", window_choice_name(state->window));
    }
}

/* ---- what takes long ---- */

bool travel_work(struct state *state)
{
    struct travel *travel = &state->travel;

    if (travel->search.active) {
        travel_search_on(state);
        return true;
    }
    if (travel_marks_on(state))
        return true;
    return travel->away && timeline_judge(&travel->timeline, state->source);
}

/* ---- telling ---- */

bool travel_refuses(struct state *state, const char *what)
{
    if (state->travel.away)
        state_tell_error(state,
                         is_recording(state) ? "This is a recording: no process of it can be %s"
                                             : "This is the past: G returns to now, where it can be %s",
                         what);
    return state->travel.away;
}

void travel_describe(const struct state *state, char text[static 160])
{
    const struct travel *travel = &state->travel;
    const struct tick_span *all = &travel->timeline.all;
    char moment[32], ago[FORMAT_SIZE];

    write_time(moment, sizeof(moment), "%Y-%m-%d %H:%M:%S", state->tick->time_ns);
    if (is_recording(state)) {
        const char *host = state->tick->system.hostname;
        snprintf(text, 160, "Recording of %.60s: %s, tick %llu of %llu", host != NULL ? host : "?", moment,
                 (unsigned long long)(travel->sequence - all->first + 1),
                 (unsigned long long)(all->end - all->first));
        return;
    }
    uint64_t age_ns = clock_monotonic_ns() - state->tick->monotonic_ns;
    format_seconds(ago, (double)(age_ns / NS_PER_SECOND));
    snprintf(text, 160, "The past: %s, %s ago (G returns to now; watching goes on)", moment, ago);
}

const char *travel_word(const struct state *state, char text[static 16])
{
    if (state->travel.playing)
        snprintf(text, 16, " PLAY %ux ", speeds[state->travel.speed]);
    else
        snprintf(text, 16, "%s", is_recording(state) ? " REPLAY " : " PAST ");
    return text;
}

void travel_free(struct state *state)
{
    struct travel *travel = &state->travel;

    travel_stop_search(state);
    travel_forget_marked(travel);
    history_free(&travel->now);
    timeline_free(&travel->timeline);
}

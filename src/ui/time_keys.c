/* What the keys do that move in time. */
#include "base/clock.h"
#include "base/moment.h"
#include "ui/actions.h"
#include "ui/state.h"

#include <stdio.h>

enum {
    MINUTE_SECONDS = 60,
};

void action_step(struct state *state, int argument)
{
    travel_step(state, argument);
}

void action_minute(struct state *state, int argument)
{
    const int64_t minute_ns = MINUTE_SECONDS * (int64_t)NS_PER_SECOND;

    if (state->tick == NULL || (argument > 0 && !state->travel.away))
        return;
    state->travel.playing = false;
    travel_to_time(state, state->tick->time_ns + argument * minute_ns);
}

void action_end(struct state *state, int argument)
{
    if (argument < 0)
        travel_to_start(state);
    else
        travel_to_end(state);
}

void action_play(struct state *state, int argument)
{
    (void)argument;
    travel_play(state);
}

void action_speed(struct state *state, int argument)
{
    travel_change_speed(state, argument);
}

void action_mark(struct state *state, int argument)
{
    (void)argument;
    travel_mark(state);
}

void action_timeline(struct state *state, int argument)
{
    struct timeline *timeline = &state->travel.timeline;

    (void)argument;
    timeline->zoom = (timeline->zoom + 1) % TIMELINE_ZOOMS;
}

/* ---- to a time ---- */

static void go_to_time(struct state *state, bool keep)
{
    const char *text = state->dialog.prompt.text;
    struct tick *tick = NULL;
    struct tick_span span;
    int64_t time_ns;

    if (!keep || text[0] == '\0')
        return;
    struct error *error = source_past_span(state->source, &span);
    if (error == NULL)
        error = source_past_read(state->source, span.first, &tick);
    if (error == NULL)
        error = moment_read(&time_ns, text, tick != NULL ? tick->time_ns : state->tick->time_ns);
    tick_free(tick);
    if (error != NULL) {
        state_tell_failure(state, error);
        return;
    }
    state->travel.playing = false;
    travel_to_time(state, time_ns);
}

void action_time(struct state *state, int argument)
{
    (void)argument;
    if (!source_has_past(state->source) || state->tick == NULL)
        travel_to(state, 0); /* which says why not */
    else
        prompt_open(state, "Time", "14:30, 14:30:05, +90 (seconds from the start)", go_to_time);
}

/* ---- to a condition ---- */

static void go_to_condition(struct state *state, bool keep)
{
    struct travel_search *search = &state->travel.search;

    if (!keep || state->dialog.prompt.text[0] == '\0')
        return;
    struct error *error = condition_read(&search->condition, state->dialog.prompt.text);
    search->known = error == NULL;
    if (error == NULL) {
        travel_search(state);
    } else {
        state_tell_failure(state, error);
    }
}

void action_condition(struct state *state, int argument)
{
    (void)argument;
    prompt_open(state, "Next", CONDITION_FORMS, go_to_condition);
}

void action_search_on(struct state *state, int argument)
{
    (void)argument;
    travel_search(state);
}

#include "ui/recording.h"

#include "base/clock.h"
#include "model/number.h"
#include "ui/actions.h"
#include "ui/format.h"
#include "ui/state.h"

#include <stdio.h>
#include <string.h>

#define LOOK_NS (50 * NS_PER_MILLISECOND) /* between two looks at a file that is being made or closed */
#define SHORTEST_LAST_TICK_NS                                                                                \
    (50 * NS_PER_MILLISECOND) /* what is left over at the end, less is not recorded */

bool recording_is_on(const struct state *state)
{
    return state->recording.thread != NULL && !state->recording.closing;
}

/* ---- start and stop ---- */

static void fail(struct state *state, struct error *error)
{
    struct recording *recording = &state->recording;

    snprintf(recording->failure, sizeof(recording->failure), "%s", error_message(error));
    state_tell_failure(state, error);
}

static void start(struct state *state)
{
    struct recording *recording = &state->recording;
    struct writer_options options = state->options->recording;

    recording->begin_ns = clock_monotonic_ns();
    recording->has_begun = recording->stopping = recording->closing = false;
    recording->failure[0] = '\0';
    recording_name_by_time(recording->name);
    options.path = recording->name;
    options.interval_ns = state->delay_ns;
    struct error *error = writer_thread_start(&recording->thread, &options);
    if (error != NULL) {
        fail(state, error);
        return;
    }
    state_tell_focus(state);
    state_want_tick(state, 0);
    state_tell(state, "Recording from now on into %s", recording->name);
}

static void stop(struct state *state)
{
    state->recording.stopping = true;
    state_want_tick(state, 0);
}

void action_record(struct state *state, int argument)
{
    const struct recording *recording = &state->recording;

    (void)argument;
    if (source_is_recording(state->source))
        state_tell_error(state, "This is a recording already");
    else if (recording->closing)
        state_tell_error(state, "%s is still being closed", recording->name);
    else if (recording->thread != NULL)
        stop(state);
    else
        start(state);
}

/* ---- while it runs ---- */

void recording_take_tick(struct state *state, struct tick *tick)
{
    struct recording *recording = &state->recording;

    if (!recording_is_on(state))
        return;
    recording->last_tick_ns = tick->monotonic_ns;
    if (recording->has_begun)
        writer_thread_append(recording->thread, tick, source_call_tree(state->source));
    if (recording->has_begun && recording->stopping) {
        writer_thread_finish(recording->thread);
        recording->closing = true;
        state_tell_focus(state);
    } else if (recording->stopping) {
        state_want_tick(state, 0); /* not a single one has been recorded */
    }
    recording->has_begun = true;
}

uint64_t recording_due_ns(const struct state *state)
{
    struct writer_thread *thread = state->recording.thread;

    if (thread == NULL || (!state->recording.closing && writer_thread_status(thread).phase == WRITER_WRITING))
        return UINT64_MAX;
    return clock_monotonic_ns() + LOOK_NS;
}

static struct error *join(struct recording *recording, struct writer_status *status)
{
    struct error *error = writer_thread_join(recording->thread, status);

    recording->thread = NULL;
    recording->closing = false;
    if (status->created)
        memcpy(recording->last_file, recording->name, sizeof(recording->last_file));
    return error;
}

bool recording_look(struct state *state)
{
    struct recording *recording = &state->recording;
    struct writer_status status;
    char size[FORMAT_SIZE];

    if (recording->thread == NULL || writer_thread_status(recording->thread).phase != WRITER_ENDED)
        return false;
    struct error *error = join(recording, &status);
    format_bytes(size, (double)status.size_bytes);
    if (error != NULL)
        fail(state, error);
    else
        state_tell(state, "Recorded in %s: %llu ticks, %s", recording->name, (unsigned long long)status.ticks,
                   size);
    state_tell_focus(state);
    return true;
}

struct error *recording_take_last(struct state *state)
{
    const struct recording *recording = &state->recording;
    struct tick *tick = NULL;

    if (!recording_is_on(state) || clock_monotonic_ns() < recording->last_tick_ns + SHORTEST_LAST_TICK_NS)
        return NULL;
    struct error *error = source_read_tick(state->source, &tick);
    if (tick != NULL)
        recording_take_tick(state, tick);
    tick_free(tick);
    return error;
}

struct error *recording_end(struct state *state)
{
    struct writer_status status;

    return state->recording.thread != NULL ? join(&state->recording, &status) : NULL;
}

/* ---- telling ---- */

bool recording_describe(const struct state *state, char text[static RECORDING_NOTE_SIZE])
{
    const struct recording *recording = &state->recording;
    char size[FORMAT_SIZE], lost[64] = "";

    if (recording->thread == NULL) {
        snprintf(text, RECORDING_NOTE_SIZE, "%s", recording->failure);
        return recording->failure[0] != '\0';
    }
    struct writer_status status = writer_thread_status(recording->thread);
    uint64_t seconds = (clock_monotonic_ns() - recording->begin_ns) / NS_PER_SECOND;
    if (recording->closing) {
        snprintf(text, RECORDING_NOTE_SIZE, "Closing %s", recording->name);
        return true;
    }
    if (status.lost > 0)
        snprintf(lost, sizeof(lost), ", %llu ticks lost (the disk is too slow)",
                 (unsigned long long)status.lost);
    format_bytes(size, status.size_bytes > 0 ? (double)status.size_bytes : UNKNOWN_REAL);
    snprintf(text, RECORDING_NOTE_SIZE, "Recording into %s: %llu:%02llu:%02llu, %s%s (R stops)",
             recording->name, (unsigned long long)seconds / 3600, (unsigned long long)seconds / 60 % 60,
             (unsigned long long)seconds % 60, size, lost);
    return true;
}

const char *recording_word(const struct state *state)
{
    if (state->recording.thread != NULL)
        return " REC ";
    return state->recording.failure[0] != '\0' ? " REC FAILED " : "";
}

#include "cmd/session.h"

#include "base/clock.h"
#include "cmd/watch.h"
#include "python/locate.h"

#include <stddef.h>

enum {
    SHORTEST_LAST_TICK_MS = 50, /* when the time is over sooner after a tick, that one was the last */
    INTERPRETER_STEP_MS = 10,   /* how often a command is looked at that is no Python program yet, */
    INTERPRETER_LIMIT_MS = 500, /* and for how long: it need not become one */
};

enum wake {
    WAKE_TICK_DUE,
    WAKE_TIME_OVER,
    WAKE_COMMAND_ENDED,
    WAKE_SIGNAL,
};

static uint64_t later(uint64_t time_ns, uint64_t duration_ns)
{
    return time_ns < UINT64_MAX - duration_ns ? time_ns + duration_ns : UINT64_MAX;
}

static enum wake wait_for_tick(struct session *session, uint64_t due_ns)
{
    uint64_t until_ns = due_ns < session->end_ns ? due_ns : session->end_ns;

    while (!child_has_ended(&session->child)) {
        siginfo_t info = {0};
        int number = signals_wait(&session->signals, until_ns, &info);
        if (number == 0)
            return due_ns <= session->end_ns ? WAKE_TICK_DUE : WAKE_TIME_OVER;
        if (number == SIGCHLD)
            continue;
        if (session->child.pid != 0) {
            child_pass_signal(&session->child, &info);
        } else if (number != SIGHUP || !session->outlives_terminal) {
            session->ended_by = number;
            return WAKE_SIGNAL;
        }
    }
    return WAKE_COMMAND_ENDED;
}

/* Read a tick and print it, or only read it: the first one holds no rates yet.
 *
 * more  receives whether there can be another one */
static struct error *take_tick(struct session *session, bool print, bool *more)
{
    struct tick *tick;
    struct error *error = source_read_tick(session->source, &tick);

    *more = error == NULL && tick != NULL;
    if (!*more)
        return error;
    session->last_tick_ns = tick->monotonic_ns;
    if (print) {
        error = sink_write_tick(session->sink, tick, source_call_tree(session->source));
        *more = error == NULL && !sink_is_closed(session->sink) && --session->ticks_left > 0;
    }
    tick_free(tick);
    return error;
}

/* Whether a command need not be looked at any more: its interpreter is there, or what it is will not change. */
static bool is_settled(struct python_locator *locator, pid_t pid)
{
    struct python_location location;
    struct error *error;
    enum python_presence presence = python_locate(locator, pid, &location, &error);

    error_free(error);
    return presence != PYTHON_ABSENT && presence != PYTHON_STARTING;
}

/* A command that was started just now becomes a Python program some milliseconds later. It is looked at in quick succession
 * until then, and a tick is read that is not handed on: else a short program would be over before its first sample. */
static struct error *find_interpreter(struct session *session, bool *more)
{
    struct python_locator *locator = python_locator_new();
    uint64_t due_ns = session->last_tick_ns;
    uint64_t end_ns = later(due_ns, INTERPRETER_LIMIT_MS * NS_PER_MILLISECOND);
    bool settled = false, runs = true;

    while (runs && !settled && due_ns < end_ns) {
        settled = is_settled(locator, session->child.pid);
        due_ns = later(due_ns, INTERPRETER_STEP_MS * NS_PER_MILLISECOND);
        runs = settled || wait_for_tick(session, due_ns) == WAKE_TICK_DUE;
    }
    python_locator_free(locator);
    return runs ? take_tick(session, false, more) : NULL;
}

static struct error *take_ticks(struct session *session)
{
    const struct options *options = session->options;
    bool more;
    struct error *error = take_tick(session, false, &more);

    if (error == NULL && session->child.pid != 0)
        error = find_interpreter(session, &more);
    if (error != NULL || !more)
        return error;
    if (options->time_ns > 0)
        session->end_ns = later(session->last_tick_ns, options->time_ns);
    while (error == NULL && more) {
        enum wake wake = wait_for_tick(session, source_due_ns(session->source));
        if (wake == WAKE_SIGNAL)
            break;
        uint64_t too_soon_ns = later(session->last_tick_ns, SHORTEST_LAST_TICK_MS * NS_PER_MILLISECOND);
        if (wake == WAKE_TIME_OVER && session->end_ns < too_soon_ns)
            break;
        error = take_tick(session, true, &more);
        more = more && wake == WAKE_TICK_DUE && session->last_tick_ns < session->end_ns;
    }
    return error;
}

struct error *session_start(struct session *session, int *status)
{
    const struct options *options = session->options;

    session->end_ns = UINT64_MAX;
    session->ticks_left = options->count > 0 ? options->count : UINT64_MAX;
    signals_take(&session->signals, options->command != NULL);
    if (options->command == NULL)
        return NULL;
    return child_start(&session->child, options->command, -1, &session->signals, status);
}

struct error *session_watch(struct session *session)
{
    const struct options *options = session->options;
    struct error *error = watch_open(&session->source, options, &session->child, false);

    if (error != NULL)
        return error;
    const struct source_focus focus = {
        .all_processes = options->all_processes,
        .all_details = true,
        .sample_order = session->wants_sample_order,
    };
    source_set_focus(session->source, &focus);
    error = take_ticks(session);
    source_close(session->source);
    return error;
}

int session_wait_for_command(struct session *session)
{
    while (!child_has_ended(&session->child)) {
        siginfo_t info = {0};
        if (signals_wait(&session->signals, UINT64_MAX, &info) != SIGCHLD)
            child_pass_signal(&session->child, &info);
    }
    return child_wait(&session->child);
}

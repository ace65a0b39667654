/* pyneck snapshot: ticks as text, JSON, CSV or OpenMetrics. */
#include "cmd/child.h"
#include "cmd/command.h"
#include "cmd/watch.h"
#include "export/printer.h"

#include "base/clock.h"

#include <stddef.h>

enum {
    SHORTEST_LAST_TICK_MS = 50, /* when the time is over sooner after a tick, that one was the last */
};

struct session {
    const struct options *options;
    struct signals signals;
    struct child child;
    struct source *source;
    struct sink *sink;
    uint64_t last_tick_ns; /* CLOCK_MONOTONIC */
    uint64_t end_ns;       /* UINT64_MAX: none */
    uint64_t ticks_left;
    int ended_by; /* a signal; 0 for none */
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
        if (session->child.pid == 0) {
            session->ended_by = number;
            return WAKE_SIGNAL;
        }
        child_pass_signal(&session->child, &info);
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

static struct error *take_ticks(struct session *session)
{
    const struct options *options = session->options;
    bool more;
    struct error *error = take_tick(session, false, &more);

    if (error != NULL || !more)
        return error;
    if (options->time_ns > 0)
        session->end_ns = later(session->last_tick_ns, options->time_ns);
    /* The source would hand out the second tick early, for the screen's sake. */
    uint64_t due_ns = later(session->last_tick_ns, options->delay_ns);
    while (error == NULL && more) {
        enum wake wake = wait_for_tick(session, due_ns);
        if (wake == WAKE_SIGNAL)
            break;
        uint64_t too_soon_ns = later(session->last_tick_ns, SHORTEST_LAST_TICK_MS * NS_PER_MILLISECOND);
        if (wake == WAKE_TIME_OVER && session->end_ns < too_soon_ns)
            break;
        error = take_tick(session, true, &more);
        more = more && wake == WAKE_TICK_DUE && session->last_tick_ns < session->end_ns;
        due_ns = source_due_ns(session->source);
    }
    return error;
}

static struct error *watch(struct session *session)
{
    const struct options *options = session->options;
    struct error *error = watch_open(&session->source, options, &session->child, false);

    if (error != NULL)
        return error;
    const struct source_focus focus = {.all_processes = options->all_processes, .all_details = true};
    source_set_focus(session->source, &focus);
    error = take_ticks(session);
    source_close(session->source);
    return error;
}

/* The command may go on after the last tick: pyneck hands on its exit status, so it waits. */
static int wait_for_command(struct session *session)
{
    while (!child_has_ended(&session->child)) {
        siginfo_t info = {0};
        if (signals_wait(&session->signals, UINT64_MAX, &info) != SIGCHLD)
            child_pass_signal(&session->child, &info);
    }
    return child_wait(&session->child);
}

/* From here on the output is open. */
static int run_session(struct session *session, struct output *output)
{
    const struct options *options = session->options;
    const struct print_options print = {.mode = options->mode, .columns = output_columns(output)};
    int status = EXIT_DONE;

    signals_take(&session->signals, options->command != NULL);
    if (options->command != NULL) {
        struct error *error = child_start(&session->child, options->command, -1, &session->signals, &status);
        if (error != NULL) {
            command_fail(error);
            return status;
        }
    }
    session->sink = printer_open(options->format, output, &print);
    struct error *error = watch(session);
    bool closed = sink_is_closed(session->sink);
    struct error *close_error = sink_close(session->sink);
    if (error == NULL)
        error = close_error;
    else
        error_free(close_error);

    int own_status = error != NULL            ? command_fail(error)
                     : session->ended_by != 0 ? EXIT_SIGNAL + session->ended_by
                     : closed                 ? EXIT_SIGNAL + SIGPIPE
                                              : EXIT_DONE;
    if (session->child.pid == 0)
        return own_status;
    status = wait_for_command(session);
    return status == EXIT_DONE && own_status == EXIT_FAILED ? EXIT_FAILED : status;
}

int command_snapshot(const struct options *options)
{
    struct session session = {.options = options, .end_ns = UINT64_MAX, .ticks_left = options->count};
    struct output *output;

    if (options->count == 0)
        session.ticks_left = options->time_ns > 0 || options->command != NULL ? UINT64_MAX : 1;
    struct error *error = output_open(&output, options->output, options->format->replaces_file);
    if (error != NULL)
        return command_fail(error);
    int status = run_session(&session, output);
    error = output_close(output);
    if (error != NULL) {
        int failed = command_fail(error);
        status = status == EXIT_DONE ? failed : status;
    }
    return status;
}

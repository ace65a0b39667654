/* pyneck snapshot: ticks as text, JSON, CSV or OpenMetrics. */
#include "cmd/command.h"
#include "cmd/session.h"
#include "export/printer.h"

/* From here on the output is open. */
static int run_session(struct session *session, struct output *output)
{
    const struct options *options = session->options;
    const struct print_options print = {.mode = options->mode, .columns = output_columns(output)};
    int status = EXIT_DONE;

    struct error *error = session_start(session, &status);
    if (error != NULL) {
        command_fail(error);
        return status;
    }
    if (options->count == 0 && options->time_ns == 0 && options->command == NULL)
        session->ticks_left = 1;
    session->sink = printer_open(options->format, output, &print);
    error = session_watch(session);
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
    status = session_wait_for_command(session);
    return status == EXIT_DONE && own_status == EXIT_FAILED ? EXIT_FAILED : status;
}

int command_snapshot(const struct options *options)
{
    struct session session = {.options = options};
    struct output *output;

    struct error *error = output_open(&output, options->output,
                                      options->format->replaces_file ? OUTPUT_REPLACED_FILE : OUTPUT_PIECES);
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

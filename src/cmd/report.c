/* pyneck report: a recording, summed up in words and tables. */
#include "export/report.h"
#include "cmd/command.h"
#include "cmd/recorded.h"
#include "export/output.h"

#include <signal.h>

static struct error *write_report(const struct options *options, const struct recorded *recorded,
                                  struct output *output)
{
    const struct report report = {
        .path = recorded->name,
        .info = recorded->info,
        .sum = &recorded->sum,
        .whole = recorded->whole,
        .tree = recorded->tree,
        .mode = options->mode,
    };

    if (options->format == &format_json)
        report_write_json(output_stream(output), &report);
    else
        report_write_text(output_stream(output), &report, output_columns(output));
    return output_write(output);
}

int command_report(const struct options *options)
{
    struct recorded recorded;
    struct output *output;
    bool closed = false;
    struct error *error = recorded_read(&recorded, options->files[0], options);

    if (error == NULL)
        error = output_open(&output, options->output, OUTPUT_PIECES);
    if (error == NULL) {
        error = write_report(options, &recorded, output);
        closed = output_is_closed(output);
        struct error *close_error = output_close(output);
        if (error == NULL)
            error = close_error;
        else
            error_free(close_error);
    }
    recorded_free(&recorded);
    if (error != NULL)
        return command_fail(error);
    return closed ? EXIT_SIGNAL + SIGPIPE : EXIT_DONE;
}

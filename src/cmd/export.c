/* pyneck export: a recording in another tool's format. */
#include "cmd/export.h"
#include "base/memory.h"
#include "cmd/command.h"
#include "cmd/selection.h"
#include "export/printer.h"
#include "export/profile_exporter.h"
#include "source/replay.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* Whether the order of samples is told, which is dear to read. */
static bool needs_order(const struct options *options)
{
    return options->profile_format != NULL && options->profile_format->timeline != NULL;
}

/* Hand the selected ticks to the sink. */
static struct error *export_ticks(struct source *source, struct sink *sink,
                                  const struct profile_selection *selection)
{
    struct error *error = NULL;
    bool more = true;

    if (selection->from_ns > 0)
        error = replay_seek_time(source, selection->from_ns);
    while (error == NULL && more && !sink_is_closed(sink)) {
        struct tick *tick;
        error = source_read_tick(source, &tick);
        if (error != NULL || tick == NULL)
            break;
        more = selection->to_ns == 0 || tick->time_ns <= selection->to_ns;
        if (profile_selection_has_tick(selection, tick))
            error = sink_write_tick(sink, tick, source_call_tree(source));
        tick_free(tick);
    }
    return error;
}

static struct sink *open_sink(const struct options *options, const struct profile_selection *selection,
                              const char *title, struct output *output)
{
    const struct print_options print = {.mode = options->mode, .columns = output_columns(output)};
    const struct export_options export = {
        .selection = *selection,
        .weight = options->weight,
        .title = title,
    };

    return options->profile_format != NULL ? profile_exporter_open(options->profile_format, output, &export)
                                           : printer_open(options->format, output, &print);
}

static struct error *write_export(const struct options *options, const char *path, struct source *source,
                                  struct output *output)
{
    const struct recording_info *info = reader_info(replay_reader(source));
    struct profile_selection selection;
    struct error *error = selection_resolve(&selection, options, info);

    if (error != NULL)
        return error;
    source_set_focus(source, &(struct source_focus){.sample_order = needs_order(options)});
    /* A copy: what is known of a recording changes while it is read, when it is still written. */
    char *title = memory_copy_text(info->command != NULL ? info->command : path);
    struct sink *sink = open_sink(options, &selection, title, output);
    error = export_ticks(source, sink, &selection);
    struct error *close_error = sink_close(sink);
    free(title);
    if (error == NULL)
        return close_error;
    error_free(close_error);
    return error;
}

static enum output_kind output_kind(const struct options *options)
{
    if (options->profile_format != NULL)
        return OUTPUT_DOCUMENT;
    return options->format->replaces_file ? OUTPUT_REPLACED_FILE : OUTPUT_PIECES;
}

struct error *export_recording(const struct options *options, const char *path, bool *closed)
{
    struct source *source;
    struct output *output;

    *closed = false;
    if (options->profile_format != NULL && options->profile_format->is_binary && options->output == NULL &&
        isatty(STDOUT_FILENO))
        return error_new(
            "%s is binary and nothing for a terminal: name a file with -o, or redirect the output",
            options->profile_format->name);
    struct error *error = replay_open(&source, path);
    if (error != NULL)
        return error;
    error = output_open(&output, options->output, output_kind(options));
    if (error != NULL) {
        source_close(source);
        return error;
    }
    error = write_export(options, path, source, output);
    *closed = output_is_closed(output);
    source_close(source);
    struct error *close_error = output_close(output);
    if (error == NULL)
        return close_error;
    error_free(close_error);
    return error;
}

int command_export(const struct options *options)
{
    bool closed;
    struct error *error = export_recording(options, options->files[0], &closed);

    if (error != NULL)
        return command_fail(error);
    return closed ? EXIT_SIGNAL + SIGPIPE : EXIT_DONE;
}

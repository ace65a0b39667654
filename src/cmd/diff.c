/* pyneck diff: two recordings, function by function. */
#include "export/diff.h"
#include "base/memory.h"
#include "cmd/command.h"
#include "cmd/recorded.h"
#include "export/output.h"

#include <signal.h>
#include <stdlib.h>

static struct diff_recording figures_of(const struct recorded *recorded)
{
    const struct recorded_usage *usage = recorded->info->usage;
    const struct report_sum *sum = &recorded->sum;
    struct diff_recording figures = {
        .whole = recorded->whole,
        .tree = recorded->tree,
        .real_seconds = report_seconds_between(sum->begin_ns, sum->end_ns),
        .peak_resident_bytes = sum->peak_resident_bytes,
    };

    for (size_t i = 0; i < sum->process_count; i++) {
        if (real_is_known(sum->processes[i].cpu_seconds))
            figures.cpu_seconds += sum->processes[i].cpu_seconds;
    }
    if (usage != NULL) {
        figures.is_run = true;
        figures.real_seconds = usage->real_seconds;
        figures.cpu_seconds = usage->user_seconds + usage->system_seconds;
        figures.peak_resident_bytes = usage->peak_resident_bytes;
    }
    return figures;
}

static struct error *write_diff(const struct options *options, const struct profile_diff *diff,
                                const struct recorded recorded[DIFF_SIDES], bool *closed)
{
    const char *const names[DIFF_SIDES] = {recorded[DIFF_OLD].name, recorded[DIFF_NEW].name};
    struct output *output;
    struct error *error = output_open(&output, options->output, OUTPUT_PIECES);

    if (error != NULL)
        return error;
    if (options->format == &format_json)
        diff_write_json(output_stream(output), diff, names);
    else
        diff_write_text(output_stream(output), diff, names, output_columns(output));
    error = output_write(output);
    *closed = output_is_closed(output);
    struct error *close_error = output_close(output);
    if (error == NULL)
        return close_error;
    error_free(close_error);
    return error;
}

/* Find what the bounds name, before anything is printed. */
static struct error *find_functions(const struct options *options, const struct profile_diff *diff,
                                    const struct diff_function **functions)
{
    struct error *error = NULL;

    for (size_t i = 0; error == NULL && i < options->bound_count; i++)
        error = bound_find_function(&options->bounds[i], diff, &functions[i]);
    return error;
}

/* Tell which bounds are broken, a line each. */
static int check_bounds(const struct options *options, const struct profile_diff *diff,
                        const struct diff_function *const *functions)
{
    int status = EXIT_DONE;

    for (size_t i = 0; i < options->bound_count; i++) {
        struct error *reason;
        struct error *error = bound_check(&options->bounds[i], diff, functions[i], &reason);
        if (error == NULL)
            error = reason;
        if (error != NULL)
            status = command_fail(error);
    }
    return status;
}

static int compare(const struct options *options, const struct recorded recorded[DIFF_SIDES])
{
    const struct diff_recording old = figures_of(&recorded[DIFF_OLD]), new = figures_of(&recorded[DIFF_NEW]);
    const struct diff_function **functions = memory_allocate(options->bound_count, sizeof(const void *));
    struct profile_diff diff = profile_diff_new(&old, &new, options->mode);
    bool closed = false;
    int status;

    struct error *error = find_functions(options, &diff, functions);
    if (error != NULL) {
        command_fail(error);
        status = EXIT_USAGE;
    } else if ((error = write_diff(options, &diff, recorded, &closed)) != NULL) {
        status = command_fail(error);
    } else {
        status = check_bounds(options, &diff, functions);
        if (status == EXIT_DONE && closed)
            status = EXIT_SIGNAL + SIGPIPE;
    }
    free(functions);
    profile_diff_free(&diff);
    return status;
}

int command_diff(const struct options *options)
{
    struct recorded recorded[DIFF_SIDES] = {{0}};
    struct error *error = NULL;

    for (enum diff_side side = 0; error == NULL && side < DIFF_SIDES; side++)
        error = recorded_read(&recorded[side], options->files[side], options);
    int status = error != NULL ? command_fail(error) : compare(options, recorded);
    for (enum diff_side side = 0; side < DIFF_SIDES; side++)
        recorded_free(&recorded[side]);
    return status;
}

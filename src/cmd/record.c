/* pyneck record: a session kept in a file. */
#include "config.h"

#include "analysis/verdict.h"
#include "base/clock.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/export.h"
#include "cmd/session.h"
#include "record/file_name.h"
#include "record/writer.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    LINE_SIZE = VERDICT_SUMMARY_SIZE + 128,
    DISK_BLOCK_BYTES = 512, /* the unit of ru_inblock and ru_oublock, getrusage(2) */
};

struct recorder {
    struct sink sink; /* first: a pointer to it is one to the recorder */
    struct writer *writer;
    struct recorded_usage usage; /* of the command */
    bool has_usage;
    bool shows_progress;
    uint64_t samples;
    uint64_t begin_ns; /* CLOCK_MONOTONIC */
};

/* ---- the progress line ---- */

static size_t terminal_columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* The process that the line speaks of: of those that were sampled the one that uses most CPU. */
static const struct process *find_busiest(const struct tick *tick)
{
    const struct process *busiest = NULL;

    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *process = &tick->processes[i];
        if (process->profile != NULL && (busiest == NULL || process->cpu_percent > busiest->cpu_percent))
            busiest = process;
    }
    return busiest;
}

static void show_progress(const struct recorder *recorder, const struct tick *tick,
                          const struct call_tree *tree)
{
    char line[LINE_SIZE], size[TEXT_AMOUNT_SIZE];
    const struct process *busiest = find_busiest(tick);
    struct verdict verdict;
    uint64_t seconds = (tick->monotonic_ns - recorder->begin_ns) / NS_PER_SECOND;

    text_format_bytes(size, (double)writer_size_bytes(recorder->writer));
    int length = snprintf(line, sizeof(line), "%llu:%02llu:%02llu  %llu samples  %s  pyneck %.1f %%",
                          (unsigned long long)seconds / 3600, (unsigned long long)seconds / 60 % 60,
                          (unsigned long long)seconds % 60, (unsigned long long)recorder->samples, size,
                          real_is_known(tick->own_cpu_percent) ? tick->own_cpu_percent : 0);
    if (busiest != NULL && verdict_of_process(tick, busiest, tree, &verdict)) {
        char text[VERDICT_SUMMARY_SIZE];
        verdict_format(text, &verdict.first, 0);
        snprintf(line + length, sizeof(line) - (size_t)length, "  %d: %s", busiest->pid, text);
    }
    fprintf(stderr, "\r\033[K%.*s", (int)text_fit(line, terminal_columns() - 1), line);
    fflush(stderr);
}

/* ---- the sink ---- */

static struct error *write_tick(struct sink *sink, const struct tick *tick, const struct call_tree *tree)
{
    struct recorder *recorder = (struct recorder *)sink;
    struct error *error = writer_append(recorder->writer, tick, tree);

    if (error != NULL)
        return error;
    for (size_t i = 0; i < tick->process_count; i++)
        recorder->samples += tick->processes[i].profile != NULL ? tick->processes[i].profile->samples : 0;
    if (recorder->shows_progress)
        show_progress(recorder, tick, tree);
    return NULL;
}

static bool is_closed(const struct sink *sink)
{
    (void)sink;
    return false;
}

static struct error *close_recorder(struct sink *sink)
{
    struct recorder *recorder = (struct recorder *)sink;

    return writer_close(recorder->writer, recorder->has_usage ? &recorder->usage : NULL);
}

static const struct sink_operations operations = {
    .write_tick = write_tick,
    .is_closed = is_closed,
    .close = close_recorder,
};

/* ---- the command ---- */

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* What time(1) would say of the command and all that it waited for. */
static void note_usage(struct recorder *recorder, int exit_status)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    recorder->has_usage = true;
    recorder->usage = (struct recorded_usage){
        .exit_status = exit_status,
        .real_seconds = (double)(clock_monotonic_ns() - recorder->begin_ns) / (double)NS_PER_SECOND,
        .user_seconds = seconds_of(usage.ru_utime),
        .system_seconds = seconds_of(usage.ru_stime),
        .peak_resident_bytes = usage.ru_maxrss * INT64_C(1024),
        .minor_faults = usage.ru_minflt,
        .major_faults = usage.ru_majflt,
        .voluntary_switches = usage.ru_nvcsw,
        .involuntary_switches = usage.ru_nivcsw,
        .storage_read_bytes = usage.ru_inblock * INT64_C(1) * DISK_BLOCK_BYTES,
        .storage_write_bytes = usage.ru_oublock * INT64_C(1) * DISK_BLOCK_BYTES,
    };
}

/* ---- the files ---- */

struct files {
    char recording[PATH_MAX];
    char export[PATH_MAX]; /* "" when nothing is exported */
};

static const char recording_suffix[] = ".db";

/* Length of a path without the suffix of recordings; 0 when it does not have it. */
static size_t stem_length(const char *path)
{
    size_t length = strlen(path), suffix_length = strlen(recording_suffix);

    if (length <= suffix_length || strcmp(path + length - suffix_length, recording_suffix) != 0)
        return 0;
    return length - suffix_length;
}

/* Name the files: one of the two was named, the other lies beside it. */
static struct error *name_files(struct files *files, const struct options *options)
{
    char name[RECORDING_NAME_SIZE];
    const char *path = options->output;

    *files = (struct files){0};
    if (path == NULL) {
        recording_name_by_time(name);
        path = name;
    }
    if (strlen(path) + 64 > PATH_MAX)
        return error_new("the file name given with -o is too long");
    size_t stem = stem_length(path);
    bool names_export = options->export_suffix != NULL && stem == 0;
    snprintf(files->recording, sizeof(files->recording), "%s%s", path, names_export ? recording_suffix : "");
    if (names_export)
        snprintf(files->export, sizeof(files->export), "%s", path);
    else if (options->export_suffix != NULL)
        snprintf(files->export, sizeof(files->export), "%.*s%s", (int)stem, path, options->export_suffix);
    if (files->export[0] != '\0' && !options->force && access(files->export, F_OK) == 0)
        return error_new("%s is there already: name another file with -o, or overwrite it with --force",
                         files->export);
    return NULL;
}

/* ---- recording ---- */

static struct error *open_writer(struct recorder *recorder, const struct options *options, const char *path)
{
    char command[CHILD_COMMAND_SIZE] = "";
    struct writer_options writer = {
        .path = path,
        .replace = options->force,
        .version = PACKAGE_VERSION,
        .rate_hz = options->rate_hz,
        .interval_ns = options->delay_ns,
        .max_size_bytes = options->max_size_bytes,
        .keep_ns = options->keep_ns,
    };

    if (options->command != NULL) {
        child_join_command(command, options->command);
        writer.command = command;
    }
    return writer_open(&recorder->writer, &writer);
}

/* From here on the file is open. */
static int run_session(struct session *session, struct recorder *recorder)
{
    int status = EXIT_DONE;
    struct error *error = session_start(session, &status);

    if (error != NULL) {
        command_fail(error);
        return status;
    }
    session->sink = &recorder->sink;
    error = session_watch(session);
    if (recorder->shows_progress)
        fputc('\n', stderr);
    /* Said at once, and not when the command has ended: it goes on unwatched. */
    int own_status = error != NULL ? command_fail(error) : EXIT_DONE;
    if (session->child.pid != 0) {
        status = session_wait_for_command(session);
        note_usage(recorder, status);
    }
    return status == EXIT_DONE ? own_status : status;
}

/* Export what was recorded; returns the exit status. */
static int export_files(const struct options *options, const struct files *files)
{
    struct options export = *options;
    bool closed;

    export.output = files->export;
    struct error *error = export_recording(&export, files->recording, &closed);
    return error != NULL ? command_fail(error) : EXIT_DONE;
}

int command_record(const struct options *options)
{
    struct session session = {.options = options, .outlives_terminal = true, .wants_sample_order = true};
    struct recorder recorder = {
        .sink = {.operations = &operations},
        .shows_progress = !options->quiet && isatty(STDERR_FILENO),
        .begin_ns = clock_monotonic_ns(),
    };
    struct files files;

    struct error *error = name_files(&files, options);
    if (error == NULL)
        error = open_writer(&recorder, options, files.recording);
    if (error != NULL)
        return command_fail(error);
    int status = run_session(&session, &recorder);
    int own_status = EXIT_DONE;
    error = sink_close(&recorder.sink);
    if (error != NULL)
        own_status = command_fail(error);
    else if (files.export[0] != '\0' && session.sink != NULL)
        own_status = export_files(options, &files);
    if (recorder.shows_progress && status == EXIT_DONE && own_status == EXIT_DONE)
        fprintf(stderr, "recorded in %s%s%s\n", files.recording,
                files.export[0] != '\0' ? ", exported to " : "", files.export);
    return status == EXIT_DONE ? own_status : status;
}

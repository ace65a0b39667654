#include "cmd/option_table.h"

#include "base/clock.h"
#include "base/memory.h"

#include <limits.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum {
    IN_MONITOR = 1 << COMMAND_MONITOR,
    IN_SNAPSHOT = 1 << COMMAND_SNAPSHOT,
    IN_DUMP = 1 << COMMAND_DUMP,
    IN_RECORD = 1 << COMMAND_RECORD,
    IN_REPLAY = 1 << COMMAND_REPLAY,
    IN_REPORT = 1 << COMMAND_REPORT,
    IN_DIFF = 1 << COMMAND_DIFF,
    IN_EXPORT = 1 << COMMAND_EXPORT,
    IN_RANKING = IN_MONITOR | IN_SNAPSHOT,
    IN_SCREEN = IN_MONITOR | IN_REPLAY,
    IN_WATCHING = IN_RANKING | IN_RECORD,
    IN_PRINTING = IN_SNAPSHOT | IN_DUMP,
    IN_RECORDING = IN_EXPORT | IN_REPORT,
    IN_SUMMED = IN_REPORT | IN_DIFF,
    IN_OUTPUT = IN_EXPORT | IN_SUMMED | IN_PRINTING | IN_RECORD,
    IN_ALL = IN_WATCHING | IN_DUMP | IN_REPLAY | IN_RECORDING | IN_SUMMED,
};

enum {
    LEAST_RECORDING_BYTES = 1 << 20, /* the tables and a minute or two */
};

/* A plain decimal number, as "1", "0.25" or ".5": no sign, no exponent, no hexadecimal digits. */
static struct error *read_number(double *number, const char *name, const char *text, double least,
                                 double most)
{
    char *end;
    bool plain = text[strspn(text, "0123456789.")] == '\0' && strpbrk(text, "0123456789") != NULL;

    *number = plain ? strtod(text, &end) : 0;
    if (!plain || *end != '\0')
        return error_new("--%s: '%s' is not a decimal number", name, text);
    if (*number < least || *number > most)
        return error_new("--%s: %s is not between %.15g and %.15g", name, text, least, most);
    return NULL;
}

static struct error *read_seconds(uint64_t *ns, const char *name, const char *text, double least, double most)
{
    double seconds;
    struct error *error = read_number(&seconds, name, text, least, most);

    if (error == NULL)
        *ns = (uint64_t)(seconds * (double)NS_PER_SECOND + 0.5);
    return error;
}

static struct error *read_delay(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    return read_seconds(&options->delay_ns, "delay", argument, 0.1, 86400);
}

static struct error *read_rate(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    return read_number(&options->rate_hz, "rate", argument, 0, 1e6);
}

static struct error *read_time(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    return read_seconds(&options->time_ns, "time", argument, 0.1, 1e9);
}

static struct error *read_count(struct options *options, enum command_id command, const char *argument)
{
    char *end;

    (void)command;
    if (argument[0] == '\0' || argument[strspn(argument, "0123456789")] != '\0')
        return error_new("--count: '%s' is not a whole number", argument);
    options->count = strtoull(argument, &end, 10);
    if (options->count < 1 || options->count > INT64_MAX)
        return error_new("--count: %s is not 1 or more", argument);
    return NULL;
}

static struct error *read_budget(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    struct error *error = read_number(&options->budget_percent, "budget", argument, 0, 100000);
    if (error == NULL && options->budget_percent <= 0)
        options->budget_percent = UNKNOWN_REAL;
    return error;
}

static struct error *read_pause(struct options *options, enum command_id command, const char *argument)
{
    (void)command, (void)argument;
    options->pause = true;
    return NULL;
}

static struct error *read_user(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    options->user = argument;
    return NULL;
}

static struct error *read_filter(struct options *options, enum command_id command, const char *argument)
{
    regex_t expression;
    char reason[128];
    int result = regcomp(&expression, argument, REG_EXTENDED | REG_NOSUB);

    (void)command;
    if (result != 0) {
        regerror(result, &expression, reason, sizeof(reason));
        return error_new("--filter: '%s' is no regular expression: %s", argument, reason);
    }
    regfree(&expression);
    options->filter = argument;
    return NULL;
}

static struct error *read_all(struct options *options, enum command_id command, const char *argument)
{
    (void)command, (void)argument;
    options->all_processes = true;
    return NULL;
}

static struct error *read_no_children(struct options *options, enum command_id command, const char *argument)
{
    (void)command, (void)argument;
    options->no_children = true;
    return NULL;
}

static struct error *read_mode(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    for (enum ranking_mode mode = 0; mode < RANKING_MODES; mode++) {
        if (strcmp(ranking_mode_name(mode), argument) == 0) {
            options->mode = mode;
            return NULL;
        }
    }
    return error_new("--mode: '%s' is none of cpu, wall", argument);
}

/* A format of another tool, or one that a snapshot is printed in. */
static struct error *read_export_format(struct options *options, const char *option, const char *argument)
{
    char names[256], own_names[128];

    options->profile_format = profile_format_find(argument);
    options->format = options->profile_format == NULL ? format_find(argument) : NULL;
    if (options->profile_format != NULL || options->format != NULL)
        return NULL;
    profile_format_list_names(names, sizeof(names));
    format_list_names(own_names, sizeof(own_names), false);
    return error_new("%s: '%s' is none of %s, %s", option, argument, names, own_names);
}

static struct error *read_export(struct options *options, enum command_id command, const char *argument)
{
    struct error *error = read_export_format(options, "--export", argument);

    (void)command;
    if (error != NULL)
        return error;
    options->export_suffix =
        options->profile_format != NULL ? options->profile_format->suffix : options->format->suffix;
    return NULL;
}

static struct error *read_format(struct options *options, enum command_id command, const char *argument)
{
    const struct format *format = format_find(argument);
    bool without_ticks = command == COMMAND_DUMP || command == COMMAND_REPORT || command == COMMAND_DIFF;
    char names[128];

    if (command == COMMAND_EXPORT)
        return read_export_format(options, "--format", argument);
    if (format == NULL || (without_ticks && format->write_dump == NULL)) {
        format_list_names(names, sizeof(names), without_ticks);
        return error_new("--format: '%s' is none of %s", argument, names);
    }
    options->format = format;
    return NULL;
}

static struct error *read_weight(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    for (enum profile_weight weight = 0; weight < PROFILE_WEIGHTS; weight++) {
        if (strcmp(profile_weight_name(weight), argument) == 0) {
            options->weight = weight;
            return NULL;
        }
    }
    return error_new("--weight: '%s' is none of cpu, wall, samples, memory", argument);
}

static struct error *read_id(pid_t *id, const char *name, const char *text)
{
    unsigned long number = text[strspn(text, "0123456789")] == '\0' ? strtoul(text, NULL, 10) : 0;

    if (number < 1 || number > INT_MAX)
        return error_new("--%s: '%s' cannot be one", name, text);
    *id = (pid_t)number;
    return NULL;
}

static struct error *read_selected_pid(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    return read_id(&options->selection.pid, "pid", argument);
}

static struct error *read_selected_thread(struct options *options, enum command_id command,
                                          const char *argument)
{
    (void)command;
    return read_id(&options->selection.tid, "thread", argument);
}

/* One more state that is selected. */
static struct error *read_state(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    for (enum thread_state state = 0; state < THREAD_STATES; state++) {
        if (strcmp(thread_state_name(state), argument) == 0) {
            options->selection.states |= UINT32_C(1) << state;
            return NULL;
        }
    }
    return error_new("--state: there is no state '%s'", argument);
}

static struct error *read_from(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    options->from = argument;
    return NULL;
}

static struct error *read_to(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    options->to = argument;
    return NULL;
}

static struct error *read_fail_if(struct options *options, enum command_id command, const char *argument)
{
    struct bound bound;
    struct error *error = bound_read(&bound, argument);

    (void)command;
    if (error != NULL) {
        struct error *told = error_new("--fail-if: %s", error_message(error));
        error_free(error);
        return told;
    }
    options->bounds = memory_grow(options->bounds, &options->bound_capacity, options->bound_count + 1,
                                  sizeof(*options->bounds));
    options->bounds[options->bound_count++] = bound;
    return NULL;
}

static struct error *read_output(struct options *options, enum command_id command, const char *argument)
{
    (void)command;
    if (argument[0] == '\0')
        return error_new("--output: the file name is empty");
    options->output = argument;
    return NULL;
}

static struct error *read_force(struct options *options, enum command_id command, const char *argument)
{
    (void)command, (void)argument;
    options->force = true;
    return NULL;
}

static struct error *read_quiet(struct options *options, enum command_id command, const char *argument)
{
    (void)command, (void)argument;
    options->quiet = true;
    return NULL;
}

/* Bytes, with K, M, G or T for powers of 1024. */
static struct error *read_max_size(struct options *options, enum command_id command, const char *argument)
{
    static const char units[] = "KMGT";
    char number[32];
    double size, unit = 1;
    size_t length = strlen(argument);
    const char *letter = length > 0 ? strchr(units, argument[length - 1]) : NULL;

    (void)command;
    for (const char *each = units; letter != NULL && each <= letter; each++)
        unit *= 1024;
    snprintf(number, sizeof(number), "%.*s", (int)(length - (letter != NULL)), argument);
    struct error *error = read_number(&size, "max-size", number, 0, 1e15);
    if (error != NULL)
        return error;
    if (size * unit < LEAST_RECORDING_BYTES || size * unit > 1e15)
        return error_new("--max-size: %s is not between 1M and 900T", argument);
    options->max_size_bytes = (int64_t)(size * unit);
    return NULL;
}

static struct error *read_history(struct options *options, enum command_id command, const char *argument)
{
    double minutes;
    struct error *error = read_number(&minutes, "history", argument, 0, 10000);

    (void)command;
    if (error == NULL)
        options->history_ns = (uint64_t)(minutes * 60 * (double)NS_PER_SECOND);
    return error;
}

static struct error *read_keep(struct options *options, enum command_id command, const char *argument)
{
    double hours;
    struct error *error = read_number(&hours, "keep", argument, 0.01, 1e6);

    (void)command;
    if (error == NULL)
        options->keep_ns = (uint64_t)(hours * 3600 * (double)NS_PER_SECOND);
    return error;
}

static struct error *read_no_color(struct options *options, enum command_id command, const char *argument)
{
    (void)command, (void)argument;
    options->no_color = true;
    return NULL;
}

static struct error *read_ascii(struct options *options, enum command_id command, const char *argument)
{
    (void)command, (void)argument;
    options->ascii = true;
    return NULL;
}

static struct error *read_help(struct options *options, enum command_id command, const char *argument)
{
    (void)command, (void)argument;
    options->help = true;
    return NULL;
}

static struct error *read_version(struct options *options, enum command_id command, const char *argument)
{
    (void)command, (void)argument;
    options->version = true;
    return NULL;
}

const struct option_row option_rows[] = {
    {"delay", 'd', "SECONDS", IN_WATCHING, read_delay, "time between ticks, 0.1 or more (default 1)"},
    {"rate", 'r', "HZ", IN_WATCHING, read_rate, "stack samples a second (default 100; 0 for none)"},
    {"time", 't', "SECONDS", IN_WATCHING, read_time, "stop after so long"},
    {"count", 'n', "N", IN_WATCHING, read_count, "stop after so many ticks"},
    {"user", 'u', "NAME", IN_WATCHING, read_user, "only processes of this user"},
    {"filter", 'f', "REGEX", IN_WATCHING, read_filter, "only processes whose command line matches"},
    {"all", 'a', NULL, IN_WATCHING, read_all, "list processes that are not Python too"},
    {"no-children", 0, NULL, IN_WATCHING, read_no_children, "leave out children of the named processes"},
    {"mode", 0, "cpu|wall", IN_RANKING | IN_REPLAY | IN_SUMMED, read_mode,
     "rank by CPU or by wall time (default cpu)"},
    {"budget", 0, "PERCENT", IN_WATCHING, read_budget,
     "CPU that pyneck may use, of one core (default 5; 0 for no limit)"},
    {"pause", 0, NULL, IN_WATCHING, read_pause, "stop threads while their stacks are read"},
    {"format", 0, "FORMAT", IN_PRINTING | IN_SUMMED | IN_EXPORT, read_format,
     "text (default) or json; in snapshots and exports also csv and\n"
     "openmetrics; exports: flamegraph, collapsed, speedscope, pprof,\n"
     "chrome, gecko, callgrind, pstats"},
    {"export", 0, "FORMAT", IN_RECORD, read_export,
     "export the recording when it is done; -o names the export, unless it\n"
     "ends in .db; the other file lies beside it"},
    {"weight", 0, "WEIGHT", IN_EXPORT | IN_RECORD, read_weight,
     "weigh by cpu (default), wall, samples or memory"},
    {"from", 0, "TIME", IN_RECORDING, read_from,
     "leave out what was before: 14:30, 14:30:05, 2026-01-31T14:30Z, or +90\n"
     "for 90 seconds after the begin of the recording"},
    {"to", 0, "TIME", IN_RECORDING, read_to, "leave out what was after"},
    {"pid", 0, "PID", IN_RECORDING, read_selected_pid, "only this process"},
    {"thread", 0, "TID", IN_EXPORT, read_selected_thread, "only this thread"},
    {"state", 0, "STATE", IN_EXPORT, read_state, "only threads in this state; can be given several times"},
    {"fail-if", 0, "CONDITION", IN_DIFF, read_fail_if,
     "exit with status 1 when it holds, as own_cpu_seconds(f) > 1.1x;\ncan be given several times"},
    {"output", 'o', "FILE", IN_OUTPUT, read_output,
     "write to FILE (when not given: standard output, or pyneck-DATE-TIME.db)"},
    {"force", 0, NULL, IN_RECORD, read_force, "overwrite a file that is there"},
    {"max-size", 0, "SIZE", IN_RECORD, read_max_size,
     "keep the recording below SIZE (as 500M or 2G): drop its oldest ticks"},
    {"keep", 0, "HOURS", IN_RECORD, read_keep, "keep the last HOURS only: drop older ticks"},
    {"history", 0, "MINUTES", IN_MONITOR, read_history,
     "how far one can go back in time (default 10; 0 for not at all)"},
    {"quiet", 'q', NULL, IN_RECORD, read_quiet, "no progress line on the terminal"},
    {"no-color", 'C', NULL, IN_SCREEN, read_no_color, "no colours (also when NO_COLOR is set)"},
    {"ascii", 0, NULL, IN_SCREEN, read_ascii, "draw with ASCII characters only"},
    {"help", 'h', NULL, IN_ALL, read_help, "print this help and leave"},
    {"version", 'V', NULL, IN_ALL, read_version, "print the version and leave"},
};

const size_t option_row_count = sizeof(option_rows) / sizeof(option_rows[0]);

_Static_assert(sizeof(option_rows) / sizeof(option_rows[0]) <= OPTION_MAX_ROWS, "getopt's tables have room");

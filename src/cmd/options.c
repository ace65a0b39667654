#include "cmd/options.h"

#include "base/clock.h"
#include "base/memory.h"

#include <getopt.h>
#include <limits.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum {
    IN_MONITOR = 1 << COMMAND_MONITOR,
    IN_SNAPSHOT = 1 << COMMAND_SNAPSHOT,
    IN_DUMP = 1 << COMMAND_DUMP,
    IN_RECORD = 1 << COMMAND_RECORD,
    IN_RANKING = IN_MONITOR | IN_SNAPSHOT,
    IN_WATCHING = IN_RANKING | IN_RECORD,
    IN_PRINTING = IN_SNAPSHOT | IN_DUMP,
    IN_OUTPUT = IN_PRINTING | IN_RECORD,
    IN_ALL = IN_WATCHING | IN_DUMP,
};

enum {
    LEAST_RECORDING_BYTES = 1 << 20, /* the tables and a minute or two */
};

/* An option; `read` gets its argument, or NULL when it takes none. */
struct option_row {
    const char *name;
    char letter;          /* 0 for none */
    const char *argument; /* its name in the help; NULL when it takes none */
    unsigned int commands;
    struct error *(*read)(struct options *options, enum command_id command, const char *argument);
    const char *help; /* lines, without the final newline */
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

static struct error *read_format(struct options *options, enum command_id command, const char *argument)
{
    const struct format *format = format_find(argument);
    bool for_dump = command == COMMAND_DUMP;
    char names[128];

    if (format == NULL || (for_dump && format->write_dump == NULL)) {
        format_list_names(names, sizeof(names), for_dump);
        return error_new("--format: '%s' is none of %s", argument, names);
    }
    options->format = format;
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

static const struct option_row rows[] = {
    {"delay", 'd', "SECONDS", IN_WATCHING, read_delay, "time between ticks, 0.1 or more (default 1)"},
    {"rate", 'r', "HZ", IN_WATCHING, read_rate, "stack samples a second (default 100; 0 for none)"},
    {"time", 't', "SECONDS", IN_WATCHING, read_time, "stop after so long"},
    {"count", 'n', "N", IN_WATCHING, read_count, "stop after so many ticks"},
    {"user", 'u', "NAME", IN_WATCHING, read_user, "only processes of this user"},
    {"filter", 'f', "REGEX", IN_WATCHING, read_filter, "only processes whose command line matches"},
    {"all", 'a', NULL, IN_WATCHING, read_all, "list processes that are not Python too"},
    {"no-children", 0, NULL, IN_WATCHING, read_no_children, "leave out children of the named processes"},
    {"mode", 0, "cpu|wall", IN_RANKING, read_mode, "rank by CPU or by wall time (default cpu)"},
    {"budget", 0, "PERCENT", IN_WATCHING, read_budget,
     "CPU that pyneck may use, of one core (default 5; 0 for no limit)"},
    {"pause", 0, NULL, IN_WATCHING, read_pause, "stop threads while their stacks are read"},
    {"format", 0, "FORMAT", IN_PRINTING, read_format,
     "text (default) or json; in snapshots also csv and openmetrics"},
    {"output", 'o', "FILE", IN_OUTPUT, read_output,
     "write to FILE (when not given: standard output, or pyneck-DATE-TIME.db)"},
    {"force", 0, NULL, IN_RECORD, read_force, "overwrite a file that is there"},
    {"max-size", 0, "SIZE", IN_RECORD, read_max_size,
     "keep the recording below SIZE (as 500M or 2G): drop its oldest ticks"},
    {"keep", 0, "HOURS", IN_RECORD, read_keep, "keep the last HOURS only: drop older ticks"},
    {"quiet", 'q', NULL, IN_RECORD, read_quiet, "no progress line on the terminal"},
    {"no-color", 'C', NULL, IN_MONITOR, read_no_color, "no colours (also when NO_COLOR is set)"},
    {"ascii", 0, NULL, IN_MONITOR, read_ascii, "draw with ASCII characters only"},
    {"help", 'h', NULL, IN_ALL, read_help, "print this help and leave"},
    {"version", 'V', NULL, IN_ALL, read_version, "print the version and leave"},
};

enum {
    ROWS = sizeof(rows) / sizeof(rows[0]),
    CODE_ARGUMENT = 1, /* what getopt_long says of an argument that is no option */
    CODE_FIRST = 256,  /* plus the row: what it says of an option's long name */
};

/* getopt's own tables, made from ours. */
struct getopt_tables {
    char letters[2 * ROWS + 3];
    struct option names[ROWS + 1];
};

static void make_getopt_tables(struct getopt_tables *tables)
{
    size_t length = 0;

    *tables = (struct getopt_tables){0};
    tables->letters[length++] = '-'; /* arguments in their order */
    tables->letters[length++] = ':'; /* a missing argument is told from an unknown option */
    for (size_t i = 0; i < ROWS; i++) {
        tables->names[i] = (struct option){
            .name = rows[i].name,
            .has_arg = rows[i].argument != NULL ? required_argument : no_argument,
            .val = CODE_FIRST + (int)i,
        };
        if (rows[i].letter == 0)
            continue;
        tables->letters[length++] = rows[i].letter;
        if (rows[i].argument != NULL)
            tables->letters[length++] = ':';
    }
}

static const struct option_row *find_row(int code)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (code == CODE_FIRST + (int)i || (rows[i].letter != 0 && code == rows[i].letter))
            return &rows[i];
    }
    return NULL;
}

static struct error *read_pid(struct options *options, const char *text)
{
    char *end;

    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
        return error_new("'%s' is neither a command nor a process ID", text);
    unsigned long pid = strtoul(text, &end, 10);
    if (pid < 1 || pid > INT_MAX)
        return error_new("%s cannot be a process ID", text);
    for (size_t i = 0; i < options->pid_count; i++) {
        if (options->pids[i] == (pid_t)pid)
            return NULL;
    }
    options->pids =
        memory_grow(options->pids, &options->pid_capacity, options->pid_count + 1, sizeof(*options->pids));
    options->pids[options->pid_count++] = (pid_t)pid;
    return NULL;
}

/* What getopt_long did not accept: `code` is '?' or ':'. */
static struct error *refuse(int code, char **argv)
{
    const struct option_row *row = find_row(optopt);
    const char *last = argv[optind - 1];

    if (code == ':' && row != NULL)
        return error_new("--%s needs an argument, %s", row->name, row->argument);
    if (row != NULL)
        return error_new("--%s takes no argument", row->name);
    if (optopt != 0)
        return error_new("unknown option '-%c'", optopt);
    return error_new("unknown or ambiguous option '%s'", last);
}

static struct error *read_one(struct options *options, enum command_id command, int code, char **argv)
{
    if (code == CODE_ARGUMENT)
        return read_pid(options, optarg);
    if (code == '?' || code == ':')
        return refuse(code, argv);
    const struct option_row *row = find_row(code);
    if ((row->commands & (1U << command)) == 0)
        return error_new("--%s is no option of this command", row->name);
    return row->read(options, command, optarg);
}

static struct error *read_command(struct options *options, enum command_id command, int argc, char **argv)
{
    if (optind == argc && strcmp(argv[optind - 1], "--") != 0)
        return NULL;
    if (command == COMMAND_DUMP)
        return error_new("this command takes process IDs only, nothing after '--'");
    if (optind == argc)
        return error_new("nothing stands after '--'");
    if (options->pid_count > 0)
        return error_new("process IDs and '-- COMMAND' cannot be given together");
    options->command = &argv[optind];
    return NULL;
}

struct error *options_read(struct options *options, enum command_id command, int argc, char **argv)
{
    struct getopt_tables tables;
    struct error *error = NULL;
    int code;

    *options = (struct options){
        .delay_ns = NS_PER_SECOND,
        .rate_hz = 100,
        .budget_percent = 5,
        .mode = RANKING_CPU,
        .format = &format_text,
    };
    make_getopt_tables(&tables);
    opterr = 0;
    optind = 0; /* glibc: start anew */
    while (error == NULL && (code = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1)
        error = read_one(options, command, code, argv);
    if (error == NULL)
        error = read_command(options, command, argc, argv);
    if (error == NULL && command == COMMAND_DUMP && options->pid_count == 0 && !options->help &&
        !options->version)
        error = error_new("no process ID is given");
    return error;
}

void options_free(struct options *options)
{
    free(options->pids);
    *options = (struct options){0};
}

void options_list(FILE *stream, enum command_id command)
{
    for (size_t i = 0; i < ROWS; i++) {
        char left[64];
        const struct option_row *row = &rows[i];
        if ((row->commands & (1U << command)) == 0)
            continue;
        int length = row->letter != 0 ? snprintf(left, sizeof(left), "-%c, --%s", row->letter, row->name)
                                      : snprintf(left, sizeof(left), "    --%s", row->name);
        if (row->argument != NULL && length > 0 && (size_t)length < sizeof(left))
            snprintf(left + length, sizeof(left) - (size_t)length, " %s", row->argument);
        fprintf(stream, "  %-22s  %s\n", left, row->help);
    }
}

#include "cmd/options.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cmd/option_table.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    CODE_ARGUMENT = 1, /* what getopt_long says of an argument that is no option */
    CODE_FIRST = 256,  /* plus the row: what it says of an option's long name */
};

/* getopt's own tables, made from ours. */
struct getopt_tables {
    char letters[2 * OPTION_MAX_ROWS + 3];
    struct option names[OPTION_MAX_ROWS + 1];
};

static void make_getopt_tables(struct getopt_tables *tables)
{
    size_t length = 0;

    *tables = (struct getopt_tables){0};
    tables->letters[length++] = '-'; /* arguments in their order */
    tables->letters[length++] = ':'; /* a missing argument is told from an unknown option */
    for (size_t i = 0; i < option_row_count; i++) {
        tables->names[i] = (struct option){
            .name = option_rows[i].name,
            .has_arg = option_rows[i].argument != NULL ? required_argument : no_argument,
            .val = CODE_FIRST + (int)i,
        };
        if (option_rows[i].letter == 0)
            continue;
        tables->letters[length++] = option_rows[i].letter;
        if (option_rows[i].argument != NULL)
            tables->letters[length++] = ':';
    }
}

static const struct option_row *find_row(int code)
{
    for (size_t i = 0; i < option_row_count; i++) {
        if (code == CODE_FIRST + (int)i || (option_rows[i].letter != 0 && code == option_rows[i].letter))
            return &option_rows[i];
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

/* How many recordings a command takes in place of process IDs. */
static const size_t file_arguments[COMMANDS] = {
    [COMMAND_REPLAY] = 1,
    [COMMAND_REPORT] = 1,
    [COMMAND_DIFF] = 2,
    [COMMAND_EXPORT] = 1,
};

static struct error *read_file(struct options *options, enum command_id command, const char *path)
{
    if (options->file_count == file_arguments[command])
        return error_new("'%s' is one file too many", path);
    options->files[options->file_count++] = path;
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
        return file_arguments[command] > 0 ? read_file(options, command, optarg) : read_pid(options, optarg);
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
    if (command == COMMAND_DUMP || file_arguments[command] > 0)
        return error_new("this command takes nothing after '--'");
    if (optind == argc)
        return error_new("nothing stands after '--'");
    if (options->pid_count > 0)
        return error_new("process IDs and '-- COMMAND' cannot be given together");
    options->command = &argv[optind];
    return NULL;
}

/* What a command cannot do without. */
static struct error *check_complete(const struct options *options, enum command_id command)
{
    if (command == COMMAND_DUMP && options->pid_count == 0)
        return error_new("no process ID is given");
    if (options->file_count < file_arguments[command])
        return error_new(options->file_count == 0 ? "no recording is given"
                                                  : "a second recording is missing");
    if (command == COMMAND_EXPORT && options->profile_format == NULL && options->format == NULL)
        return error_new("no --format is given");
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
        .history_ns = 10 * 60 * NS_PER_SECOND,
        .format = command == COMMAND_EXPORT ? NULL : &format_text,
    };
    make_getopt_tables(&tables);
    opterr = 0;
    optind = 0; /* glibc: start anew */
    while (error == NULL && (code = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1)
        error = read_one(options, command, code, argv);
    if (error == NULL)
        error = read_command(options, command, argc, argv);
    if (error == NULL && !options->help && !options->version)
        error = check_complete(options, command);
    return error;
}

void options_free(struct options *options)
{
    free(options->pids);
    for (size_t i = 0; i < options->bound_count; i++)
        bound_free(&options->bounds[i]);
    free(options->bounds);
    *options = (struct options){0};
}

void options_list(FILE *stream, enum command_id command)
{
    for (size_t i = 0; i < option_row_count; i++) {
        char left[64];
        const struct option_row *row = &option_rows[i];
        if ((row->commands & (1U << command)) == 0)
            continue;
        int length = row->letter != 0 ? snprintf(left, sizeof(left), "-%c, --%s", row->letter, row->name)
                                      : snprintf(left, sizeof(left), "    --%s", row->name);
        if (row->argument != NULL && length > 0 && (size_t)length < sizeof(left))
            snprintf(left + length, sizeof(left) - (size_t)length, " %s", row->argument);
        fprintf(stream, "  %-22s  ", left);
        for (const char *c = row->help; *c != '\0'; c++) {
            putc(*c, stream);
            if (*c == '\n')
                fprintf(stream, "%26s", "");
        }
        putc('\n', stream);
    }
}

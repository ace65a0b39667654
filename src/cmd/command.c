#include "config.h"

#include "cmd/command.h"

#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name; /* NULL for what runs when no command is named */
    enum command_id id;
    const char *arguments; /* for the usage line */
    const char *summary;
    int (*run)(const struct options *options);
};

static const struct command commands[] = {
    {NULL, COMMAND_MONITOR, "[OPTION...] [PID... | -- COMMAND [ARG...]]",
     "watch running Python programs in the terminal", command_monitor},
    {"snapshot", COMMAND_SNAPSHOT, "[OPTION...] [PID... | -- COMMAND [ARG...]]",
     "print what the screen shows, for scripts (short: -b)", command_snapshot},
    {"record", COMMAND_RECORD, "[OPTION...] [PID... | -- COMMAND [ARG...]]",
     "keep in a file what the screen shows", command_record},
    {"replay", COMMAND_REPLAY, "[OPTION...] FILE", "look at a recording on the screen, moment by moment",
     command_replay},
    {"report", COMMAND_REPORT, "[OPTION...] FILE", "a recording, summed up in words and tables",
     command_report},
    {"diff", COMMAND_DIFF, "[OPTION...] OLD NEW", "what changed between two recordings, function by function",
     command_diff},
    {"export", COMMAND_EXPORT, "--format FORMAT [OPTION...] FILE", "a recording in another tool's format",
     command_export},
    {"dump", COMMAND_DUMP, "[OPTION...] PID...", "print every thread's stack, once", command_dump},
};

enum {
    COMMAND_ROWS = sizeof(commands) / sizeof(commands[0]),
};

int command_fail(struct error *error)
{
    fprintf(stderr, "pyneck: %s\n", error_message(error));
    error_free(error);
    return EXIT_FAILED;
}

/* The result on standard output is complete only when all of it could be written. */
static int finish_standard_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_DONE;
    return command_fail(error_new_errno(errno, "cannot write to standard output"));
}

static void print_usage_line(const struct command *command, const char *before)
{
    printf("%s pyneck %s%s%s\n", before, command->name != NULL ? command->name : "",
           command->name != NULL ? " " : "", command->arguments);
}

static int print_help(const struct command *command)
{
    print_usage_line(command, "Usage:");
    if (command->name == NULL) {
        for (size_t i = 1; i < COMMAND_ROWS; i++)
            print_usage_line(&commands[i], "      ");
        printf("\nFind the bottleneck of Python programs that are already running.\n\nCommands:\n");
        for (size_t i = 0; i < COMMAND_ROWS; i++)
            printf("  %-12s  %s\n", commands[i].name != NULL ? commands[i].name : "(none)",
                   commands[i].summary);
    } else {
        printf("\nThis command: %s.\n", command->summary);
    }
    printf("\nOptions%s:\n", command->name == NULL ? " ('pyneck COMMAND --help' lists a command's own)" : "");
    options_list(stdout, command->id);
    printf("\nExit status: 0 done; 1 could not; 2 wrong usage; 128+N ended by signal N;\n"
           "with '-- COMMAND' that of the command. The manual: man pyneck.\n");
    return finish_standard_output();
}

static int print_version(void)
{
    printf("pyneck %s\n", PACKAGE_VERSION);
    return finish_standard_output();
}

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < COMMAND_ROWS; i++) {
        if (commands[i].name != NULL && strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

/* The command that the arguments begin with; its word is taken off. */
static const struct command *find_command(int *argc, char ***argv)
{
    char *word = *argc > 1 ? (*argv)[1] : "";
    bool is_short = strncmp(word, "-b", 2) == 0;
    const struct command *found = command_named(is_short ? "snapshot" : word);

    if (found == NULL)
        return &commands[0];
    if (is_short && word[2] != '\0') {
        /* "-bn1", as top's users type it: leave "-n1". */
        word[1] = '-';
        (*argv)[1] = word + 1;
    } else {
        (*argc)--;
        (*argv)++;
    }
    return found;
}

int command_run(int argc, char **argv)
{
    struct options options;
    int status;

    /* Only for the width of characters: numbers and dates are the same everywhere. */
    setlocale(LC_CTYPE, "");
    const struct command *command = find_command(&argc, &argv);
    struct error *error = options_read(&options, command->id, argc, argv);
    if (error != NULL) {
        command_fail(error);
        fprintf(stderr, "Try 'pyneck %s%s--help'\n", command->name != NULL ? command->name : "",
                command->name != NULL ? " " : "");
        status = EXIT_USAGE;
    } else if (options.help) {
        status = print_help(command);
    } else if (options.version) {
        status = print_version();
    } else {
        status = command->run(&options);
    }
    options_free(&options);
    return status;
}

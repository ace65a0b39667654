/* pyneck without a command: the interactive screen. */
#include "config.h"

#include "cmd/child.h"
#include "cmd/command.h"
#include "cmd/display.h"
#include "cmd/watch.h"
#include "source/backlog.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_HISTORY_BYTES = 8 << 20, /* of the ticks that are kept to look back at */
};

/* Make the file that a started command's output goes to, where other users cannot read it.
 *
 * path  receives its name; free() it */
static struct error *make_output_file(char **path, int *fd)
{
    static const char pattern[] = "/pyneck-output-XXXXXX";
    const char *directory = getenv("TMPDIR");

    if (directory == NULL || directory[0] == '\0')
        directory = "/tmp";
    size_t size = strlen(directory) + sizeof(pattern);
    *path = memory_allocate(size, 1);
    snprintf(*path, size, "%s%s", directory, pattern);
    *fd = mkostemp(*path, O_CLOEXEC);
    if (*fd < 0)
        return error_new_errno(errno, "cannot make a file for the command's output in '%s'", directory);
    return NULL;
}

static bool command_has_ended(void *context)
{
    return child_has_ended(context);
}

static int show_screen(const struct options *options, struct child *child, const char *command_output)
{
    const struct backlog_limits limits = {.span_ns = options->history_ns, .bytes = MOST_HISTORY_BYTES};
    struct screen_options screen = display_options(options);
    char command_text[CHILD_COMMAND_SIZE];
    struct source *source;
    struct error *error = watch_open(&source, options, child, true);

    if (error != NULL)
        return command_fail(error);
    if (options->history_ns > 0)
        backlog_open(&source, source, &limits);
    screen.recording.version = PACKAGE_VERSION;
    screen.recording.rate_hz = options->rate_hz;
    if (options->command != NULL) {
        child_join_command(command_text, options->command);
        screen.recording.command = command_text;
    }
    screen.command_output = command_output;
    screen.finished = child->pid != 0 ? command_has_ended : NULL;
    screen.context = child;
    return display_run(source, &screen);
}

/* Start the command, show the screen, and say where its output is. */
static int watch_command(const struct options *options)
{
    struct child child = {0};
    char *path;
    int fd;
    int status;
    struct error *error = make_output_file(&path, &fd);

    if (error != NULL) {
        free(path);
        return command_fail(error);
    }
    error = child_start(&child, options->command, fd, NULL, &status);
    close(fd);
    if (error != NULL) {
        unlink(path);
        command_fail(error);
    } else {
        status = show_screen(options, &child, path);
        fprintf(stderr, "pyneck: the command's output is in %s\n", path);
        if (child_has_ended(&child))
            status = child_wait(&child);
        else
            fprintf(stderr, "pyneck: the command goes on, as process %d\n", child.pid);
    }
    free(path);
    return status;
}

int command_monitor(const struct options *options)
{
    if (!display_is_possible())
        return command_fail(
            error_new("the screen needs a terminal; for a script there is 'pyneck snapshot'"));
    if (options->command != NULL)
        return watch_command(options);
    struct child none = {0};
    return show_screen(options, &none, NULL);
}

#include "cmd/display.h"

#include "cmd/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool display_is_possible(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

struct screen_options display_options(const struct options *options)
{
    const char *no_color = getenv("NO_COLOR");

    return (struct screen_options){
        .delay_ns = options->delay_ns,
        .mode = options->mode,
        .all_processes = options->all_processes,
        .no_color = options->no_color || (no_color != NULL && no_color[0] != '\0'),
        .ascii = options->ascii,
        .time_ns = options->time_ns,
        .count = options->count,
    };
}

int display_run(struct source *source, const struct screen_options *screen)
{
    struct screen_end end;
    struct error *error = screen_run(source, screen, &end);

    source_close(source);
    if (end.recording[0] != '\0')
        fprintf(stderr, "pyneck: recorded in %s\n", end.recording);
    if (error != NULL)
        return command_fail(error);
    return end.signal != 0 ? EXIT_SIGNAL + end.signal : EXIT_DONE;
}

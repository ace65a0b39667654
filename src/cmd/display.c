#include "cmd/display.h"

#include "cmd/command.h"

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
    int ended_by = 0;
    struct error *error = screen_run(source, screen, &ended_by);

    source_close(source);
    if (error != NULL)
        return command_fail(error);
    return ended_by != 0 ? EXIT_SIGNAL + ended_by : EXIT_DONE;
}

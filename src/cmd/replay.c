/* pyneck replay: a recording on the interactive screen. */
#include "source/replay.h"
#include "cmd/command.h"
#include "cmd/display.h"

/* A recording of which not even the first tick can be read is refused before the terminal is touched. */
static struct error *open_recording(struct source **source, const char *path)
{
    struct tick *first;
    struct error *error = replay_open(source, path);

    if (error != NULL)
        return error;
    error = source_read_tick(*source, &first);
    if (error != NULL)
        source_close(*source);
    else
        tick_free(first);
    return error;
}

int command_replay(const struct options *options)
{
    const struct screen_options screen = display_options(options);
    struct source *source;
    struct error *error = open_recording(&source, options->files[0]);

    if (error != NULL)
        return command_fail(error);
    if (!display_is_possible()) {
        source_close(source);
        return command_fail(
            error_new("the screen needs a terminal; for a script there is 'pyneck export --format json'"));
    }
    return display_run(source, &screen);
}

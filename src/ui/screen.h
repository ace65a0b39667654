/* The interactive screen. */
#ifndef PYNECK_UI_SCREEN_H
#define PYNECK_UI_SCREEN_H

#include "analysis/ranking.h"
#include "record/file_name.h"
#include "record/writer.h"
#include "source/source.h"

struct screen_options {
    uint64_t delay_ns; /* between ticks at the start */
    enum ranking_mode mode;
    bool all_processes;
    bool no_color;
    bool ascii;
    uint64_t time_ns;                /* leave after this long; 0 for never */
    uint64_t count;                  /* leave after this many ticks; 0 for never */
    struct writer_options recording; /* of one that a key starts, with a path and an interval of its own */
    const char *command_output;      /* where the started command's output goes, or NULL */
    bool (*finished)(void *context); /* whether to leave: the started command has ended (may be NULL) */
    void *context;
};

struct screen_end {
    int signal;                          /* that ended it, or 0 */
    char recording[RECORDING_NAME_SIZE]; /* the last file that was recorded; "" */
};

/* Show the screen until the user leaves it, a signal ends it, or the source has no more ticks. A recording that a key
 * has started is closed.
 *
 * end      receives how it ended
 * returns  an error when the terminal cannot be used, the source's error, or why the recording could not be closed. The
 *          terminal is restored in every case. */
struct error *screen_run(struct source *source, const struct screen_options *options, struct screen_end *end);

#endif

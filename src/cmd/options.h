/* The command line's options: one table, from which they are read, listed by --help, and checked against the
 * man page. */
#ifndef PYNECK_CMD_OPTIONS_H
#define PYNECK_CMD_OPTIONS_H

#include "analysis/bound.h"
#include "analysis/ranking.h"
#include "base/error.h"
#include "export/format.h"
#include "export/profile_format.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum command_id {
    COMMAND_MONITOR,
    COMMAND_SNAPSHOT,
    COMMAND_DUMP,
    COMMAND_RECORD,
    COMMAND_REPLAY,
    COMMAND_REPORT,
    COMMAND_DIFF,
    COMMAND_EXPORT,
    COMMANDS,
};

enum {
    OPTION_MAX_FILES = 2,
};

struct options {
    uint64_t delay_ns;
    double rate_hz;        /* 0: no stack samples */
    double budget_percent; /* UNKNOWN_REAL: no limit */
    uint64_t time_ns;      /* stop after; 0 for never */
    uint64_t count;        /* ticks; 0 for no limit */
    const char *user;
    const char *filter;
    bool pause;
    bool all_processes;
    bool no_children;
    enum ranking_mode mode;
    const struct format *format;
    const struct profile_format *profile_format; /* of an export; NULL when `format` is what was asked for */
    const char
        *export_suffix; /* of the file that a recording is exported to when it is done; NULL: it is not */
    enum profile_weight weight;
    struct profile_selection selection; /* its times come from the next two */
    const char *from;                   /* moments, as base/moment.h reads them; NULL for begin and end */
    const char *to;
    struct bound *bounds; /* of a difference */
    size_t bound_count;
    size_t bound_capacity;
    const char *output; /* file name; NULL for standard output */
    bool force;
    bool quiet;
    int64_t max_size_bytes; /* of a recording; 0 for no limit */
    uint64_t history_ns;    /* of the past that the screen keeps; 0: none */
    uint64_t keep_ns;       /* of a recording, so much of its end; 0 for all */
    bool no_color;
    bool ascii;
    bool help;
    bool version;
    pid_t *pids;
    size_t pid_count;
    size_t pid_capacity;
    const char *files[OPTION_MAX_FILES]; /* recordings */
    size_t file_count;
    char **command; /* what stands after "--", NULL-terminated, a part of argv; NULL for none */
};

/* Read the arguments of a command; argv[0] is skipped. What is not given has its default.
 *
 * options  options_free() it, also after an error
 * returns  what is wrong with the usage */
struct error *options_read(struct options *options, enum command_id command, int argc, char **argv);
void options_free(struct options *options);

/* List the options that a command takes, a line or two each. */
void options_list(FILE *stream, enum command_id command);

#endif

/* The commands, and the options that mean the same in all of them. */
#ifndef PYNECK_CMD_COMMAND_H
#define PYNECK_CMD_COMMAND_H

#include "analysis/ranking.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit statuses (DESIGN.md section 3). */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
};

enum output_format {
    FORMAT_TEXT,
    FORMAT_JSON,
};

struct options {
    uint64_t delay_ns;
    double rate_hz;
    double budget_percent; /* UNKNOWN_REAL: no limit */
    uint64_t time_ns;      /* stop after; 0 for never */
    uint64_t count;        /* ticks; 0 for no limit */
    const char *user;
    const char *filter;
    bool all_processes;
    bool no_children;
    enum ranking_mode mode;
    enum output_format format;
    const char *output; /* file name; NULL for standard output */
    bool no_color;
    bool ascii;
    pid_t *pids;
    size_t pid_count;
    char **command; /* what stands after "--", NULL-terminated; NULL for none */
};

/* Run pyneck: find the command in the arguments, run it, return the exit status. */
int command_run(int argc, char **argv);

/* The commands (one file each). */
int command_monitor(const struct options *options);
int command_snapshot(const struct options *options);
int command_dump(const struct options *options);

#endif

/* The commands. */
#ifndef PYNECK_CMD_COMMAND_H
#define PYNECK_CMD_COMMAND_H

#include "cmd/options.h"

/* Exit statuses (DESIGN.md section 3). */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_SIGNAL = 128, /* plus the signal's number */
};

/* Run pyneck: find the command in the arguments, run it, return the exit status. */
int command_run(int argc, char **argv);

/* Print an error as "pyneck: ..." on standard error, free it, and return EXIT_FAILED. */
int command_fail(struct error *error);

/* The commands (one file each). */
int command_monitor(const struct options *options);
int command_snapshot(const struct options *options);
int command_report(const struct options *options);
int command_diff(const struct options *options);
int command_export(const struct options *options);
int command_dump(const struct options *options);
int command_record(const struct options *options);
int command_replay(const struct options *options);

#endif

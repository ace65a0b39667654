/* The command that stands after "--": started, told of signals, waited for. */
#ifndef PYNECK_CMD_CHILD_H
#define PYNECK_CMD_CHILD_H

#include "base/error.h"
#include "cmd/signals.h"

#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t pid; /* 0: there is none */
};

/* What child_start() says when the program could not be run, as env(1) and time(1) do. */
enum {
    EXIT_CANNOT_RUN = 126,
    EXIT_NOT_FOUND = 127,
};

enum {
    CHILD_COMMAND_SIZE = 4096, /* of its text */
};

/* Start a command; it goes on when pyneck ends.
 *
 * output_fd  where its standard output and error go, with nothing to read on standard input; -1: it has
 *            pyneck's own three
 * signals    what it gets back before it starts; NULL for nothing
 * status     receives EXIT_CANNOT_RUN or EXIT_NOT_FOUND with an error */
struct error *child_start(struct child *child, char **command, int output_fd, const struct signals *signals,
                          int *status);

/* Whether it has ended. It stays a zombie, with its process ID and its figures, until child_wait(). */
bool child_has_ended(const struct child *child);

/* Pass on a signal that some process sent to pyneck (the terminal's own signals reach the command anyway). */
void child_pass_signal(const struct child *child, const siginfo_t *info);

/* The command and its arguments as one clean line. */
void child_join_command(char text[static CHILD_COMMAND_SIZE], char **command);

/* Wait until it has ended; returns its exit status, or 128 + N when signal N ended it. */
int child_wait(struct child *child);

#endif

/* Signals of a command that prints: they are waited for together with the clock, so that nothing happens in
 * the middle of a tick. */
#ifndef PYNECK_CMD_SIGNALS_H
#define PYNECK_CMD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    SIGNALS_IGNORED_MAX = 3,
};

struct signals {
    sigset_t awaited;
    sigset_t inherited_mask;
    struct sigaction inherited[SIGNALS_IGNORED_MAX]; /* of those that are ignored from now on */
};

/* Block SIGINT, SIGTERM, SIGHUP and SIGCHLD, to be waited for (not those that were ignored from the start, as
 * under nohup(1)), and ignore SIGPIPE: a closed pipe shows where it is written to. Threads that are started
 * afterwards inherit this.
 *
 * with_command  a command runs in the same terminal: SIGINT and SIGQUIT are its matter and are ignored, as
 *               time(1) does */
void signals_take(struct signals *signals, bool with_command);

/* Give back what was inherited (in a child before exec; async-signal-safe). */
void signals_restore(const struct signals *signals);

/* Wait for one of them.
 *
 * until_ns  CLOCK_MONOTONIC; UINT64_MAX: for ever
 * info      receives who sent it
 * returns   its number, or 0 when the time has come */
int signals_wait(const struct signals *signals, uint64_t until_ns, siginfo_t *info);

#endif

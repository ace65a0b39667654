/* A session without a screen: a sink is fed with ticks until the time is over, enough ticks have come, the command that
 * is watched has ended, or a signal comes. */
#ifndef PYNECK_CMD_SESSION_H
#define PYNECK_CMD_SESSION_H

#include "cmd/child.h"
#include "cmd/options.h"
#include "cmd/signals.h"
#include "export/sink.h"
#include "source/source.h"

struct session {
    const struct options *options;
    struct signals signals;
    struct child child;
    struct source *source;
    struct sink *sink;     /* the caller's, set before session_watch() */
    uint64_t last_tick_ns; /* CLOCK_MONOTONIC */
    uint64_t end_ns;       /* UINT64_MAX: none */
    uint64_t ticks_left;
    int ended_by;           /* a signal; 0 for none */
    bool outlives_terminal; /* SIGHUP does not end it */
    bool wants_sample_order;
};

/* Begin: take the signals, and start the command when there is one. `options` and the last two are set.
 *
 * status  receives the exit status with an error (child_start()) */
struct error *session_start(struct session *session, int *status);

/* Feed the sink until the end. */
struct error *session_watch(struct session *session);

/* Wait until the command has ended, which may go on after the last tick: pyneck hands on its exit status. Returns it. */
int session_wait_for_command(struct session *session);

#endif

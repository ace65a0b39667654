#include "cmd/watch.h"

#include "source/live.h"

#include <errno.h>
#include <signal.h>

struct error *watch_open(struct source **source, const struct options *options, const struct child *child)
{
    bool has_child = child != NULL && child->pid != 0;
    struct live_options live = {
        .interval_ns = options->delay_ns,
        .rate_hz = options->rate_hz,
        .budget_percent = options->budget_percent,
        .pids = has_child ? &child->pid : options->pids,
        .pid_count = has_child ? 1 : options->pid_count,
        .no_children = options->no_children,
        .user = options->user,
        .filter = options->filter,
        .all_processes = options->all_processes,
    };

    for (size_t i = 0; i < live.pid_count; i++) {
        if (kill(live.pids[i], 0) != 0 && errno == ESRCH)
            return error_new("no process with PID %d", live.pids[i]);
    }
    return live_open(source, &live);
}

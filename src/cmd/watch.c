#include "cmd/watch.h"

#include "source/live.h"

struct error *watch_open(struct source **source, const struct options *options, const struct child *child,
                         bool quick_start)
{
    bool has_child = child != NULL && child->pid != 0;
    struct live_options live = {
        .interval_ns = options->delay_ns,
        .rate_hz = options->rate_hz,
        .budget_percent = options->budget_percent,
        .pause = options->pause,
        .pids = has_child ? &child->pid : options->pids,
        .pid_count = has_child ? 1 : options->pid_count,
        .no_children = options->no_children,
        .user = options->user,
        .filter = options->filter,
        .all_processes = options->all_processes,
        .quick_start = quick_start,
    };

    return live_open(source, &live);
}

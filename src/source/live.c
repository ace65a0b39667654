#include "source/live.h"

#include "base/clock.h"
#include "base/memory.h"
#include "sampler/sampler.h"
#include "source/discovery.h"
#include "source/live_files.h"
#include "source/live_profile.h"
#include "source/row_filter.h"
#include "system/cgroup_limits.h"
#include "system/machine.h"
#include "system/open_files.h"
#include "system/process_table.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const uint64_t discovery_limit_ns = 15 * NS_PER_MILLISECOND;
static const uint64_t focus_files_limit_ns = 15 * NS_PER_MILLISECOND;
static const uint64_t detail_files_limit_ns = 100 * NS_PER_MILLISECOND;
static const uint64_t take_timeout_ns = 200 * NS_PER_MILLISECOND;
static const uint64_t second_tick_ns = 300 * NS_PER_MILLISECOND;
static const uint64_t unfinished_discovery_ns = 100 * NS_PER_MILLISECOND;
static const int64_t longest_start_ns = 10 * (int64_t)NS_PER_SECOND;
static const uint64_t longest_late_start_ns = NS_PER_SECOND / 2;
static const double least_budget_share = 0.2;

struct live_source {
    struct source source;
    struct machine *machine;
    struct process_table *table;
    struct discovery *discovery;
    struct open_files *open_files;
    struct cgroup_limits *cgroup_limits;
    struct sampler *sampler; /* NULL when nothing is sampled */
    struct call_tree *tree;

    uint64_t interval_ns;
    bool quick_start;
    struct source_focus focus;
    double budget_percent;
    bool has_roots;
    struct row_filter filter;

    uint64_t sequence;
    uint64_t tick_ns; /* CLOCK_MONOTONIC of the last tick */
    uint64_t due_ns;
    uint64_t own_cpu_ns;      /* at the last tick */
    double other_cpu_percent; /* what the other threads than the sampler used, smoothed */

    pid_t *wanted;
    size_t wanted_capacity;
    struct cpu_reading *readings; /* the CPU clocks of the wanted */
    size_t readings_capacity;
};

static struct live_source *live_of(struct source *source)
{
    return (struct live_source *)source;
}

static const struct live_source *const_live_of(const struct source *source)
{
    return (const struct live_source *)source;
}

/* ---- watching ---- */

static void forget_process(void *context, const struct watched_process *process)
{
    struct live_source *live = context;

    if (process->sampled && live->sampler != NULL)
        sampler_remove(live->sampler, process->pid, process->start_ticks);
    open_files_forget(live->open_files, process->pid);
    cgroup_limits_forget(live->cgroup_limits, process->pid);
}

/* Whether a process has a row. */
static bool is_listed(const struct live_source *live, const struct watched_process *process)
{
    if (!row_filter_passes_user(&live->filter, process->uid))
        return false;
    if (live->focus.all_processes)
        return true;
    if (live->has_roots)
        return process->is_root || (process->selected && process->is_python);
    return process->is_python;
}

static bool is_watched(const struct live_source *live, const struct watched_process *process)
{
    return process->presence == PYTHON_FOUND && process->examined && !process->excluded &&
           (process->selected || !live->has_roots) && row_filter_passes_user(&live->filter, process->uid);
}

static void watch_processes(struct live_source *live)
{
    size_t count;
    struct watched_process *processes = discovery_processes(live->discovery, &count);

    for (size_t i = 0; live->sampler != NULL && i < count; i++) {
        struct watched_process *process = &processes[i];
        bool watched = is_watched(live, process);
        if (watched && !process->sampled)
            sampler_add(live->sampler, process->pid, process->start_ticks, process->location);
        if (!watched && process->sampled)
            sampler_remove(live->sampler, process->pid, process->start_ticks);
        process->sampled = watched;
    }
}

static struct error *discover(struct live_source *live, bool *complete)
{
    const pid_t *pids;
    size_t count;
    struct error *error = process_table_list(live->table, &pids, &count);

    if (error != NULL)
        return error;
    *complete = discovery_update(live->discovery, pids, count, discovery_limit_ns, forget_process, live);
    return NULL;
}

/* ---- building a tick ---- */

/* What discovery read of a CPU clock since a time, if it did. */
static struct cpu_reading reading_since(const struct watched_process *process, uint64_t begin_ns)
{
    if (process->cpu_read_ns < begin_ns)
        return (struct cpu_reading){0};
    return (struct cpu_reading){process->cpu_ns, process->cpu_read_ns};
}

/* Read the processes that get a row. Discovery has looked at most of them since `begin_ns`. */
static size_t read_processes(struct live_source *live, struct arena *arena, uint64_t begin_ns,
                             struct process **rows)
{
    size_t count, wanted = 0;
    const struct watched_process *processes = discovery_processes(live->discovery, &count);

    bool all = live->focus.all_processes && !live->filter.by_user;
    live->wanted = memory_grow(live->wanted, &live->wanted_capacity, count, sizeof(*live->wanted));
    live->readings = memory_grow(live->readings, &live->readings_capacity, count, sizeof(*live->readings));
    for (size_t i = 0; i < count; i++) {
        if (!all && (!is_listed(live, &processes[i]) || processes[i].excluded))
            continue;
        live->readings[wanted] = reading_since(&processes[i], begin_ns);
        live->wanted[wanted++] = processes[i].pid;
    }
    return process_table_read(live->table, live->wanted, live->readings, wanted, arena, rows);
}

/* Keep the rows that the filter lets through, and remember those that it does not. A process that was given the
 * number of one which has ended since discovery looked is nobody's yet: it has a row from the next tick on, if it
 * is to have one at all. */
static size_t filter_rows(struct live_source *live, struct process *rows, size_t count)
{
    size_t kept = 0, cursor = 0;

    for (size_t i = 0; i < count; i++) {
        struct watched_process *watched = discovery_find_next(live->discovery, rows[i].pid, &cursor);
        if (watched != NULL && watched->identified && watched->start_ticks != rows[i].start_ticks) {
            discovery_replace(watched);
            continue;
        }
        bool passes = row_filter_passes_command(&live->filter, rows[i].command);
        if (watched != NULL)
            watched->excluded = !passes;
        if (passes)
            rows[kept++] = rows[i];
    }
    return kept;
}

/* Whether an interpreter that is not there can be expected yet. One may never come, and in a program that is not young
 * (which may have executed another just now) it should have come after a moment. */
static bool starts_still(const struct watched_process *watched, const struct process *row, uint64_t now_ns)
{
    int64_t age_ns = clock_realtime_ns() - row->start_time_ns;

    return watched->presence == PYTHON_STARTING &&
           (age_ns < longest_start_ns || now_ns - watched->starting_ns < longest_late_start_ns);
}

/* What discovery knows of a process, and its files. */
static void complete_row(struct live_source *live, struct watched_process *watched, struct process *row,
                         struct arena *arena, uint64_t now_ns)
{
    row->open_file_count = row->open_file_limit = UNKNOWN_COUNT;
    row->open_file_growth_per_second = UNKNOWN_REAL;
    if (watched == NULL || watched->kernel_thread)
        return;
    row->is_python = watched->is_python;
    row->selected = watched->selected;
    live_files_count(watched, row, now_ns);
    if (watched->is_python && watched->location != NULL)
        row->python = live_profile_describe(watched->location, arena);
    if (watched->is_python && starts_still(watched, row, now_ns))
        row->phase = "starting";
    else if (watched->is_python && watched->error != NULL)
        row->error = arena_copy_text(arena, watched->error, strlen(watched->error));
    if (watched->sampled)
        row->throttled_percent = cgroup_limits_read(live->cgroup_limits, row->pid, row->start_ticks, now_ns);
    bool focused = row->pid == live->focus.pid;
    if (watched->sampled)
        process_table_read_memory_parts(live->table, row);
    if (focused && live->focus.proportional_memory)
        process_table_read_proportional(live->table, row);
    if (focused || (live->focus.all_details && watched->is_python) ||
        (watched->is_root && live->focus.all_details))
        live_files_list(live->open_files, watched, row,
                        focused ? focus_files_limit_ns : detail_files_limit_ns, now_ns, arena);
}

/* The sampler may use what the rest of pyneck leaves of the budget. */
static void share_budget(struct live_source *live, double own_percent, const struct sampler_batch *batch)
{
    double span_ns = (double)(batch->end_ns - batch->begin_ns);

    if (!real_is_known(live->budget_percent) || !real_is_known(own_percent) || span_ns <= 0)
        return;
    double other_percent = own_percent - 100.0 * (double)batch->cpu_ns / span_ns;
    if (other_percent < 0)
        other_percent = 0;
    live->other_cpu_percent = live->sequence < 3 ? 0 : 0.8 * live->other_cpu_percent + 0.2 * other_percent;
    double least = live->budget_percent * least_budget_share;
    double left = live->budget_percent - live->other_cpu_percent;
    sampler_set_budget(live->sampler, left > least ? left : least);
}

static void measure_self(struct live_source *live, struct tick *tick)
{
    uint64_t cpu_ns = clock_own_cpu_ns();

    tick->own_cpu_percent = tick->interval_ns > 0
                                ? 100.0 * (double)(cpu_ns - live->own_cpu_ns) / (double)tick->interval_ns
                                : UNKNOWN_REAL;
    tick->budget_percent = live->budget_percent;
    live->own_cpu_ns = cpu_ns;
}

/* One line on what stays unseen for want of permission. */
static const char *find_notice(const struct process *rows, size_t count, const struct live_source *live,
                               struct arena *arena)
{
    size_t denied = 0;

    for (size_t i = 0; i < count; i++) {
        if (!rows[i].is_python)
            continue;
        const struct watched_process *watched = discovery_find(live->discovery, rows[i].pid);
        denied += watched != NULL && watched->presence == PYTHON_DENIED;
    }
    if (denied == 0)
        return NULL;
    return arena_format(
        arena,
        "the functions of %zu Python process%s cannot be read: run pyneck as the same user, as root, "
        "or with CAP_SYS_PTRACE (and see kernel.yama.ptrace_scope)",
        denied, denied == 1 ? "" : "es");
}

static uint64_t next_due(const struct live_source *live, bool discovery_complete, uint64_t now_ns)
{
    if (!discovery_complete && live->interval_ns > unfinished_discovery_ns && live->quick_start)
        return now_ns + unfinished_discovery_ns;
    if (live->sequence == 0 && live->quick_start && live->interval_ns > second_tick_ns)
        return now_ns + second_tick_ns;
    /* In step with the clock; but a tick that came late is not followed at once by the next one, and one that was read
     * early is followed by a whole interval, not by a longer one. */
    uint64_t next = (live->due_ns < now_ns ? live->due_ns : now_ns) + live->interval_ns;
    uint64_t earliest = now_ns + live->interval_ns / 2;
    return next > earliest ? next : earliest;
}

static struct error *read_tick(struct source *source, struct tick **result)
{
    struct live_source *live = live_of(source);
    bool complete;
    uint64_t begin_ns = clock_monotonic_ns();
    struct error *error = discover(live, &complete);

    if (error != NULL)
        return error;
    watch_processes(live);

    struct tick *tick = tick_new();
    struct process *rows;
    size_t count = read_processes(live, tick->arena, begin_ns, &rows);
    uint64_t now_ns = clock_monotonic_ns();
    tick->time_ns = clock_realtime_ns();
    count = filter_rows(live, rows, count);
    machine_read(live->machine, tick->arena, &tick->system);
    size_t task_count, cursor = 0;
    discovery_processes(live->discovery, &task_count);
    tick->system.task_count = (int64_t)task_count;
    for (size_t i = 0; i < count; i++)
        complete_row(live, discovery_find_next(live->discovery, rows[i].pid, &cursor), &rows[i], tick->arena,
                     now_ns);

    tick->sequence = live->sequence;
    tick->monotonic_ns = now_ns;
    tick->interval_ns = live->sequence > 0 ? now_ns - live->tick_ns : 0;
    measure_self(live, tick);
    struct sampler_batch *batch =
        live->sampler != NULL && live->sequence > 0 ? sampler_take(live->sampler, take_timeout_ns) : NULL;
    if (batch != NULL) {
        live_profile_attach(live->discovery, batch, rows, count, tick->arena);
        share_budget(live, tick->own_cpu_percent, batch);
        arena_free(batch->arena);
    }
    tick->processes = rows;
    tick->process_count = count;
    tick->notice = find_notice(rows, count, live, tick->arena);

    live->due_ns = next_due(live, complete, now_ns);
    live->tick_ns = now_ns;
    live->sequence++;
    *result = tick;
    return NULL;
}

/* ---- the other operations ---- */

static void set_interval(struct source *source, uint64_t interval_ns)
{
    struct live_source *live = live_of(source);

    live->interval_ns = interval_ns;
    if (live->sequence > 0)
        live->due_ns = live->tick_ns + interval_ns;
}

static void set_focus(struct source *source, const struct source_focus *focus)
{
    struct live_source *live = live_of(source);

    if (live->sampler != NULL && focus->pid != live->focus.pid)
        sampler_set_focus(live->sampler, focus->pid);
    if (live->sampler != NULL && focus->sample_order != live->focus.sample_order)
        sampler_keep_runs(live->sampler, focus->sample_order);
    live->focus = *focus;
}

static uint64_t due_ns(const struct source *source)
{
    return const_live_of(source)->due_ns;
}

static const struct call_tree *call_tree(const struct source *source)
{
    return const_live_of(source)->tree;
}

static void close_source(struct source *source)
{
    struct live_source *live = live_of(source);

    if (live->sampler != NULL)
        sampler_stop(live->sampler);
    if (live->discovery != NULL)
        discovery_free(live->discovery);
    if (live->machine != NULL)
        machine_close(live->machine);
    if (live->table != NULL)
        process_table_close(live->table);
    if (live->open_files != NULL)
        open_files_free(live->open_files);
    if (live->cgroup_limits != NULL)
        cgroup_limits_free(live->cgroup_limits);
    call_tree_free(live->tree);
    row_filter_close(&live->filter);
    free(live->wanted);
    free(live->readings);
    free(live);
}

static const struct source_operations operations = {
    .set_interval = set_interval,
    .set_focus = set_focus,
    .due_ns = due_ns,
    .read_tick = read_tick,
    .call_tree = call_tree,
    .close = close_source,
};

/* ---- opening ---- */

/* Each thread that is sampled has two files open, so as many as possible are allowed. */
static void allow_many_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static struct error *check_pids(const struct live_options *options)
{
    for (size_t i = 0; i < options->pid_count; i++) {
        if (kill(options->pids[i], 0) != 0 && errno == ESRCH)
            return error_new("no process with PID %d", options->pids[i]);
    }
    return NULL;
}

static struct error *open_parts(struct live_source *live, const struct live_options *options)
{
    struct error *error = check_pids(options);

    if (error == NULL)
        error = row_filter_open(&live->filter, options->user, options->filter);
    if (error == NULL)
        error = machine_open(&live->machine);
    if (error == NULL)
        error = process_table_open(&live->table);
    if (error != NULL || options->rate_hz <= 0)
        return error;
    struct sampler_options sampler_options = {
        .rate_hz = options->rate_hz, .budget_percent = options->budget_percent, .pause = options->pause};
    return sampler_start(&live->sampler, live->tree, &sampler_options);
}

struct error *live_open(struct source **source, const struct live_options *options)
{
    struct live_source *live = memory_allocate(1, sizeof(*live));

    live->source.operations = &operations;
    live->tree = call_tree_new();
    live->open_files = open_files_new();
    live->cgroup_limits = cgroup_limits_new();
    live->discovery = discovery_new(options->pids, options->pid_count, !options->no_children);
    live->has_roots = options->pid_count > 0;
    live->interval_ns = options->interval_ns;
    live->quick_start = options->quick_start;
    live->budget_percent = options->budget_percent;
    live->focus.all_processes = options->all_processes;
    live->due_ns = clock_monotonic_ns();
    live->own_cpu_ns = clock_own_cpu_ns();
    allow_many_files();
    struct error *error = open_parts(live, options);
    if (error != NULL) {
        close_source(&live->source);
        return error;
    }
    *source = &live->source;
    return NULL;
}

/* pyneck dump: every thread's stack, once. */
#include "cmd/command.h"
#include "cmd/watch.h"
#include "export/output.h"

#include "base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

enum {
    INTERVAL_MS = 50, /* enough for states and shares of CPU; the stacks are of its last moment */
    MOST_TICKS = 40,  /* before a process that has not been sampled is given up */
};

static void sleep_until(uint64_t monotonic_ns)
{
    const struct timespec until = {
        .tv_sec = (time_t)(monotonic_ns / NS_PER_SECOND),
        .tv_nsec = (long)(monotonic_ns % NS_PER_SECOND),
    };

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* Whether a process that is Python has had no samples: its interpreter is on its way up, or the CPUs are busy. */
static bool is_to_come(const struct process *process)
{
    return process != NULL && process->is_python && process->threads == NULL && process->error == NULL;
}

static bool is_settled(const struct tick *tick, const struct options *options)
{
    for (size_t i = 0; i < options->pid_count; i++) {
        if (is_to_come(tick_find_process(tick, options->pids[i])))
            return false;
    }
    return true;
}

/* The second tick, for the first has nothing to compare with; a later one when samples are still to come. */
static struct error *read_settled_tick(struct source *source, const struct options *options,
                                       struct tick **tick)
{
    struct error *error = source_read_tick(source, tick);

    for (int i = 1; error == NULL && *tick != NULL && i < MOST_TICKS; i++) {
        if (i > 1 && is_settled(*tick, options))
            break;
        uint64_t due_ns = (*tick)->monotonic_ns + INTERVAL_MS * NS_PER_MILLISECOND;
        tick_free(*tick);
        sleep_until(due_ns);
        error = source_read_tick(source, tick);
    }
    return error;
}

/* Why there is no dump of a process, or NULL when there is one. */
static struct error *find_failure(const struct tick *tick, pid_t pid)
{
    const struct process *process = tick != NULL ? tick_find_process(tick, pid) : NULL;

    if (process == NULL)
        return error_new("process %d has ended", pid);
    if (process->error != NULL)
        return error_new("process %d: %s", pid, process->error);
    if (process->phase != NULL)
        return error_new("process %d: its interpreter is %s", pid, process->phase);
    if (process->threads == NULL)
        return error_new("process %d runs no Python, as far as can be seen", pid);
    return NULL;
}

static int print_dump(const struct options *options, const struct tick *tick, const struct call_tree *tree)
{
    struct output *output;
    struct error *error = output_open(&output, options->output, OUTPUT_PIECES);
    int status = EXIT_DONE;

    if (error != NULL)
        return command_fail(error);
    if (tick != NULL) {
        const struct print_options print = {.mode = options->mode, .columns = output_columns(output)};
        options->format->write_dump(output_stream(output), tick, tree, &print);
        error = output_write(output);
        if (error != NULL)
            status = command_fail(error);
        else if (output_is_closed(output))
            status = EXIT_SIGNAL + SIGPIPE;
    }
    error = output_close(output);
    if (error != NULL)
        status = command_fail(error);
    return status;
}

int command_dump(const struct options *options)
{
    struct options asked = *options;
    struct source *source;
    struct tick *tick = NULL;

    asked.delay_ns = INTERVAL_MS * NS_PER_MILLISECOND;
    asked.budget_percent = UNKNOWN_REAL; /* it is over at once */
    asked.no_children = true;
    struct error *error = watch_open(&source, &asked, NULL, false);
    if (error != NULL)
        return command_fail(error);
    error = read_settled_tick(source, options, &tick);
    if (error != NULL) {
        source_close(source);
        return command_fail(error);
    }
    int status = print_dump(options, tick, source_call_tree(source));
    for (size_t i = 0; i < options->pid_count && status != EXIT_SIGNAL + SIGPIPE; i++) {
        error = find_failure(tick, options->pids[i]);
        if (error != NULL)
            status = command_fail(error);
    }
    tick_free(tick);
    source_close(source);
    return status;
}

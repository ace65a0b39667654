/* All stacks that the live source saw of one process, with their counters: what the benchmarks and tests of the sampler
 * judge.
 *
 *   folded_stacks [--pause | --soon] RATE_HZ SAMPLES PID
 *
 * begins after it has printed "ready", ends after so many samples, soon after SIGINT, or when the process has ended; with
 * --soon it looks every two milliseconds whether there are so many, for the time from its start to a stack. Prints a line for each node of the call tree in each thread and state that was seen,
 *
 *   SAMPLES WALL_NS CPU_NS TID STATE FUNCTION\tFUNCTION...       (outermost first)
 *
 * and then "total SAMPLES PARTIAL INVALID LATE MOMENTS_A_SECOND CPU_PERCENT SECONDS". */
#include "base/clock.h"
#include "source/live.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TICKS_AFTER_INTERRUPT = 2,
};

static const uint64_t interval_ns = 100 * NS_PER_MILLISECOND;
static const uint64_t short_interval_ns = 2 * NS_PER_MILLISECOND;

struct totals {
    uint64_t samples;
    uint64_t partial;
    uint64_t invalid;
    uint64_t late;
    double moments;
    double cost_ns;
    uint64_t elapsed_ns;
};

static void print_stack(const struct call_tree *tree, uint32_t node)
{
    uint32_t path[CALL_TREE_MAX_DEPTH];
    size_t depth = 0;

    for (; node != CALL_TREE_ROOT && depth < CALL_TREE_MAX_DEPTH; node = call_tree_node(tree, node)->parent)
        path[depth++] = node;
    while (depth-- > 0)
        printf("%s%s", call_tree_function(tree, call_tree_node(tree, path[depth])->function)->name,
               depth > 0 ? "\t" : "");
    putchar('\n');
}

static void print_profile(const struct call_tree *tree, const struct profile *profile)
{
    for (size_t i = 0; i < profile->counter_count; i++) {
        const struct profile_counter *counter = &profile->counters[i];
        printf("%u %lu %lu %d %s ", counter->samples, (unsigned long)counter->wall_ns,
               (unsigned long)counter->cpu_ns, counter->tid, thread_state_name(counter->state));
        print_stack(tree, counter->node);
    }
}

static void add(struct totals *totals, const struct profile *profile, uint64_t elapsed_ns)
{
    totals->samples += profile->samples;
    totals->partial += profile->partial;
    totals->invalid += profile->invalid;
    totals->late += profile->late;
    totals->moments += profile->rate_hz * (double)elapsed_ns / 1e9;
    totals->cost_ns += profile->cpu_percent / 100 * (double)elapsed_ns;
    totals->elapsed_ns += elapsed_ns;
}

/* Wait until a time; false when the user wants an end. */
static bool wait_until(uint64_t due_ns, const sigset_t *interrupt)
{
    uint64_t now_ns = clock_monotonic_ns();
    uint64_t left_ns = due_ns > now_ns ? due_ns - now_ns : 0;
    struct timespec left = {(time_t)(left_ns / NS_PER_SECOND), (long)(left_ns % NS_PER_SECOND)};

    return sigtimedwait(interrupt, NULL, &left) < 0;
}

/* How many ticks are still to be read after one: at an interrupt, enough that the time until then has had its samples. */
static uint64_t count_down(uint64_t left, bool interrupted, bool has_samples)
{
    if (interrupted && left > TICKS_AFTER_INTERRUPT)
        return TICKS_AFTER_INTERRUPT;
    return left <= TICKS_AFTER_INTERRUPT && has_samples ? left - 1 : left;
}

static struct error *print_stacks(struct source *source, pid_t pid, uint64_t wanted, struct totals *totals)
{
    uint64_t left = UINT64_MAX;
    sigset_t interrupt;

    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, NULL);
    for (uint64_t sequence = 0; left > 0; sequence++) {
        struct tick *tick;
        bool interrupted = !wait_until(source_due_ns(source), &interrupt);
        struct error *error = source_read_tick(source, &tick);
        if (error != NULL || tick == NULL)
            return error;
        const struct process *process = tick_find_process(tick, pid);
        bool has_samples = process != NULL && process->profile != NULL && process->profile->samples > 0;
        left = count_down(left, interrupted, has_samples);
        if (process == NULL)
            left = 0;
        else if (process->error != NULL)
            error = error_new("%s", process->error);
        else if (process->profile != NULL) {
            add(totals, process->profile, tick->interval_ns);
            print_profile(source_call_tree(source), process->profile);
        }
        tick_free(tick);
        if (error != NULL)
            return error;
        if (sequence == 1) { /* at the first tick sampling has only begun */
            fflush(stdout);  /* which may be the same file: not in the middle of a line */
            fprintf(stderr, "ready\n");
        }
        if (totals->samples >= wanted)
            left = 0;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct live_options options = {
        .interval_ns = interval_ns, .budget_percent = UNKNOWN_REAL, .no_children = true};
    struct totals totals = {0};
    struct source *source;

    if (argc == 5 && strcmp(argv[1], "--pause") == 0)
        options.pause = true;
    else if (argc == 5 && strcmp(argv[1], "--soon") == 0)
        options.interval_ns = short_interval_ns;
    if (options.pause || options.interval_ns != interval_ns) {
        argc--;
        argv++;
    }
    if (argc != 4) {
        fprintf(stderr, "usage: folded_stacks [--pause | --soon] RATE_HZ SAMPLES PID\n");
        return 2;
    }
    pid_t pid = (pid_t)strtol(argv[3], NULL, 10);
    options.rate_hz = strtod(argv[1], NULL);
    options.pids = &pid;
    options.pid_count = 1;
    struct error *error = live_open(&source, &options);
    if (error == NULL) {
        error = print_stacks(source, pid, strtoull(argv[2], NULL, 10), &totals);
        source_close(source);
    }
    if (error != NULL) {
        fprintf(stderr, "folded_stacks: %s\n", error_message(error));
        error_free(error);
        return 1;
    }
    double seconds = (double)totals.elapsed_ns / 1e9;
    printf("total %lu %lu %lu %lu %.1f %.3f %.3f\n", (unsigned long)totals.samples,
           (unsigned long)totals.partial, (unsigned long)totals.invalid, (unsigned long)totals.late,
           totals.moments / seconds, totals.cost_ns / 1e7 / seconds, seconds);
    return 0;
}

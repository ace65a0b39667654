#include "analysis/report_sum.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Long enough for all verdicts (a leak needs 3 seconds), short enough to say when one began. */
static const double window_seconds = 5;

static const struct report_course unknown_course = {UNKNOWN_COUNT, UNKNOWN_COUNT, UNKNOWN_COUNT};

void report_sum_init(struct report_sum *sum, const struct profile_selection *selection)
{
    *sum = (struct report_sum){.selection = *selection, .peak_resident_bytes = UNKNOWN_COUNT};
}

void report_sum_free(struct report_sum *sum)
{
    for (size_t i = 0; i < sum->process_count; i++) {
        struct report_process *process = &sum->processes[i];
        free(process->command);
        free(process->python_version);
        free(process->spans);
        verdict_window_free(process->window);
    }
    free(sum->processes);
    free(sum->hostname);
    hash_map_free(&sum->places);
}

double report_seconds_between(int64_t begin_ns, int64_t end_ns)
{
    return ((double)end_ns - (double)begin_ns) / (double)NS_PER_SECOND;
}

static int64_t begin_of(const struct tick *tick)
{
    return (int64_t)((uint64_t)tick->time_ns - tick->interval_ns);
}

/* ---- verdicts over time ---- */

static double span_seconds(const struct report_span *span)
{
    return report_seconds_between(span->begin_ns, span->end_ns);
}

/* Let a span take over the one after it. The clearer of the two keeps its words. */
static void join_spans(struct report_process *process, size_t index)
{
    struct report_span *span = &process->spans[index], *next = &process->spans[index + 1];
    double here = span_seconds(span), there = span_seconds(next);
    bool same = span->cause.kind == next->cause.kind;
    double percent = span->cause.percent;

    if (same && here + there > 0)
        percent = (span->cause.percent * here + next->cause.percent * there) / (here + there);
    if (same ? next->cause.percent > span->cause.percent : there > here) {
        span->cause = next->cause;
        percent = same ? percent : next->cause.percent;
    }
    span->cause.percent = percent;
    span->end_ns = next->end_ns;
    process->span_count--;
    memmove(next, next + 1, (process->span_count - index - 1) * sizeof(*next));
}

/* There are too many: the pair that is shortest together becomes one, and then what it stands between, when that is of
 * the same kind. */
static void drop_shortest_span(struct report_process *process)
{
    size_t shortest = 0;

    for (size_t i = 1; i + 1 < process->span_count; i++) {
        if (report_seconds_between(process->spans[i].begin_ns, process->spans[i + 1].end_ns) <
            report_seconds_between(process->spans[shortest].begin_ns, process->spans[shortest + 1].end_ns))
            shortest = i;
    }
    join_spans(process, shortest);
    if (shortest + 1 < process->span_count &&
        process->spans[shortest].cause.kind == process->spans[shortest + 1].cause.kind)
        join_spans(process, shortest);
    if (shortest > 0 && process->spans[shortest - 1].cause.kind == process->spans[shortest].cause.kind)
        join_spans(process, shortest - 1);
}

static void add_span(struct report_process *process, const struct report_span *span)
{
    process->spans = memory_grow(process->spans, &process->span_capacity, process->span_count + 1,
                                 sizeof(*process->spans));
    process->spans[process->span_count++] = *span;
    if (process->span_count > 1) {
        const struct report_span *last = &process->spans[process->span_count - 2];
        if (last->cause.kind == span->cause.kind && last->end_ns == span->begin_ns)
            join_spans(process, process->span_count - 2);
    }
    if (process->span_count > REPORT_MAX_SPANS)
        drop_shortest_span(process);
}

static void judge_window(struct report_process *process, const struct call_tree *tree)
{
    struct verdict verdict;

    if (process->window == NULL)
        return;
    if (verdict_window_judge(process->window, tree, &verdict)) {
        const struct report_span span = {process->window_begin_ns, process->window_end_ns, verdict.first};
        add_span(process, &span);
    }
    verdict_window_free(process->window);
    process->window = NULL;
}

static void add_to_window(struct report_process *sum, const struct tick *tick, const struct process *process,
                          const struct call_tree *tree)
{
    if (process->profile == NULL || tick->interval_ns == 0)
        return;
    if (sum->window == NULL) {
        sum->window = verdict_window_new(UINT64_MAX);
        sum->window_begin_ns = begin_of(tick);
    }
    verdict_window_add(sum->window, tick, process);
    sum->window_end_ns = tick->time_ns;
    if (report_seconds_between(sum->window_begin_ns, sum->window_end_ns) >= window_seconds)
        judge_window(sum, tree);
}

/* ---- processes ---- */

static void add_to_course(struct report_course *course, int64_t amount)
{
    if (!count_is_known(amount))
        return;
    if (!count_is_known(course->first))
        course->first = amount;
    if (amount > course->peak)
        course->peak = amount;
    course->last = amount;
}

static void replace_text(char **text, const char *current)
{
    if (current == NULL || (*text != NULL && strcmp(*text, current) == 0))
        return;
    free(*text);
    *text = memory_copy_text(current);
}

static struct report_process *place_process(struct report_sum *sum, const struct tick *tick,
                                            const struct process *process)
{
    const uint32_t *known = hash_map_find(&sum->places, (uint64_t)process->pid);

    if (known != NULL && sum->processes[*known].start_ticks == process->start_ticks)
        return &sum->processes[*known];
    hash_map_set(&sum->places, (uint64_t)process->pid, (uint32_t)sum->process_count);
    sum->processes =
        memory_grow(sum->processes, &sum->process_capacity, sum->process_count + 1, sizeof(*sum->processes));
    struct report_process *added = &sum->processes[sum->process_count++];
    *added = (struct report_process){
        .pid = process->pid,
        .start_ticks = process->start_ticks,
        .first_ns = tick->time_ns,
        .came = sum->ticks > 1,
        .cpu_seconds = UNKNOWN_REAL,
        .resident_bytes = unknown_course,
        .open_files = unknown_course,
        .open_file_limit = UNKNOWN_COUNT,
    };
    return added;
}

/* Of a process that was there before, the time from then on; of one that came, all. */
static void add_cpu_time(struct report_process *sum, const struct tick *tick, const struct process *process)
{
    double seconds = (double)tick->interval_ns / (double)NS_PER_SECOND;
    double used = process->cpu_percent / 100 * seconds;

    if (sum->came && sum->first_ns == tick->time_ns)
        used = process->cpu_seconds;
    if (real_is_known(used))
        sum->cpu_seconds = real_is_known(sum->cpu_seconds) ? sum->cpu_seconds + used : used;
}

static void add_open_files(struct report_process *sum, const struct tick *tick, const struct process *process)
{
    double seconds = (double)tick->interval_ns / (double)NS_PER_SECOND;

    add_to_course(&sum->open_files, process->open_file_count);
    sum->open_file_limit = process->open_file_limit;
    if (process->open_file_growth_by_kind == NULL)
        return;
    sum->open_file_kinds_known = true;
    for (size_t kind = 0; kind < OPEN_FILE_KINDS; kind++) {
        sum->open_files_by_kind[kind] += process->open_file_growth_by_kind[kind] * seconds;
        if (sum->open_files_by_kind[kind] > sum->open_file_growth_by_kind[kind])
            sum->open_file_growth_by_kind[kind] = sum->open_files_by_kind[kind];
    }
}

static void add_sampling(struct report_sum *sum, const struct tick *tick, const struct profile *profile)
{
    double seconds = (double)tick->interval_ns / (double)NS_PER_SECOND;

    sum->samples += profile->samples;
    sum->partial += profile->partial;
    sum->invalid += profile->invalid;
    sum->late += profile->late;
    if (!real_is_known(profile->rate_hz))
        return;
    sum->sampled_seconds += seconds;
    sum->rate_sum += profile->rate_hz * seconds;
}

static void add_process(struct report_sum *sum, const struct tick *tick, const struct process *process,
                        const struct call_tree *tree)
{
    struct report_process *added = place_process(sum, tick, process);

    added->last_ns = tick->time_ns;
    add_cpu_time(added, tick, process);
    if (process->state == 'Z' || process->state == 'X')
        return; /* it has neither memory nor arguments any more */
    added->parent_pid = process->parent_pid;
    replace_text(&added->command, process->command);
    if (process->python != NULL)
        replace_text(&added->python_version, process->python->version);
    add_to_course(&added->resident_bytes, process->resident_bytes);
    add_open_files(added, tick, process);
    if (process->profile == NULL)
        return;
    added->growth_measured |= process->profile->growth_measured;
    add_sampling(sum, tick, process->profile);
    add_to_window(added, tick, process, tree);
}

/* What the user wanted to watch, and nothing else of the machine. */
static bool is_selected(const struct report_sum *sum, const struct process *process)
{
    if (sum->selection.pid != 0)
        return process->pid == sum->selection.pid;
    return process->profile != NULL || process->selected || process->is_python;
}

/* A process that was not sampled, or is gone, is judged by what there is: its window keeps memory. */
static void judge_interrupted(struct report_sum *sum, const struct call_tree *tree)
{
    for (size_t i = 0; i < sum->process_count; i++) {
        if (sum->processes[i].window != NULL && sum->processes[i].window_end_ns < sum->end_ns)
            judge_window(&sum->processes[i], tree);
    }
}

void report_sum_add(struct report_sum *sum, const struct tick *tick, const struct call_tree *tree)
{
    int64_t resident_bytes = 0;

    if (!profile_selection_has_tick(&sum->selection, tick))
        return;
    if (sum->ticks++ == 0) {
        sum->begin_ns = begin_of(tick);
        sum->first_sequence = tick->sequence;
    }
    sum->end_ns = tick->time_ns;
    sum->last_sequence = tick->sequence;
    replace_text(&sum->hostname, tick->system.hostname);
    if (real_is_known(tick->own_cpu_percent))
        sum->own_cpu_seconds +=
            tick->own_cpu_percent / 100 * (double)tick->interval_ns / (double)NS_PER_SECOND;
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *process = &tick->processes[i];
        if (!is_selected(sum, process))
            continue;
        add_process(sum, tick, process, tree);
        if (count_is_known(process->resident_bytes) && process->resident_bytes < INT64_MAX - resident_bytes)
            resident_bytes += process->resident_bytes;
    }
    judge_interrupted(sum, tree);
    if (resident_bytes > 0 && resident_bytes > sum->peak_resident_bytes)
        sum->peak_resident_bytes = resident_bytes;
}

void report_sum_finish(struct report_sum *sum, const struct call_tree *tree)
{
    for (size_t i = 0; i < sum->process_count; i++) {
        judge_window(&sum->processes[i], tree);
        sum->processes[i].went = sum->processes[i].last_ns < sum->end_ns;
    }
}

/* ---- what came out ---- */

const struct process *report_process_find_sampled(const struct report_process *process,
                                                  const struct tick *whole)
{
    for (size_t i = 0; i < whole->process_count; i++) {
        const struct process *each = &whole->processes[i];
        if (each->pid == process->pid && each->start_ticks == process->start_ticks && each->profile != NULL)
            return each;
    }
    return NULL;
}

double report_sum_rate_hz(const struct report_sum *sum)
{
    return sum->sampled_seconds > 0 ? sum->rate_sum / sum->sampled_seconds : UNKNOWN_REAL;
}

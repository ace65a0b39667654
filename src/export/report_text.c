/* A recording in words and tables: of the whole, then of each process. */
#include "export/report.h"

#include "analysis/state_shares.h"
#include "base/clock.h"
#include "base/memory.h"
#include "export/text_process.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_FUNCTIONS = 20, /* what a reader takes in; JSON has more */
    MAX_LINES = 10,
    MAX_GROWERS = 5,
    MAX_PROCESSES = 50, /* in the table, and */
    MAX_DETAILED = 8,   /* in detail: those that used most CPU */
};

static void write_heading(struct text_line *line, const char *text)
{
    line_end(line);
    line_add(line, "%s", text);
    line_end(line);
}

/* ---- the recording ---- */

static void write_identity(struct text_line *line, const struct report *report)
{
    const struct report_sum *sum = report->sum;
    const struct recording_info *info = report->info;
    char begin[CLOCK_RFC3339_SIZE], end[CLOCK_RFC3339_SIZE];

    line_add(line, "Recording %s", report->path);
    line_end(line);
    line_add(line, "  of %s on %s", info->command != NULL ? info->command : "running processes",
             sum->hostname != NULL ? sum->hostname : "an unknown machine");
    line_end(line);
    clock_format_rfc3339(begin, sum->begin_ns);
    clock_format_rfc3339(end, sum->end_ns);
    line_add(line, "  from %s to %s", begin, end);
    line_end(line);
    line_add(line, "  %.3f s in %" PRIu64 " ticks%s", report_seconds_between(sum->begin_ns, sum->end_ns),
             sum->ticks,
             count_is_known(info->end_time_ns) ? "" : "; it is still written, or was not ended in order");
    line_end(line);
    line_add(line, "  %" PRIu64 " samples at ", sum->samples);
    line_add_real(line, report_sum_rate_hz(sum), 1, 0);
    line_add(line, " Hz (asked for ");
    line_add_real(line, info->rate_hz, 1, 0);
    line_add(line, "): %" PRIu64 " partial, %" PRIu64 " invalid, %" PRIu64 " late", sum->partial,
             sum->invalid, sum->late);
    line_end(line);
    line_add(line, "  recording it took %.3f s of CPU", sum->own_cpu_seconds);
    line_end(line);
}

/* What time(1) says of a command. */
static void write_usage(struct text_line *line, const struct recorded_usage *usage)
{
    if (usage == NULL)
        return;
    write_heading(line, "Command");
    line_add(line, "  exit status %d", usage->exit_status);
    line_end(line);
    line_add(line, "  real %.3f s, user %.3f s, system %.3f s", usage->real_seconds, usage->user_seconds,
             usage->system_seconds);
    line_end(line);
    line_add(line, "  peak memory ");
    line_add_bytes(line, (double)usage->peak_resident_bytes, 0);
    line_add(line, ", page faults %" PRIi64 " minor, %" PRIi64 " major", usage->minor_faults,
             usage->major_faults);
    line_end(line);
    line_add(line, "  storage ");
    line_add_bytes(line, (double)usage->storage_read_bytes, 0);
    line_add(line, " read, ");
    line_add_bytes(line, (double)usage->storage_write_bytes, 0);
    line_add(line, " written; switches %" PRIi64 " voluntary, %" PRIi64 " involuntary",
             usage->voluntary_switches, usage->involuntary_switches);
    line_end(line);
}

/* ---- functions and lines ---- */

static bool is_shown(const struct ranking_row *row, enum ranking_mode mode)
{
    return (mode == RANKING_CPU ? row->total_cpu_ns : row->total_wall_ns) > 0;
}

static void write_seconds(struct text_line *line, uint64_t ns, int width)
{
    line_add(line, "%*.2fs", width - 1, (double)ns / (double)NS_PER_SECOND);
}

static void write_ranking(struct text_line *line, const struct report *report, enum ranking_level level)
{
    bool lines = level == RANKING_LINES;
    size_t most = lines ? MAX_LINES : MAX_FUNCTIONS;
    struct ranking ranking = ranking_of_tick(report->whole, report->tree, report->mode, level);

    if (ranking.count > 0 && is_shown(&ranking.rows[0], report->mode)) {
        line_end(line);
        line_add(line, "%6s%7s%10s%10s%10s%11s  %s", "OWN%", "TOTAL%", "OWN CPU", "TOTAL CPU", "OWN WALL",
                 "TOTAL WALL", lines ? "LINE" : "FUNCTION");
        line_end(line);
    }
    for (size_t i = 0; i < ranking.count && i < most && is_shown(&ranking.rows[i], report->mode); i++) {
        const struct ranking_row *row = &ranking.rows[i];
        const struct function *function = call_tree_function(report->tree, row->function);
        line_add_real(line, row->own_percent, 1, 6);
        line_add_real(line, row->total_percent, 1, 7);
        write_seconds(line, row->own_cpu_ns, 10);
        write_seconds(line, row->total_cpu_ns, 10);
        write_seconds(line, row->own_wall_ns, 10);
        write_seconds(line, row->total_wall_ns, 11);
        line_add(line, "  ");
        text_write_place(line, function, lines ? row->line : function->line);
        line_end(line);
    }
    ranking_free(&ranking);
}

/* ---- processes ---- */

static int compare_use(const void *left, const void *right)
{
    const struct report_process *one = *(const struct report_process *const *)left;
    const struct report_process *other = *(const struct report_process *const *)right;
    double one_used = real_is_known(one->cpu_seconds) ? one->cpu_seconds : -1;
    double other_used = real_is_known(other->cpu_seconds) ? other->cpu_seconds : -1;

    if (one_used != other_used)
        return (other_used > one_used) - (other_used < one_used);
    return (one > other) - (one < other);
}

/* Most CPU first; free() the result. */
static const struct report_process **sorted_processes(const struct report_sum *sum)
{
    const struct report_process **sorted = memory_allocate(sum->process_count, sizeof(const void *));

    for (size_t i = 0; i < sum->process_count; i++)
        sorted[i] = &sum->processes[i];
    if (sum->process_count > 1)
        qsort(sorted, sum->process_count, sizeof(const void *), compare_use);
    return sorted;
}

/* When it came or went, after the begin; "-" when it was there before, or still was. */
static void write_moment(struct text_line *line, bool known, int64_t begin_ns, int64_t time_ns)
{
    char text[32];

    snprintf(text, sizeof(text), "+%.1fs", report_seconds_between(begin_ns, time_ns));
    line_add(line, "%9s", known ? text : "-");
}

static void write_process_row(struct text_line *line, const struct report_sum *sum,
                              const struct report_process *process)
{
    line_add_count(line, process->pid, 8);
    line_add_real(line, process->cpu_seconds, 2, 9);
    line_add_bytes(line, (double)process->resident_bytes.first, 7);
    line_add_bytes(line, (double)process->resident_bytes.peak, 7);
    line_add_bytes(line, (double)process->resident_bytes.last, 7);
    line_add_count(line, process->open_files.peak, 6);
    write_moment(line, process->came, sum->begin_ns, process->first_ns);
    write_moment(line, process->went, sum->begin_ns, process->last_ns);
    line_add(line, "  %s", process->command != NULL ? process->command : "-");
    line_end(line);
}

static void write_processes(struct text_line *line, const struct report_sum *sum,
                            const struct report_process *const *sorted)
{
    line_end(line);
    line_add(line, "%8s%9s%7s%7s%7s%6s%9s%9s  %s", "PID", "CPU s", "MEMORY", "PEAK", "LAST", "FILES", "CAME",
             "WENT", "COMMAND");
    line_end(line);
    for (size_t i = 0; i < sum->process_count && i < MAX_PROCESSES; i++)
        write_process_row(line, sum, sorted[i]);
    if (sum->process_count > MAX_PROCESSES) {
        line_add(line, "  and %zu more", sum->process_count - MAX_PROCESSES);
        line_end(line);
    }
}

/* ---- one process in detail ---- */

static void write_verdicts(struct text_line *line, int64_t begin_ns, const struct report_process *process)
{
    char summary[VERDICT_SUMMARY_SIZE];

    for (size_t i = 0; i < process->span_count; i++) {
        const struct report_span *span = &process->spans[i];
        line_add(line, "  +%.1fs to +%.1fs  %s: ", report_seconds_between(begin_ns, span->begin_ns),
                 report_seconds_between(begin_ns, span->end_ns), verdict_kind_name(span->cause.kind));
        size_t room = line->columns > line->length ? line->columns - line->length : 1;
        verdict_format(summary, &span->cause, line->columns > 0 ? room : 0);
        line_add(line, "%s", summary);
        line_end(line);
    }
}

static void write_states(struct text_line *line, const struct profile *profile)
{
    struct state_shares shares = {0};

    state_shares_add_profile(&shares, profile);
    if (shares.total_ns == 0)
        return;
    line_add(line, "  Time of its threads:");
    for (enum thread_state state = 0; state < THREAD_STATES; state++) {
        double percent = state_shares_percent(&shares, state);
        if (percent >= 0.1)
            line_add(line, " %s %.1f%%", thread_state_name(state), percent);
    }
    line_end(line);
}

static void write_growth(struct text_line *line, const struct report *report, const struct process *process,
                         const struct report_process *over_time)
{
    struct grower {
        uint32_t function;
        int64_t bytes;
    } growers[MAX_GROWERS] = {{0}};
    size_t count = 0;

    if (!over_time->growth_measured)
        return;
    struct ranking ranking =
        ranking_of_process(report->whole, process, report->tree, RANKING_WALL, RANKING_FUNCTIONS);
    for (size_t i = 0; i < ranking.count; i++) {
        size_t place = count < MAX_GROWERS ? count : MAX_GROWERS;
        while (place > 0 && growers[place - 1].bytes < ranking.rows[i].own_growth_bytes)
            place--;
        if (place == MAX_GROWERS || ranking.rows[i].own_growth_bytes <= 0)
            continue;
        count += count < MAX_GROWERS;
        memmove(&growers[place + 1], &growers[place], (count - place - 1) * sizeof(growers[0]));
        growers[place] = (struct grower){ranking.rows[i].function, ranking.rows[i].own_growth_bytes};
    }
    ranking_free(&ranking);
    if (count > 0) {
        line_add(line, "%11s  %s", "GREW BY", "FUNCTION");
        line_end(line);
    }
    for (size_t i = 0; i < count; i++) {
        const struct function *function = call_tree_function(report->tree, growers[i].function);
        line_add_bytes(line, (double)growers[i].bytes, 11);
        line_add(line, "  ");
        text_write_place(line, function, function->line);
        line_end(line);
    }
}

static void write_open_files(struct text_line *line, const struct report_process *process)
{
    if (!count_is_known(process->open_files.peak))
        return;
    line_add(line, "  Open files: %" PRIi64 " at first, %" PRIi64 " at most, %" PRIi64 " at last",
             process->open_files.first, process->open_files.peak, process->open_files.last);
    if (count_is_known(process->open_file_limit))
        line_add(line, ", of %" PRIi64, process->open_file_limit);
    for (enum open_file_kind kind = 0; kind < OPEN_FILE_KINDS; kind++) {
        double growth = process->open_file_growth_by_kind[kind];
        if (growth >= 0.5)
            line_add(line, "; up to %.0f more %s", growth, open_file_kind_name(kind));
    }
    line_end(line);
}

static void write_details(struct text_line *line, const struct report *report, const struct process *process,
                          const struct report_process *over_time)
{
    line_end(line);
    line_add(line, "Process %d%s%s: %s", over_time->pid, over_time->python_version != NULL ? ", Python " : "",
             over_time->python_version != NULL ? over_time->python_version : "",
             over_time->command != NULL ? over_time->command : "-");
    line_end(line);
    write_verdicts(line, report->sum->begin_ns, over_time);
    write_states(line, process->profile);
    write_open_files(line, over_time);
    text_write_waits(line, process->profile, report->tree);
    write_growth(line, report, process, over_time);
}

void report_write_text(FILE *stream, const struct report *report, size_t columns)
{
    struct text_line *line = memory_allocate(1, sizeof(*line));
    const struct report_process **sorted = sorted_processes(report->sum);

    line->stream = stream;
    line->columns = columns;
    write_identity(line, report);
    write_usage(line, report->info->usage);
    write_processes(line, report->sum, sorted);
    write_ranking(line, report, RANKING_FUNCTIONS);
    write_ranking(line, report, RANKING_LINES);
    for (size_t i = 0, detailed = 0; i < report->sum->process_count && detailed < MAX_DETAILED; i++) {
        const struct process *process = report_process_find_sampled(sorted[i], report->whole);
        if (process == NULL)
            continue;
        write_details(line, report, process, sorted[i]);
        detailed++;
    }
    free(sorted);
    free(line);
}

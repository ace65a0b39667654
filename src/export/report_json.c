/* A recording as one JSON object: man/pyneck-json.5, A REPORT. */
#include "export/report.h"

#include "export/json_memory.h"
#include "export/json_process.h"
#include "export/json_value.h"
#include "export/json_waits.h"

static void put_usage(struct json *json, const char *name, const struct recorded_usage *usage)
{
    if (usage == NULL) {
        put_null(json, name);
        return;
    }
    json_begin_object(json, name);
    put_integer(json, "exit_status", usage->exit_status);
    put_real(json, "real_seconds", usage->real_seconds, DECIMALS_SECONDS);
    put_real(json, "user_seconds", usage->user_seconds, DECIMALS_SECONDS);
    put_real(json, "system_seconds", usage->system_seconds, DECIMALS_SECONDS);
    put_count(json, "peak_resident_bytes", usage->peak_resident_bytes);
    put_count(json, "minor_faults", usage->minor_faults);
    put_count(json, "major_faults", usage->major_faults);
    put_count(json, "voluntary_switches", usage->voluntary_switches);
    put_count(json, "involuntary_switches", usage->involuntary_switches);
    put_count(json, "storage_read_bytes", usage->storage_read_bytes);
    put_count(json, "storage_write_bytes", usage->storage_write_bytes);
    json_end_object(json);
}

static void put_sampling(struct json *json, const char *name, const struct report *report)
{
    const struct report_sum *sum = report->sum;
    json_begin_object(json, name);

    put_real(json, "asked_rate_hz", report->info->rate_hz, DECIMALS_RATE);
    put_real(json, "rate_hz", report_sum_rate_hz(sum), DECIMALS_RATE);
    put_integer(json, "samples", (int64_t)sum->samples);
    put_integer(json, "partial", (int64_t)sum->partial);
    put_integer(json, "invalid", (int64_t)sum->invalid);
    put_integer(json, "late", (int64_t)sum->late);
    put_real(json, "cpu_seconds", sum->own_cpu_seconds, DECIMALS_SECONDS);
    json_end_object(json);
}

static void put_verdicts(struct json *json, const char *name, const struct report_process *process)
{
    json_begin_array(json, name);

    for (size_t i = 0; i < process->span_count; i++) {
        json_begin_object(json, NULL);
        put_cause(json, &process->spans[i].cause);
        put_time(json, "begin_time", process->spans[i].begin_ns);
        put_time(json, "end_time", process->spans[i].end_ns);
        json_end_object(json);
    }
    json_end_array(json);
}

static void put_course(struct json *json, const char *name, const struct report_course *course)
{
    json_begin_object(json, name);

    put_count(json, "first", course->first);
    put_count(json, "peak", course->peak);
    put_count(json, "last", course->last);
    json_end_object(json);
}

static void put_growth_by_kind(struct json *json, const char *name, const struct report_process *process)
{
    if (!process->open_file_kinds_known) {
        put_null(json, name);
        return;
    }
    json_begin_object(json, name);
    for (enum open_file_kind kind = 0; kind < OPEN_FILE_KINDS; kind++) {
        if (process->open_file_growth_by_kind[kind] >= 0.5)
            put_real(json, open_file_kind_name(kind), process->open_file_growth_by_kind[kind], 0);
    }
    json_end_object(json);
}

static void put_growing_functions(struct json *json, const char *name, const struct report *report,
                                  const struct process *summed, const struct report_process *process)
{
    if (summed == NULL || !process->growth_measured) {
        put_null(json, name);
        return;
    }
    struct ranking ranking =
        ranking_of_process(report->whole, summed, report->tree, RANKING_WALL, RANKING_FUNCTIONS);
    put_growers(json, name, &ranking, report->tree);
    ranking_free(&ranking);
}

static void put_process_over_time(struct json *json, const struct report *report,
                                  const struct report_process *process)
{
    const struct process *summed = report_process_find_sampled(process, report->whole);
    const struct profile *profile = summed != NULL ? summed->profile : NULL;
    json_begin_object(json, NULL);

    put_integer(json, "pid", process->pid);
    put_integer(json, "parent_pid", process->parent_pid);
    put_text(json, "command", process->command);
    put_text(json, "python_version", process->python_version);
    put_time(json, "came_time", process->came ? process->first_ns : 0);
    put_time(json, "went_time", process->went ? process->last_ns : 0);
    put_real(json, "cpu_seconds", process->cpu_seconds, DECIMALS_SECONDS);
    put_course(json, "resident_bytes", &process->resident_bytes);
    put_course(json, "open_file_count", &process->open_files);
    put_count(json, "open_file_limit", process->open_file_limit);
    put_growth_by_kind(json, "open_file_growth_by_kind", process);
    put_verdicts(json, "verdicts", process);
    put_states(json, "states", profile);
    put_waits(json, "waits", profile, report->tree);
    put_growing_functions(json, "growing_functions", report, summed, process);
    json_end_object(json);
}

static bool is_growth_measured(const struct report_sum *sum)
{
    for (size_t i = 0; i < sum->process_count; i++) {
        if (sum->processes[i].growth_measured)
            return true;
    }
    return false;
}

static void put_ranked(struct json *json, const char *name, const struct report *report,
                       enum ranking_level level)
{
    struct ranking ranking = ranking_of_tick(report->whole, report->tree, report->mode, level);

    put_ranking_rows(json, name, &ranking, report->tree, level, is_growth_measured(report->sum));
    ranking_free(&ranking);
}

void report_write_json(FILE *stream, const struct report *report)
{
    const struct report_sum *sum = report->sum;
    struct json json = {.stream = stream};

    json_begin_object(&json, NULL);
    put_text(&json, "schema", "pyneck.report/1");
    put_text(&json, "file", report->path);
    put_text(&json, "hostname", sum->hostname);
    put_text(&json, "command", report->info->command);
    put_time(&json, "begin_time", sum->begin_ns);
    put_time(&json, "end_time", sum->end_ns);
    put_real(&json, "real_seconds", report_seconds_between(sum->begin_ns, sum->end_ns), DECIMALS_SECONDS);
    put_integer(&json, "ticks", (int64_t)sum->ticks);
    put_bool(&json, "ended", count_is_known(report->info->end_time_ns));
    put_text(&json, "mode", ranking_mode_name(report->mode));
    put_sampling(&json, "sampling", report);
    put_usage(&json, "usage", report->info->usage);
    put_ranked(&json, "functions", report, RANKING_FUNCTIONS);
    put_ranked(&json, "lines", report, RANKING_LINES);
    json_begin_array(&json, "processes");
    for (size_t i = 0; i < sum->process_count; i++)
        put_process_over_time(&json, report, &sum->processes[i]);
    json_end_array(&json);
    json_end_line(&json);
}

/* A recording as one JSON object: man/pyneck-json.5, A REPORT. */
#include "export/report.h"

#include "export/json_memory.h"
#include "export/json_process.h"
#include "export/json_value.h"
#include "export/json_waits.h"

static json_t *json_usage(const struct recorded_usage *usage)
{
    if (usage == NULL)
        return NULL;
    json_t *object = json_object();
    put_integer(object, "exit_status", usage->exit_status);
    put_real(object, "real_seconds", usage->real_seconds, DECIMALS_SECONDS);
    put_real(object, "user_seconds", usage->user_seconds, DECIMALS_SECONDS);
    put_real(object, "system_seconds", usage->system_seconds, DECIMALS_SECONDS);
    put_count(object, "peak_resident_bytes", usage->peak_resident_bytes);
    put_count(object, "minor_faults", usage->minor_faults);
    put_count(object, "major_faults", usage->major_faults);
    put_count(object, "voluntary_switches", usage->voluntary_switches);
    put_count(object, "involuntary_switches", usage->involuntary_switches);
    put_count(object, "storage_read_bytes", usage->storage_read_bytes);
    put_count(object, "storage_write_bytes", usage->storage_write_bytes);
    return object;
}

static json_t *json_sampling(const struct report *report)
{
    const struct report_sum *sum = report->sum;
    json_t *object = json_object();

    put_real(object, "asked_rate_hz", report->info->rate_hz, DECIMALS_RATE);
    put_real(object, "rate_hz", report_sum_rate_hz(sum), DECIMALS_RATE);
    put_integer(object, "samples", (int64_t)sum->samples);
    put_integer(object, "partial", (int64_t)sum->partial);
    put_integer(object, "invalid", (int64_t)sum->invalid);
    put_integer(object, "late", (int64_t)sum->late);
    put_real(object, "cpu_seconds", sum->own_cpu_seconds, DECIMALS_SECONDS);
    return object;
}

static json_t *json_verdicts(const struct report_process *process)
{
    json_t *verdicts = json_array();

    for (size_t i = 0; i < process->span_count; i++) {
        json_t *object = json_cause(&process->spans[i].cause);
        put_time(object, "begin_time", process->spans[i].begin_ns);
        put_time(object, "end_time", process->spans[i].end_ns);
        json_array_append_new(verdicts, object);
    }
    return verdicts;
}

static json_t *json_course(const struct report_course *course)
{
    json_t *object = json_object();

    put_count(object, "first", course->first);
    put_count(object, "peak", course->peak);
    put_count(object, "last", course->last);
    return object;
}

static json_t *json_growth_by_kind(const struct report_process *process)
{
    if (!process->open_file_kinds_known)
        return NULL;
    json_t *object = json_object();
    for (enum open_file_kind kind = 0; kind < OPEN_FILE_KINDS; kind++) {
        if (process->open_file_growth_by_kind[kind] >= 0.5)
            put_real(object, open_file_kind_name(kind), process->open_file_growth_by_kind[kind], 0);
    }
    return object;
}

static json_t *json_growing_functions(const struct report *report, const struct process *summed,
                                      const struct report_process *process)
{
    if (summed == NULL || !process->growth_measured)
        return NULL;
    struct ranking ranking =
        ranking_of_process(report->whole, summed, report->tree, RANKING_WALL, RANKING_FUNCTIONS);
    json_t *growers = json_growers(&ranking, report->tree);
    ranking_free(&ranking);
    return growers;
}

static json_t *json_process_over_time(const struct report *report, const struct report_process *process)
{
    const struct process *summed = report_process_find_sampled(process, report->whole);
    const struct profile *profile = summed != NULL ? summed->profile : NULL;
    json_t *object = json_object();

    put_integer(object, "pid", process->pid);
    put_integer(object, "parent_pid", process->parent_pid);
    put_text(object, "command", process->command);
    put_text(object, "python_version", process->python_version);
    put_time(object, "came_time", process->came ? process->first_ns : 0);
    put_time(object, "went_time", process->went ? process->last_ns : 0);
    put_real(object, "cpu_seconds", process->cpu_seconds, DECIMALS_SECONDS);
    put_value(object, "resident_bytes", json_course(&process->resident_bytes));
    put_value(object, "open_file_count", json_course(&process->open_files));
    put_count(object, "open_file_limit", process->open_file_limit);
    put_value(object, "open_file_growth_by_kind", json_growth_by_kind(process));
    put_value(object, "verdicts", json_verdicts(process));
    put_value(object, "states", json_states(profile));
    put_value(object, "waits", json_waits(profile, report->tree));
    put_value(object, "growing_functions", json_growing_functions(report, summed, process));
    return object;
}

static bool is_growth_measured(const struct report_sum *sum)
{
    for (size_t i = 0; i < sum->process_count; i++) {
        if (sum->processes[i].growth_measured)
            return true;
    }
    return false;
}

static json_t *json_ranked(const struct report *report, enum ranking_level level)
{
    struct ranking ranking = ranking_of_tick(report->whole, report->tree, report->mode, level);
    json_t *rows = json_ranking_rows(&ranking, report->tree, level, is_growth_measured(report->sum));

    ranking_free(&ranking);
    return rows;
}

void report_write_json(FILE *stream, const struct report *report)
{
    const struct report_sum *sum = report->sum;

    json_value_use_own_memory();
    json_t *document = json_object();
    json_t *processes = json_array();
    for (size_t i = 0; i < sum->process_count; i++)
        json_array_append_new(processes, json_process_over_time(report, &sum->processes[i]));
    put_text(document, "schema", "pyneck.report/1");
    put_text(document, "file", report->path);
    put_text(document, "hostname", sum->hostname);
    put_text(document, "command", report->info->command);
    put_time(document, "begin_time", sum->begin_ns);
    put_time(document, "end_time", sum->end_ns);
    put_real(document, "real_seconds", report_seconds_between(sum->begin_ns, sum->end_ns), DECIMALS_SECONDS);
    put_integer(document, "ticks", (int64_t)sum->ticks);
    put_value(document, "ended", json_boolean(count_is_known(report->info->end_time_ns)));
    put_text(document, "mode", ranking_mode_name(report->mode));
    put_value(document, "sampling", json_sampling(report));
    put_value(document, "usage", json_usage(report->info->usage));
    put_value(document, "functions", json_ranked(report, RANKING_FUNCTIONS));
    put_value(document, "lines", json_ranked(report, RANKING_LINES));
    put_value(document, "processes", processes);
    json_write_line(stream, document);
}

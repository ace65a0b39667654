/* CSV (RFC 4180) as a time series: a header, then one row per process a tick. What is unknown is empty. */
#include "analysis/verdict.h"
#include "export/format.h"

#include "base/clock.h"

#include <stddef.h>
#include <string.h>

/* What a row is made from. */
struct row {
    const struct tick *tick;
    const struct process *process;
    const struct ranking_row *hottest; /* function; NULL when there is none */
    const struct function *function;   /* its name */
    const struct verdict *verdict;     /* NULL when there is none */
};

static void write_text(FILE *stream, const char *text)
{
    if (text == NULL)
        return;
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static void write_count(FILE *stream, int64_t count)
{
    if (count_is_known(count))
        fprintf(stream, "%jd", (intmax_t)count);
}

static void write_real(FILE *stream, double value)
{
    if (real_is_known(value))
        fprintf(stream, "%.3f", value);
}

static void write_time(FILE *stream, const struct row *row)
{
    char text[CLOCK_RFC3339_SIZE];

    clock_format_rfc3339(text, row->tick->time_ns);
    fputs(text, stream);
}

static void write_interval(FILE *stream, const struct row *row)
{
    if (row->tick->interval_ns > 0)
        fprintf(stream, "%.6f", (double)row->tick->interval_ns / (double)NS_PER_SECOND);
}

static void write_pid(FILE *stream, const struct row *row)
{
    write_count(stream, row->process->pid);
}

static void write_parent_pid(FILE *stream, const struct row *row)
{
    write_count(stream, row->process->parent_pid);
}

static void write_state(FILE *stream, const struct row *row)
{
    if (row->process->state != '\0')
        fputc(row->process->state, stream);
}

static void write_python_version(FILE *stream, const struct row *row)
{
    if (row->process->python != NULL)
        write_text(stream, row->process->python->version);
}

static void write_samples(FILE *stream, const struct row *row)
{
    if (row->process->profile != NULL)
        write_count(stream, (int64_t)row->process->profile->samples);
}

static void write_function(FILE *stream, const struct row *row)
{
    if (row->hottest != NULL)
        write_text(stream, row->function->name);
}

static void write_function_file(FILE *stream, const struct row *row)
{
    if (row->hottest != NULL)
        write_text(stream, row->function->file);
}

static void write_function_line(FILE *stream, const struct row *row)
{
    if (row->hottest != NULL && row->function->line > 0)
        write_count(stream, row->function->line);
}

static void write_function_percent(FILE *stream, const struct row *row)
{
    if (row->hottest != NULL)
        write_real(stream, row->hottest->own_percent);
}

static void write_verdict(FILE *stream, const struct row *row)
{
    if (row->verdict != NULL)
        write_text(stream, verdict_kind_name(row->verdict->first.kind));
}

static void write_verdict_percent(FILE *stream, const struct row *row)
{
    if (row->verdict != NULL)
        write_real(stream, row->verdict->first.percent);
}

static void write_verdict_summary(FILE *stream, const struct row *row)
{
    char summary[VERDICT_SUMMARY_SIZE];

    if (row->verdict == NULL)
        return;
    verdict_format(summary, &row->verdict->first, 0);
    write_text(stream, summary);
}

enum column_kind {
    COLUMN_WRITTEN, /* by a function of its own */
    COLUMN_TEXT,    /* a member of struct process */
    COLUMN_COUNT,
    COLUMN_REAL,
};

#define MEMBER(name) offsetof(struct process, name)

static const struct column {
    const char *name;
    enum column_kind kind;
    size_t member;
    void (*write)(FILE *stream, const struct row *row);
} columns[] = {
    {"time", .write = write_time},
    {"interval_seconds", .write = write_interval},
    {"pid", .write = write_pid},
    {"parent_pid", .write = write_parent_pid},
    {"user", COLUMN_TEXT, .member = MEMBER(user)},
    {"state", .write = write_state},
    {"cpu_percent", COLUMN_REAL, .member = MEMBER(cpu_percent)},
    {"resident_bytes", COLUMN_COUNT, .member = MEMBER(resident_bytes)},
    {"virtual_bytes", COLUMN_COUNT, .member = MEMBER(virtual_bytes)},
    {"memory_percent", COLUMN_REAL, .member = MEMBER(memory_percent)},
    {"read_bytes_per_second", COLUMN_REAL, .member = MEMBER(read_bytes_per_second)},
    {"write_bytes_per_second", COLUMN_REAL, .member = MEMBER(write_bytes_per_second)},
    {"thread_count", COLUMN_COUNT, .member = MEMBER(thread_count)},
    {"open_file_count", COLUMN_COUNT, .member = MEMBER(open_file_count)},
    {"open_file_limit", COLUMN_COUNT, .member = MEMBER(open_file_limit)},
    {"python_version", .write = write_python_version},
    {"samples", .write = write_samples},
    {"function", .write = write_function},
    {"function_file", .write = write_function_file},
    {"function_line", .write = write_function_line},
    {"function_own_percent", .write = write_function_percent},
    {"verdict", .write = write_verdict},
    {"verdict_percent", .write = write_verdict_percent},
    {"verdict_summary", .write = write_verdict_summary},
    {"command", COLUMN_TEXT, .member = MEMBER(command)},
    {"error", COLUMN_TEXT, .member = MEMBER(error)},
    {"phase", COLUMN_TEXT, .member = MEMBER(phase)},
};

enum {
    COLUMNS = sizeof(columns) / sizeof(columns[0]),
};

static void write_cell(FILE *stream, const struct column *column, const struct row *row)
{
    const char *member = (const char *)row->process + column->member;

    switch (column->kind) {
    case COLUMN_WRITTEN:
        column->write(stream, row);
        break;
    case COLUMN_TEXT:
        write_text(stream, *(const char *const *)(const void *)member);
        break;
    case COLUMN_COUNT:
        write_count(stream, *(const int64_t *)(const void *)member);
        break;
    case COLUMN_REAL:
        write_real(stream, *(const double *)(const void *)member);
        break;
    }
}

static void end_cell(FILE *stream, size_t column)
{
    fputs(column + 1 < COLUMNS ? "," : "\r\n", stream);
}

static void write_header(FILE *stream)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        fputs(columns[i].name, stream);
        end_cell(stream, i);
    }
}

static void write_tick(FILE *stream, const struct tick *tick, const struct call_tree *tree,
                       const struct print_options *options)
{
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *process = &tick->processes[i];
        struct ranking ranking = ranking_of_process(tick, process, tree, options->mode, RANKING_FUNCTIONS);
        struct row row = {.tick = tick, .process = process};
        struct verdict verdict;

        if (ranking.count > 0) {
            row.hottest = &ranking.rows[0];
            row.function = call_tree_function(tree, ranking.rows[0].function);
        }
        if (verdict_of_process(tick, process, tree, &verdict))
            row.verdict = &verdict;
        for (size_t column = 0; column < COLUMNS; column++) {
            write_cell(stream, &columns[column], &row);
            end_cell(stream, column);
        }
        ranking_free(&ranking);
    }
}

const struct format format_csv = {
    .name = "csv",
    .suffix = ".csv",
    .write_header = write_header,
    .write_tick = write_tick,
};

#include "record/reader_parts.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>

/* Milliseconds of a file that anybody may have made, as nanoseconds. */
static int64_t time_of(sqlite3_stmt *statement, int column)
{
    int64_t milliseconds = sqlite3_column_int64(statement, column);
    const int64_t limit = INT64_MAX / (int64_t)NS_PER_MILLISECOND;

    return milliseconds >= 0 && milliseconds < limit ? milliseconds * (int64_t)NS_PER_MILLISECOND : 0;
}

static sqlite3_stmt *bind_span(struct reader *reader, size_t index, int parameter, struct tick_span span)
{
    sqlite3_stmt *statement = reader_statement(reader, index);

    sqlite3_bind_int64(statement, parameter, (int64_t)span.first);
    sqlite3_bind_int64(statement, parameter + 1, (int64_t)span.end - 1);
    return statement;
}

struct tick_span reader_read_points(struct reader *reader, struct tick_span span, size_t most,
                                    struct point_list *series)
{
    sqlite3_stmt *statement = bind_span(reader, READ_SYSTEM_SERIES, 1, span);

    series->count = 0;
    while (series->count < most && reader_step(reader, statement)) {
        series->points =
            memory_grow(series->points, &series->capacity, series->count + 1, sizeof(*series->points));
        series->points[series->count++] = (struct series_point){
            .sequence = (uint64_t)sqlite3_column_int64(statement, 0),
            .time_ns = time_of(statement, 1),
            .interval_ns = (uint64_t)time_of(statement, 2),
            .cpu_percent = reader_real(statement, 3) / 100,
            .memory_bytes = reader_count(statement, 4),
            .read_bytes_per_second = reader_real(statement, 5),
            .write_bytes_per_second = reader_real(statement, 6),
        };
    }
    sqlite3_reset(statement);
    if (series->count == most)
        span.end = series->points[most - 1].sequence + 1;
    return span;
}

static const struct series_point nothing_known = {
    .cpu_percent = UNKNOWN_REAL,
    .memory_bytes = UNKNOWN_COUNT,
    .read_bytes_per_second = UNKNOWN_REAL,
    .write_bytes_per_second = UNKNOWN_REAL,
};

/* Give the points before a tick, from `next` on, the figures that held until then; returns the first that is left. */
static size_t fill_points(struct point_list *series, size_t next, uint64_t before,
                          const struct series_point *figures)
{
    for (; next < series->count && series->points[next].sequence < before; next++) {
        struct series_point *point = &series->points[next];
        point->cpu_percent = figures->cpu_percent;
        point->memory_bytes = figures->memory_bytes;
        point->read_bytes_per_second = figures->read_bytes_per_second;
        point->write_bytes_per_second = figures->write_bytes_per_second;
    }
    return next;
}

void reader_read_figures(struct reader *reader, struct tick_span span, pid_t pid, struct point_list *series)
{
    sqlite3_stmt *statement = bind_span(reader, READ_PROCESS_SERIES, 2, span);
    struct series_point figures = nothing_known;
    size_t next = 0;

    sqlite3_bind_int64(statement, 1, pid);
    while (reader_step(reader, statement)) {
        bool gone = sqlite3_column_type(statement, 1) != SQLITE_NULL;
        next = fill_points(series, next, (uint64_t)sqlite3_column_int64(statement, 0), &figures);
        figures = gone ? nothing_known
                       : (struct series_point){
                             .cpu_percent = reader_real(statement, 2) / 100,
                             .memory_bytes = reader_count(statement, 3),
                             .read_bytes_per_second = reader_real(statement, 4),
                             .write_bytes_per_second = reader_real(statement, 5),
                         };
    }
    fill_points(series, next, UINT64_MAX, &figures);
}

struct error *reader_series(struct reader *reader, struct tick_span span, pid_t pid,
                            struct series_point **points, size_t *count)
{
    struct point_list series = {0};
    struct error *error = reader_begin(reader);

    if (error != NULL)
        return error;
    if (span.first < span.end && span.end <= INT64_MAX) {
        reader_read_points(reader, span, SIZE_MAX, &series);
        if (pid != 0)
            reader_read_figures(reader, span, pid, &series);
    }
    error = reader_end(reader, NULL);
    if (error != NULL) {
        free(series.points);
        return error;
    }
    *points = series.points;
    *count = series.count;
    return NULL;
}

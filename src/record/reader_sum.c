#include "record/reader_parts.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "record/tick_sum.h"

#include <stdlib.h>

enum {
    SERIES_TICKS = 1 << 14, /* that are in memory at once, for figures of a span */
};

/* A row of `thread`. */
struct summed_thread {
    pid_t tid;
    bool is_left_out; /* it is of another process, or not known */
    uint32_t place;   /* of its process */
};

struct reader_sum {
    struct reader *reader;
    pid_t pid; /* 0: all */
    struct tick_sum *ticks;
    struct summed_thread *threads;
    size_t thread_count;
    size_t thread_capacity;
    struct hash_map thread_places; /* by id */
};

/* ---- rows ---- */

static enum thread_state state_of(sqlite3_stmt *statement, int column)
{
    int64_t state = sqlite3_column_int64(statement, column);

    return state >= 0 && state < THREAD_STATES ? (enum thread_state)state : THREAD_OTHER;
}

static uint32_t word_of(sqlite3_stmt *statement, int column)
{
    int64_t number = sqlite3_column_int64(statement, column);

    return number > 0 && number <= UINT32_MAX ? (uint32_t)number : 0;
}

static uint64_t time_of(sqlite3_stmt *statement, int column)
{
    int64_t microseconds = sqlite3_column_int64(statement, column);

    return microseconds > 0 && microseconds < INT64_MAX / 1000 ? (uint64_t)microseconds * 1000 : 0;
}

/* The smallest number has no counterpart: what is turned round later is never that. */
static int64_t growth_of(sqlite3_stmt *statement, int column)
{
    int64_t bytes = sqlite3_column_int64(statement, column);

    return bytes > INT64_MIN ? bytes : 0;
}

static struct summed_thread read_thread(struct reader_sum *sum, uint32_t id)
{
    sqlite3_stmt *statement = reader_statement(sum->reader, READ_THREAD);
    struct summed_thread thread = {.is_left_out = true};
    struct process process = {0};
    uint32_t process_id = 0;

    sqlite3_bind_int64(statement, 1, id);
    if (reader_step(sum->reader, statement)) {
        process_id = word_of(statement, 0);
        thread.tid = (pid_t)(word_of(statement, 1) & INT32_MAX);
    }
    sqlite3_reset(statement);
    struct arena *arena = arena_new();
    if (process_id != 0 && reader_find_process(sum->reader, process_id, &process, arena) &&
        (sum->pid == 0 || process.pid == sum->pid)) {
        thread.is_left_out = false;
        thread.place = tick_sum_place(sum->ticks, &process);
    }
    arena_free(arena);
    return thread;
}

static struct summed_thread find_thread(struct reader_sum *sum, uint32_t id)
{
    const uint32_t *known = hash_map_find(&sum->thread_places, id);

    if (known != NULL)
        return sum->threads[*known];
    hash_map_set(&sum->thread_places, id, (uint32_t)sum->thread_count);
    sum->threads =
        memory_grow(sum->threads, &sum->thread_capacity, sum->thread_count + 1, sizeof(*sum->threads));
    return sum->threads[sum->thread_count++] = read_thread(sum, id);
}

static sqlite3_stmt *bind_rows(const struct reader_sum *sum, size_t index, struct tick_span span)
{
    sqlite3_stmt *statement = reader_statement(sum->reader, index);

    sqlite3_bind_int64(statement, 1, (int64_t)span.first);
    sqlite3_bind_int64(statement, 2, (int64_t)span.end - 1);
    return statement;
}

static void add_counters(struct reader_sum *sum, struct tick_span span)
{
    sqlite3_stmt *statement = bind_rows(sum, READ_PROFILES, span);

    while (reader_step(sum->reader, statement)) {
        struct summed_thread thread = find_thread(sum, word_of(statement, 0));
        const struct profile_counter counter = {
            .node = reader_find_node(sum->reader, word_of(statement, 1)),
            .tid = thread.tid,
            .state = state_of(statement, 2),
            .samples = word_of(statement, 3),
            .wall_ns = time_of(statement, 4),
            .cpu_ns = time_of(statement, 5),
            .memory_growth_bytes = growth_of(statement, 6),
        };
        if (!thread.is_left_out)
            tick_sum_add_counter(sum->ticks, thread.place, &counter);
    }
}

static void add_waits(struct reader_sum *sum, struct tick_span span)
{
    sqlite3_stmt *statement = bind_rows(sum, READ_WAITS, span);

    while (reader_step(sum->reader, statement)) {
        struct summed_thread thread = find_thread(sum, word_of(statement, 0));
        int64_t fd = sqlite3_column_int64(statement, 3);
        if (thread.is_left_out)
            continue;
        struct arena *arena = arena_new();
        const struct profile_wait wait = {
            .node = reader_find_node(sum->reader, word_of(statement, 1)),
            .tid = thread.tid,
            .state = state_of(statement, 2),
            .fd = fd >= 0 && fd <= INT32_MAX ? (int)fd : -1,
            .lock_address = (uint64_t)sqlite3_column_int64(statement, 4),
            .description = reader_find_text(sum->reader, word_of(statement, 5), arena),
            .samples = word_of(statement, 6),
            .wall_ns = time_of(statement, 7),
        };
        tick_sum_add_wait(sum->ticks, thread.place, &wait);
        arena_free(arena);
    }
}

/* ---- ticks ---- */

void reader_sum_add_tick(struct reader_sum *sum, const struct tick *tick)
{
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *process = &tick->processes[i];
        if (process->profile != NULL && (sum->pid == 0 || process->pid == sum->pid))
            tick_sum_add_process(sum->ticks, process);
    }
}

/* Add ticks one by one, where the span has a part of a segment only. */
static struct error *add_ticks(struct reader_sum *sum, struct tick_span span)
{
    struct error *error = NULL;

    for (uint64_t sequence = span.first; error == NULL && sequence < span.end; sequence++) {
        struct tick *tick = reader_decode_tick(sum->reader, sequence, &error);
        if (tick != NULL)
            reader_sum_add_tick(sum, tick);
        tick_free(tick);
    }
    return error;
}

/* The part of a span that is made of whole segments and single ticks. */
static struct tick_span whole_part(struct reader *reader, struct tick_span span)
{
    struct tick_span segment, whole = span;

    if (reader_find_segment(reader, span.first, &segment) && segment.first < span.first)
        whole.first = segment.end < span.end ? segment.end : span.end;
    if (whole.first < span.end && reader_find_segment(reader, span.end - 1, &segment) &&
        segment.end > span.end)
        whole.end = segment.first > whole.first ? segment.first : whole.first;
    return whole;
}

static struct error *add_span(struct reader_sum *sum, struct tick_span span)
{
    struct tick_span whole = whole_part(sum->reader, span);
    struct error *error = add_ticks(sum, (struct tick_span){span.first, whole.first});

    if (error == NULL && whole.first < whole.end) {
        add_counters(sum, whole);
        add_waits(sum, whole);
    }
    if (error == NULL && whole.end < span.end)
        error = add_ticks(sum, (struct tick_span){whole.end, span.end});
    return error;
}

/* ---- figures ---- */

/* A mean over time of what is known. */
struct mean {
    double sum;
    double seconds;
};

/* What the rows for charts say of a process in the span. */
struct figures {
    struct mean cpu;
    struct mean reads;
    struct mean writes;
    int64_t resident_bytes; /* the last */
};

static void mean_add(struct mean *mean, double value, double seconds)
{
    if (!real_is_known(value))
        return;
    mean->sum += value * seconds;
    mean->seconds += seconds;
}

static double mean_of(const struct mean *mean)
{
    return mean->seconds > 0 ? mean->sum / mean->seconds : UNKNOWN_REAL;
}

static void add_figures(struct figures *figures, const struct point_list *series)
{
    for (size_t i = 0; i < series->count; i++) {
        const struct series_point *point = &series->points[i];
        double seconds = (double)point->interval_ns / (double)NS_PER_SECOND;
        mean_add(&figures->cpu, point->cpu_percent, seconds);
        mean_add(&figures->reads, point->read_bytes_per_second, seconds);
        mean_add(&figures->writes, point->write_bytes_per_second, seconds);
        if (count_is_known(point->memory_bytes))
            figures->resident_bytes = point->memory_bytes;
    }
}

static void fill_figures(struct process *process, const struct figures *figures)
{
    process->cpu_percent = mean_of(&figures->cpu);
    process->read_bytes_per_second = mean_of(&figures->reads);
    process->write_bytes_per_second = mean_of(&figures->writes);
    process->resident_bytes = figures->resident_bytes;
}

static void sum_figures(struct reader *reader, struct tick *tick, struct process *processes,
                        struct tick_span span)
{
    struct figures *figures = memory_allocate(tick->process_count, sizeof(*figures));
    struct point_list series = {0};

    for (size_t i = 0; i < tick->process_count; i++)
        figures[i].resident_bytes = UNKNOWN_COUNT;
    tick->interval_ns = 0;
    while (span.first < span.end) {
        struct tick_span part = reader_read_points(reader, span, SERIES_TICKS, &series);
        span.first = part.end;
        for (size_t i = 0; i < series.count; i++)
            tick->interval_ns += series.points[i].interval_ns;
        for (size_t i = 0; i < tick->process_count; i++) {
            reader_read_figures(reader, part, processes[i].pid, &series);
            add_figures(&figures[i], &series);
        }
    }
    for (size_t i = 0; i < tick->process_count; i++)
        fill_figures(&processes[i], &figures[i]);
    free(figures);
    free(series.points);
}

/* ---- all of it ---- */

struct reader_sum *reader_sum_new(struct reader *reader, pid_t pid)
{
    struct reader_sum *sum = memory_allocate(1, sizeof(*sum));

    sum->reader = reader;
    sum->pid = pid;
    sum->ticks = tick_sum_new();
    return sum;
}

void reader_sum_free(struct reader_sum *sum)
{
    if (sum == NULL)
        return;
    tick_sum_free(sum->ticks);
    hash_map_free(&sum->thread_places);
    free(sum->threads);
    free(sum);
}

static struct tick_span readable_part(const struct reader *reader, struct tick_span span)
{
    span.first = span.first < reader->ticks.first ? reader->ticks.first : span.first;
    span.end = span.end > reader->ticks.end ? reader->ticks.end : span.end;
    return span;
}

/* The last tick of the span lends the sum its machine, its time and its number. */
static struct error *finish(const struct reader_sum *sum, struct tick_span span, struct tick **tick)
{
    struct error *error = NULL;
    uint64_t last;
    int64_t time_ms;

    *tick = NULL;
    if (span.first < span.end && reader_find_at_or_before(sum->reader, span.end - 1, &last, &time_ms))
        *tick = reader_decode_tick(sum->reader, last, &error);
    if (error != NULL)
        return error;
    if (*tick == NULL)
        *tick = tick_new();
    struct process *processes = tick_sum_finish(sum->ticks, *tick);
    sum_figures(sum->reader, *tick, processes, span);
    return NULL;
}

static struct error *end(struct reader *reader, struct error *error, struct tick **tick)
{
    error = reader_end(reader, error);
    if (error != NULL) {
        tick_free(*tick);
        *tick = NULL;
    }
    return error;
}

struct error *reader_sum_finish(const struct reader_sum *sum, struct tick_span span, struct tick **tick)
{
    struct error *error = reader_begin(sum->reader);

    *tick = NULL;
    if (error != NULL)
        return error;
    error = finish(sum, readable_part(sum->reader, span), tick);
    return end(sum->reader, error, tick);
}

struct error *reader_sum(struct reader *reader, struct tick_span span, pid_t pid, struct tick **tick)
{
    struct error *error = reader_begin(reader);

    *tick = NULL;
    if (error != NULL)
        return error;
    struct reader_sum *sum = reader_sum_new(reader, pid);
    span = readable_part(reader, span);
    reader_load_tree(reader);
    error = span.first < span.end ? add_span(sum, span) : NULL;
    if (error == NULL)
        error = finish(sum, span, tick);
    error = end(reader, error, tick);
    reader_sum_free(sum);
    return error;
}

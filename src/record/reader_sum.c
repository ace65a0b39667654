#include "record/reader_parts.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* A process of a span with what was counted so far. */
struct summed_process {
    struct process process;
    struct profile profile; /* its counters and waits are in the two arrays */
    struct profile_counter *counters;
    size_t counter_capacity;
    struct profile_wait *waits;
    size_t wait_capacity;
};

struct summing {
    struct reader *reader;
    struct tick *tick; /* that is being built */
    pid_t pid;         /* 0: all */
    struct summed_process *processes;
    size_t count;
    size_t capacity;
    struct hash_map by_id;       /* ids of the table `process` */
    struct hash_map by_identity; /* pid and start */
    struct hash_map counters;    /* by what they are of, hashed */
    struct hash_map waits;
};

/* ---- processes ---- */

static uint64_t identity_of(const struct process *process)
{
    return hash_u64((uint64_t)process->pid) ^ process->start_ticks;
}

/* The place of a process, under whichever description it was recorded; the newest description is kept. */
static uint32_t place_process(struct summing *summing, const struct process *process)
{
    const uint32_t *known = hash_map_find(&summing->by_identity, identity_of(process));

    if (known != NULL) {
        summing->processes[*known].process = *process;
        return *known;
    }
    uint32_t place = (uint32_t)summing->count++;
    summing->processes =
        memory_grow(summing->processes, &summing->capacity, summing->count, sizeof(*summing->processes));
    summing->processes[place] = (struct summed_process){.process = *process};
    hash_map_set(&summing->by_identity, identity_of(process), place);
    return place;
}

static struct summed_process *summed_with_id(struct summing *summing, int64_t id)
{
    const uint32_t *known = hash_map_find(&summing->by_id, (uint64_t)id);
    struct process process = {0};

    if (known != NULL)
        return &summing->processes[*known];
    if (id <= 0 || id > UINT32_MAX ||
        !reader_find_process(summing->reader, (uint32_t)id, &process, summing->tick->arena))
        return NULL;
    uint32_t place = place_process(summing, &process);
    hash_map_set(&summing->by_id, (uint64_t)id, place);
    return &summing->processes[place];
}

/* ---- adding ---- */

static uint64_t counter_key(const struct summing *summing, const struct summed_process *process,
                            uint32_t node, pid_t tid, enum thread_state state)
{
    uint64_t place = (uint64_t)(process - summing->processes);

    return hash_u64(hash_u64(hash_u64(place << 8 | state) ^ (uint64_t)tid) ^ node);
}

static void add_counter(struct summing *summing, struct summed_process *process,
                        const struct profile_counter *counter)
{
    uint64_t key = counter_key(summing, process, counter->node, counter->tid, counter->state);
    const uint32_t *known = hash_map_find(&summing->counters, key);

    process->profile.samples += counter->samples;
    if (known != NULL && *known < process->profile.counter_count) {
        struct profile_counter *sum = &process->counters[*known];
        sum->samples += counter->samples;
        sum->wall_ns += counter->wall_ns;
        sum->cpu_ns += counter->cpu_ns;
        sum->memory_growth_bytes = amount_add(sum->memory_growth_bytes, counter->memory_growth_bytes);
        return;
    }
    size_t place = process->profile.counter_count++;
    process->counters =
        memory_grow(process->counters, &process->counter_capacity, place + 1, sizeof(*process->counters));
    process->counters[place] = *counter;
    hash_map_set(&summing->counters, key, (uint32_t)place);
}

static void add_wait(struct summing *summing, struct summed_process *process, const struct profile_wait *wait)
{
    const char *description = wait->description != NULL ? wait->description : "";
    uint64_t key = counter_key(summing, process, wait->node, wait->tid, wait->state);

    key = hash_u64(hash_u64(key ^ (uint64_t)wait->fd) ^ wait->lock_address);
    key = hash_bytes(description, strlen(description), key);
    const uint32_t *known = hash_map_find(&summing->waits, key);
    if (known != NULL && *known < process->profile.wait_count) {
        process->waits[*known].samples += wait->samples;
        process->waits[*known].wall_ns += wait->wall_ns;
        return;
    }
    size_t place = process->profile.wait_count++;
    process->waits = memory_grow(process->waits, &process->wait_capacity, place + 1, sizeof(*process->waits));
    process->waits[place] = *wait;
    if (wait->description != NULL)
        process->waits[place].description =
            arena_copy_text(summing->tick->arena, wait->description, strlen(wait->description));
    hash_map_set(&summing->waits, key, (uint32_t)place);
}

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

static sqlite3_stmt *bind_sums(const struct summing *summing, size_t index, struct tick_span span)
{
    sqlite3_stmt *statement = reader_statement(summing->reader, index);

    sqlite3_bind_int64(statement, 1, (int64_t)span.first);
    sqlite3_bind_int64(statement, 2, (int64_t)span.end - 1);
    sqlite3_bind_int64(statement, 3, summing->pid);
    return statement;
}

/* Add the rows of whole segments and of ticks that are not packed yet. */
static void add_rows(struct summing *summing, struct tick_span span)
{
    if (span.first >= span.end)
        return;
    sqlite3_stmt *statement = bind_sums(summing, READ_PROFILE_SUMS, span);
    while (reader_step(summing->reader, statement)) {
        struct summed_process *process = summed_with_id(summing, sqlite3_column_int64(statement, 0));
        const struct profile_counter counter = {
            .node = reader_find_node(summing->reader, word_of(statement, 2)),
            .tid = (pid_t)(word_of(statement, 1) & INT32_MAX),
            .state = state_of(statement, 3),
            .samples = word_of(statement, 4),
            .wall_ns = time_of(statement, 5),
            .cpu_ns = time_of(statement, 6),
            .memory_growth_bytes = growth_of(statement, 7),
        };
        if (process != NULL)
            add_counter(summing, process, &counter);
    }
    statement = bind_sums(summing, READ_WAIT_SUMS, span);
    while (reader_step(summing->reader, statement)) {
        struct summed_process *process = summed_with_id(summing, sqlite3_column_int64(statement, 0));
        int64_t fd = sqlite3_column_int64(statement, 4);
        const struct profile_wait wait = {
            .node = reader_find_node(summing->reader, word_of(statement, 2)),
            .tid = (pid_t)(word_of(statement, 1) & INT32_MAX),
            .state = state_of(statement, 3),
            .fd = fd >= 0 && fd <= INT32_MAX ? (int)fd : -1,
            .lock_address = (uint64_t)sqlite3_column_int64(statement, 5),
            .description = reader_text(statement, 6, summing->tick->arena),
            .samples = word_of(statement, 7),
            .wall_ns = time_of(statement, 8),
        };
        if (process != NULL)
            add_wait(summing, process, &wait);
    }
}

/* A description of a process that outlives the tick that it is from. */
static struct process copy_identity(const struct process *from, struct arena *arena)
{
    struct process copy = *from;

    copy.user = arena_copy_text(arena, from->user, strlen(from->user));
    copy.name = arena_copy_text(arena, from->name, strlen(from->name));
    copy.command = arena_copy_text(arena, from->command, strlen(from->command));
    if (from->python == NULL)
        return copy;
    struct python_info *python = arena_allocate(arena, 1, sizeof(*python));
    *python = *from->python;
    python->implementation = arena_copy_text(arena, python->implementation, strlen(python->implementation));
    if (python->version != NULL)
        python->version = arena_copy_text(arena, python->version, strlen(python->version));
    copy.python = python;
    return copy;
}

static void add_process(struct summing *summing, const struct process *process)
{
    const struct process identity = copy_identity(process, summing->tick->arena);
    uint32_t place = place_process(summing, &identity);
    struct summed_process *sum = &summing->processes[place];

    for (size_t i = 0; i < process->profile->counter_count; i++)
        add_counter(summing, sum, &process->profile->counters[i]);
    for (size_t i = 0; i < process->profile->wait_count; i++)
        add_wait(summing, sum, &process->profile->waits[i]);
}

/* Add ticks one by one, where the span has a part of a segment only. */
static struct error *add_ticks(struct summing *summing, struct tick_span span)
{
    struct error *error = NULL;

    for (uint64_t sequence = span.first; error == NULL && sequence < span.end; sequence++) {
        struct tick *tick = reader_decode_tick(summing->reader, sequence, &error);
        for (size_t i = 0; tick != NULL && i < tick->process_count; i++) {
            const struct process *process = &tick->processes[i];
            if (process->profile != NULL && (summing->pid == 0 || process->pid == summing->pid))
                add_process(summing, process);
        }
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

/* ---- figures ---- */

static void forget_figures(struct process *process)
{
    process->state = '\0';
    process->resident_bytes = process->shared_bytes = process->virtual_bytes = UNKNOWN_COUNT;
    process->anonymous_bytes = process->file_bytes = process->shared_memory_bytes = UNKNOWN_COUNT;
    process->swap_bytes = process->proportional_bytes = UNKNOWN_COUNT;
    process->thread_count = process->open_file_count = process->open_file_limit = UNKNOWN_COUNT;
    process->cpu_percent = process->cpu_seconds = process->memory_percent = UNKNOWN_REAL;
    process->growth_bytes_per_second = process->minor_faults_per_second = UNKNOWN_REAL;
    process->major_faults_per_second = process->open_file_growth_per_second = UNKNOWN_REAL;
    process->read_bytes_per_second = process->write_bytes_per_second = UNKNOWN_REAL;
    process->runnable_percent = process->throttled_percent = UNKNOWN_REAL;
    process->open_file_growth_by_kind = NULL;
    process->error = process->phase = NULL;
    process->collector = NULL;
    process->threads = NULL;
    process->thread_detail_count = 0;
    process->open_files = NULL;
    process->open_file_detail_count = 0;
    process->open_files_listed = process->open_files_complete = false;
}

/* A mean over time of what is known. */
struct mean {
    double sum;
    double seconds;
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

static void add_figures(struct process *process, const struct point_list *series)
{
    struct mean cpu = {0}, reads = {0}, writes = {0};

    for (size_t i = 0; i < series->count; i++) {
        const struct series_point *point = &series->points[i];
        double seconds = (double)point->interval_ns / (double)NS_PER_SECOND;
        mean_add(&cpu, point->cpu_percent, seconds);
        mean_add(&reads, point->read_bytes_per_second, seconds);
        mean_add(&writes, point->write_bytes_per_second, seconds);
        if (count_is_known(point->memory_bytes))
            process->resident_bytes = point->memory_bytes;
    }
    process->cpu_percent = mean_of(&cpu);
    process->read_bytes_per_second = mean_of(&reads);
    process->write_bytes_per_second = mean_of(&writes);
}

/* What the rows for charts say of the span and its processes. */
static void sum_figures(struct summing *summing, struct process *processes, struct tick_span span)
{
    struct point_list series = {0};

    reader_read_points(summing->reader, span, &series);
    for (size_t i = 0; i < series.count; i++)
        summing->tick->interval_ns += series.points[i].interval_ns;
    for (size_t i = 0; i < summing->count; i++) {
        forget_figures(&processes[i]);
        reader_read_figures(summing->reader, span, processes[i].pid, &series);
        add_figures(&processes[i], &series);
    }
    free(series.points);
}

/* ---- the sum as a tick ---- */

static int compare_pids(const void *left, const void *right)
{
    const struct process *a = left, *b = right;

    return (a->pid > b->pid) - (a->pid < b->pid);
}

static void finish_profile(struct summed_process *sum, struct arena *arena)
{
    struct profile *profile = arena_allocate(arena, 1, sizeof(*profile));

    *profile = sum->profile;
    profile->rate_hz = profile->cpu_percent = UNKNOWN_REAL;
    profile->counters = arena_copy(arena, sum->counters, profile->counter_count, sizeof(*profile->counters));
    profile->waits = arena_copy(arena, sum->waits, profile->wait_count, sizeof(*profile->waits));
    sum->process.profile = profile;
}

static void finish_processes(struct summing *summing, struct tick_span span)
{
    struct tick *tick = summing->tick;
    struct process *processes = arena_allocate(tick->arena, summing->count, sizeof(*processes));

    for (size_t i = 0; i < summing->count; i++) {
        finish_profile(&summing->processes[i], tick->arena);
        processes[i] = summing->processes[i].process;
    }
    if (summing->count > 1)
        qsort(processes, summing->count, sizeof(*processes), compare_pids);
    sum_figures(summing, processes, span);
    tick->processes = processes;
    tick->process_count = summing->count;
}

/* The last tick of the span lends the sum its machine, its time and its number; returns what failed. */
static struct error *begin_sum(struct summing *summing, struct tick_span span)
{
    struct error *error = NULL;
    uint64_t last;
    int64_t time_ms;

    summing->tick = NULL;
    if (span.first < span.end && reader_find_at_or_before(summing->reader, span.end - 1, &last, &time_ms))
        summing->tick = reader_decode_tick(summing->reader, last, &error);
    if (error == NULL && summing->tick == NULL)
        summing->tick = tick_new();
    if (summing->tick != NULL) {
        summing->tick->interval_ns = 0;
        summing->tick->process_count = 0;
    }
    return error;
}

static void release(struct summing *summing)
{
    for (size_t i = 0; i < summing->count; i++) {
        free(summing->processes[i].counters);
        free(summing->processes[i].waits);
    }
    free(summing->processes);
    hash_map_free(&summing->by_id);
    hash_map_free(&summing->by_identity);
    hash_map_free(&summing->counters);
    hash_map_free(&summing->waits);
}

static struct error *sum_profiles(struct summing *summing, struct tick_span span)
{
    struct error *error = begin_sum(summing, span);

    if (error != NULL)
        return error;
    struct tick_span whole = whole_part(summing->reader, span);
    error = add_ticks(summing, (struct tick_span){span.first, whole.first});
    if (error == NULL)
        add_rows(summing, whole);
    if (error == NULL && whole.end < span.end)
        error = add_ticks(summing, (struct tick_span){whole.end, span.end});
    return error;
}

struct error *reader_sum(struct reader *reader, struct tick_span span, pid_t pid, struct tick **result)
{
    struct summing summing = {.reader = reader, .pid = pid};
    struct error *error = reader_begin(reader);

    if (error != NULL)
        return error;
    if (span.first < reader->ticks.first)
        span.first = reader->ticks.first;
    if (span.end > reader->ticks.end)
        span.end = reader->ticks.end;
    reader_load_tree(reader);
    error = sum_profiles(&summing, span);
    if (error == NULL)
        finish_processes(&summing, span);
    error = reader_end(reader, error);
    release(&summing);
    if (error != NULL) {
        tick_free(summing.tick);
        return error;
    }
    *result = summing.tick;
    return NULL;
}

#include "record/writer.h"

#include "base/clock.h"
#include "base/memory.h"
#include "model/series.h"
#include "record/create.h"
#include "record/known.h"
#include "record/profile_codec.h"
#include "record/schema.h"
#include "record/segment_codec.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    MAX_SEGMENT_BYTES = 4 << 20, /* more than so many are packed at once, however few ticks they are */
};

enum {
    BEGIN = KNOWN_STATEMENTS,
    COMMIT,
    INSERT_TICK,
    INSERT_TICK_DATA,
    ADD_PROFILE,
    ADD_WAIT,
    INSERT_SEGMENT,
    SUM_PROFILE,
    DROP_SUMMED_PROFILE,
    SUM_WAIT,
    DROP_SUMMED_WAIT,
    DROP_TICK_DATA,
    FIND_OLDEST_SEGMENT,
    DROP_SEGMENT,
    DROP_TICKS,
    DROP_PROFILE,
    DROP_WAIT,
    KEEP_LAST_FIGURES,
    DROP_PROCESS_TICKS,
    DROP_OPEN_FILES,
    DROP_PROCESSES,
    END,
    STATEMENTS,
};

static const char *const statements[STATEMENTS] = {
    NAMES_SQL,
    KNOWN_SQL,
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [INSERT_TICK] = "INSERT INTO tick VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [INSERT_TICK_DATA] = "INSERT INTO tick_data VALUES (?, ?)",
    /* Two states of a thread in two interpreters can come to the same row. */
    [ADD_PROFILE] = "INSERT INTO profile VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                    "samples = samples + excluded.samples, wall_us = wall_us + excluded.wall_us, "
                    "cpu_us = cpu_us + excluded.cpu_us, "
                    "memory_growth_bytes = memory_growth_bytes + excluded.memory_growth_bytes",
    [ADD_WAIT] = "INSERT INTO wait VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                 "samples = samples + excluded.samples, wall_us = wall_us + excluded.wall_us",
    [INSERT_SEGMENT] = "INSERT INTO segment VALUES (?, ?, ?, ?)",
    [SUM_PROFILE] =
        "INSERT OR REPLACE INTO profile SELECT ?1, thread, node, state, sum(samples), sum(wall_us), "
        "sum(cpu_us), sum(memory_growth_bytes) FROM profile WHERE tick BETWEEN ?1 AND ?2 "
        "GROUP BY thread, node, state",
    [DROP_SUMMED_PROFILE] = "DELETE FROM profile WHERE tick > ?1 AND tick <= ?2",
    [SUM_WAIT] = "INSERT OR REPLACE INTO wait SELECT ?1, thread, node, state, fd, lock_address, description, "
                 "sum(samples), sum(wall_us) FROM wait WHERE tick BETWEEN ?1 AND ?2 "
                 "GROUP BY thread, node, state, fd, lock_address, description",
    [DROP_SUMMED_WAIT] = "DELETE FROM wait WHERE tick > ?1 AND tick <= ?2",
    [DROP_TICK_DATA] = "DELETE FROM tick_data WHERE tick BETWEEN ?1 AND ?2",
    [FIND_OLDEST_SEGMENT] =
        "SELECT first_tick, last_tick, time_ms FROM segment JOIN tick ON tick = last_tick "
        "ORDER BY first_tick LIMIT 1",
    [DROP_SEGMENT] = "DELETE FROM segment WHERE first_tick = ?1",
    [DROP_TICKS] = "DELETE FROM tick WHERE tick <= ?1",
    [DROP_PROFILE] = "DELETE FROM profile WHERE tick <= ?1",
    [DROP_WAIT] = "DELETE FROM wait WHERE tick <= ?1",
    /* A process has a row only where its figures changed: the last of those that are dropped moves on. */
    [KEEP_LAST_FIGURES] =
        "INSERT OR IGNORE INTO process_tick SELECT process, ?1 + 1, cpu_centipercent, resident_bytes, "
        "read_bytes_per_second, write_bytes_per_second, thread_count, open_file_count, NULL "
        "FROM process_tick AS old WHERE tick <= ?1 AND gone IS NULL AND tick = (SELECT max(tick) "
        "FROM process_tick WHERE process = old.process AND tick <= ?1)",
    [DROP_PROCESS_TICKS] = "DELETE FROM process_tick WHERE tick <= ?1",
    [DROP_OPEN_FILES] = "DELETE FROM open_file WHERE last_tick <= ?1",
    [DROP_PROCESSES] = "DELETE FROM process WHERE ?1 >= 0 AND id NOT IN (SELECT process FROM process_tick)",
    [END] = "UPDATE recording SET end_time_ns = ?, exit_status = ?, real_seconds = ?, user_seconds = ?, "
            "system_seconds = ?, peak_resident_bytes = ?, minor_faults = ?, major_faults = ?, "
            "voluntary_switches = ?, involuntary_switches = ?, storage_read_bytes = ?, "
            "storage_write_bytes = ?",
};

struct writer {
    struct database database;
    struct names names;
    struct known known;
    const struct call_tree *tree; /* of the tick that is being written */
    bool begun;                   /* the first tick, which says where it was recorded, has come */

    uint64_t sequence; /* of the next tick */

    struct open_segment segment; /* the ticks since the last segment */
    uint64_t segment_first;
    struct bytes packed; /* room for a segment that is being packed */

    int64_t max_size_bytes;
    uint64_t keep_ns;
    int64_t last_time_ns;
};

static sqlite3_stmt *statement_of(const struct writer *writer, size_t index)
{
    return database_statement(&writer->database, index);
}

static void run(struct writer *writer, sqlite3_stmt *statement)
{
    database_step(&writer->database, statement);
}

/* Run a statement on the ticks from `first` to `last`; one that has a single parameter takes `last`, as ?1. */
static void run_on_ticks(struct writer *writer, size_t index, uint64_t first, uint64_t last)
{
    sqlite3_stmt *statement = statement_of(writer, index);
    bool has_both = sqlite3_bind_parameter_count(statement) == 2;

    sqlite3_bind_int64(statement, 1, (int64_t)(has_both ? first : last));
    if (has_both)
        sqlite3_bind_int64(statement, 2, (int64_t)last);
    run(writer, statement);
}

struct error *writer_open(struct writer **result, const struct writer_options *options)
{
    struct writer *writer = memory_allocate(1, sizeof(*writer));
    struct error *error = recording_create(&writer->database, options, statements, STATEMENTS);

    if (error != NULL) {
        free(writer);
        return error;
    }
    writer->max_size_bytes = options->max_size_bytes;
    writer->keep_ns = options->keep_ns;
    writer->names.database = &writer->database;
    writer->names.are_dropped = options->keep_ns > 0 || options->max_size_bytes > 0;
    writer->known.names = &writer->names;
    *result = writer;
    return NULL;
}

/* ---- ids for the bytes of a tick ---- */

static uint32_t text_id(void *context, const char *text)
{
    return names_text(&((struct writer *)context)->names, text);
}

static uint32_t process_id(void *context, const struct process *process)
{
    return known_process_id(&((struct writer *)context)->known, process->pid);
}

static uint32_t node_id(void *context, uint32_t node)
{
    struct writer *writer = context;

    return names_node(&writer->names, writer->tree, node);
}

static uint32_t open_file_id(void *context, const struct process *process, const struct open_file *file)
{
    return known_open_file_id(&((struct writer *)context)->known, process->pid, file->fd);
}

/* ---- rows of a tick ---- */

/* What goes through the loopback device leaves no machine. */
static double sum_networks(const struct system_usage *system, bool receives)
{
    double sum = system->network_count > 0 ? 0 : UNKNOWN_REAL;

    for (size_t i = 0; i < system->network_count; i++) {
        const struct network_usage *network = &system->networks[i];
        if (strcmp(network->name, "lo") != 0)
            sum += receives ? network->receive_bytes_per_second : network->transmit_bytes_per_second;
    }
    return sum;
}

static void insert_tick(struct writer *writer, const struct tick *tick)
{
    sqlite3_stmt *statement = statement_of(writer, INSERT_TICK);
    const struct system_usage *system = &tick->system;
    struct series_point machine = series_point_of(tick, 0);

    sqlite3_bind_int64(statement, 1, (int64_t)writer->sequence);
    sqlite3_bind_int64(statement, 2, tick->time_ns / (int64_t)NS_PER_MILLISECOND);
    sqlite3_bind_int64(statement, 3, (int64_t)(tick->interval_ns / NS_PER_MILLISECOND));
    database_bind_rounded(statement, 4, machine.cpu_percent * 100);
    database_bind_count(statement, 5, machine.memory_bytes);
    database_bind_count(statement, 6, system->memory.swap_used_bytes);
    database_bind_rounded(statement, 7, machine.read_bytes_per_second);
    database_bind_rounded(statement, 8, machine.write_bytes_per_second);
    database_bind_rounded(statement, 9, sum_networks(system, true));
    database_bind_rounded(statement, 10, sum_networks(system, false));
    run(writer, statement);
}

static void add_counter(struct writer *writer, pid_t pid, const struct profile_counter *counter)
{
    sqlite3_stmt *statement = statement_of(writer, ADD_PROFILE);

    sqlite3_bind_int64(statement, 1, (int64_t)writer->sequence);
    sqlite3_bind_int64(statement, 2, known_thread_id(&writer->known, pid, counter->tid));
    sqlite3_bind_int64(statement, 3, node_id(writer, counter->node));
    sqlite3_bind_int64(statement, 4, counter->state);
    sqlite3_bind_int64(statement, 5, counter->samples);
    sqlite3_bind_int64(statement, 6, (int64_t)profile_microseconds(counter->wall_ns));
    sqlite3_bind_int64(statement, 7, (int64_t)profile_microseconds(counter->cpu_ns));
    sqlite3_bind_int64(statement, 8, counter->memory_growth_bytes);
    run(writer, statement);
}

static void add_wait(struct writer *writer, pid_t pid, const struct profile_wait *wait)
{
    sqlite3_stmt *statement = statement_of(writer, ADD_WAIT);

    sqlite3_bind_int64(statement, 1, (int64_t)writer->sequence);
    sqlite3_bind_int64(statement, 2, known_thread_id(&writer->known, pid, wait->tid));
    sqlite3_bind_int64(statement, 3, node_id(writer, wait->node));
    sqlite3_bind_int64(statement, 4, wait->state);
    sqlite3_bind_int64(statement, 5, wait->fd);
    sqlite3_bind_int64(statement, 6, (int64_t)wait->lock_address);
    sqlite3_bind_int64(statement, 7, wait->description != NULL ? text_id(writer, wait->description) : 0);
    sqlite3_bind_int64(statement, 8, wait->samples);
    sqlite3_bind_int64(statement, 9, (int64_t)profile_microseconds(wait->wall_ns));
    run(writer, statement);
}

static void add_profiles(struct writer *writer, const struct tick *tick)
{
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct profile *profile = tick->processes[i].profile;
        for (size_t j = 0; profile != NULL && j < profile->counter_count; j++)
            add_counter(writer, tick->processes[i].pid, &profile->counters[j]);
        for (size_t j = 0; profile != NULL && j < profile->wait_count; j++)
            add_wait(writer, tick->processes[i].pid, &profile->waits[j]);
    }
}

static void insert_data(struct writer *writer, const struct tick *tick)
{
    const struct encode_names names = {
        .texts = {.context = writer, .id_of = text_id},
        .context = writer,
        .process_id = process_id,
        .node_id = node_id,
        .open_file_id = open_file_id,
    };
    size_t begin = segment_append(&writer->segment, tick, &names);
    const struct bytes *bytes = &writer->segment.bytes;

    sqlite3_stmt *statement = statement_of(writer, INSERT_TICK_DATA);
    sqlite3_bind_int64(statement, 1, (int64_t)writer->sequence);
    sqlite3_bind_blob64(statement, 2, bytes->start + begin, bytes->length - begin, SQLITE_STATIC);
    run(writer, statement);
}

/* ---- segments ---- */

/* Put the ticks since the last segment into one, compressed together, and add up their rows. */
static void pack_segment(struct writer *writer)
{
    uint64_t first = writer->segment_first, last = first + writer->segment.count - 1;
    sqlite3_stmt *statement = statement_of(writer, INSERT_SEGMENT);
    struct bytes *packed = &writer->packed;

    packed->length = 0;
    segment_pack(packed, &writer->segment);
    uLongf length = compressBound(packed->length);
    unsigned char *data = memory_allocate(length, 1);
    compress2(data, &length, packed->start, packed->length, Z_DEFAULT_COMPRESSION);
    sqlite3_bind_int64(statement, 1, (int64_t)first);
    sqlite3_bind_int64(statement, 2, (int64_t)last);
    sqlite3_bind_int64(statement, 3, (int64_t)packed->length);
    sqlite3_bind_blob64(statement, 4, data, length, SQLITE_STATIC);
    run(writer, statement);
    free(data);
    run_on_ticks(writer, SUM_PROFILE, first, last);
    run_on_ticks(writer, DROP_SUMMED_PROFILE, first, last);
    run_on_ticks(writer, SUM_WAIT, first, last);
    run_on_ticks(writer, DROP_SUMMED_WAIT, first, last);
    run_on_ticks(writer, DROP_TICK_DATA, first, last);
    segment_clear(&writer->segment);
    writer->segment_first = last + 1;
}

/* ---- dropping what is old ---- */

static int64_t used_bytes(const struct writer *writer)
{
    int64_t pages = database_number(&writer->database, "PRAGMA page_count", 0);
    int64_t free_pages = database_number(&writer->database, "PRAGMA freelist_count", 0);

    return (pages - free_pages) * database_number(&writer->database, "PRAGMA page_size", 0);
}

static bool find_oldest_segment(struct writer *writer, uint64_t *first, uint64_t *last, int64_t *time_ns)
{
    sqlite3_stmt *statement = statement_of(writer, FIND_OLDEST_SEGMENT);
    bool found = sqlite3_step(statement) == SQLITE_ROW;

    *first = (uint64_t)sqlite3_column_int64(statement, 0);
    *last = (uint64_t)sqlite3_column_int64(statement, 1);
    *time_ns = sqlite3_column_int64(statement, 2) * (int64_t)NS_PER_MILLISECOND;
    sqlite3_reset(statement);
    return found;
}

/* Drop what only ticks up to `last` use. What the newest tick uses stays, even when that is among them: threads that live
 * are known by their ids. */
static void drop_names(struct writer *writer, uint64_t last)
{
    uint64_t newest = writer->sequence - 1;

    if (newest == 0)
        return;
    last = last < newest ? last : newest - 1;
    known_drop(&writer->known, last);
    names_drop(&writer->names, last);
}

/* Drop the oldest segments that are too much; the room that they leave is used again. A part of the size is kept free:
 * the file has grown already when it shows. */
static void drop_old_segments(struct writer *writer)
{
    if (writer->keep_ns == 0 && writer->max_size_bytes == 0)
        return;
    uint64_t first, last;
    int64_t time_ns;

    while (find_oldest_segment(writer, &first, &last, &time_ns) &&
           writer->database.failed_code == SQLITE_OK) {
        bool is_old = writer->keep_ns > 0 && writer->last_time_ns - time_ns > (int64_t)writer->keep_ns;
        bool is_big = writer->max_size_bytes > 0 && used_bytes(writer) > writer->max_size_bytes / 8 * 7;
        if (!is_old && !is_big)
            break;
        run_on_ticks(writer, DROP_SEGMENT, first, first);
        for (size_t i = DROP_TICKS; i <= DROP_PROCESSES; i++)
            run_on_ticks(writer, i, first, last);
        drop_names(writer, last);
    }
}

/* ---- a tick ---- */

static void name_host(struct writer *writer, const struct tick *tick)
{
    sqlite3_stmt *statement;

    if (sqlite3_prepare_v2(writer->database.handle, "UPDATE recording SET hostname = ?", -1, &statement,
                           NULL) != SQLITE_OK)
        return;
    database_bind_text(statement, 1, tick->system.hostname);
    run(writer, statement);
    sqlite3_finalize(statement);
}

struct error *writer_append(struct writer *writer, const struct tick *tick, const struct call_tree *tree)
{
    run(writer, statement_of(writer, BEGIN));
    if (!writer->begun) {
        name_host(writer, tick);
        writer->begun = true;
    }
    writer->tree = tree;
    writer->last_time_ns = tick->time_ns;
    known_begin_tick(&writer->known, tick, writer->sequence);
    insert_tick(writer, tick);
    add_profiles(writer, tick);
    insert_data(writer, tick);
    writer->sequence++;
    if (writer->segment.count >= SCHEMA_SEGMENT_TICKS || writer->segment.bytes.length >= MAX_SEGMENT_BYTES)
        pack_segment(writer);
    drop_old_segments(writer);
    run(writer, statement_of(writer, COMMIT));
    struct error *error = database_failure(&writer->database);
    if (error != NULL)
        sqlite3_exec(writer->database.handle, "ROLLBACK", NULL, NULL, NULL);
    return error;
}

int64_t writer_size_bytes(const struct writer *writer)
{
    return database_number(&writer->database, "PRAGMA page_count", 0) *
           database_number(&writer->database, "PRAGMA page_size", 0);
}

/* ---- the end ---- */

static void write_end(struct writer *writer, const struct recorded_usage *usage)
{
    sqlite3_stmt *statement = statement_of(writer, END);

    sqlite3_bind_int64(statement, 1, clock_realtime_ns());
    if (usage != NULL) {
        sqlite3_bind_int(statement, 2, usage->exit_status);
        database_bind_real(statement, 3, usage->real_seconds);
        database_bind_real(statement, 4, usage->user_seconds);
        database_bind_real(statement, 5, usage->system_seconds);
        database_bind_count(statement, 6, usage->peak_resident_bytes);
        database_bind_count(statement, 7, usage->minor_faults);
        database_bind_count(statement, 8, usage->major_faults);
        database_bind_count(statement, 9, usage->voluntary_switches);
        database_bind_count(statement, 10, usage->involuntary_switches);
        database_bind_count(statement, 11, usage->storage_read_bytes);
        database_bind_count(statement, 12, usage->storage_write_bytes);
    }
    run(writer, statement);
}

/* Give back the room of rows that were packed. Without its log the file can be copied alone, and be opened where nothing
 * can be written; while somebody reads it the log stays. */
static void leave_log_mode(struct writer *writer)
{
    sqlite3_exec(writer->database.handle, "PRAGMA incremental_vacuum", NULL, NULL, NULL);
    sqlite3_busy_timeout(writer->database.handle, 0);
    sqlite3_exec(writer->database.handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
}

struct error *writer_close(struct writer *writer, const struct recorded_usage *usage)
{
    bool usable = writer->database.failed_code == SQLITE_OK;
    struct error *error = NULL;

    if (usable) {
        run(writer, statement_of(writer, BEGIN));
        if (writer->segment.count > 0)
            pack_segment(writer);
        write_end(writer, usage);
        run(writer, statement_of(writer, COMMIT));
        error = database_failure(&writer->database);
    }
    leave_log_mode(writer);
    names_free(&writer->names);
    known_free(&writer->known);
    segment_free(&writer->segment);
    bytes_free(&writer->packed);
    database_close(&writer->database);
    free(writer);
    return error;
}

#include "record/reader_parts.h"

#include "base/clock.h"
#include "base/memory.h"
#include "record/schema.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    MAX_SEGMENT_BYTES = 32 << 20, /* inflated; a writer packs far less at once */
    MAX_SEGMENT_TICKS = 1 << 12,
    MAX_DEFLATE_RATIO = 1100, /* deflate makes at most 1032 bytes of one (zlib's technical notes) */
};

/* ---- the recording as a whole ---- */

static const struct recorded_usage *usage_of(sqlite3_stmt *statement, struct arena *arena)
{
    if (sqlite3_column_type(statement, 7) == SQLITE_NULL)
        return NULL;
    struct recorded_usage *usage = arena_allocate(arena, 1, sizeof(*usage));
    *usage = (struct recorded_usage){
        .exit_status = sqlite3_column_int(statement, 7) & 0xff,
        .real_seconds = reader_real(statement, 8),
        .user_seconds = reader_real(statement, 9),
        .system_seconds = reader_real(statement, 10),
        .peak_resident_bytes = reader_count(statement, 11),
        .minor_faults = reader_count(statement, 12),
        .major_faults = reader_count(statement, 13),
        .voluntary_switches = reader_count(statement, 14),
        .involuntary_switches = reader_count(statement, 15),
        .storage_read_bytes = reader_count(statement, 16),
        .storage_write_bytes = reader_count(statement, 17),
    };
    return usage;
}

static void read_info(struct reader *reader)
{
    sqlite3_stmt *statement = reader_statement(reader, READ_RECORDING);
    struct arena *arena = arena_new();

    reader->info =
        (struct recording_info){.pyneck_version = "", .rate_hz = UNKNOWN_REAL, .end_time_ns = UNKNOWN_COUNT};
    if (reader_step(reader, statement)) {
        const char *version = reader_text(statement, 0, arena);
        int64_t interval_ns = reader_count(statement, 4);
        bool ended = count_is_known(reader_count(statement, 6));
        reader->info = (struct recording_info){
            .pyneck_version = version != NULL ? version : "",
            .hostname = reader_text(statement, 1, arena),
            .command = reader_text(statement, 2, arena),
            .rate_hz = reader_real(statement, 3),
            .interval_ns = interval_ns > 0 ? (uint64_t)interval_ns : 0,
            .start_time_ns = reader_time(statement, 5),
            .end_time_ns = ended ? reader_time(statement, 6) : UNKNOWN_COUNT,
            .usage = usage_of(statement, arena),
        };
    }
    sqlite3_reset(statement);
    arena_free(reader->info_arena);
    reader->info_arena = arena;
}

static void read_tick_range(struct reader *reader)
{
    sqlite3_stmt *statement = reader_statement(reader, READ_TICK_RANGE);

    reader->ticks = (struct tick_span){0};
    if (reader_step(reader, statement) && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
        int64_t first = sqlite3_column_int64(statement, 0), last = sqlite3_column_int64(statement, 1);
        if (first >= 0 && last >= first && last < INT64_MAX)
            reader->ticks = (struct tick_span){(uint64_t)first, (uint64_t)last + 1};
    }
    sqlite3_reset(statement);
}

struct error *reader_refresh(struct reader *reader)
{
    struct error *error = reader_begin(reader);

    if (error != NULL)
        return error;
    read_info(reader);
    read_tick_range(reader);
    reader_load_tree(reader);
    return reader_end(reader, NULL);
}

struct error *reader_open(struct reader **result, const char *path)
{
    struct reader *reader = memory_allocate(1, sizeof(*reader));

    reader->tree = call_tree_new();
    reader->cache = reader_cache_new();
    struct error *error = reader_open_database(reader, path);
    if (error == NULL)
        error = reader_refresh(reader);
    if (error != NULL) {
        reader_close(reader);
        return error;
    }
    *result = reader;
    return NULL;
}

static void release_segment(struct read_segment *segment)
{
    packed_segment_free(segment->ticks);
    free(segment->bytes);
    *segment = (struct read_segment){0};
}

void reader_close(struct reader *reader)
{
    release_segment(&reader->segment);
    reader_cache_free(reader->cache);
    bytes_free(&reader->tick_bytes);
    free(reader->functions.ids);
    free(reader->nodes.ids);
    arena_free(reader->info_arena);
    call_tree_free(reader->tree);
    database_close(&reader->database);
    free(reader);
}

void reader_leave_out_runs(struct reader *reader, bool leave_out)
{
    reader->without_runs = leave_out;
}

const struct recording_info *reader_info(const struct reader *reader)
{
    return &reader->info;
}

const struct call_tree *reader_call_tree(const struct reader *reader)
{
    return reader->tree;
}

struct tick_span reader_ticks(const struct reader *reader)
{
    return reader->ticks;
}

/* ---- finding ---- */

bool reader_find_at_or_before(struct reader *reader, uint64_t sequence, uint64_t *found, int64_t *time_ms)
{
    sqlite3_stmt *statement = reader_statement(reader, READ_TIME);

    sqlite3_bind_int64(statement, 1, (int64_t)sequence);
    bool any = reader_step(reader, statement);
    if (any) {
        *found = (uint64_t)sqlite3_column_int64(statement, 0);
        *time_ms = sqlite3_column_int64(statement, 1);
    }
    sqlite3_reset(statement);
    return any;
}

struct error *reader_find_time(struct reader *reader, int64_t time_ns, uint64_t *sequence)
{
    uint64_t low = reader->ticks.first, high = reader->ticks.end;
    struct error *error = reader_begin(reader);

    if (error != NULL)
        return error;
    *sequence = low;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2, found;
        int64_t time_ms;
        if (!reader_find_at_or_before(reader, middle, &found, &time_ms) || found < low) {
            low = middle + 1;
        } else if (time_ms <= time_ns / (int64_t)NS_PER_MILLISECOND) {
            *sequence = found;
            low = middle + 1;
        } else {
            high = found;
        }
    }
    return reader_end(reader, NULL);
}

struct error *reader_find_next(struct reader *reader, uint64_t sequence, uint64_t *found)
{
    struct error *error = reader_begin(reader);

    if (error != NULL)
        return error;
    sqlite3_stmt *statement = reader_statement(reader, READ_NEXT_TICK);
    sqlite3_bind_int64(statement, 1, (int64_t)sequence);
    *found = reader->ticks.end;
    if (sequence < reader->ticks.end && reader_step(reader, statement))
        *found = (uint64_t)sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return reader_end(reader, NULL);
}

/* ---- segments ---- */

/* Go to the row of the segment that holds a tick; false when none does. The statement is the caller's to reset: one that
 * still stands on a row keeps its moment of the file, and nothing that is written later would be seen. */
static bool go_to_segment(struct reader *reader, sqlite3_stmt *statement, uint64_t sequence,
                          struct tick_span *span)
{
    sqlite3_bind_int64(statement, 1, (int64_t)sequence);
    if (!reader_step(reader, statement))
        return false;
    int64_t first = sqlite3_column_int64(statement, 0), last = sqlite3_column_int64(statement, 1);
    *span = (struct tick_span){(uint64_t)first, (uint64_t)last + 1};
    return first >= 0 && last >= (int64_t)sequence && last - first < MAX_SEGMENT_TICKS;
}

bool reader_find_segment(struct reader *reader, uint64_t sequence, struct tick_span *span)
{
    sqlite3_stmt *statement = reader_statement(reader, READ_SEGMENT);
    bool found = go_to_segment(reader, statement, sequence, span);

    sqlite3_reset(statement);
    return found;
}

/* Inflate and unpack into an empty segment; false where the bytes make no sense. */
static bool unpack(struct read_segment *segment, const unsigned char *data, int length, int64_t raw_bytes)
{
    if (data == NULL || raw_bytes <= 0 || raw_bytes > MAX_SEGMENT_BYTES ||
        raw_bytes / MAX_DEFLATE_RATIO > length)
        return false;
    uLongf inflated = (uLongf)raw_bytes;
    segment->bytes = memory_allocate(inflated, 1);
    if (uncompress(segment->bytes, &inflated, data, (uLong)length) == Z_OK && inflated == (uLongf)raw_bytes)
        segment->ticks = segment_unpack(segment->bytes, inflated, (size_t)(segment->end - segment->first));
    return segment->ticks != NULL;
}

/* Unpack the segment that holds a tick; false when there is none, or with an error when it is damaged. */
static bool read_segment(struct reader *reader, uint64_t sequence, struct error **error)
{
    sqlite3_stmt *statement = reader_statement(reader, READ_SEGMENT);
    struct tick_span span;

    release_segment(&reader->segment);
    if (!go_to_segment(reader, statement, sequence, &span)) {
        sqlite3_reset(statement);
        return false;
    }
    const unsigned char *data = sqlite3_column_blob(statement, 3);
    reader->segment = (struct read_segment){.first = span.first, .end = span.end};
    bool makes_sense = unpack(&reader->segment, data, sqlite3_column_bytes(statement, 3),
                              sqlite3_column_int64(statement, 2));
    sqlite3_reset(statement);
    if (!makes_sense) {
        release_segment(&reader->segment);
        *error =
            error_new("%s is damaged: the ticks from %llu to %llu cannot be unpacked", reader->database.path,
                      (unsigned long long)span.first, (unsigned long long)span.end - 1);
    }
    return makes_sense;
}

static bool is_unpacked(const struct reader *reader, uint64_t sequence)
{
    return sequence >= reader->segment.first && sequence < reader->segment.end;
}

/* ---- ticks ---- */

static struct tick *decode(struct reader *reader, uint64_t sequence, const unsigned char *bytes,
                           size_t length, struct error **error)
{
    struct tick *tick = tick_new();
    struct decode_names names = reader_names;

    names.context = names.texts.context = reader;
    names.without_runs = reader->without_runs;
    reader->arena = tick->arena;
    bool makes_sense = tick_decode(tick, bytes, length, &names);
    reader->arena = NULL;
    tick->sequence = sequence;
    if (makes_sense)
        return tick;
    tick_free(tick);
    *error = error_new("%s is damaged: tick %llu cannot be read", reader->database.path,
                       (unsigned long long)sequence);
    return NULL;
}

struct tick *reader_decode_tick(struct reader *reader, uint64_t sequence, struct error **error)
{
    struct read_segment *segment = &reader->segment;
    bool packed = is_unpacked(reader, sequence);
    struct tick *tick = NULL;

    if (!packed) {
        sqlite3_stmt *statement = reader_statement(reader, READ_TICK_DATA);
        sqlite3_bind_int64(statement, 1, (int64_t)sequence);
        if (reader_step(reader, statement)) {
            const unsigned char *bytes = sqlite3_column_blob(statement, 0);
            int length = sqlite3_column_bytes(statement, 0);
            tick = decode(reader, sequence, bytes, bytes != NULL ? (size_t)length : 0, error);
            sqlite3_reset(statement);
            return tick;
        }
        packed = read_segment(reader, sequence, error);
    }
    if (packed) {
        struct bytes *bytes = &reader->tick_bytes;
        bytes->length = 0;
        packed_segment_tick(segment->ticks, (size_t)(sequence - segment->first), bytes);
        tick = decode(reader, sequence, bytes->start, bytes->length, error);
    }
    return tick;
}

struct error *reader_read_tick(struct reader *reader, uint64_t sequence, struct tick **tick)
{
    struct error *error = reader_begin(reader);

    *tick = NULL;
    if (error != NULL)
        return error;
    if (!is_unpacked(reader, sequence)) /* then its names are known */
        reader_load_tree(reader);
    *tick = reader_decode_tick(reader, sequence, &error);
    error = reader_end(reader, error);
    if (error != NULL) {
        tick_free(*tick);
        *tick = NULL;
    }
    return error;
}

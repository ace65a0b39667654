/* The parts of the reader; for the files of record/ only. */
#ifndef PYNECK_RECORD_READER_PARTS_H
#define PYNECK_RECORD_READER_PARTS_H

#include "record/database.h"
#include "record/reader.h"
#include "record/reader_cache.h"
#include "record/segment_codec.h"

enum {
    READ_BEGIN,
    READ_END,
    READ_RECORDING,
    READ_TICK_RANGE,
    READ_TIME,
    READ_NEXT_TICK,
    READ_TICK_DATA,
    READ_SEGMENT,
    READ_STRING,
    READ_FUNCTIONS,
    READ_NODES,
    READ_PROCESS,
    READ_OPEN_FILE,
    READ_THREAD,
    READ_PROFILES,
    READ_WAITS,
    READ_SYSTEM_SERIES,
    READ_PROCESS_SERIES,
    READ_STATEMENTS,
};

/* An id of the file, and the one of the call tree that it stands for. */
struct mapped_id {
    uint32_t recorded;
    uint32_t id;
};

/* Ids of the file, which rise, as ids of the call tree. Those are missing that were dropped with the oldest ticks. */
struct id_map {
    struct mapped_id *ids;
    size_t count; /* 0 is in it: the root, and a function that is not known */
    size_t capacity;
};

/* The segment that was read last. */
struct read_segment {
    uint64_t first;
    uint64_t end; /* first == end: none */
    unsigned char *bytes;
    struct packed_segment *ticks; /* in these bytes */
};

struct reader {
    struct database database;
    struct call_tree *tree;
    struct id_map functions;
    struct id_map nodes;
    struct arena *info_arena;
    struct recording_info info;
    struct tick_span ticks;
    struct read_segment segment;
    struct bytes tick_bytes; /* room for one of it */
    struct reader_cache *cache;
    bool without_runs;
    struct arena *arena; /* of the tick that is being read */
    unsigned int rounds; /* of the progress handler since the call began */
};

/* Open the database and see that it is a recording of ours: its identity, its version, and that there is nothing in it
 * but our tables as we made them. */
struct error *reader_open_database(struct reader *reader, const char *path);

/* Everything that a public call reads is of one moment. End with reader_end(), which hands on `error` or what SQLite
 * found to be wrong in between. */
struct error *reader_begin(struct reader *reader);
struct error *reader_end(struct reader *reader, struct error *error);

sqlite3_stmt *reader_statement(const struct reader *reader, size_t index);

/* The next row; false: there is none, or it failed (reader_end() tells). The statement is ready again then. */
bool reader_step(struct reader *reader, sqlite3_stmt *statement);

/* Numbers of a row; unknown where it has none, or a count below 0. */
int64_t reader_count(sqlite3_stmt *statement, int column);
double reader_real(sqlite3_stmt *statement, int column);

/* Nanoseconds since 1970; 0 for what is no time that can be. */
int64_t reader_time(sqlite3_stmt *statement, int column);

/* A text of a row, clean; NULL for none. */
const char *reader_text(sqlite3_stmt *statement, int column, struct arena *arena);

/* Put the functions and nodes that have come since into the call tree. */
void reader_load_tree(struct reader *reader);

/* What ids stand for; NULL or false for what is none. The context is the reader. */
extern const struct decode_names reader_names;
const char *reader_find_text(struct reader *reader, uint32_t id, struct arena *arena);
bool reader_find_process(void *context, uint32_t id, struct process *process, struct arena *arena);
uint32_t reader_find_node(void *context, uint32_t id);

/* Read a tick between reader_begin() and reader_end(); NULL when there is none or it makes no sense. */
struct tick *reader_decode_tick(struct reader *reader, uint64_t sequence, struct error **error);

/* The points of a span. */
struct point_list {
    struct series_point *points;
    size_t count;
    size_t capacity;
};

/* Read the ticks of a span with the machine's figures, at most so many; returns the part that they are of. */
struct tick_span reader_read_points(struct reader *reader, struct tick_span span, size_t most,
                                    struct point_list *series);

/* Put the figures of a process in their place. */
void reader_read_figures(struct reader *reader, struct tick_span span, pid_t pid, struct point_list *series);

/* The tick at or before a sequence, and its time; false when there is none. */
bool reader_find_at_or_before(struct reader *reader, uint64_t sequence, uint64_t *found, int64_t *time_ms);

/* The segment that holds a tick, in numbers; false when none does. */
bool reader_find_segment(struct reader *reader, uint64_t sequence, struct tick_span *span);

#endif

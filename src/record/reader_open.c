#include "record/reader_parts.h"

#include "base/memory.h"
#include "base/text.h"
#include "record/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    MAX_VALUE_BYTES = 64 << 20,
    MAX_TEXT_BYTES = 1 << 16,
    STEPS_A_ROUND = 1 << 16, /* of SQLite's machine between two looks at how long a call takes */
    MAX_ROUNDS = 1 << 13,    /* far more than any call needs; a damaged tree can be walked for ever */
};

static const char *const statements[READ_STATEMENTS] = {
    [READ_BEGIN] = "BEGIN",
    [READ_END] = "COMMIT",
    [READ_RECORDING] =
        "SELECT pyneck_version, hostname, command, rate_hz, interval_ns, start_time_ns, end_time_ns, "
        "exit_status, real_seconds, user_seconds, system_seconds, peak_resident_bytes, minor_faults, "
        "major_faults, voluntary_switches, involuntary_switches, storage_read_bytes, "
        "storage_write_bytes FROM recording WHERE id = 1",
    [READ_TICK_RANGE] = "SELECT (SELECT min(tick) FROM tick), (SELECT max(tick) FROM tick)",
    [READ_TIME] = "SELECT tick, time_ms FROM tick WHERE tick <= ? ORDER BY tick DESC LIMIT 1",
    [READ_NEXT_TICK] = "SELECT tick FROM tick WHERE tick >= ? ORDER BY tick LIMIT 1",
    [READ_TICK_DATA] = "SELECT data FROM tick_data WHERE tick = ?",
    [READ_SEGMENT] = "SELECT first_tick, last_tick, raw_bytes, data FROM segment WHERE first_tick <= ? "
                     "ORDER BY first_tick DESC LIMIT 1",
    [READ_STRING] = "SELECT text FROM string WHERE id = ?",
    [READ_FUNCTIONS] = "SELECT function.id, name.text, file.text, line FROM function "
                       "JOIN string AS name ON name.id = name JOIN string AS file ON file.id = file "
                       "WHERE function.id > ? ORDER BY function.id",
    [READ_NODES] = "SELECT id, parent, function, line FROM node WHERE id > ? ORDER BY id",
    [READ_PROCESS] = "SELECT pid, start_ticks, start_time_ns, parent_pid, uid, user, name, command, "
                     "implementation, version, free_threaded, is_python, selected FROM process WHERE id = ?",
    [READ_OPEN_FILE] = "SELECT fd, kind, access, path, peer, deleted, protocol, socket_state, local, remote "
                       "FROM open_file WHERE id = ?",
    [READ_THREAD] = "SELECT process, tid FROM thread WHERE id = ?",
    [READ_PROFILES] =
        "SELECT thread, node, state, samples, wall_us, cpu_us, memory_growth_bytes FROM profile "
        "WHERE tick BETWEEN ? AND ?",
    [READ_WAITS] = "SELECT thread, node, state, fd, lock_address, description, samples, wall_us FROM wait "
                   "WHERE tick BETWEEN ? AND ?",
    [READ_SYSTEM_SERIES] =
        "SELECT tick, time_ms, interval_ms, cpu_centipercent, memory_used_bytes, "
        "read_bytes_per_second, write_bytes_per_second FROM tick WHERE tick BETWEEN ? AND ? "
        "ORDER BY tick",
    /* From the row that says how it stood when the span begins; a version of a process ends before the next begins. */
    [READ_PROCESS_SERIES] =
        "SELECT tick, gone, cpu_centipercent, resident_bytes, read_bytes_per_second, write_bytes_per_second "
        "FROM process JOIN process_tick ON process = id WHERE pid = ?1 AND tick <= ?3 AND tick >= coalesce("
        "(SELECT max(tick) FROM process_tick WHERE process = id AND tick <= ?2), ?2) ORDER BY tick, gone IS "
        "NULL",
};

/* ---- defences ---- */

static int count_round(void *context)
{
    return ++((struct reader *)context)->rounds > MAX_ROUNDS;
}

/* Whatever the schema says, nothing but reading our own tables can come of it. */
static void defend(struct reader *reader)
{
    static const int off[] = {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
                              SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION};
    sqlite3 *handle = reader->database.handle;

    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
        sqlite3_db_config(handle, off[i], 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_progress_handler(handle, STEPS_A_ROUND, count_round, reader);
}

/* ---- is it one of ours? ---- */

static struct error *check_file(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return error_new_errno(errno, "cannot open %s", path);
    if (!S_ISREG(status.st_mode))
        return error_new("%s is not a recording of pyneck: it is no regular file", path);
    return NULL;
}

static const struct schema_object *find_object(const char *type, const char *name)
{
    for (size_t i = 0; i < schema_object_count; i++) {
        if (strcmp(schema_objects[i].type, type) == 0 && strcmp(schema_objects[i].name, name) == 0)
            return &schema_objects[i];
    }
    return NULL;
}

/* One row of sqlite_schema. What SQLite makes for itself (indexes of constraints, statistics) is let be. */
static bool is_expected(sqlite3_stmt *statement)
{
    const char *type = (const char *)sqlite3_column_text(statement, 0);
    const char *name = (const char *)sqlite3_column_text(statement, 1);
    const char *sql = (const char *)sqlite3_column_text(statement, 2);

    if (type == NULL || name == NULL)
        return false;
    if (strncmp(name, "sqlite_", strlen("sqlite_")) == 0)
        return true;
    const struct schema_object *object = find_object(type, name);
    return object != NULL && sql != NULL && strcmp(sql, object->sql) == 0;
}

static struct error *check_objects(struct reader *reader)
{
    sqlite3_stmt *statement = NULL;
    size_t found = 0;
    int result;
    struct error *error = NULL;

    if (sqlite3_prepare_v2(reader->database.handle, "SELECT type, name, sql FROM sqlite_schema", -1,
                           &statement, NULL) != SQLITE_OK)
        return database_error(&reader->database, "read");
    while ((result = sqlite3_step(statement)) == SQLITE_ROW && error == NULL) {
        const char *name = (const char *)sqlite3_column_text(statement, 1);
        char clean[64] = "";
        if (name != NULL)
            text_clean(clean, sizeof(clean), name, strlen(name));
        if (!is_expected(statement))
            error = error_new("%s is not a recording of pyneck, or has been changed: '%s' in it is not what "
                              "pyneck makes",
                              reader->database.path, clean);
        found += strncmp(clean, "sqlite_", strlen("sqlite_")) != 0;
    }
    if (error == NULL && result != SQLITE_DONE)
        error = database_error(&reader->database, "read");
    if (error == NULL && found != schema_object_count)
        error =
            error_new("%s is not a complete recording of pyneck: tables are missing", reader->database.path);
    sqlite3_finalize(statement);
    return error;
}

static struct error *check_identity(struct reader *reader)
{
    const struct database *database = &reader->database;
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(database->handle, "PRAGMA application_id", -1, &statement, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    int id = result == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    sqlite3_finalize(statement);
    if ((result & 0xff) == SQLITE_NOTADB)
        return error_new("%s is not a recording of pyneck", database->path);
    if ((result & 0xff) == SQLITE_CANTOPEN || (result & 0xff) == SQLITE_READONLY)
        return error_new(
            "cannot read %s here: it was not closed in order, and its directory cannot be written; copy "
            "it, with the file %s-wal, to a directory of your own",
            database->path, database->path);
    if (result != SQLITE_ROW)
        return database_error(database, "read");
    if (id != SCHEMA_APPLICATION_ID)
        return error_new("%s is not a recording of pyneck", database->path);
    int64_t version = database_number(database, "PRAGMA user_version", 0);
    if (version > SCHEMA_VERSION)
        return error_new(
            "%s was made by a newer pyneck (its format is %lld, this pyneck reads up to %d): use "
            "that one",
            database->path, (long long)version, SCHEMA_VERSION);
    if (version != SCHEMA_VERSION)
        return error_new("%s has the format %lld, which this pyneck does not read (it reads %d)",
                         database->path, (long long)version, SCHEMA_VERSION);
    return NULL;
}

struct error *reader_open_database(struct reader *reader, const char *path)
{
    struct error *error = check_file(path);

    if (error == NULL)
        error = database_open(&reader->database, path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, statements,
                              READ_STATEMENTS);
    if (error != NULL)
        return error;
    defend(reader);
    error = check_identity(reader);
    if (error == NULL)
        error = check_objects(reader);
    if (error == NULL)
        error = database_prepare(&reader->database);
    return error;
}

/* ---- calls ---- */

static bool run(const struct reader *reader, size_t index)
{
    sqlite3_stmt *statement = reader_statement(reader, index);

    sqlite3_step(statement);
    return sqlite3_reset(statement) == SQLITE_OK;
}

struct error *reader_begin(struct reader *reader)
{
    reader->rounds = 0;
    reader->database.failed_code = SQLITE_OK;
    return run(reader, READ_BEGIN) ? NULL : database_error(&reader->database, "read");
}

struct error *reader_end(struct reader *reader, struct error *error)
{
    int code = reader->database.failed_code;

    run(reader, READ_END);
    if (error != NULL || code == SQLITE_OK)
        return error;
    if (code == SQLITE_INTERRUPT)
        return error_new("cannot read %s: it is damaged", reader->database.path);
    return error_new("cannot read %s: %s", reader->database.path, sqlite3_errstr(code));
}

sqlite3_stmt *reader_statement(const struct reader *reader, size_t index)
{
    sqlite3_stmt *statement = database_statement(&reader->database, index);

    sqlite3_reset(statement);
    return statement;
}

bool reader_step(struct reader *reader, sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) == SQLITE_ROW)
        return true;
    int result = sqlite3_reset(statement);
    if (result != SQLITE_OK)
        reader->database.failed_code = result;
    return false;
}

int64_t reader_count(sqlite3_stmt *statement, int column)
{
    int64_t count = sqlite3_column_int64(statement, column);

    return sqlite3_column_type(statement, column) == SQLITE_INTEGER && count >= 0 ? count : UNKNOWN_COUNT;
}

int64_t reader_time(sqlite3_stmt *statement, int column)
{
    int64_t time_ns = sqlite3_column_int64(statement, column);

    return time_ns >= 0 && time_ns <= INT64_MAX / 4 ? time_ns : 0;
}

double reader_real(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return UNKNOWN_REAL;
    return sqlite3_column_double(statement, column);
}

const char *reader_text(sqlite3_stmt *statement, int column, struct arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    int length = sqlite3_column_bytes(statement, column);

    if (text == NULL)
        return NULL;
    if (length > MAX_TEXT_BYTES)
        length = MAX_TEXT_BYTES;
    size_t capacity = (size_t)length * 3 + 1; /* each byte may become U+FFFD */
    char *clean = memory_allocate(capacity, 1);
    size_t clean_length = text_clean(clean, capacity, text, (size_t)length);
    char *copy = arena_copy_text(arena, clean, clean_length);
    free(clean);
    return copy;
}

#include "record/create.h"

#include "base/clock.h"
#include "base/memory.h"
#include "model/tick.h"
#include "record/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Make the file, empty, so that nobody else's is overwritten. One that it replaces is unlinked with its log: a program
 * that still writes or reads it goes on with the old one. */
static struct error *create_file(const char *path, bool replace)
{
    static const char *const companions[] = {"-wal", "-shm", "-journal"};
    struct stat status;

    if (replace && lstat(path, &status) == 0) {
        if (!S_ISREG(status.st_mode))
            return error_new("cannot record into %s: it is no regular file", path);
        unlink(path);
    }
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST)
        return error_new("%s is there already: name another file with -o, or overwrite it with --force",
                         path);
    if (fd < 0)
        return error_new_errno(errno, "cannot create %s", path);
    close(fd);
    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        size_t size = strlen(path) + strlen(companions[i]) + 1;
        char *companion = memory_allocate(size, 1);
        strcat(strcpy(companion, path), companions[i]);
        unlink(companion);
        free(companion);
    }
    return NULL;
}

static struct error *create_tables(struct database *database)
{
    char identity[96];
    struct error *error;

    sqlite3_snprintf(sizeof(identity), identity, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                     SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
    /* Small pages, for a tick changes a few bytes in each of a dozen tables. */
    error = database_run(database, "write",
                         "PRAGMA page_size = 1024; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = "
                         "WAL; PRAGMA synchronous = NORMAL; "
                         "PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 4194304; BEGIN");
    if (error == NULL)
        error = database_run(database, "write", identity);
    for (size_t i = 0; error == NULL && i < schema_object_count; i++)
        error = database_run(database, "write", schema_objects[i].sql);
    return error;
}

static struct error *name_values(struct database *database)
{
    static const char sql[] = "INSERT INTO state VALUES (%d, %Q)",
                      kind_sql[] = "INSERT INTO open_file_kind VALUES (%d, %Q)";
    struct error *error = NULL;
    char text[128];

    for (int i = 0; error == NULL && i < THREAD_STATES; i++) {
        sqlite3_snprintf(sizeof(text), text, sql, i, thread_state_name((enum thread_state)i));
        error = database_run(database, "write", text);
    }
    for (int i = 0; error == NULL && i < OPEN_FILE_KINDS; i++) {
        sqlite3_snprintf(sizeof(text), text, kind_sql, i, open_file_kind_name((enum open_file_kind)i));
        error = database_run(database, "write", text);
    }
    return error;
}

static struct error *describe_recording(struct database *database, const struct writer_options *options)
{
    sqlite3_stmt *statement;

    if (sqlite3_prepare_v2(
            database->handle,
            "INSERT INTO recording (id, pyneck_version, command, rate_hz, interval_ns, start_time_ns) "
            "VALUES (1, ?, ?, ?, ?, ?)",
            -1, &statement, NULL) != SQLITE_OK)
        return database_error(database, "write");
    database_bind_text(statement, 1, options->version);
    database_bind_text(statement, 2, options->command);
    sqlite3_bind_double(statement, 3, options->rate_hz);
    sqlite3_bind_int64(statement, 4, (int64_t)options->interval_ns);
    sqlite3_bind_int64(statement, 5, clock_realtime_ns());
    database_step(database, statement);
    sqlite3_finalize(statement);
    return database_failure(database);
}

static struct error *fill_database(struct database *database, const struct writer_options *options)
{
    struct error *error = create_tables(database);

    if (error == NULL)
        error = name_values(database);
    if (error == NULL)
        error = describe_recording(database, options);
    if (error == NULL)
        error = database_run(database, "write", "COMMIT");
    if (error == NULL)
        error = database_prepare(database);
    return error;
}

struct error *recording_create(struct database *database, const struct writer_options *options,
                               const char *const *sql, size_t statement_count)
{
    struct error *error = create_file(options->path, options->replace);

    if (error != NULL)
        return error;
    error = database_open(database, options->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, sql,
                          statement_count);
    if (error == NULL) {
        error = fill_database(database, options);
        if (error != NULL)
            database_close(database);
    }
    if (error != NULL)
        unlink(options->path); /* half a recording would be in the way of the next attempt */
    return error;
}

#include "record/database.h"

#include "base/memory.h"
#include "base/text.h"
#include "model/number.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUSY_TIMEOUT_MS = 5000, /* another program that reads holds the file up for a moment only */
};

struct error *database_open(struct database *database, const char *path, int flags, const char *const *sql,
                            size_t statement_count)
{
    *database = (struct database){
        .path = memory_copy_text(path),
        .sql = sql,
        .statements = memory_allocate(statement_count, sizeof(sqlite3_stmt *)),
        .statement_count = statement_count,
    };
    if (sqlite3_open_v2(path, &database->handle, flags, NULL) != SQLITE_OK) {
        struct error *error = database_error(database, "open");
        database_close(database);
        return error;
    }
    sqlite3_extended_result_codes(database->handle, 1);
    sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MS);
    return NULL;
}

void database_close(struct database *database)
{
    for (size_t i = 0; i < database->statement_count; i++)
        sqlite3_finalize(database->statements[i]);
    sqlite3_close(database->handle);
    free(database->statements);
    free(database->path);
    *database = (struct database){0};
}

struct error *database_error(const struct database *database, const char *what)
{
    const char *reason =
        database->handle != NULL ? sqlite3_errmsg(database->handle) : sqlite3_errstr(SQLITE_NOMEM);
    char clean[256]; /* it may quote the file */

    text_clean(clean, sizeof(clean), reason, strlen(reason));
    return error_new("cannot %s %s: %s", what, database->path, clean);
}

struct error *database_run(const struct database *database, const char *what, const char *sql)
{
    if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
        return NULL;
    return database_error(database, what);
}

struct error *database_prepare(struct database *database)
{
    for (size_t i = 0; i < database->statement_count; i++) {
        if (sqlite3_prepare_v3(database->handle, database->sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &database->statements[i], NULL) != SQLITE_OK)
            return database_error(database, "prepare to use");
    }
    return NULL;
}

sqlite3_stmt *database_statement(const struct database *database, size_t index)
{
    return database->statements[index];
}

void database_bind_text(sqlite3_stmt *statement, int parameter, const char *text)
{
    sqlite3_bind_text(statement, parameter, text, -1, SQLITE_TRANSIENT);
}

void database_bind_count(sqlite3_stmt *statement, int parameter, int64_t count)
{
    if (count_is_known(count))
        sqlite3_bind_int64(statement, parameter, count);
    else
        sqlite3_bind_null(statement, parameter);
}

void database_bind_real(sqlite3_stmt *statement, int parameter, double real)
{
    sqlite3_bind_double(statement, parameter, real); /* SQLite takes a NaN for NULL */
}

void database_bind_rounded(sqlite3_stmt *statement, int parameter, double real)
{
    if (real_is_known(real) && fabs(real) < 9e18)
        sqlite3_bind_int64(statement, parameter, (int64_t)round(real));
    else
        sqlite3_bind_null(statement, parameter);
}

void database_step(struct database *database, sqlite3_stmt *statement)
{
    if (database->failed_code == SQLITE_OK) {
        sqlite3_step(statement);
        database->failed_code = sqlite3_reset(statement);
    }
    sqlite3_clear_bindings(statement);
}

struct error *database_failure(const struct database *database)
{
    if (database->failed_code == SQLITE_OK)
        return NULL;
    if ((database->failed_code & 0xff) == SQLITE_FULL)
        return error_new("cannot write %s: the disk is full; what was recorded before can be read",
                         database->path);
    return error_new("cannot write %s: %s", database->path, sqlite3_errstr(database->failed_code));
}

int64_t database_number(const struct database *database, const char *sql, int64_t otherwise)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = otherwise;

    if (sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

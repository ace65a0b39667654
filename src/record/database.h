/* A SQLite database file with its prepared statements. */
#ifndef PYNECK_RECORD_DATABASE_H
#define PYNECK_RECORD_DATABASE_H

#include "base/error.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct database {
    sqlite3 *handle;
    char *path;
    const char *const *sql; /* of the statements */
    sqlite3_stmt **statements;
    size_t statement_count;
    int failed_code; /* of the first database_step() that failed; SQLITE_OK */
};

/* Open a file.
 *
 * flags  as for sqlite3_open_v2()
 * sql    the statements that database_prepare() prepares; must outlive the database */
struct error *database_open(struct database *database, const char *path, int flags, const char *const *sql,
                            size_t statement_count);
void database_close(struct database *database);

/* What SQLite says of the last call: "cannot WHAT FILE: ...". */
struct error *database_error(const struct database *database, const char *what);

/* Run statements that give no rows. */
struct error *database_run(const struct database *database, const char *what, const char *sql);

/* Prepare all statements: once, when the tables are there. */
struct error *database_prepare(struct database *database);

/* A prepared statement, ready to be bound. */
sqlite3_stmt *database_statement(const struct database *database, size_t index);

/* Bind one value; the first parameter is 1. A text may be NULL, which is bound as such. */
void database_bind_text(sqlite3_stmt *statement, int parameter, const char *text);
void database_bind_count(sqlite3_stmt *statement, int parameter, int64_t count); /* unknown as NULL */
void database_bind_real(sqlite3_stmt *statement, int parameter, double real);    /* unknown as NULL */
void database_bind_rounded(sqlite3_stmt *statement, int parameter, double real); /* the same, whole */

/* Run a bound statement that gives no rows, and make it ready again. After a first failure nothing is run any more:
 * database_failure() tells it, so that a row of writes needs one check. */
void database_step(struct database *database, sqlite3_stmt *statement);

/* NULL, or the first failure of database_step(): "cannot write FILE: ...". */
struct error *database_failure(const struct database *database);

/* The first number of the first row of a query; `otherwise` when there is none. */
int64_t database_number(const struct database *database, const char *sql, int64_t otherwise);

#endif

/* Makes the file of a new recording, with its tables. */
#ifndef PYNECK_RECORD_CREATE_H
#define PYNECK_RECORD_CREATE_H

#include "record/database.h"
#include "record/writer.h"

/* Create the file that the options name, and open it.
 *
 * database  receives the database, with `sql` prepared; database_close() it; closed after an error */
struct error *recording_create(struct database *database, const struct writer_options *options,
                               const char *const *sql, size_t statement_count);

#endif

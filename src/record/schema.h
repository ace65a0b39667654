/* The tables and views of a recording, which is a SQLite database; man/pyneck-recording.5 describes them. */
#ifndef PYNECK_RECORD_SCHEMA_H
#define PYNECK_RECORD_SCHEMA_H

#include <stddef.h>

enum {
    SCHEMA_APPLICATION_ID = 0x70796e6b, /* "pynk" */
    SCHEMA_VERSION = 3,
    SCHEMA_SEGMENT_TICKS = 60, /* so many ticks are packed together when they are complete */
};

struct schema_object {
    const char *type; /* as in the column of sqlite_schema */
    const char *name;
    const char *sql;
};

extern const struct schema_object schema_objects[];
extern const size_t schema_object_count;

#endif

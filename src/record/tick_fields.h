/* Which members of the structs of a tick are kept, and how finely: as finely as the screen and JSON show them. A new
 * figure in model/tick.h is a row here and a new version of the schema (record/schema.h). Some members are told by how far
 * they are from what is expected: see record/tick_codec.c. */
#ifndef PYNECK_RECORD_TICK_FIELDS_H
#define PYNECK_RECORD_TICK_FIELDS_H

#include "record/fields.h"

enum {
    PERCENT_STEPS = 1000, /* in 1 %, as in JSON */
    UPTIME_STEPS = 100,   /* in a second, as the kernel tells it */
};

extern const struct fields tick_fields;
extern const struct fields system_fields;
extern const struct fields pressure_fields;
extern const struct fields disk_fields;
extern const struct fields network_fields;
extern const struct fields process_fields;
extern const struct fields collector_fields;
extern const struct fields thread_fields;
extern const struct fields waiting_fields;
extern const struct fields open_file_fields;
extern const struct fields queue_fields; /* of struct socket_info */
extern const struct fields profile_fields;

#endif

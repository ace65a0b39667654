/* JSON that is written member by member: what is unknown is null. For export/json*.c.
 *
 * A tick has thousands of members, so no tree of them is made. Each function that puts something takes the name that it has
 * in the object around it; NULL in an array. */
#ifndef PYNECK_EXPORT_JSON_VALUE_H
#define PYNECK_EXPORT_JSON_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *stream;
    bool goes_on; /* something stands before in this object or array */
};

/* Decimals that figures are rounded to. */
enum {
    DECIMALS_PERCENT = 3,
    DECIMALS_RATE = 1, /* bytes a second, and samples a second */
    DECIMALS_SECONDS = 6,
    DECIMALS_LOAD = 2,
};

/* What is put between a begin and its end is in it. */
void json_begin_object(struct json *json, const char *name);
void json_end_object(struct json *json);
void json_end_line(struct json *json); /* of the outermost object */
void json_begin_array(struct json *json, const char *name);
void json_end_array(struct json *json);

/* Put null for a NULL text, an unknown count or an unknown number; a number is rounded. Texts are clean. */
void put_text(struct json *json, const char *name, const char *text);
void put_count(struct json *json, const char *name, int64_t count);
void put_real(struct json *json, const char *name, double value, int decimals);

/* What is always known; an integer may be negative. */
void put_integer(struct json *json, const char *name, int64_t value);
void put_bool(struct json *json, const char *name, bool value);
void put_null(struct json *json, const char *name);

/* Nanoseconds as seconds; always known. */
void put_seconds(struct json *json, const char *name, uint64_t ns);

/* A moment of CLOCK_REALTIME in RFC 3339; null when it is not positive. */
void put_time(struct json *json, const char *name, int64_t realtime_ns);

#endif

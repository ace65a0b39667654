/* Values in JSON objects: what is unknown is null. For export/json*.c. */
#ifndef PYNECK_EXPORT_JSON_VALUE_H
#define PYNECK_EXPORT_JSON_VALUE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* Let jansson end the program when memory runs out, as everything in pyneck does. */
void json_value_use_own_memory(void);

/* Decimals that figures are rounded to. */
enum {
    DECIMALS_PERCENT = 3,
    DECIMALS_RATE = 1, /* bytes a second, and samples a second */
    DECIMALS_SECONDS = 6,
    DECIMALS_LOAD = 2,
};

/* Put a member into an object: null for a NULL text, an unknown count or an unknown number. */
void put_text(json_t *object, const char *name, const char *text);
void put_count(json_t *object, const char *name, int64_t count);
void put_real(json_t *object, const char *name, double value, int decimals);

/* A rounded number, null when it is unknown. */
json_t *real_or_null(double value, int decimals);

/* A member that may be negative and is always known. */
void put_integer(json_t *object, const char *name, int64_t value);

/* Nanoseconds as seconds; always known. */
void put_seconds(json_t *object, const char *name, uint64_t ns);

/* A moment of CLOCK_REALTIME in RFC 3339; null when it is not positive. */
void put_time(json_t *object, const char *name, int64_t realtime_ns);

/* Write a value on one line, and free it. */
void json_write_line(FILE *stream, json_t *value);

/* Any other value; the object takes it over, NULL gives null. */
void put_value(json_t *object, const char *name, json_t *value);

#endif

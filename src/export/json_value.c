#include "export/json_value.h"

#include "base/clock.h"
#include "base/memory.h"
#include "model/number.h"

#include <stdlib.h>

static void *allocate(size_t size)
{
    return memory_allocate(1, size);
}

void json_value_use_own_memory(void)
{
    json_set_alloc_funcs(allocate, free);
}

void put_value(json_t *object, const char *name, json_t *value)
{
    json_object_set_new_nocheck(object, name, value != NULL ? value : json_null());
}

void put_text(json_t *object, const char *name, const char *text)
{
    put_value(object, name, text != NULL ? json_string(text) : NULL);
}

void put_integer(json_t *object, const char *name, int64_t value)
{
    put_value(object, name, json_integer(value));
}

void put_count(json_t *object, const char *name, int64_t count)
{
    put_value(object, name, count_is_known(count) ? json_integer(count) : NULL);
}

json_t *real_or_null(double value, int decimals)
{
    double scale = pow(10, decimals);

    /* JSON has no infinity. */
    return isfinite(value) ? json_real(round(value * scale) / scale) : json_null();
}

void put_real(json_t *object, const char *name, double value, int decimals)
{
    put_value(object, name, real_or_null(value, decimals));
}

void put_seconds(json_t *object, const char *name, uint64_t ns)
{
    put_real(object, name, (double)ns / (double)NS_PER_SECOND, DECIMALS_SECONDS);
}

void put_time(json_t *object, const char *name, int64_t realtime_ns)
{
    char text[CLOCK_RFC3339_SIZE];

    if (realtime_ns > 0)
        clock_format_rfc3339(text, realtime_ns);
    put_text(object, name, realtime_ns > 0 ? text : NULL);
}

void json_write_line(FILE *stream, json_t *value)
{
    /* 15 digits are what a double holds of any decimal number: 0.1 comes out as 0.1. */
    json_dumpf(value, stream, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(value);
    fputc('\n', stream);
}

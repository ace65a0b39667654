#include "export/json_value.h"

#include "base/clock.h"
#include "export/json_stream.h"
#include "model/number.h"

enum {
    MAX_DECIMALS = 6,
};

static const double most_exact = 1e15; /* every number of so many digits is a double */

static void begin_value(struct json *json, const char *name)
{
    if (json->goes_on)
        putc_unlocked(',', json->stream);
    json->goes_on = true;
    if (name == NULL)
        return;
    putc_unlocked('"', json->stream);
    fputs_unlocked(name, json->stream);
    fputs_unlocked("\":", json->stream);
}

static void begin(struct json *json, const char *name, char sign)
{
    begin_value(json, name);
    putc_unlocked(sign, json->stream);
    json->goes_on = false;
}

static void end(struct json *json, char sign)
{
    putc_unlocked(sign, json->stream);
    json->goes_on = true;
}

void json_begin_object(struct json *json, const char *name)
{
    begin(json, name, '{');
}

void json_end_object(struct json *json)
{
    end(json, '}');
}

void json_end_line(struct json *json)
{
    json_end_object(json);
    putc_unlocked('\n', json->stream);
}

void json_begin_array(struct json *json, const char *name)
{
    begin(json, name, '[');
}

void json_end_array(struct json *json)
{
    end(json, ']');
}

void put_null(struct json *json, const char *name)
{
    begin_value(json, name);
    fputs_unlocked("null", json->stream);
}

void put_text(struct json *json, const char *name, const char *text)
{
    if (text == NULL) {
        put_null(json, name);
        return;
    }
    begin_value(json, name);
    json_stream_text(json->stream, text);
}

void put_integer(struct json *json, const char *name, int64_t value)
{
    begin_value(json, name);
    json_stream_number(json->stream, value);
}

void put_bool(struct json *json, const char *name, bool value)
{
    begin_value(json, name);
    fputs_unlocked(value ? "true" : "false", json->stream);
}

void put_count(struct json *json, const char *name, int64_t count)
{
    if (count_is_known(count))
        put_integer(json, name, count);
    else
        put_null(json, name);
}

/* A number of so many decimals, given in steps of the last one: 1500 of three as 1.5, 2000 as 2.0. */
static void write_steps(FILE *stream, int64_t steps, int decimals, int64_t unit)
{
    char digits[MAX_DECIMALS + 1] = ".0";
    uint64_t size = steps < 0 ? (uint64_t)-steps : (uint64_t)steps;
    uint64_t fraction = size % (uint64_t)unit;
    int length = 2;

    for (int place = decimals; place > 0; place--) {
        digits[place] = (char)('0' + fraction % 10);
        fraction /= 10;
        if (length <= place && digits[place] != '0')
            length = place + 1;
    }
    if (steps < 0)
        putc_unlocked('-', stream);
    json_stream_number(stream, (int64_t)(size / (uint64_t)unit));
    fwrite_unlocked(digits, 1, (size_t)length, stream);
}

/* JSON has no infinity. */
void put_real(struct json *json, const char *name, double value, int decimals)
{
    int64_t unit = 1;

    if (!isfinite(value)) {
        put_null(json, name);
        return;
    }
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    double steps = round(value * (double)unit);
    begin_value(json, name);
    if (fabs(steps) < most_exact)
        write_steps(json->stream, (int64_t)steps, decimals, unit);
    else
        fprintf(json->stream, "%.15g", value);
}

void put_seconds(struct json *json, const char *name, uint64_t ns)
{
    put_real(json, name, (double)ns / (double)NS_PER_SECOND, DECIMALS_SECONDS);
}

void put_time(struct json *json, const char *name, int64_t realtime_ns)
{
    char text[CLOCK_RFC3339_SIZE];

    if (realtime_ns > 0)
        clock_format_rfc3339(text, realtime_ns);
    put_text(json, name, realtime_ns > 0 ? text : NULL);
}

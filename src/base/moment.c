#include "base/moment.h"

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Patterns of strptime(3); the whole text has to fit. */
static const struct {
    const char *pattern;
    bool has_date;
    bool is_utc;
} patterns[] = {
    {"%H:%M", false, false},
    {"%H:%M:%S", false, false},
    {"%Y-%m-%d", true, false},
    {"%Y-%m-%d %H:%M", true, false},
    {"%Y-%m-%d %H:%M:%S", true, false},
    {"%Y-%m-%dT%H:%M", true, false},
    {"%Y-%m-%dT%H:%M:%S", true, false},
    {"%Y-%m-%dT%H:%MZ", true, true},
    {"%Y-%m-%dT%H:%M:%SZ", true, true},
};

static bool read_offset(int64_t *time_ns, const char *text, int64_t begin_ns)
{
    char *end;

    if (text[0] != '+' || text[1] == '\0' || text[1 + strspn(text + 1, "0123456789.")] != '\0')
        return false;
    double seconds = strtod(text + 1, &end);
    if (*end != '\0' || seconds > (double)(INT64_MAX - begin_ns) / (double)NS_PER_SECOND / 2)
        return false;
    *time_ns = begin_ns + (int64_t)(seconds * (double)NS_PER_SECOND);
    return true;
}

static bool read_pattern(int64_t *time_ns, const char *text, size_t index, int64_t begin_ns)
{
    time_t begin = (time_t)(begin_ns / (int64_t)NS_PER_SECOND);
    struct tm parts = {0};

    if (!patterns[index].has_date) {
        localtime_r(&begin, &parts);
        parts.tm_sec = 0;
    }
    const char *end = strptime(text, patterns[index].pattern, &parts);
    if (end == NULL || *end != '\0')
        return false;
    parts.tm_isdst = -1;
    time_t time = patterns[index].is_utc ? timegm(&parts) : mktime(&parts);
    if (!patterns[index].has_date && time < begin - begin % 60) {
        parts.tm_mday++;
        parts.tm_isdst = -1;
        time = mktime(&parts);
    }
    *time_ns = (int64_t)time * (int64_t)NS_PER_SECOND;
    return true;
}

struct error *moment_read(int64_t *time_ns, const char *text, int64_t begin_ns)
{
    if (read_offset(time_ns, text, begin_ns))
        return NULL;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        if (read_pattern(time_ns, text, i, begin_ns))
            return NULL;
    }
    return error_new(
        "'%s' is no time: write 14:30, 14:30:05, 2026-01-31T14:30Z, or +90 for 90 seconds after the "
        "begin",
        text);
}

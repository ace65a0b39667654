#include "ui/format.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void format_percent(char text[static FORMAT_SIZE], double percent)
{
    if (!real_is_known(percent))
        snprintf(text, FORMAT_SIZE, "-");
    else
        snprintf(text, FORMAT_SIZE, percent < 99.95 ? "%.1f" : "%.0f", percent < 0 ? 0 : percent);
}

void format_count(char text[static FORMAT_SIZE], int64_t count)
{
    if (!count_is_known(count))
        snprintf(text, FORMAT_SIZE, "-");
    else if (count < 10000)
        snprintf(text, FORMAT_SIZE, "%" PRId64, count);
    else if (count < 1000000)
        snprintf(text, FORMAT_SIZE, "%" PRId64 "k", count / 1000);
    else if (count < 10000000)
        snprintf(text, FORMAT_SIZE, "%" PRId64 ".%" PRId64 "M", count / 1000000, count / 100000 % 10);
    else
        snprintf(text, FORMAT_SIZE, "%" PRId64 "M", count / 1000000);
}

void format_bytes(char text[static FORMAT_SIZE], double bytes)
{
    char amount[TEXT_AMOUNT_SIZE];

    if (bytes >= 0 && bytes < 0.5) {
        snprintf(text, FORMAT_SIZE, "0");
        return;
    }
    text_format_bytes(amount, bytes);
    snprintf(text, FORMAT_SIZE, "%s", amount);
}

void format_growth(char text[static FORMAT_SIZE], double bytes)
{
    char amount[FORMAT_SIZE];

    format_bytes(amount, fabs(bytes));
    bool is_unsigned = !real_is_known(bytes) || fabs(bytes) < 0.5;
    snprintf(text, FORMAT_SIZE, "%s%.40s", is_unsigned ? "" : bytes > 0 ? "+" : "-", amount);
}

void format_seconds(char text[static FORMAT_SIZE], double seconds)
{
    if (!real_is_known(seconds)) {
        snprintf(text, FORMAT_SIZE, "-");
        return;
    }
    if (seconds < 0.0005) {
        snprintf(text, FORMAT_SIZE, "0");
        return;
    }
    if (seconds < 0.9995) {
        snprintf(text, FORMAT_SIZE, "%.0fms", seconds * 1000);
        return;
    }
    if (seconds < 59.995) {
        snprintf(text, FORMAT_SIZE, "%.2fs", seconds);
        return;
    }
    uint64_t tenths = (uint64_t)(seconds * 10 + 0.5);
    uint64_t whole = tenths / 10;
    if (whole < 3600)
        snprintf(text, FORMAT_SIZE, "%" PRIu64 ":%02" PRIu64 ".%" PRIu64, whole / 60, whole % 60,
                 tenths % 10);
    else if (whole < 86400)
        snprintf(text, FORMAT_SIZE, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, whole / 3600, whole / 60 % 60,
                 whole % 60);
    else
        snprintf(text, FORMAT_SIZE, "%" PRIu64 "d%02" PRIu64 "h", whole / 86400, whole / 3600 % 24);
}

void format_uptime(char text[static FORMAT_SIZE], double seconds)
{
    if (!real_is_known(seconds) || seconds < 0) {
        snprintf(text, FORMAT_SIZE, "-");
        return;
    }
    uint64_t whole = (uint64_t)seconds;
    uint64_t days = whole / 86400;
    char prefix[32] = "";
    if (days > 0)
        snprintf(prefix, sizeof(prefix), "%" PRIu64 "d ", days);
    snprintf(text, FORMAT_SIZE, "%s%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, prefix, whole / 3600 % 24,
             whole / 60 % 60, whole % 60);
}

void format_delay(char text[static FORMAT_SIZE], uint64_t ns)
{
    double seconds = (double)ns / (double)NS_PER_SECOND;

    if (seconds < 60)
        snprintf(text, FORMAT_SIZE, "%.3g s", seconds);
    else
        snprintf(text, FORMAT_SIZE, "%.3g min", seconds / 60);
}

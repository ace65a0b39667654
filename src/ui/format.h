/* Numbers as short texts of a known width. What is not known is "-". */
#ifndef PYNECK_UI_FORMAT_H
#define PYNECK_UI_FORMAT_H

#include <stdint.h>

enum {
    FORMAT_SIZE = 48,
};

/* "0.0" "12.3" "100" "1600": at most four columns up to 9999. */
void format_percent(char text[static FORMAT_SIZE], double percent);

/* "7" "1234" "12k" "1.2M": at most four columns up to 999M. */
void format_count(char text[static FORMAT_SIZE], int64_t count);

/* Bytes, or bytes a second: "0" "1.0K" "12.3M", at most five columns. */
void format_bytes(char text[static FORMAT_SIZE], double bytes);

/* Bytes that came (+) or went (-): "0" "+1.0K" "-12.3M", at most six columns. */
void format_growth(char text[static FORMAT_SIZE], double bytes);

/* Time that was spent: "0" "12ms" "1.23s" "1:02.3" "1:02:03" "3d04h", at most seven columns. */
void format_seconds(char text[static FORMAT_SIZE], double seconds);

/* Time since start: "04:12:33" "3d 04:12:33". */
void format_uptime(char text[static FORMAT_SIZE], double seconds);

/* A time between ticks: "0.5 s" "10 s" "2 min". */
void format_delay(char text[static FORMAT_SIZE], uint64_t ns);

#endif

#include "base/clock.h"

#include <stdio.h>

bool clock_read_ns(clockid_t clock, uint64_t *time_ns)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0)
        return false;
    *time_ns = (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
    return true;
}

/* A clock that every process has. */
static uint64_t read_clock(clockid_t clock)
{
    uint64_t time_ns = 0;

    clock_read_ns(clock, &time_ns);
    return time_ns;
}

uint64_t clock_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_realtime_ns(void)
{
    return (int64_t)read_clock(CLOCK_REALTIME);
}

uint64_t clock_own_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t clock_thread_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void clock_format_rfc3339(char text[static CLOCK_RFC3339_SIZE], int64_t realtime_ns)
{
    const int64_t ns_per_second = (int64_t)NS_PER_SECOND;
    int64_t fraction_ns = realtime_ns % ns_per_second;

    if (fraction_ns < 0)
        fraction_ns += ns_per_second;
    time_t seconds = (time_t)((realtime_ns - fraction_ns) / ns_per_second);
    struct tm parts;
    char date[24];
    if (gmtime_r(&seconds, &parts) == NULL || strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        snprintf(date, sizeof(date), "1970-01-01T00:00:00");
    snprintf(text, CLOCK_RFC3339_SIZE, "%s.%03dZ", date, (int)(fraction_ns / (ns_per_second / 1000)));
}

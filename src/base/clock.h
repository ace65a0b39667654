/* Time, in nanoseconds everywhere. */
#ifndef PYNECK_BASE_CLOCK_H
#define PYNECK_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND      UINT64_C(1000000000)
#define NS_PER_MILLISECOND UINT64_C(1000000)
#define NS_PER_MICROSECOND UINT64_C(1000)

/* CLOCK_MONOTONIC: for intervals and deadlines. */
uint64_t clock_monotonic_ns(void);

/* CLOCK_REALTIME: nanoseconds since 1970-01-01 UTC. */
int64_t clock_realtime_ns(void);

/* Any clock of clock_gettime(2), the CPU clock of another process among them; false when it cannot be read. (The kernel
 * brings the CPU clock of another process up to date at its ticks and switches only.) */
bool clock_read_ns(clockid_t clock, uint64_t *time_ns);

/* CPU time that the calling process has used, all its threads. */
uint64_t clock_own_cpu_ns(void);

/* CPU time that the calling thread has used: for limits of work, which a busy machine does not use up by letting the
 * thread wait for a CPU. */
uint64_t clock_thread_cpu_ns(void);

enum {
    CLOCK_RFC3339_SIZE = 32,
};

/* Format a CLOCK_REALTIME value as RFC 3339 in UTC with milliseconds ("2026-01-31T23:59:59.250Z"). */
void clock_format_rfc3339(char text[static CLOCK_RFC3339_SIZE], int64_t realtime_ns);

#endif

/* Pressure stall information: how long tasks were held up for want of CPU, memory or I/O. */
#ifndef PYNECK_SYSTEM_PRESSURE_H
#define PYNECK_SYSTEM_PRESSURE_H

#include "model/tick.h"

/* The total of the line "some" of a file in /proc/pressure, in microseconds; UNKNOWN_COUNT when the text has
 * none.
 * Source: the kernel's Documentation/accounting/psi.rst. */
int64_t pressure_parse_total(const char *text);

/* The totals of the last reading. Zero-initialized is "nothing read yet". */
struct pressure_reader {
    int64_t cpu_us;
    int64_t memory_us;
    int64_t io_us;
    bool has_previous;
};

/* The shares of the interval in which some task was held up; NULL where the kernel keeps no pressure
 * information.
 *
 * seconds  since the last call */
const struct pressure *pressure_reader_read(struct pressure_reader *reader, struct arena *arena,
                                            double seconds);

#endif

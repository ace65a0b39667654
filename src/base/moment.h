/* Moments as people write them. */
#ifndef PYNECK_BASE_MOMENT_H
#define PYNECK_BASE_MOMENT_H

#include "base/error.h"

#include <stdint.h>

/* Read a moment: "14:30" or "14:30:05" (local time, on the day of `begin_ns`, or on the next one where that is before it),
 * "2026-01-31 14:30", "2026-01-31T14:30:05" (local time) or with a final "Z" (UTC), "+90" or "+1.5" (seconds after
 * `begin_ns`).
 *
 * time_ns   receives it, CLOCK_REALTIME
 * begin_ns  CLOCK_REALTIME
 * returns   an error when it is none of these */
struct error *moment_read(int64_t *time_ns, const char *text, int64_t begin_ns);

#endif

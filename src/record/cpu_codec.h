/* The shares of the CPUs as bytes, and back; a part of record/tick_codec.h. The kernel counts a CPU's time in ticks of its
 * clock: all shares of an interval are whole numbers of ticks, and they are told as these. */
#ifndef PYNECK_RECORD_CPU_CODEC_H
#define PYNECK_RECORD_CPU_CODEC_H

#include "base/arena.h"
#include "model/tick.h"
#include "record/bytes.h"

/* What is in no whole number of ticks is kept in thousandths of a percent.
 *
 * interval_ns  of the tick, the same in both directions */
void cpus_put(struct bytes *bytes, const struct system_usage *system, uint64_t interval_ns);
void cpus_take(struct byte_cursor *cursor, struct system_usage *system, uint64_t interval_ns,
               struct arena *arena);

#endif

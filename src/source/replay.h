/* The source that hands out the ticks of a recording, in their order, as live did. */
#ifndef PYNECK_SOURCE_REPLAY_H
#define PYNECK_SOURCE_REPLAY_H

#include "record/reader.h"
#include "source/source.h"

/* Open a recording. Reading begins at its first tick; after its last one source_read_tick() gives NULL, until more have
 * come (it looks each time). The ticks are due at once: whoever plays them keeps the time.
 *
 * source  receives the source; source_close() it */
struct error *replay_open(struct source **source, const char *path);

/* Hand out this tick next; before the first it is the first, after the last there is none. */
void replay_seek(struct source *source, uint64_t sequence);

/* Hand out next the last tick whose time is at or before `time_ns` (CLOCK_REALTIME). */
struct error *replay_seek_time(struct source *source, int64_t time_ns);

/* Which tick comes next; reader_ticks(...).end at the end. */
uint64_t replay_position(const struct source *source);

/* The reader behind it, for sums, series and what is known of the recording; it belongs to the source. */
struct reader *replay_reader(struct source *source);

#endif

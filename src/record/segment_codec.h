/* The ticks of a segment as bytes, and back.
 *
 * A tick comes in sections (record/tick_codec.h). Sections of the same part with as many numbers form a table: a row for
 * each tick that has one. Its columns are told by how they change from row to row, for little changes in a second. */
#ifndef PYNECK_RECORD_SEGMENT_CODEC_H
#define PYNECK_RECORD_SEGMENT_CODEC_H

#include "record/tick_codec.h"

/* Ticks that wait to be packed; zero-initialized is empty. */
struct open_segment {
    struct bytes bytes; /* of the ticks, one after the other */
    struct tick_sections sections;
    size_t *section_counts; /* by tick */
    size_t count;           /* of ticks */
    size_t capacity;
};

/* Append a tick; its bytes, until the next call, are what `bytes` has from the offset that comes back on. */
size_t segment_append(struct open_segment *segment, const struct tick *tick,
                      const struct encode_names *names);

/* Append what the reader unpacks; not compressed yet. */
void segment_pack(struct bytes *bytes, const struct open_segment *segment);

void segment_clear(struct open_segment *segment); /* keeps the room */
void segment_free(struct open_segment *segment);

/* Ticks that were unpacked. */
struct packed_segment;

/* Unpack `tick_count` ticks from bytes that anybody may have made, and that have to stay; NULL when they make no sense.
 * What comes back is the caller's, packed_segment_free() it. */
struct packed_segment *segment_unpack(const unsigned char *bytes, size_t length, size_t tick_count);
void packed_segment_free(struct packed_segment *segment);

/* Append the bytes of a tick, as tick_encode() made them. */
void packed_segment_tick(const struct packed_segment *segment, size_t index, struct bytes *bytes);

#endif

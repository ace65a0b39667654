/* The profile of a process as bytes, and back; a part of record/tick_codec.h. */
#ifndef PYNECK_RECORD_PROFILE_CODEC_H
#define PYNECK_RECORD_PROFILE_CODEC_H

#include "record/tick_codec.h"

void profile_encode(struct bytes *bytes, const struct profile *profile, const struct tick *tick,
                    const struct encode_names *names);

/* `tick` knows its own times already. */
struct profile *profile_decode(struct byte_cursor *cursor, const struct tick *tick,
                               const struct decode_names *names, struct arena *arena);

/* What a recording can hold of one counter: sums of so many of them as a file can have stay far from an overflow. */
#define PROFILE_MAX_MICROSECONDS (UINT32_MAX * UINT64_C(1000))
#define PROFILE_MAX_GROWTH_BYTES (INT64_C(1) << 47)

/* Nanoseconds as a recording keeps them, in whole microseconds. */
static inline uint64_t profile_microseconds(uint64_t ns)
{
    return ns / 1000 + (ns % 1000 >= 500);
}

/* The same the other way; 0 for what is too long to be true. */
static inline uint64_t profile_nanoseconds(uint64_t microseconds)
{
    return microseconds < PROFILE_MAX_MICROSECONDS ? microseconds * 1000 : 0;
}

#endif

/* The profile of a process as bytes, and back; a part of record/tick_codec.h. */
#ifndef PYNECK_RECORD_PROFILE_CODEC_H
#define PYNECK_RECORD_PROFILE_CODEC_H

#include "record/tick_codec.h"

void profile_encode(struct bytes *bytes, const struct profile *profile, const struct tick *tick,
                    const struct encode_names *names);

/* `tick` knows its own times already. */
struct profile *profile_decode(struct byte_cursor *cursor, const struct tick *tick,
                               const struct decode_names *names, struct arena *arena);

/* Nanoseconds as a recording keeps them, in whole microseconds. */
static inline uint64_t profile_microseconds(uint64_t ns)
{
    return ns / 1000 + (ns % 1000 >= 500);
}

#endif

/* Ticks that are seldom looked at: their tracks, compressed. What one track holds stands together, for there it is most
 * alike. */
#ifndef PYNECK_SOURCE_PACKED_TICKS_H
#define PYNECK_SOURCE_PACKED_TICKS_H

#include "source/tick_tracks.h"

struct packed_ticks {
    unsigned char *bytes;
    size_t length;
    size_t unpacked_length;
};

/* Pack the ticks; the tracks are empty then, and keep their room. */
void packed_ticks_make(struct packed_ticks *packed, struct tick_tracks *tracks);

/* Make the tracks again, for reading only.
 *
 * tracks   empty ones, which may have room
 * returns  false when the bytes make no sense: the tracks are empty then */
bool packed_ticks_unpack(const struct packed_ticks *packed, struct tick_tracks *tracks);

void packed_ticks_free(struct packed_ticks *packed);

#endif

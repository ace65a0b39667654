/* The header's meters: short texts, each in a slot of one width, so that nothing moves when a number gets
 * longer. */
#ifndef PYNECK_UI_METERS_H
#define PYNECK_UI_METERS_H

#include "ui/state.h"

enum {
    METER_COLUMNS = 24, /* of a slot; a blank stands between slots */
};

/* How many meters there are on this machine. */
int meters_count(const struct state *state);

/* Draw them line by line, as many beside each other as the region has room for. */
void meters_draw(const struct state *state, const struct region *region);

#endif

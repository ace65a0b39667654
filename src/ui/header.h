/* The header: the machine's meters. */
#ifndef PYNECK_UI_HEADER_H
#define PYNECK_UI_HEADER_H

#include "ui/state.h"

/* How many rows it wants on a screen of this size. */
int header_rows(const struct state *state, int screen_rows, int screen_columns);

/* Draw it into its region. */
void header_draw(const struct state *state, const struct region *region);

#endif

/* Why a pane has no rows: what all panes would say first, in one order. */
#ifndef PYNECK_UI_EMPTY_H
#define PYNECK_UI_EMPTY_H

#include "ui/pane.h"

/* Draw the reason into the place of the rows. */
void empty_draw(const struct state *state, enum pane_id pane, const struct region *body);

#endif

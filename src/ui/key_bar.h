/* The bar of keys at the bottom of the screen: those that mean something now, as far as there is room. */
#ifndef PYNECK_UI_KEY_BAR_H
#define PYNECK_UI_KEY_BAR_H

#include "ui/canvas.h"
#include "ui/keys.h"

/* Draw it. */
void key_bar_draw(const struct state *state, const struct region *region);

/* The binding that stands at a column of the bar, or NULL. */
const struct key_binding *key_bar_at(const struct state *state, const struct region *region, int column);

#endif

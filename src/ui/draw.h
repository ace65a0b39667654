/* Everything on the screen, drawn from the state. */
#ifndef PYNECK_UI_DRAW_H
#define PYNECK_UI_DRAW_H

#include "ui/state.h"

/* Draw the whole screen on the state's canvas; remembers where the panes are. */
void draw_screen(struct state *state);

#endif

/* What clicks and the wheel do on the panes. */
#ifndef PYNECK_UI_MOUSE_H
#define PYNECK_UI_MOUSE_H

#include "ui/state.h"

void mouse_handle(struct state *state, const struct event *event);

#endif

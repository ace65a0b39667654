/* What the parts of travel.h share: moving and playing, the marks, the search. */
#ifndef PYNECK_UI_TRAVEL_PARTS_H
#define PYNECK_UI_TRAVEL_PARTS_H

#include "ui/travel.h"

/* The ticks that there are; none when that cannot be told. */
struct tick_span travel_span(struct state *state);

/* The sequence of the tick that is shown. */
uint64_t travel_position(const struct state *state);

/* What lies between the marks, of a process; NULL without two marks. It is kept until it is forgotten. */
const struct window *travel_marked_window(struct state *state, pid_t pid);
void travel_forget_marked(struct travel *travel);

/* Do a little of the search that is active. */
void travel_search_on(struct state *state);

#endif

/* What the parts of travel.h share: moving and playing, the marks, the search. */
#ifndef PYNECK_UI_TRAVEL_PARTS_H
#define PYNECK_UI_TRAVEL_PARTS_H

#include "base/clock.h"
#include "ui/travel.h"

#define TRAVEL_WORK_NS (20 * NS_PER_MILLISECOND) /* without a look at the keys */

/* The ticks that there are; none when that cannot be told. */
struct tick_span travel_span(struct state *state);

/* The sequence of the tick that is shown. */
uint64_t travel_position(const struct state *state);

/* What lies between the marks, of a process; NULL without two marks. It is kept until it is forgotten. Of a long span it is
 * the begin at first, and the rest comes while nobody presses a key. */
const struct window *travel_marked_window(struct state *state, pid_t pid);
void travel_forget_marked(struct travel *travel);

/* Add a little of what is left between the marks, while that is looked at; false: there is nothing to do. */
bool travel_marks_on(struct state *state);

/* How much of it is there, in percent. */
int travel_marked_percent(const struct travel *travel);

/* Do a little of the search that is active. */
void travel_search_on(struct state *state);

#endif

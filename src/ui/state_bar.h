/* A bar that shows how the time of threads went: one segment a state, each drawn with the state's letter (a capital
 * for those on a CPU). */
#ifndef PYNECK_UI_STATE_BAR_H
#define PYNECK_UI_STATE_BAR_H

#include "analysis/state_shares.h"
#include "ui/canvas.h"

/* The style of a state's name in a text. */
enum style state_text_style(enum thread_state state);

/* Fill `columns` of a row with the segments; no time leaves them blank. */
void state_bar_draw(const struct region *region, int row, int column, int columns,
                    const struct state_shares *shares);

/* Write what the segments are: "R running 45%  g gil 30%", as many as fit, in the order of the bar. States with less than half
 * a percent are left out. */
void state_bar_draw_legend(const struct region *region, int row, int column, int columns,
                           const struct state_shares *shares);

#endif

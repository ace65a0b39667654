/* What each style looks like on this terminal. Only the terminal uses it. */
#ifndef PYNECK_UI_PALETTE_H
#define PYNECK_UI_PALETTE_H

#include "ui/style.h"

#include <ncurses.h>
#include <stdbool.h>

struct palette {
    attr_t attributes[STYLES];
    short pairs[STYLES];
};

/* Fill the palette after ncurses has started. Without colours (the terminal has none, or `no_color`) the
 * styles are bold, dim, underlined and reversed text. */
void palette_init(struct palette *palette, bool no_color);

#endif

/* The interactive screen as a command shows it, whichever source it is on. */
#ifndef PYNECK_CMD_DISPLAY_H
#define PYNECK_CMD_DISPLAY_H

#include "cmd/options.h"
#include "source/source.h"
#include "ui/screen.h"

/* Whether there is a terminal to show it on. */
bool display_is_possible(void);

/* What the options say of the screen. */
struct screen_options display_options(const struct options *options);

/* Show the screen until it is left, and close the source; returns the exit status. */
int display_run(struct source *source, const struct screen_options *screen);

#endif

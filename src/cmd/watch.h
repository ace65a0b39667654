/* Opening the live source as the options ask. */
#ifndef PYNECK_CMD_WATCH_H
#define PYNECK_CMD_WATCH_H

#include "cmd/child.h"
#include "cmd/options.h"
#include "source/source.h"

/* Open the live source for the processes that are named, for the child when there is one, or for all.
 *
 * source       receives the source; source_close() it
 * quick_start  whether the second tick, the first with rates, comes before the delay is over */
struct error *watch_open(struct source **source, const struct options *options, const struct child *child,
                         bool quick_start);

#endif

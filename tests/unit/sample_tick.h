/* A tick made by hand for the tests of the printers: process 100 with all that can be known, process 200 of
 * which nothing is known. */
#ifndef PYNECK_TESTS_SAMPLE_TICK_H
#define PYNECK_TESTS_SAMPLE_TICK_H

#include "export/format.h"

/* Both are the caller's to free: tick_free(), call_tree_free(). */
struct tick *sample_tick(struct call_tree **tree);

/* What a printer makes of the sample tick: a text to free(). */
char *print_sample_tick(print_tick *print, enum ranking_mode mode, size_t columns);

#endif

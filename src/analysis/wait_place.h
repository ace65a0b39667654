/* Whose code a stack is in: the user's or a library's, and what a library's function waits for. */
#ifndef PYNECK_ANALYSIS_WAIT_PLACE_H
#define PYNECK_ANALYSIS_WAIT_PLACE_H

#include "model/call_tree.h"

#include <stdbool.h>
#include <stdint.h>

struct place {
    uint32_t function; /* an id in the call tree */
    uint32_t line;     /* being executed in it */
};

/* The innermost function that belongs neither to Python's library nor to an installed package; where all do, the innermost
 * outside of Python's library; else the innermost. False for the root. */
bool wait_place_find(const struct call_tree *tree, uint32_t node, struct place *place);

/* Whether the innermost frames are those of a function of Python's library in which a thread waits until somebody gives it
 * work: a connection, an item of a queue, the end of a thread. */
bool wait_place_is_idle(const struct call_tree *tree, uint32_t node);

/* Whether the stack was called by asyncio's event loop, which stands still meanwhile. */
bool wait_place_in_event_loop(const struct call_tree *tree, uint32_t node);

#endif

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

/* Who is to act before a thread goes on that waits in a function of Python's library. */
enum awaited {
    AWAITED_UNKNOWN,  /* the innermost frames are no such function, or one that waits for a lock */
    AWAITED_EVENTS,   /* somebody outside gives it work: a connection, or what an event loop watches */
    AWAITED_THREADS,  /* another thread does: an item of a queue, the end of a thread */
    AWAITED_CHILDREN, /* a child process does */
    AWAITED_KINDS,
};

enum awaited wait_place_awaits(const struct call_tree *tree, uint32_t node);

/* Whether the stack was called by asyncio's event loop, which stands still meanwhile. */
bool wait_place_in_event_loop(const struct call_tree *tree, uint32_t node);

#endif

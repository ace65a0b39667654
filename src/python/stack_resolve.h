/* A stack out of a copy of a thread's memory; src/python/unwind.h says how.
 *
 * The frames of the data stack are gone over as they lie there, from the outermost one up, as long as they hold together.
 * What lies outside of it, between them or on top of them, is found by its links. */
#ifndef PYNECK_PYTHON_STACK_RESOLVE_H
#define PYNECK_PYTHON_STACK_RESOLVE_H

#include "python/call_sites.h"
#include "python/frame_links.h"
#include "python/stack_copy.h"

enum {
    FRAMES_ROOM = 2 * UNWIND_MAX_FRAMES,
};

/* Zero-initialized but for the first two. */
struct stack_resolver {
    const struct python_layout *layout;
    struct code_cache *codes;
    struct stack_copy copy;
    struct frame_links links;
    struct call_sites call_sites;
    uint64_t call_sites_epoch;        /* of the code cache when they were read */
    struct frame frames[FRAMES_ROOM]; /* what was found, outermost first */
    size_t frame_count;
    size_t steps_left; /* frames that may still be looked at */
    uint64_t now_ns;   /* CLOCK_MONOTONIC */
};

/* Make the stack out of what was copied.
 *
 * standing  the frames of this thread's last stacks; brought up to date */
enum stack_trust stack_resolve(struct stack_resolver *resolver, struct standing_frames *standing);

#endif

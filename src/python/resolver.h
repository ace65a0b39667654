/* What a stack is made of, and the part of it that was found: src/python/stack_climb.h finds the frames of
 * the data stack, src/python/outside_chain.h those that lie elsewhere, and src/python/stack_resolve.h what
 * was on top. */
#ifndef PYNECK_PYTHON_RESOLVER_H
#define PYNECK_PYTHON_RESOLVER_H

#include "python/call_sites.h"
#include "python/frame_links.h"
#include "python/stack_copy.h"

enum {
    FRAMES_ROOM = 2 * UNWIND_MAX_FRAMES,
};

/* Zero-initialized but for the first two, and the copy's pid and layout. */
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

/* The code object that a frame executes, out of the code cache or read into it; NULL when this cannot be a
 * frame. Where it is in a thread's own copy of the bytecode, its instruction becomes the one in the code
 * object. */
const struct code_object *resolver_find_code(struct stack_resolver *resolver, struct frame_view *view);

/* Put a frame that executes `code` on top of those that were found, unless it is internal; of too many, the
 * outermost ones are left out. */
void resolver_add_frame(struct stack_resolver *resolver, const struct frame_view *view,
                        const struct code_object *code);

/* Whether one more frame may be looked at: a target's links can lead anywhere, and around for ever. */
static inline bool resolver_take_step(struct stack_resolver *resolver)
{
    if (resolver->steps_left == 0)
        return false;
    resolver->steps_left--;
    return true;
}

#endif

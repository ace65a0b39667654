/* The way up the data stack, over its frames as they lie there; src/python/unwind.h says by what they are
 * told from what popped ones left. */
#ifndef PYNECK_PYTHON_STACK_CLIMB_H
#define PYNECK_PYTHON_STACK_CLIMB_H

#include "python/resolver.h"

/* How far a way up the data stack led. */
struct climbed_stack {
    bool is_torn;     /* something is there that cannot be */
    bool is_cut;      /* the outermost frames were not copied */
    size_t end_count; /* of the frames that were found, up to the last one that can be the end of a stack */
    uint64_t end;     /* its address; 0 when there is none */
};

/* Go over the frames of the chunks as they lie there, from the outermost one up, as long as they hold
 * together. They are put on top of those that were found, together with what lies outside of the data stack
 * between them.
 *
 * standing  the frames of this thread's last stacks; brought up to date */
struct climbed_stack stack_climb(struct stack_resolver *resolver, struct standing_frames *standing);

#endif

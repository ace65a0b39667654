/* Frames that lie outside of the data stack, those of generators and the interpreter's entry frames, by their
 * links.
 *
 * They are followed as they were copied, or, where that leads nowhere any more, as they were when they led to
 * the data stack the last time (frame_links.h). */
#ifndef PYNECK_PYTHON_OUTSIDE_CHAIN_H
#define PYNECK_PYTHON_OUTSIDE_CHAIN_H

#include "python/resolver.h"

enum {
    OUTSIDE_CHAIN_MAX = 128, /* frames outside of the data stack one below the other */
};

/* Frames outside of the data stack, innermost first, and the address of what lies below them. */
struct outside_chain {
    struct frame_link links[OUTSIDE_CHAIN_MAX];
    size_t count;
    uint64_t base;
};

/* Find the frame outside of the data stack that is at an address, and those that it lies on; false when none
 * is there. What was followed as it was copied is remembered. */
bool outside_chain_find(struct stack_resolver *resolver, uint64_t address, struct outside_chain *chain);

/* Put the outermost `count` frames of a chain, at most all of them, on top of what was found. */
void outside_chain_add(struct stack_resolver *resolver, const struct outside_chain *chain, size_t count);

/* Put those frames on top that lie between two of the data stack, if any; false when nothing leads from the
 * one to the other.
 *
 * caller  the frame below the upper one
 * callee  the upper one's code object
 * lower   the frame of the data stack that they are to lie on */
bool outside_chain_add_between(struct stack_resolver *resolver, uint64_t caller, uint64_t callee,
                               uint64_t lower);

#endif

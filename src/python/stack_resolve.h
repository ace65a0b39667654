/* A stack out of a copy of a thread's memory; src/python/unwind.h says how.
 *
 * The frames of the data stack are gone over as they lie there, from the outermost one up, as long as they
 * hold together (stack_climb.h). What lies outside of it, between them or on top of them, is found by its
 * links (outside_chain.h). */
#ifndef PYNECK_PYTHON_STACK_RESOLVE_H
#define PYNECK_PYTHON_STACK_RESOLVE_H

#include "python/resolver.h"

/* Make the stack out of what was copied.
 *
 * standing  the frames of this thread's last stacks; brought up to date */
enum stack_trust stack_resolve(struct stack_resolver *resolver, struct standing_frames *standing);

#endif

/* A tick in which every member has a value, for tests of what keeps ticks. */
#ifndef PYNECK_TESTS_FULL_TICK_H
#define PYNECK_TESTS_FULL_TICK_H

#include "model/call_tree.h"
#include "model/tick.h"
#include "record/fields.h"

/* Make one, with one process; tick_free() it.
 *
 * nodes  two of the call tree */
struct tick *full_tick_make(const uint32_t nodes[2]);

/* See that all of it is there again, with the nodes of another tree (or the same one). */
void full_tick_assert_same(const struct tick *tick, const struct call_tree *tree, const struct tick *read,
                           const struct call_tree *read_tree);

/* The bytes of a member of this type. */
size_t full_tick_field_size(enum field_type type);

#endif

/* Stacks of CPython to 3.10, where each frame is an object of its own (PyFrameObject), linked by f_back.
 *
 * What unwinder_read() of unwind.h promises is done here for these versions. */
#ifndef PYNECK_PYTHON_UNWIND_OBJECTS_H
#define PYNECK_PYTHON_UNWIND_OBJECTS_H

#include "python/unwind.h"

struct object_unwinder;

/* A reader of the stacks of one process; object_unwinder_free() it. `layout` and `codes` must live as long.
 */
struct object_unwinder *object_unwinder_new(pid_t pid, const struct python_layout *layout,
                                            struct code_cache *codes);
void object_unwinder_free(struct object_unwinder *unwinder);

/* As unwinder_begin_sample() and unwinder_read(). */
void object_unwinder_begin_sample(struct object_unwinder *unwinder);
struct stack object_unwinder_read(struct object_unwinder *unwinder, const struct thread_reference *thread,
                                  struct stack_hint *hint, struct interpreter_moment *moment, bool prove,
                                  uint64_t now_ns);

/* Free what a hint remembers of a thread's frames. */
void object_hint_free(struct object_hint *hint);

#endif

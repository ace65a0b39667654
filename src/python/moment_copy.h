/* The interpreter's own variables, read together with a thread's stack. */
#ifndef PYNECK_PYTHON_MOMENT_COPY_H
#define PYNECK_PYTHON_MOMENT_COPY_H

#include "python/memory.h"
#include "python/unwind.h"

enum {
    MOMENT_MAX_PIECES = 9,
};

/* Zero-initialized before a read: what a version does not have stays 0. */
struct moment_copy {
    uint64_t threads_head;
    uint64_t current_thread;
    uint64_t gil_last_holder;
    uint64_t code_object_generation;
    uint32_t gil_locked;
    uint32_t gil_enabled;
    uint32_t collecting;
    uint32_t bytecode_generation;
};

/* Plan to read them, neighbours next to each other.
 *
 * pieces   receives at most MOMENT_MAX_PIECES
 * returns  how many */
size_t moment_copy_plan(struct moment_copy *copy, const struct python_layout *layout,
                        const struct thread_reference *thread, struct memory_piece *pieces);

/* What they say once they are read; a thread's attachment is the caller's to fill in. */
struct interpreter_moment moment_copy_take(const struct moment_copy *copy, const struct python_layout *layout,
                                           const struct thread_reference *thread);

#endif

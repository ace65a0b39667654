/* What is known of frame objects (to 3.10) from the times when they were seen alive.
 *
 * A frame object is used for one call after the other, mostly of one function. Where a call was over before its frame could
 * be copied, and the frame does not tell any more what it did, it counts as what was seen of it last. So does the whole stack of
 * a function where its frames contradict each other. */
#ifndef PYNECK_PYTHON_FRAME_MEMORY_H
#define PYNECK_PYTHON_FRAME_MEMORY_H

#include "python/unwind.h"

enum {
    KNOWN_STACKS = 8,
    FRAME_MEMORY_PLACES = 4096, /* a power of two; of two frames with one place, the one that was seen last */
};

struct known_frame {
    uint64_t address;
    uint64_t code;
    uint64_t caller; /* the frame that it was called from, 0 when it was not seen */
    uint64_t caller_code;
    int32_t instruction;      /* f_lasti */
    int32_t call_instruction; /* f_lasti of the caller */
};

/* Zero-initialized is empty. */
struct frame_memory {
    struct known_frame places[FRAME_MEMORY_PLACES];
};

/* What is known of a frame that executes this code; NULL when nothing is. Valid until the next frame is learned. */
const struct known_frame *frame_memory_find(const struct frame_memory *memory, uint64_t address,
                                            uint64_t code);

/* The frame that a frame was called from last, whatever it executed; 0 when nothing is known. */
uint64_t frame_memory_caller(const struct frame_memory *memory, uint64_t address);

void frame_memory_learn(struct frame_memory *memory, const struct known_frame *frame);

/* The last stack of a function: when it was on top, the frames innermost first. */
struct known_stack {
    uint64_t code;
    struct frame *frames;
    size_t capacity;
    size_t count;
};

/* Of the functions that were on top lately in one thread, the last one first. Zero-initialized is empty;
 * known_stacks_release() it. */
struct known_stacks {
    struct known_stack stacks[KNOWN_STACKS];
};

/* Learn a stack in place of that function's older one, or of the one that was learned longest ago.
 *
 * count  at least 1 */
void known_stacks_learn(struct known_stacks *stacks, const struct frame *frames, size_t count);

/* The last stack with that function on top, or NULL. */
const struct known_stack *known_stacks_find(const struct known_stacks *stacks, uint64_t code);

void known_stacks_release(struct known_stacks *stacks);

#endif

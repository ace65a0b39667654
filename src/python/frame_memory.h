/* What is known of frame objects (to 3.10) from the times when they were seen alive.
 *
 * A frame object is used for one call after the other, mostly of one function. Where a call was over before its frame could
 * be copied, and the frame does not tell any more what it did, it counts as what was seen of it last. */
#ifndef PYNECK_PYTHON_FRAME_MEMORY_H
#define PYNECK_PYTHON_FRAME_MEMORY_H

#include <stdint.h>

enum {
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

void frame_memory_learn(struct frame_memory *memory, const struct known_frame *frame);

#endif

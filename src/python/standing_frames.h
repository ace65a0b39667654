/* The frames of a thread's data stack as they were found at its last samples, so that of those which stand nothing is looked
 * up again. */
#ifndef PYNECK_PYTHON_STANDING_FRAMES_H
#define PYNECK_PYTHON_STANDING_FRAMES_H

#include "python/layout.h"
#include "python/memory.h"

struct frame_view; /* src/python/stack_copy.h */

struct standing_frame {
    uint64_t address;
    uint64_t
        executable; /* with these and those that follow it is in the same call, at the same place of it */
    uint64_t previous;
    uint64_t instruction;
    int32_t stacktop;
    bool is_entry;
    bool is_internal;   /* what its code object says of it */
    bool has_no_callee; /* to 3.13: it executes, or has not begun */
    bool can_end;       /* a stack may end with it */
    uint32_t frame_bytes;
};

/* By their depth in the data stack. Zero-initialized is empty. */
struct standing_frames {
    struct standing_frame *frames;
    size_t capacity;
    size_t count;
    uint64_t epoch; /* of the code cache, by which they were found */
    struct standing_frame
        no_frame; /* what lay above the last one and was none: it names no code object that fits */
};

void standing_frames_release(struct standing_frames *standing);

/* Before and after a walk over the data stack: forget the frames when an address may be another code object now. */
void standing_frames_check(struct standing_frames *standing, uint64_t epoch);

/* What a frame says of itself; the rest is to be filled in. */
struct standing_frame standing_frame_of(const struct frame_view *view);

/* Keep a frame at a depth; of those that are very deep none is kept. */
void standing_frames_set(struct standing_frames *standing, size_t depth, const struct standing_frame *frame);

/* Note that what was copied is no frame, which costs a read to find out, and whether it was found to be none before. */
void standing_frames_note_no_frame(struct standing_frames *standing, const struct frame_view *view);
bool standing_frames_is_no_frame(const struct standing_frames *standing, const struct frame_view *view);

/* Whether a frame that was copied is as it was. */
static inline bool standing_frame_stands(const struct standing_frame *frame,
                                         const struct python_layout *layout, const unsigned char *bytes)
{
    return (memory_get_u64(bytes, layout->frame.executable) & ~layout->frame.tag_mask) == frame->executable &&
           memory_get_u64(bytes, layout->frame.previous) == frame->previous &&
           memory_get_u64(bytes, layout->frame.instruction) == frame->instruction &&
           (layout->frame.stacktop == LAYOUT_NONE ||
            (int32_t)memory_get_u32(bytes, layout->frame.stacktop) == frame->stacktop) &&
           (layout->frame.is_entry == LAYOUT_NONE ||
            (memory_get_u8(bytes, layout->frame.is_entry) != 0) == frame->is_entry);
}

#endif

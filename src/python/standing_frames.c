#include "python/standing_frames.h"

#include "base/memory.h"
#include "python/stack_copy.h"

#include <stdlib.h>

void standing_frames_release(struct standing_frames *standing)
{
    free(standing->frames);
}

void standing_frames_check(struct standing_frames *standing, uint64_t epoch)
{
    if (standing->epoch != epoch)
        standing->count = 0;
    standing->epoch = epoch;
}

struct standing_frame standing_frame_of(const struct frame_view *view)
{
    return (struct standing_frame){
        .address = view->address,
        .executable = view->executable,
        .previous = view->previous,
        .instruction = view->instruction,
        .stacktop = view->stacktop,
        .is_entry = view->is_entry,
    };
}

void standing_frames_set(struct standing_frames *standing, size_t depth, const struct standing_frame *frame)
{
    if (depth > standing->count || depth >= UNWIND_MAX_FRAMES)
        return;
    standing->frames =
        memory_grow(standing->frames, &standing->capacity, depth + 1, sizeof(*standing->frames));
    standing->frames[depth] = *frame;
    if (depth == standing->count)
        standing->count++;
}

void standing_frames_note_no_frame(struct standing_frames *standing, const struct frame_view *view)
{
    standing->no_frame = standing_frame_of(view);
}

bool standing_frames_is_no_frame(const struct standing_frames *standing, const struct frame_view *view)
{
    const struct standing_frame *known = &standing->no_frame;

    return known->address == view->address && known->executable == view->executable &&
           known->previous == view->previous && known->instruction == view->instruction;
}

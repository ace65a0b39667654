#include "python/stack_climb.h"

#include "python/outside_chain.h"

enum {
    EXECUTING = -1, /* stacktop of a frame that executes, to 3.13 */
};

/* To 3.13: whether a frame has called nobody, because it executes or has not begun: a new frame has a
 * stacktop like one that waits, but no function calls another by its first instruction; only the
 * interpreter's own frames below an __init__ stay at theirs. */
static bool has_no_callee(const struct stack_resolver *resolver, const struct frame_view *view,
                          const struct code_object *code)
{
    return resolver->layout->frame.stacktop != LAYOUT_NONE &&
           (view->stacktop == EXECUTING || (view->instruction <= code->instructions && !code->internal));
}

/* Whether a frame is left of a call that made a generator or coroutine: that stays as it was, code and
 * all. */
static bool has_made_generator(const struct stack_resolver *resolver, const struct frame_view *view,
                               const struct code_object *code)
{
    if (code->return_bytes == 0)
        return false;
    return resolver->layout->frame.stacktop != LAYOUT_NONE
               ? view->stacktop != EXECUTING
               : view->instruction >= code->instructions + code->return_bytes;
}

/* A way up the data stack. */
struct climb {
    struct standing_frames *standing;
    size_t depth;           /* frames below */
    uint64_t top;           /* the last one; 0 when there is none */
    bool top_has_no_callee; /* to 3.13, else false */
    bool is_over;           /* nothing lives above the top, whatever other chunks held later */
    struct climbed_stack result;
};

/* Whether a place of the data stack was in use when the thread state was copied. */
static bool was_in_use(const struct stack_resolver *resolver, uint64_t address)
{
    const struct chunk_copy *newest = &resolver->copy.chunks[0];

    return address < newest->address || address - newest->address >= newest->length ||
           address - newest->address < resolver->copy.used_bytes;
}

/* Whether a frame of the data stack was certainly alive when it was copied. */
static bool is_alive(const struct stack_resolver *resolver, const struct frame_view *view)
{
    return resolver->layout->frame.popped_is_null ? view->executable != 0 : view->stacktop == EXECUTING;
}

/* Look at what lies above the top.
 *
 * returns  its code object, or NULL when no live frame is there */
static const struct code_object *view_upwards(struct stack_resolver *resolver, struct climb *climb,
                                              struct frame_view *view)
{
    if (view->executable == 0)
        return NULL;
    if (climb->top_has_no_callee && view->previous == climb->top && !view->is_entry)
        return NULL; /* it was left in the memory that a frame before it had */
    if (code_cache_find(resolver->codes, view->executable) == NULL &&
        standing_frames_is_no_frame(climb->standing, view))
        return NULL;
    const struct code_object *code = resolver_find_code(resolver, view);
    if (code != NULL && has_made_generator(resolver, view, code))
        return NULL;
    if (code != NULL && climb->result.is_cut && climb->top == 0)
        return code;
    if (code != NULL && outside_chain_add_between(resolver, view->previous, view->executable, climb->top))
        return code;
    if (code != NULL)
        climb->result.is_torn = is_alive(resolver, view) || was_in_use(resolver, view->address);
    else if (code_cache_find(resolver->codes, view->executable) == NULL) /* else it is about to begin */
        climb->result.is_torn = view->previous == climb->top && was_in_use(resolver, view->address);
    if (code == NULL && !climb->result.is_torn)
        standing_frames_note_no_frame(climb->standing, view);
    return NULL;
}

/* Go up by one frame.
 *
 * returns  the size of the frame, 0 when no live one is there */
static size_t climb_frame(struct stack_resolver *resolver, uint64_t address, const unsigned char *bytes,
                          struct climb *climb)
{
    const struct python_layout *layout = resolver->layout;
    struct frame_view view = {.address = address, .in_chunk = true};

    stack_copy_view_bytes(layout, bytes, &view);
    struct standing_frame self = standing_frame_of(&view);
    const struct code_object *code = view_upwards(resolver, climb, &view);
    if (code == NULL)
        return 0;
    resolver_add_frame(resolver, &view, code);
    self.frame_bytes = code->frame_bytes;
    self.is_internal = code->internal;
    self.has_no_callee = has_no_callee(resolver, &view, code);
    self.can_end = self.has_no_callee || layout->frame.stacktop == LAYOUT_NONE;
    if (view.instruction != self.instruction) /* it was in a copy of the bytecode: that is looked up again */
        self.address = 0;
    standing_frames_set(climb->standing, climb->depth, &self);
    climb->top = address;
    climb->top_has_no_callee = self.has_no_callee;
    if (self.can_end) {
        climb->result.end = address;
        climb->result.end_count = resolver->frame_count;
    }
    climb->depth++;
    return code->frame_bytes;
}

/* Go up as long as the frames stand as they did at the last sample, each called by the one below it: most
 * frames of a deep stack do, and nothing is looked up for them.
 *
 * returns  the size of all of them */
static size_t climb_standing(struct stack_resolver *resolver, const struct chunk_copy *chunk, size_t offset,
                             struct climb *climb)
{
    const struct python_layout *layout = resolver->layout;
    size_t begin = offset;
    size_t depth = climb->depth;
    size_t end = climb->standing->count;
    size_t count = resolver->frame_count;
    uint64_t top = climb->top;

    if (end > depth + resolver->steps_left)
        end = depth + resolver->steps_left;
    for (; depth < end && count < FRAMES_ROOM && offset + layout->frame.size <= chunk->length; depth++) {
        const struct standing_frame *frame = &climb->standing->frames[depth];
        if (frame->address != chunk->address + offset || frame->previous != top ||
            (climb->top_has_no_callee && !frame->is_entry) ||
            !standing_frame_stands(frame, layout, chunk->bytes + offset))
            break;
        if (!frame->is_internal)
            resolver->frames[count++] = (struct frame){frame->address, frame->executable, frame->instruction};
        top = frame->address;
        climb->top_has_no_callee = frame->has_no_callee;
        if (frame->can_end) {
            climb->result.end = top;
            climb->result.end_count = count;
        }
        offset += frame->frame_bytes;
    }
    resolver->steps_left -= depth - climb->depth;
    resolver->frame_count = count;
    climb->depth = depth;
    climb->top = top;
    return offset - begin;
}

static void climb_chunk(struct stack_resolver *resolver, const struct chunk_copy *chunk, struct climb *climb)
{
    const struct python_layout *layout = resolver->layout;
    size_t offset = layout->chunk.data + (chunk->previous == 0 ? sizeof(uint64_t) : 0);

    for (;;) {
        offset += climb_standing(resolver, chunk, offset, climb);
        if (offset + layout->frame.size > chunk->length || !resolver_take_step(resolver))
            return;
        size_t size = climb_frame(resolver, chunk->address + offset, chunk->bytes + offset, climb);
        climb->is_over = size == 0;
        if (climb->is_over)
            return;
        offset += size;
    }
}

struct climbed_stack stack_climb(struct stack_resolver *resolver, struct standing_frames *standing)
{
    struct climb climb = {.standing = standing};

    standing_frames_check(standing, code_cache_epoch(resolver->codes));
    if (!resolver->copy.older_chunks_read)
        stack_copy_read_older(&resolver->copy);
    size_t chunks = resolver->copy.chunk_count;
    climb.result.is_cut = chunks > 0 && resolver->copy.chunks[chunks - 1].previous != 0;
    for (size_t i = chunks; !climb.is_over && i-- > 0;)
        climb_chunk(resolver, &resolver->copy.chunks[i], &climb);
    standing_frames_check(standing, code_cache_epoch(resolver->codes));
    return climb.result;
}

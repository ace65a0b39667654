#include "python/unwind.h"

#include "base/memory.h"
#include "python/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_STEPS = 65536,                /* frames looked at in one walk */
    MAX_OUTSIDE_READS = 512,          /* frames fetched one by one in one read */
    MAX_CHUNKS = 512,                 /* of one data stack */
    MAX_CHUNK_BYTES = 1 << 20,        /* copied of one chunk */
    MAX_STACK_BYTES = 8 << 20,        /* copied of all chunks */
    SMALLEST_CHUNK_BYTES = 16 * 1024, /* _PY_DATA_STACK_CHUNK_SIZE: each chunk has at least this */
    READ_AHEAD_BYTES = 512,           /* beyond what was used last time */
    MAX_STEPS_UP = 64,
    MAX_FRAME_BYTES = 256, /* of a frame's header */
    MAX_THREAD_STATE_BYTES = 2048,
    CHUNK_HEADER_BYTES = 64,
    OWNED_BY_THREAD = 0, /* FRAME_OWNED_BY_THREAD in all versions */
    EXECUTING = -1,      /* stacktop of a frame that executes, to 3.13 */
};

struct chunk_copy {
    uint64_t address;
    uint64_t previous;
    unsigned char *bytes;
    size_t capacity;
    size_t length; /* copied, from the chunk's start */
};

struct outside_frame {
    uint64_t address;
    unsigned char bytes[MAX_FRAME_BYTES];
};

/* One frame as it was copied. */
struct frame_view {
    uint64_t address;
    uint64_t executable;
    uint64_t previous;
    uint64_t instruction;
    int32_t stacktop;
    uint8_t owner;
    bool is_entry;
    bool in_chunk;
};

struct unwinder {
    pid_t pid;
    const struct python_layout *layout;
    struct code_cache *codes;

    struct chunk_copy *chunks; /* newest first */
    size_t chunk_capacity;
    size_t chunk_count;
    size_t stack_bytes; /* copied of all chunks */
    bool older_chunks_read;

    struct outside_frame *outside; /* in the order of the walk */
    size_t outside_capacity;
    size_t outside_count;
    size_t outside_cursor; /* where the next look-up starts */
    uint64_t visited[UNWIND_PREFETCHED_FRAMES];
    size_t visited_count;

    unsigned char thread_state[MAX_THREAD_STATE_BYTES];
    struct frame frames[UNWIND_MAX_FRAMES];
    size_t frame_count;
    struct frame_view top; /* of frames[0] */
    uint64_t now_ns;
};

struct unwinder *unwinder_new(pid_t pid, const struct python_layout *layout, struct code_cache *codes)
{
    struct unwinder *unwinder = memory_allocate(1, sizeof(*unwinder));

    unwinder->pid = pid;
    unwinder->layout = layout;
    unwinder->codes = codes;
    return unwinder;
}

void unwinder_free(struct unwinder *unwinder)
{
    if (unwinder == NULL)
        return;
    for (size_t i = 0; i < unwinder->chunk_capacity; i++)
        free(unwinder->chunks[i].bytes);
    free(unwinder->chunks);
    free(unwinder->outside);
    free(unwinder);
}

/* ---- copying ---- */

static struct chunk_copy *add_chunk(struct unwinder *unwinder, uint64_t address, size_t length)
{
    unwinder->chunks = memory_grow(unwinder->chunks, &unwinder->chunk_capacity, unwinder->chunk_count + 1,
                                   sizeof(*unwinder->chunks));
    struct chunk_copy *chunk = &unwinder->chunks[unwinder->chunk_count++];
    chunk->bytes = memory_grow(chunk->bytes, &chunk->capacity, length, 1);
    chunk->address = address;
    chunk->length = length;
    return chunk;
}

static struct outside_frame *add_outside(struct unwinder *unwinder, uint64_t address)
{
    unwinder->outside = memory_grow(unwinder->outside, &unwinder->outside_capacity,
                                    unwinder->outside_count + 1, sizeof(*unwinder->outside));
    struct outside_frame *frame = &unwinder->outside[unwinder->outside_count++];
    frame->address = address;
    return frame;
}

/* The size of a chunk as its header says, or 0 when it cannot be one. */
static size_t chunk_size(const struct python_layout *layout, const unsigned char *header)
{
    uint64_t size = memory_get_u64(header, layout->chunk.size);

    return size >= SMALLEST_CHUNK_BYTES && size <= UINT32_MAX && size % 4096 == 0 ? (size_t)size : 0;
}

/* Copy the chunks below the newest one, as far as they are used. */
static void read_older_chunks(struct unwinder *unwinder)
{
    const struct python_layout *layout = unwinder->layout;

    unwinder->older_chunks_read = true;
    if (unwinder->chunk_count == 0)
        return;
    uint64_t address = unwinder->chunks[0].previous;
    while (memory_is_pointer(address) && unwinder->chunk_count < MAX_CHUNKS &&
           unwinder->stack_bytes < MAX_STACK_BYTES) {
        struct chunk_copy *chunk = add_chunk(unwinder, address, SMALLEST_CHUNK_BYTES);
        bool whole = memory_read(unwinder->pid, address, chunk->bytes, SMALLEST_CHUNK_BYTES);
        uint64_t used =
            whole ? layout->chunk.data + memory_get_u64(chunk->bytes, layout->chunk.top) % UINT32_MAX * 8 : 0;
        if (!whole || used > chunk_size(layout, chunk->bytes) || used > MAX_CHUNK_BYTES) {
            unwinder->chunk_count--;
            return;
        }
        if (used > SMALLEST_CHUNK_BYTES) {
            chunk->bytes = memory_grow(chunk->bytes, &chunk->capacity, used, 1);
            if (!memory_read(unwinder->pid, address, chunk->bytes, used)) {
                unwinder->chunk_count--;
                return;
            }
        }
        chunk->length = used;
        chunk->previous = memory_get_u64(chunk->bytes, layout->chunk.previous);
        unwinder->stack_bytes += used;
        address = chunk->previous;
    }
}

static const unsigned char *find_in_chunks(const struct unwinder *unwinder, uint64_t address)
{
    for (size_t i = 0; i < unwinder->chunk_count; i++) {
        const struct chunk_copy *chunk = &unwinder->chunks[i];
        uint64_t offset = address - chunk->address;
        if (address >= chunk->address && offset >= unwinder->layout->chunk.data && offset < chunk->length &&
            chunk->length - offset >= unwinder->layout->frame.size)
            return chunk->bytes + offset;
    }
    return NULL;
}

/* Frames outside of the chunks come in the order of the last walk, so the next one is usually at the cursor.
 */
static const unsigned char *find_outside(struct unwinder *unwinder, uint64_t address)
{
    for (size_t i = 0; i < unwinder->outside_count; i++) {
        size_t index = (unwinder->outside_cursor + i) % unwinder->outside_count;
        if (unwinder->outside[index].address == address) {
            unwinder->outside_cursor = index + 1;
            return unwinder->outside[index].bytes;
        }
    }
    if (unwinder->outside_count >= MAX_OUTSIDE_READS)
        return NULL;
    struct outside_frame *frame = add_outside(unwinder, address);
    if (!memory_read(unwinder->pid, address, frame->bytes, unwinder->layout->frame.size)) {
        unwinder->outside_count--;
        return NULL;
    }
    return frame->bytes;
}

static void view_bytes(const struct python_layout *layout, const unsigned char *bytes,
                       struct frame_view *view)
{
    view->executable = memory_get_u64(bytes, layout->frame.executable) & ~layout->frame.tag_mask;
    view->previous = memory_get_u64(bytes, layout->frame.previous);
    view->instruction = memory_get_u64(bytes, layout->frame.instruction);
    view->owner = memory_get_u8(bytes, layout->frame.owner);
    view->stacktop =
        layout->frame.stacktop == LAYOUT_NONE ? 0 : (int32_t)memory_get_u32(bytes, layout->frame.stacktop);
    view->is_entry =
        layout->frame.is_entry != LAYOUT_NONE && memory_get_u8(bytes, layout->frame.is_entry) != 0;
}

/* Look at the frame at an address of the target; false when it cannot be read. */
static bool view_frame(struct unwinder *unwinder, uint64_t address, struct frame_view *view)
{
    if (!memory_is_pointer(address))
        return false;
    const unsigned char *bytes = find_in_chunks(unwinder, address);
    if (bytes == NULL && !unwinder->older_chunks_read) {
        read_older_chunks(unwinder);
        bytes = find_in_chunks(unwinder, address);
    }
    view->in_chunk = bytes != NULL;
    if (bytes == NULL) {
        bytes = find_outside(unwinder, address);
        if (bytes == NULL)
            return false;
        if (unwinder->visited_count < UNWIND_PREFETCHED_FRAMES)
            unwinder->visited[unwinder->visited_count++] = address;
    }
    view->address = address;
    view_bytes(unwinder->layout, bytes, view);
    return true;
}

/* ---- walking ---- */

/* The code object that a frame executes, if the frame can be one. A code object that does not fit the frame
 * may be a new one where a freed one was. */
static const struct code_object *frame_code(struct unwinder *unwinder, const struct frame_view *view)
{
    const struct code_object *code = code_cache_find(unwinder->codes, view->executable);

    if (code == NULL) {
        code = code_cache_load(unwinder->codes, view->executable, unwinder->now_ns);
    } else if (!code_object_contains(code, view->instruction)) {
        code_cache_verify(unwinder->codes, &view->executable, 1, unwinder->now_ns);
        code = code_cache_find(unwinder->codes, view->executable);
    }
    return code != NULL && code_object_contains(code, view->instruction) ? code : NULL;
}

static void add_frame(struct unwinder *unwinder, const struct frame_view *view,
                      const struct code_object *code)
{
    if (!code->internal && unwinder->frame_count < UNWIND_MAX_FRAMES)
        unwinder->frames[unwinder->frame_count++] =
            (struct frame){.code = view->executable, .instruction = view->instruction};
}

/* To 3.13: whether a frame has called nobody, because it executes or has not begun: a new frame has a
 * stacktop like one that waits, but no function calls another by its first instruction. */
static bool has_no_callee(const struct unwinder *unwinder, const struct frame_view *view,
                          const struct code_object *code)
{
    return unwinder->layout->frame.stacktop != LAYOUT_NONE &&
           (view->stacktop == EXECUTING || view->instruction <= code->instructions);
}

/* To 3.13: `upper`, which points back to `lower`, cannot be its callee when `lower` has none. Where C code
 * stands between the two (an entry frame, or is_entry in 3.11) stacktop tells nothing. */
static bool is_leftover(const struct unwinder *unwinder, const struct frame_view *upper,
                        const struct frame_view *lower, const struct code_object *lower_code)
{
    return upper->in_chunk && lower->in_chunk && !upper->is_entry && upper->previous == lower->address &&
           has_no_callee(unwinder, lower, lower_code);
}

/* Whether no frame was ever pushed onto the data stack, or all were popped. */
static bool stack_is_empty(const struct unwinder *unwinder)
{
    const struct python_layout *layout = unwinder->layout;
    uint64_t chunk = memory_get_u64(unwinder->thread_state, layout->thread.datastack_chunk);
    uint64_t top = memory_get_u64(unwinder->thread_state, layout->thread.datastack_top);

    return chunk == 0 ||
           (unwinder->chunks[0].previous == 0 && top - chunk <= layout->chunk.data + sizeof(uint64_t));
}

/* Follow the links from a frame to the outermost one. A generator's frame is never that: one without a link
 * is suspended, and was only passed through while it ran.
 *
 * returns  whether the end was reached without a contradiction; the frames are in unwinder->frames */
static bool walk_down(struct unwinder *unwinder, uint64_t address)
{
    struct frame_view upper = {0};
    bool suspended = false;

    unwinder->frame_count = 0;
    unwinder->outside_cursor = 0;
    unwinder->visited_count = 0;
    unwinder->top = (struct frame_view){0};
    for (size_t step = 0; address != 0; step++) {
        struct frame_view view;
        if (step >= MAX_STEPS || !view_frame(unwinder, address, &view))
            return false;
        address = view.previous;
        suspended = view.owner == unwinder->layout->frame.owner_generator;
        if (view.owner >= unwinder->layout->frame.first_internal_owner) {
            upper = (struct frame_view){0};
            continue;
        }
        if (view.executable == 0 && unwinder->layout->frame.popped_is_null) {
            unwinder->frame_count = 0;
            unwinder->top = upper = (struct frame_view){0};
            continue;
        }
        const struct code_object *code = frame_code(unwinder, &view);
        if (code == NULL)
            return false;
        if (is_leftover(unwinder, &upper, &view, code)) {
            unwinder->frame_count = 0;
            unwinder->top = (struct frame_view){0};
        }
        if (unwinder->top.address == 0)
            unwinder->top = view;
        add_frame(unwinder, &view, code);
        upper = view;
    }
    return !suspended && (unwinder->frame_count > 0 || stack_is_empty(unwinder));
}

/* The frame that was pushed onto `view` meanwhile, if the copy shows one. */
static const struct code_object *find_callee(struct unwinder *unwinder, const struct frame_view *view,
                                             struct frame_view *callee)
{
    const struct python_layout *layout = unwinder->layout;
    const struct code_object *code = code_cache_find(unwinder->codes, view->executable);

    if (code == NULL || !view->in_chunk || view->owner != OWNED_BY_THREAD)
        return NULL;
    if (has_no_callee(unwinder, view, code))
        return NULL;
    const unsigned char *bytes = find_in_chunks(unwinder, view->address + code->frame_bytes);
    if (bytes == NULL)
        return NULL;
    callee->address = view->address + code->frame_bytes;
    callee->in_chunk = true;
    view_bytes(layout, bytes, callee);
    if (callee->owner != OWNED_BY_THREAD || callee->previous != view->address || callee->is_entry ||
        callee->executable == 0)
        return NULL;
    return frame_code(unwinder, callee);
}

/* Add what was pushed onto the top between the moment of the frame pointer and the moment of the copy. */
static void step_up(struct unwinder *unwinder)
{
    struct frame pushed[MAX_STEPS_UP];
    struct frame_view view = unwinder->top;
    size_t count = 0;

    while (count < MAX_STEPS_UP && view.address != 0) {
        struct frame_view callee;
        const struct code_object *code = find_callee(unwinder, &view, &callee);
        if (code == NULL)
            break;
        if (!code->internal)
            pushed[count++] = (struct frame){.code = callee.executable, .instruction = callee.instruction};
        view = callee;
    }
    if (count == 0)
        return;
    size_t kept = unwinder->frame_count;
    if (kept > UNWIND_MAX_FRAMES - count)
        kept = UNWIND_MAX_FRAMES - count;
    memmove(unwinder->frames + count, unwinder->frames, kept * sizeof(*unwinder->frames));
    for (size_t i = 0; i < count; i++)
        unwinder->frames[i] = pushed[count - 1 - i];
    unwinder->frame_count = kept + count;
}

static void reverse_frames(struct frame *frames, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct frame frame = frames[i];
        frames[i] = frames[count - 1 - i];
        frames[count - 1 - i] = frame;
    }
}

/* Add the frames that lie outside of the chunks between `view` and `lower`, outermost first; false when the
 * links do not lead there. */
static bool add_frames_between(struct unwinder *unwinder, const struct frame_view *view, uint64_t lower)
{
    size_t first = unwinder->frame_count;
    uint64_t address = view->previous;

    for (size_t step = 0; address != lower; step++) {
        struct frame_view between;
        if (step >= MAX_OUTSIDE_READS || !view_frame(unwinder, address, &between) || between.in_chunk)
            return false;
        address = between.previous;
        if (between.owner >= unwinder->layout->frame.first_internal_owner)
            continue;
        const struct code_object *code = frame_code(unwinder, &between);
        if (code == NULL)
            return false;
        add_frame(unwinder, &between, code);
    }
    reverse_frames(unwinder->frames + first, unwinder->frame_count - first);
    return true;
}

/* Look at the frame that lies at a place of a chunk's copy.
 *
 * returns  its code object, or NULL when no live frame is there: then `*torn` says whether there should be
 * one */
static const struct code_object *view_upwards(struct unwinder *unwinder, uint64_t address,
                                              const unsigned char *bytes, const struct frame_view *lower,
                                              struct frame_view *view, bool *torn)
{
    const struct python_layout *layout = unwinder->layout;
    uint64_t in_use_until = memory_get_u64(unwinder->thread_state, layout->thread.datastack_top);
    bool in_newest = address >= unwinder->chunks[0].address &&
                     address - unwinder->chunks[0].address < unwinder->chunks[0].length;

    *view = (struct frame_view){.address = address, .in_chunk = true};
    view_bytes(layout, bytes, view);
    *torn = false;
    const struct code_object *lower_code = code_cache_find(unwinder->codes, lower->executable);
    if (view->executable == 0 || (lower_code != NULL && is_leftover(unwinder, view, lower, lower_code)))
        return NULL;
    const struct code_object *code = frame_code(unwinder, view);
    size_t kept = unwinder->frame_count;
    if (code != NULL && add_frames_between(unwinder, view, lower->address))
        return code_cache_find(unwinder->codes, view->executable); /* it may have moved */
    unwinder->frame_count = kept;
    *torn = !in_newest || address < in_use_until;
    return NULL;
}

/* Go over the frames of the chunks as they lie there, from the outermost one up, as long as they hold
 * together.
 *
 * returns  whether they led to the top of the stack */
static bool walk_up(struct unwinder *unwinder)
{
    const struct python_layout *layout = unwinder->layout;
    struct frame_view lower = {0};
    bool torn = false;

    unwinder->frame_count = 0;
    unwinder->visited_count = 0;
    if (!unwinder->older_chunks_read)
        read_older_chunks(unwinder);
    for (size_t i = unwinder->chunk_count; !torn && i-- > 0;) {
        const struct chunk_copy *chunk = &unwinder->chunks[i];
        size_t offset = layout->chunk.data + (chunk->previous == 0 ? sizeof(uint64_t) : 0);
        while (offset + layout->frame.size <= chunk->length) {
            struct frame_view view;
            const struct code_object *code =
                view_upwards(unwinder, chunk->address + offset, chunk->bytes + offset, &lower, &view, &torn);
            if (code == NULL)
                break;
            add_frame(unwinder, &view, code);
            offset += code->frame_bytes;
            lower = view;
        }
    }
    reverse_frames(unwinder->frames, unwinder->frame_count);
    return !torn;
}

/* ---- one read ---- */

/* The pieces of one vectored read, and which of them is which. */
struct plan {
    struct memory_piece pieces[MEMORY_MAX_PIECES];
    size_t count;
    uint64_t pointer_before; /* 3.11, 3.12: read by way of the cframe */
    uint64_t pointer_after;
    size_t before_piece;
    size_t chunk_piece;
    size_t after_piece;
    size_t moment_piece;
    unsigned char gil[64];
    uint32_t gil_start;
    uint32_t collecting;
    uint64_t generation;
    uint64_t threads_head;
};

static const size_t no_piece = SIZE_MAX;

static size_t add_piece(struct plan *plan, uint64_t address, void *buffer, size_t size)
{
    plan->pieces[plan->count] = (struct memory_piece){address, buffer, size};
    return plan->count++;
}

/* The interpreter's own fields, read together with a stack. */
static void plan_moment(struct unwinder *unwinder, const struct thread_reference *thread, struct plan *plan)
{
    const struct python_layout *layout = unwinder->layout;

    plan->moment_piece = add_piece(plan, thread->interpreter + layout->interpreter.threads_head,
                                   &plan->threads_head, sizeof(plan->threads_head));
    if (layout->interpreter.gc_collecting != LAYOUT_NONE)
        add_piece(plan, thread->interpreter + layout->interpreter.gc_collecting, &plan->collecting,
                  sizeof(plan->collecting));
    if (layout->interpreter.code_object_generation != LAYOUT_NONE)
        add_piece(plan, thread->interpreter + layout->interpreter.code_object_generation, &plan->generation,
                  sizeof(plan->generation));
    if (thread->gil == 0)
        return;
    uint32_t first =
        layout->gil.locked < layout->gil.last_holder ? layout->gil.locked : layout->gil.last_holder;
    uint32_t last = layout->gil.locked + layout->gil.last_holder - first;
    if (last - first + 8 > sizeof(plan->gil))
        return;
    plan->gil_start = first;
    add_piece(plan, thread->gil + first, plan->gil, last - first + 8);
}

static void finish_moment(const struct unwinder *unwinder, const struct thread_reference *thread,
                          const struct plan *plan, struct interpreter_moment *moment)
{
    const struct python_layout *layout = unwinder->layout;

    *moment = (struct interpreter_moment){
        .known = true,
        .threads_head = plan->threads_head,
        .gil_known = thread->gil != 0,
        .collecting = plan->collecting != 0,
        .code_object_generation = plan->generation,
    };
    if (thread->gil != 0 && (int32_t)memory_get_u32(plan->gil, layout->gil.locked - plan->gil_start) > 0)
        moment->gil_holder = memory_get_u64(plan->gil, layout->gil.last_holder - plan->gil_start);
}

static void plan_read(struct unwinder *unwinder, const struct thread_reference *thread,
                      const struct stack_hint *hint, bool want_moment, struct plan *plan)
{
    const struct python_layout *layout = unwinder->layout;

    plan->count = 0;
    plan->before_piece = plan->chunk_piece = plan->moment_piece = no_piece;
    add_piece(plan, thread->address, unwinder->thread_state, layout->thread.size);
    if (hint->cframe != 0)
        plan->before_piece = add_piece(plan, hint->cframe + layout->thread.cframe_current_frame,
                                       &plan->pointer_before, sizeof(plan->pointer_before));
    if (want_moment)
        plan_moment(unwinder, thread, plan);

    unwinder->chunk_count = unwinder->outside_count = unwinder->outside_cursor = 0;
    unwinder->older_chunks_read = false;
    unwinder->stack_bytes = 0;
    if (hint->chunk != 0) {
        size_t length = (size_t)hint->used_bytes + READ_AHEAD_BYTES;
        if (length > hint->chunk_bytes)
            length = hint->chunk_bytes;
        struct chunk_copy *chunk = add_chunk(unwinder, hint->chunk, length);
        plan->chunk_piece = add_piece(plan, hint->chunk, chunk->bytes, length);
    }
    for (size_t i = 0; i < hint->prefetched; i++)
        add_outside(unwinder, hint->outside[i]);
    for (size_t i = 0; i < hint->prefetched; i++)
        add_piece(plan, hint->outside[i], unwinder->outside[i].bytes, layout->frame.size);

    if (layout->thread.current_frame != LAYOUT_NONE)
        plan->after_piece = add_piece(plan, thread->address + layout->thread.current_frame,
                                      &plan->pointer_after, sizeof(plan->pointer_after));
    else if (hint->cframe != 0)
        plan->after_piece = add_piece(plan, hint->cframe + layout->thread.cframe_current_frame,
                                      &plan->pointer_after, sizeof(plan->pointer_after));
}

/* Copy the newest chunk again, because it is another one now or more of it is used than was expected. */
static bool read_newest_chunk(struct unwinder *unwinder, uint64_t address, size_t used)
{
    unwinder->chunk_count = 0;
    struct chunk_copy *chunk = add_chunk(unwinder, address, used);
    if (!memory_read(unwinder->pid, address, chunk->bytes, used)) {
        unwinder->chunk_count = 0;
        return false;
    }
    return true;
}

/* See to it that the used part of the newest chunk is copied, and remember where it is. */
static bool settle_newest_chunk(struct unwinder *unwinder, struct stack_hint *hint, uint64_t pointer)
{
    const struct python_layout *layout = unwinder->layout;
    uint64_t address = memory_get_u64(unwinder->thread_state, layout->thread.datastack_chunk);
    uint64_t top = memory_get_u64(unwinder->thread_state, layout->thread.datastack_top);

    if (address == 0) { /* no function was called yet */
        unwinder->chunk_count = 0;
        hint->chunk = 0;
        return true;
    }
    if (!memory_is_pointer(address) || top < address + layout->chunk.data || top - address > MAX_CHUNK_BYTES)
        return false;
    size_t used = (size_t)(top - address);
    if (pointer >= address && pointer - address < MAX_CHUNK_BYTES &&
        pointer - address + layout->frame.size > used &&
        pointer - address + layout->frame.size <= hint->chunk_bytes)
        used = (size_t)(pointer - address + layout->frame.size);
    if (address != hint->chunk || used > unwinder->chunks[0].length) {
        if (!read_newest_chunk(unwinder, address, used < CHUNK_HEADER_BYTES ? CHUNK_HEADER_BYTES : used))
            return false;
    }
    size_t size = chunk_size(layout, unwinder->chunks[0].bytes);
    if (size == 0 || used > size)
        return false;
    unwinder->chunks[0].previous = memory_get_u64(unwinder->chunks[0].bytes, layout->chunk.previous);
    unwinder->stack_bytes = unwinder->chunks[0].length;
    if (address == hint->chunk && used < hint->used_bytes)
        used += (hint->used_bytes - used) / 8 * 7; /* a stack that swings is read to its usual height */
    hint->chunk = address;
    hint->chunk_bytes = (uint32_t)size;
    hint->used_bytes = (uint32_t)used;
    return true;
}

/* 3.11 and 3.12: the frame pointer is in a struct on the C stack, which is another one for each entry from C.
 */
static bool follow_cframe(struct unwinder *unwinder, struct stack_hint *hint, struct plan *plan)
{
    const struct python_layout *layout = unwinder->layout;
    uint64_t cframe = memory_get_u64(unwinder->thread_state, layout->thread.cframe);

    if (cframe == hint->cframe && plan->before_piece != no_piece)
        return true;
    if (!memory_is_pointer(cframe) ||
        !memory_read_word(unwinder->pid, cframe + layout->thread.cframe_current_frame,
                          &plan->pointer_before)) {
        hint->cframe = 0;
        return false;
    }
    plan->pointer_after = plan->pointer_before;
    hint->cframe = cframe;
    return true;
}

/* Make the stack out of what was copied. */
static enum stack_trust resolve(struct unwinder *unwinder, uint64_t before, uint64_t after)
{
    uint64_t first = before != after && find_in_chunks(unwinder, after) == NULL ? after : before;
    uint64_t second = first == before ? after : before;

    if (before == 0 && after == 0) {
        unwinder->frame_count = 0;
        return STACK_WHOLE;
    }
    if (walk_down(unwinder, first) || (second != first && walk_down(unwinder, second))) {
        step_up(unwinder);
        return STACK_WHOLE;
    }
    bool reached_top = walk_up(unwinder);
    if (unwinder->frame_count > 0)
        return reached_top ? STACK_WHOLE : STACK_PARTIAL;
    return STACK_INVALID;
}

static enum stack_trust read_once(struct unwinder *unwinder, const struct thread_reference *thread,
                                  struct stack_hint *hint, struct interpreter_moment *moment)
{
    const struct python_layout *layout = unwinder->layout;
    struct plan plan = {0};

    plan_read(unwinder, thread, hint, moment != NULL, &plan);
    size_t came = memory_read_pieces(unwinder->pid, plan.pieces, plan.count);
    if (came == 0)
        return STACK_GONE;
    if (memory_get_u64(unwinder->thread_state, layout->thread.interpreter) != thread->interpreter ||
        memory_get_u64(unwinder->thread_state, layout->thread.native_thread_id) != thread->native_id)
        return STACK_GONE;
    if (came < plan.count) /* something that was expected from the last time is not mapped any more */
        return STACK_INVALID;
    if (moment != NULL)
        finish_moment(unwinder, thread, &plan, moment);
    if (layout->thread.current_frame != LAYOUT_NONE)
        plan.pointer_before = memory_get_u64(unwinder->thread_state, layout->thread.current_frame);
    else if (!follow_cframe(unwinder, hint, &plan))
        return STACK_INVALID;
    if (!settle_newest_chunk(unwinder, hint, plan.pointer_before))
        return STACK_INVALID;
    return resolve(unwinder, plan.pointer_before, plan.pointer_after);
}

enum stack_trust unwinder_read(struct unwinder *unwinder, const struct thread_reference *thread,
                               struct stack_hint *hint, struct interpreter_moment *moment,
                               const struct frame **frames, size_t *count, uint64_t now_ns)
{
    unwinder->now_ns = now_ns;
    unwinder->frame_count = 0;
    unwinder->visited_count = 0;
    if (moment != NULL)
        moment->known = false;
    enum stack_trust trust = read_once(unwinder, thread, hint, moment);
    if (trust == STACK_INVALID) {
        *hint = (struct stack_hint){0};
        trust = read_once(unwinder, thread, hint, moment);
    }
    if (trust == STACK_INVALID || trust == STACK_GONE) {
        *hint = (struct stack_hint){0};
        unwinder->frame_count = 0;
    }
    hint->prefetched = (uint32_t)unwinder->visited_count;
    memcpy(hint->outside, unwinder->visited, unwinder->visited_count * sizeof(hint->outside[0]));
    *frames = unwinder->frames;
    *count = unwinder->frame_count;
    return trust;
}

#include "python/stack_copy.h"

#include "base/clock.h"
#include "base/memory.h"
#include "python/memory.h"
#include "python/moment_copy.h"

#include <string.h>

enum {
    READ_AHEAD_BYTES = 512, /* beyond what was used last time */
    CHUNK_HEADER_BYTES = 64,
    MAX_FRAMES_PIECES = UNWIND_PREFETCHED_FRAMES + UNWIND_PREFETCHED_CHUNKS,
    /* the thread state, the frame pointer, and all frames twice */
    MAX_PIECES = MOMENT_MAX_PIECES + 2 + 2 * MAX_FRAMES_PIECES,
    REMEMBERED_SAMPLES = 32, /* so long a chunk is expected again that is not in use now */
};

/* tstate->state, Include/internal/pycore_pystate.h */
enum {
    STATE_DETACHED = 0,
    STATE_ATTACHED = 1,
};

/* The pieces of one vectored read, and room for the small ones.
 *
 * The chunks come first: to read what else the thread writes makes it wait for that memory where it does so, which
 * what is copied behind it would show too often. They
 * come from the outermost one in, as the bytes of each do: what lies below a frame was there first. A
 * chunk that was in use lately is read whatever the stack does now, or a stack that reaches into it for a
 * short time only would be harder to see than others; it comes last, for it may be gone. */
struct plan {
    struct memory_piece pieces[MAX_PIECES];
    size_t count;
    size_t needed;       /* of the pieces */
    size_t chunks;       /* behind these begin the chunks that are in use, */
    size_t thread_state; /* and behind these is the thread state */
    size_t chunks_above; /* behind these begin the chunks that were in use lately */
    bool has_pointer;    /* the frame pointer is among them: 3.11 and 3.12, by way of the cframe */
    struct moment_copy moment;
};

static void add_piece(struct plan *plan, uint64_t address, void *buffer, size_t size)
{
    plan->pieces[plan->count++] = (struct memory_piece){address, buffer, size};
}

/* ---- planning ---- */

/* The chunks of the hint are kept newest first. */
static size_t place_of(const struct stack_hint *hint, size_t hinted)
{
    return hint->chunk_count - 1 - hinted;
}

/* Plan to copy the chunks of the hint from one to another. */
static void plan_chunks(struct stack_copy *copy, const struct stack_hint *hint, size_t first, size_t end,
                        struct plan *plan)
{
    for (size_t i = first; i < end; i++) {
        const struct hinted_chunk *hinted = &hint->chunks[i];
        size_t length = (size_t)hinted->used_bytes + READ_AHEAD_BYTES;
        if (length > hinted->chunk_bytes)
            length = hinted->chunk_bytes;
        struct chunk_copy *chunk = stack_copy_place_chunk(copy, place_of(hint, i), hinted->address, length);
        chunk->size = hinted->chunk_bytes;
        add_piece(plan, hinted->address, chunk->bytes, length);
    }
}

static void plan_outside(struct stack_copy *copy, const struct stack_hint *hint, struct plan *plan)
{
    for (size_t i = 0; i < hint->outside_count; i++)
        stack_copy_add_outside(copy, hint->outside[i]);
    for (size_t i = 0; i < hint->outside_count; i++)
        add_piece(plan, hint->outside[i], copy->outside[i].bytes, copy->layout->frame.size);
}

/* Plan to copy all frames a second time. */
static void plan_proof(struct stack_copy *copy, const struct stack_hint *hint, size_t in_use,
                       struct plan *plan)
{
    for (size_t i = 0; i < in_use; i++) {
        struct chunk_copy *chunk = &copy->chunks[place_of(hint, i)];
        chunk->again = memory_grow(chunk->again, &chunk->again_capacity, chunk->length, 1);
        chunk->has_again = true;
        add_piece(plan, chunk->address, chunk->again, chunk->length);
    }
    for (size_t i = 0; i < copy->outside_count; i++) {
        copy->outside[i].has_again = true;
        add_piece(plan, copy->outside[i].address, copy->outside[i].again, copy->layout->frame.size);
    }
}

static void plan_read(struct stack_copy *copy, const struct thread_reference *thread,
                      const struct stack_hint *hint, bool want_moment, struct plan *plan)
{
    const struct python_layout *layout = copy->layout;
    size_t in_use = hint->chunk_count > 0 ? hint->newest + 1 : 0;

    plan->count = 0;
    plan->has_pointer = hint->cframe != 0;
    copy->chunk_count = copy->chunk_cursor = copy->outside_count = copy->outside_cursor = 0;
    copy->visited_count = 0;
    copy->older_chunks_read = copy->has_late = false;
    copy->stack_bytes = 0;
    plan->chunks = plan->count;
    plan_chunks(copy, hint, 0, in_use, plan);
    plan->thread_state = plan->count;
    add_piece(plan, thread->address, copy->thread_state, layout->thread.size);
    if (plan->has_pointer)
        add_piece(plan, hint->cframe + layout->thread.cframe_current_frame, &copy->pointer,
                  sizeof(copy->pointer));
    plan_outside(copy, hint, plan);
    if (want_moment)
        plan->count += moment_copy_plan(&plan->moment, layout, thread, plan->pieces + plan->count);
    plan->needed = plan->count;
    if (copy->is_proof)
        plan_proof(copy, hint, in_use, plan);
    plan->chunks_above = plan->count;
    plan_chunks(copy, hint, in_use, hint->chunk_count, plan);
}

/* ---- the chunks that are in use ---- */

/* Where in the hint a chunk is; `chunk_count` when it is not there. */
static size_t find_hinted(const struct stack_hint *hint, uint64_t address)
{
    size_t hinted = 0;

    while (hinted < hint->chunk_count && hint->chunks[hinted].address != address)
        hinted++;
    return hinted;
}

/* Move a chunk that was copied to another place; those between make way. */
static void move_chunk(struct stack_copy *copy, size_t from, size_t to)
{
    for (; from > to; from--) {
        struct chunk_copy chunk = copy->chunks[from];
        copy->chunks[from] = copy->chunks[from - 1];
        copy->chunks[from - 1] = chunk;
    }
}

/* How much of the newest chunk is wanted: what is used, and the frame that the pointer names. */
static size_t wanted_bytes(const struct stack_copy *copy, uint64_t address, uint64_t top, size_t chunk_bytes)
{
    size_t used = (size_t)(top - address);
    uint64_t pointer = copy->pointer;

    if (pointer > address && pointer - address < STACK_COPY_MAX_CHUNK_BYTES) {
        size_t end = (size_t)(pointer - address) + copy->layout->frame.size;
        if (end > used && end <= chunk_bytes)
            used = end;
    }
    return used;
}

/* Copy the newest chunk again, because another one was expected or more of it is used than was. */
static struct chunk_copy *read_newest_chunk(struct stack_copy *copy, uint64_t address, size_t used)
{
    struct chunk_copy *chunk =
        stack_copy_place_chunk(copy, 0, address, used < CHUNK_HEADER_BYTES ? CHUNK_HEADER_BYTES : used);

    return memory_read(copy->pid, address, chunk->bytes, chunk->length) ? chunk : NULL;
}

/* Take the chunks of the hint up to one to the newest, as far as they are below it and all that is used of them
 * came.
 *
 * shift  by how much they lie behind their places */
static void accept_older_chunks(struct stack_copy *copy, const struct stack_hint *hint, size_t end,
                                size_t shift)
{
    for (size_t i = end; i-- > 0;) {
        if (hint->chunks[i].address != copy->chunks[copy->chunk_count - 1].previous)
            return;
        move_chunk(copy, place_of(hint, i) + shift, copy->chunk_count);
        if (!stack_copy_accept_chunk(copy))
            return;
    }
}

/* Take the innermost chunk of those up to one of the hint that was in use when it was copied, and those below it, for the
 * thread gave the newest one back before that was copied. They hold all frames that it had at that moment.
 *
 * shift  by how much they lie behind their places */
static bool settle_below(struct stack_copy *copy, const struct stack_hint *hint, size_t end, size_t shift)
{
    copy->chunk_count = 0;
    for (size_t i = end; i-- > 0;) {
        uint64_t previous = i > 0 ? hint->chunks[i - 1].address : 0;
        move_chunk(copy, place_of(hint, i) + shift, 0);
        if (memory_get_u64(copy->chunks[0].bytes, copy->layout->chunk.previous) != previous)
            continue;
        if (!stack_copy_accept_chunk(copy))
            return false;
        copy->used_bytes = copy->chunks[0].length;
        accept_older_chunks(copy, hint, i, shift);
        return true;
    }
    return false;
}

/* See to it that the used part of the newest chunk is copied, and take those below it to it. One that is given back is kept
 * in reserve by newer releases (from 3.13.13 and 3.14.4 on), and then has none below it, as only the outermost one
 * has else.
 *
 * has_chunks_above  the chunks came that were in use before, but not at the last sample */
static bool settle_chunks(struct stack_copy *copy, const struct stack_hint *hint, bool has_chunks_above)
{
    const struct python_layout *layout = copy->layout;
    uint64_t address = memory_get_u64(copy->thread_state, layout->thread.datastack_chunk);
    uint64_t top = memory_get_u64(copy->thread_state, layout->thread.datastack_top);
    size_t hinted = find_hinted(hint, address);
    bool is_hinted = hinted < hint->chunk_count;
    size_t shift = is_hinted ? 0 : 1;

    if (address == 0) /* no function was called yet */
        return true;
    if (!memory_is_pointer(address) || top < address + layout->chunk.data ||
        top - address > STACK_COPY_MAX_CHUNK_BYTES)
        return false;
    if (!is_hinted)
        stack_copy_place_chunk(copy, hint->chunk_count, address, 0);
    move_chunk(copy, is_hinted ? place_of(hint, hinted) : hint->chunk_count, 0);

    struct chunk_copy *newest = &copy->chunks[0];
    size_t wanted = wanted_bytes(copy, address, top, is_hinted ? hint->chunks[hinted].chunk_bytes : 0);
    size_t came = has_chunks_above || hint->chunk_count == 0 ? hint->chunk_count : hint->newest + 1;
    bool has_come = is_hinted && hinted < came;
    if (!has_come || wanted > newest->length) {
        copy->is_quick = false;
        newest = read_newest_chunk(copy, address, wanted);
        if (newest == NULL)
            return false;
    }
    newest->size = stack_copy_chunk_size(layout, newest->bytes);
    if (newest->size == 0 || wanted > newest->size)
        return false;
    newest->previous = memory_get_u64(newest->bytes, layout->chunk.previous);
    if (newest->previous == 0 && hint->chunk_count > 0 && address != hint->chunks[0].address)
        return settle_below(copy, hint, has_come ? hinted : hint->newest + 1, shift);
    copy->used_bytes = wanted;
    copy->stack_bytes = newest->length;
    copy->chunk_count = 1;
    size_t below = is_hinted ? hinted : find_hinted(hint, newest->previous) + 1;
    if (below <= came)
        accept_older_chunks(copy, hint, below, shift);
    return true;
}

/* ---- what is remembered ---- */

void stack_hint_forget(struct stack_hint *hint)
{
    *hint = (struct stack_hint){.pace = hint->pace, .standing = hint->standing};
}

/* A stack that swings is read to its usual height: less is expected of a chunk only slowly. */
static uint32_t expected_bytes(const struct stack_hint *hint, const struct chunk_copy *chunk, size_t used)
{
    size_t hinted = find_hinted(hint, chunk->address);
    size_t before = hinted < hint->chunk_count ? hint->chunks[hinted].used_bytes : 0;

    return (uint32_t)(used < before && before <= chunk->size ? used + (before - used) / 8 * 7 : used);
}

void stack_copy_remember(const struct stack_copy *copy, struct stack_hint *hint)
{
    struct stack_hint old = *hint;
    size_t in_use =
        copy->chunk_count < UNWIND_PREFETCHED_CHUNKS ? copy->chunk_count : UNWIND_PREFETCHED_CHUNKS;

    hint->outside_count = (uint32_t)copy->visited_count;
    memcpy(hint->outside, copy->visited, copy->visited_count * sizeof(hint->outside[0]));
    hint->chunk_count = 0;
    for (size_t i = in_use; i-- > 0;) {
        const struct chunk_copy *chunk = &copy->chunks[i];
        hint->chunks[hint->chunk_count++] = (struct hinted_chunk){
            .address = chunk->address,
            .chunk_bytes = (uint32_t)chunk->size,
            .used_bytes = i > 0 ? (uint32_t)chunk->length : expected_bytes(&old, chunk, copy->used_bytes),
        };
    }
    if (in_use == 0)
        return;
    hint->newest = hint->chunk_count - 1;
    size_t hinted = find_hinted(&old, copy->chunks[0].address);
    hint->unused_samples = hinted + 1 < old.chunk_count ? old.unused_samples + 1 : 0;
    if (hint->unused_samples >= REMEMBERED_SAMPLES)
        return;
    while (++hinted < old.chunk_count && hint->chunk_count < UNWIND_PREFETCHED_CHUNKS)
        hint->chunks[hint->chunk_count++] = old.chunks[hinted];
}

/* ---- reading ---- */

/* Free-threaded: whether the thread may touch objects now. */
static enum thread_attachment attachment_of(const struct stack_copy *copy)
{
    if (copy->layout->thread.attachment == LAYOUT_NONE)
        return ATTACHMENT_UNKNOWN;
    switch (memory_get_u32(copy->thread_state, copy->layout->thread.attachment)) {
    case STATE_DETACHED:
        return THREAD_DETACHED;
    case STATE_ATTACHED:
        return THREAD_ATTACHED;
    default: /* suspended, shutting down, or nothing that is known */
        return ATTACHMENT_UNKNOWN;
    }
}

/* 3.11 and 3.12: the frame pointer is in a struct on the C stack, which is another one for each entry from C. */
static bool follow_cframe(struct stack_copy *copy, struct stack_hint *hint, bool has_pointer)
{
    const struct python_layout *layout = copy->layout;
    uint64_t cframe = memory_get_u64(copy->thread_state, layout->thread.cframe);

    if (cframe == hint->cframe && has_pointer)
        return true;
    if (!memory_is_pointer(cframe) ||
        !memory_read_word(copy->pid, cframe + layout->thread.cframe_current_frame, &copy->pointer)) {
        hint->cframe = 0;
        return false;
    }
    hint->cframe = cframe;
    return true;
}

/* Plan to read the frame pointer, wherever it is: of each cframe that is known, and which of them is the thread's. So all is of
 * one moment: by the time that the cframe is known it may be another one, and what it says then was left in it. */
static size_t plan_pointers(struct stack_copy *copy, uint64_t *cframe, uint64_t *pointers,
                            struct memory_piece *pieces)
{
    const struct python_layout *layout = copy->layout;
    size_t count = 0;

    if (layout->thread.current_frame != LAYOUT_NONE) {
        pieces[count++] =
            (struct memory_piece){copy->thread + layout->thread.current_frame, pointers, sizeof(*pointers)};
        return count;
    }
    pieces[count++] = (struct memory_piece){copy->thread + layout->thread.cframe, cframe, sizeof(*cframe)};
    for (size_t i = 0; i < STACK_COPY_CFRAMES && copy->cframes[i] != 0; i++)
        pieces[count++] = (struct memory_piece){copy->cframes[i] + layout->thread.cframe_current_frame,
                                                &pointers[i], sizeof(*pointers)};
    return count;
}

bool stack_copy_read_pointer(struct stack_copy *copy, uint64_t address, uint64_t *pointer,
                             struct frame_view *view)
{
    unsigned char bytes[LAYOUT_MAX_FRAME_BYTES];
    struct memory_piece pieces[STACK_COPY_CFRAMES + 2];
    uint64_t pointers[STACK_COPY_CFRAMES];
    uint64_t cframe = 0;
    size_t place = 0;

    size_t count = plan_pointers(copy, &cframe, pointers, pieces);
    pieces[count++] = (struct memory_piece){address, bytes, copy->layout->frame.size};
    if (memory_read_pieces(copy->pid, pieces, count) != count) {
        memset(copy->cframes, 0, sizeof(copy->cframes));
        return false;
    }
    bool is_direct = copy->layout->thread.current_frame != LAYOUT_NONE;
    while (!is_direct && place < STACK_COPY_CFRAMES && (cframe == 0 || copy->cframes[place] != cframe))
        place++;
    if (place == STACK_COPY_CFRAMES) { /* it is a new one, and known the next time */
        memmove(copy->cframes + 1, copy->cframes, sizeof(copy->cframes) - sizeof(copy->cframes[0]));
        copy->cframes[0] = memory_is_pointer(cframe) ? cframe : 0;
        return false;
    }
    *pointer = pointers[place];
    *view = (struct frame_view){.address = address};
    stack_copy_view_bytes(copy->layout, bytes, view);
    return true;
}

/* Expect nothing of the next read but the chunks that came with this one: the one after them was given back. */
static void keep_what_came(struct stack_hint *hint, const struct plan *plan, size_t came)
{
    size_t chunks = came > plan->chunks ? came - plan->chunks : 0;

    if (chunks == 0 || chunks > hint->newest) { /* something else is gone */
        stack_hint_forget(hint);
        return;
    }
    hint->outside_count = 0;
    hint->chunk_count = (uint32_t)chunks;
    hint->newest = hint->chunk_count - 1;
}

enum copy_result stack_copy_read(struct stack_copy *copy, const struct thread_reference *thread,
                                 struct stack_hint *hint, struct interpreter_moment *moment, bool is_proof)
{
    const struct python_layout *layout = copy->layout;
    struct plan plan = {0};

    copy->thread = thread->address;
    copy->is_proof = is_proof;
    plan_read(copy, thread, hint, moment != NULL, &plan);
    uint64_t begin_ns = clock_monotonic_ns();
    size_t came = memory_read_pieces(copy->pid, plan.pieces, plan.count);
    copy->is_quick = read_pace_judge(&hint->pace, clock_monotonic_ns() - begin_ns, plan.pieces, plan.count);
    if (came < plan.needed && hint->chunk_count > 0) {
        keep_what_came(hint, &plan, came);
        return COPY_STALE;
    }
    if (came <= plan.thread_state ||
        memory_get_u64(copy->thread_state, layout->thread.interpreter) != thread->interpreter ||
        memory_get_u64(copy->thread_state, layout->thread.native_thread_id) != thread->native_id)
        return COPY_GONE;
    if (came < plan.needed) {
        stack_hint_forget(hint);
        return COPY_STALE;
    }
    copy->is_proof = is_proof && came >= plan.chunks_above;
    if (moment != NULL) {
        *moment = moment_copy_take(&plan.moment, layout, thread);
        moment->attachment = attachment_of(copy);
    }
    if (layout->thread.current_frame != LAYOUT_NONE)
        copy->pointer = memory_get_u64(copy->thread_state, layout->thread.current_frame);
    else if (!follow_cframe(copy, hint, plan.has_pointer))
        return COPY_STALE;
    if (!settle_chunks(copy, hint, came == plan.count)) {
        stack_hint_forget(hint);
        return COPY_STALE;
    }
    copy->older_chunks_read = copy->chunk_count > 0 && copy->chunks[copy->chunk_count - 1].previous == 0;
    return COPY_DONE;
}

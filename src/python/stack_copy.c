#include "python/stack_copy.h"

#include "base/memory.h"
#include "python/memory.h"
#include "python/moment_copy.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_CHUNKS = 512,                 /* of one data stack */
    MAX_CHUNK_BYTES = 1 << 20,        /* copied of one chunk */
    MAX_STACK_BYTES = 8 << 20,        /* copied of all chunks */
    SMALLEST_CHUNK_BYTES = 16 * 1024, /* _PY_DATA_STACK_CHUNK_SIZE: each chunk has at least this */
    READ_AHEAD_BYTES = 512,           /* beyond what was used last time */
    CHUNK_HEADER_BYTES = 64,
    /* the thread state, the pointer before and after, and the newest chunk */
    MAX_PIECES = MOMENT_MAX_PIECES + UNWIND_PREFETCHED_FRAMES + UNWIND_PREFETCHED_CHUNKS + 4,
};

void stack_copy_release(struct stack_copy *copy)
{
    for (size_t i = 0; i < copy->chunk_capacity; i++)
        free(copy->chunks[i].bytes);
    free(copy->chunks);
    free(copy->outside);
}

/* ---- what was copied ---- */

/* Make room for a chunk at a place among the others; what was copied there is kept. */
static struct chunk_copy *place_chunk(struct stack_copy *copy, size_t place, uint64_t address, size_t length)
{
    copy->chunks = memory_grow(copy->chunks, &copy->chunk_capacity, place + 1, sizeof(*copy->chunks));
    struct chunk_copy *chunk = &copy->chunks[place];
    chunk->bytes = memory_grow(chunk->bytes, &chunk->capacity, length, 1);
    chunk->address = address;
    chunk->length = length;
    return chunk;
}

static struct outside_frame *add_outside(struct stack_copy *copy, uint64_t address)
{
    copy->outside =
        memory_grow(copy->outside, &copy->outside_capacity, copy->outside_count + 1, sizeof(*copy->outside));
    struct outside_frame *frame = &copy->outside[copy->outside_count++];
    frame->address = address;
    return frame;
}

/* The size of a chunk as its header says, or 0 when it cannot be one. */
static size_t chunk_size(const struct python_layout *layout, const unsigned char *header)
{
    uint64_t size = memory_get_u64(header, layout->chunk.size);

    return size >= SMALLEST_CHUNK_BYTES && size <= UINT32_MAX && size % 4096 == 0 ? (size_t)size : 0;
}

/* How much of a chunk below the newest one is used, as its header says; 0 when it cannot be one. */
static size_t used_bytes(const struct python_layout *layout, const unsigned char *header)
{
    uint64_t used = layout->chunk.data + memory_get_u64(header, layout->chunk.top) % UINT32_MAX * 8;

    return used <= chunk_size(layout, header) && used <= MAX_CHUNK_BYTES ? (size_t)used : 0;
}

/* Whether there is room for one chunk more, below those that were copied; `*address` is where it is. */
static bool find_next_chunk(const struct stack_copy *copy, uint64_t *address)
{
    if (copy->chunk_count == 0 || copy->chunk_count >= MAX_CHUNKS || copy->stack_bytes >= MAX_STACK_BYTES)
        return false;
    *address = copy->chunks[copy->chunk_count - 1].previous;
    return memory_is_pointer(*address);
}

/* Take the newly copied chunk behind the others to them. */
static void accept_chunk(struct stack_copy *copy, size_t used)
{
    struct chunk_copy *chunk = &copy->chunks[copy->chunk_count++];

    chunk->length = used;
    chunk->previous = memory_get_u64(chunk->bytes, copy->layout->chunk.previous);
    copy->stack_bytes += used;
}

/* Copy one chunk, for which there is room behind the others. */
static bool read_older_chunk(struct stack_copy *copy, uint64_t address)
{
    struct chunk_copy *chunk = place_chunk(copy, copy->chunk_count, address, SMALLEST_CHUNK_BYTES);

    if (!memory_read(copy->pid, address, chunk->bytes, SMALLEST_CHUNK_BYTES))
        return false;
    size_t used = used_bytes(copy->layout, chunk->bytes);
    if (used > SMALLEST_CHUNK_BYTES) {
        chunk = place_chunk(copy, copy->chunk_count, address, used);
        if (!memory_read(copy->pid, address, chunk->bytes, used))
            return false;
    }
    if (used == 0)
        return false;
    accept_chunk(copy, used);
    return true;
}

void stack_copy_read_older(struct stack_copy *copy)
{
    uint64_t address;

    copy->older_chunks_read = true;
    while (find_next_chunk(copy, &address) && read_older_chunk(copy, address))
        continue;
}

/* Take the chunks that were copied together with the newest one, as far as they are still below it and all
 * that is used of them came. */
static void accept_older_chunks(struct stack_copy *copy, size_t came)
{
    uint64_t address;

    for (size_t i = 0; i < came && find_next_chunk(copy, &address); i++) {
        const struct chunk_copy *chunk = &copy->chunks[copy->chunk_count];
        size_t used = chunk->address == address ? used_bytes(copy->layout, chunk->bytes) : 0;
        if (used == 0 || used > chunk->length)
            return;
        accept_chunk(copy, used);
    }
}

void stack_copy_remember(const struct stack_copy *copy, struct stack_hint *hint)
{
    hint->prefetched = (uint32_t)copy->visited_count;
    memcpy(hint->outside, copy->visited, copy->visited_count * sizeof(hint->outside[0]));
    hint->older_count = 0;
    for (size_t i = 1; i < copy->chunk_count && hint->older_count < UNWIND_PREFETCHED_CHUNKS; i++)
        hint->older[hint->older_count++] =
            (struct older_chunk){copy->chunks[i].address, copy->chunks[i].length};
}

const unsigned char *stack_copy_find(struct stack_copy *copy, uint64_t address)
{
    size_t index = copy->chunk_cursor;

    for (size_t i = 0; i < copy->chunk_count; i++, index++) {
        if (index >= copy->chunk_count)
            index = 0;
        const struct chunk_copy *chunk = &copy->chunks[index];
        uint64_t offset = address - chunk->address;
        if (address >= chunk->address && offset >= copy->layout->chunk.data && offset < chunk->length &&
            chunk->length - offset >= copy->layout->frame.size) {
            copy->chunk_cursor = index;
            return chunk->bytes + offset;
        }
    }
    return NULL;
}

/* Frames outside of the chunks come in the order of the last walk, so the next one is usually at the cursor.
 */
static const unsigned char *find_outside(struct stack_copy *copy, uint64_t address)
{
    for (size_t i = 0; i < copy->outside_count; i++) {
        size_t index = (copy->outside_cursor + i) % copy->outside_count;
        if (copy->outside[index].address == address) {
            copy->outside_cursor = index + 1;
            return copy->outside[index].bytes;
        }
    }
    if (copy->outside_count >= STACK_COPY_MAX_OUTSIDE)
        return NULL;
    struct outside_frame *frame = add_outside(copy, address);
    if (!memory_read(copy->pid, address, frame->bytes, copy->layout->frame.size)) {
        copy->outside_count--;
        return NULL;
    }
    return frame->bytes;
}

void stack_copy_view_bytes(const struct python_layout *layout, const unsigned char *bytes,
                           struct frame_view *view)
{
    view->executable = memory_get_u64(bytes, layout->frame.executable) & ~layout->frame.tag_mask;
    view->previous = memory_get_u64(bytes, layout->frame.previous);
    view->instruction = memory_get_u64(bytes, layout->frame.instruction);
    view->owner = memory_get_u8(bytes, layout->frame.owner);
    view->bytecode_index =
        layout->frame.bytecode_index == LAYOUT_NONE ? 0 : memory_get_u32(bytes, layout->frame.bytecode_index);
    view->stacktop =
        layout->frame.stacktop == LAYOUT_NONE ? 0 : (int32_t)memory_get_u32(bytes, layout->frame.stacktop);
    view->is_entry =
        layout->frame.is_entry != LAYOUT_NONE && memory_get_u8(bytes, layout->frame.is_entry) != 0;
}

/* Look at the frame at an address of the target; false when it cannot be read. */
bool stack_copy_view(struct stack_copy *copy, uint64_t address, struct frame_view *view)
{
    if (!memory_is_pointer(address))
        return false;
    const unsigned char *bytes = stack_copy_find(copy, address);
    if (bytes == NULL && !copy->older_chunks_read) {
        stack_copy_read_older(copy);
        bytes = stack_copy_find(copy, address);
    }
    view->in_chunk = bytes != NULL;
    if (bytes == NULL) {
        bytes = find_outside(copy, address);
        if (bytes == NULL)
            return false;
        if (copy->visited_count < UNWIND_PREFETCHED_FRAMES)
            copy->visited[copy->visited_count++] = address;
    }
    view->address = address;
    stack_copy_view_bytes(copy->layout, bytes, view);
    return true;
}

/* Whether no frame was ever pushed onto the data stack, or all were popped. */
bool stack_copy_is_empty(const struct stack_copy *copy)
{
    const struct python_layout *layout = copy->layout;
    uint64_t chunk = memory_get_u64(copy->thread_state, layout->thread.datastack_chunk);
    uint64_t top = memory_get_u64(copy->thread_state, layout->thread.datastack_top);

    return chunk == 0 ||
           (copy->chunks[0].previous == 0 && top - chunk <= layout->chunk.data + sizeof(uint64_t));
}

/* ---- copying ---- */

/* tstate->state, Include/internal/pycore_pystate.h */
enum {
    STATE_DETACHED = 0,
    STATE_ATTACHED = 1,
};

/* The pieces of one vectored read, and room for the small ones. */
struct plan {
    struct memory_piece pieces[MAX_PIECES];
    size_t count;
    size_t needed;   /* of the pieces; those behind are the older chunks, which can also be read later */
    bool has_before; /* pointer_before is among them: 3.11 and 3.12, by way of the cframe */
    struct moment_copy moment;
};

static void add_piece(struct plan *plan, uint64_t address, void *buffer, size_t size)
{
    plan->pieces[plan->count++] = (struct memory_piece){address, buffer, size};
}

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

static void plan_read(struct stack_copy *copy, const struct thread_reference *thread,
                      const struct stack_hint *hint, bool want_moment, struct plan *plan)
{
    const struct python_layout *layout = copy->layout;

    plan->count = 0;
    plan->has_before = hint->cframe != 0;
    add_piece(plan, thread->address, copy->thread_state, layout->thread.size);
    if (plan->has_before)
        add_piece(plan, hint->cframe + layout->thread.cframe_current_frame, &copy->pointer_before,
                  sizeof(copy->pointer_before));
    if (want_moment)
        plan->count += moment_copy_plan(&plan->moment, layout, thread, plan->pieces + plan->count);

    copy->chunk_count = copy->chunk_cursor = copy->outside_count = copy->outside_cursor = 0;
    copy->older_chunks_read = false;
    copy->stack_bytes = 0;
    if (hint->chunk != 0) {
        size_t length = (size_t)hint->used_bytes + READ_AHEAD_BYTES;
        if (length > hint->chunk_bytes)
            length = hint->chunk_bytes;
        struct chunk_copy *chunk = place_chunk(copy, 0, hint->chunk, length);
        add_piece(plan, hint->chunk, chunk->bytes, length);
        copy->chunk_count = 1;
    }
    for (size_t i = 0; i < hint->prefetched; i++)
        add_outside(copy, hint->outside[i]);
    for (size_t i = 0; i < hint->prefetched; i++)
        add_piece(plan, hint->outside[i], copy->outside[i].bytes, layout->frame.size);

    if (layout->thread.current_frame != LAYOUT_NONE)
        add_piece(plan, thread->address + layout->thread.current_frame, &copy->pointer_after,
                  sizeof(copy->pointer_after));
    else if (hint->cframe != 0)
        add_piece(plan, hint->cframe + layout->thread.cframe_current_frame, &copy->pointer_after,
                  sizeof(copy->pointer_after));

    plan->needed = plan->count;
    for (size_t i = 0; hint->chunk != 0 && i < hint->older_count; i++) {
        const struct older_chunk *older = &hint->older[i];
        struct chunk_copy *chunk = place_chunk(copy, 1 + i, older->address, older->used_bytes);
        add_piece(plan, older->address, chunk->bytes, older->used_bytes);
    }
}

/* Copy the newest chunk again, because it is another one now or more of it is used than was expected. */
static bool read_newest_chunk(struct stack_copy *copy, uint64_t address, size_t used)
{
    struct chunk_copy *chunk = place_chunk(copy, 0, address, used);

    copy->chunk_count = memory_read(copy->pid, address, chunk->bytes, used) ? 1 : 0;
    return copy->chunk_count > 0;
}

/* See to it that the used part of the newest chunk is copied, and remember where it is. */
static bool settle_newest_chunk(struct stack_copy *copy, struct stack_hint *hint, uint64_t pointer)
{
    const struct python_layout *layout = copy->layout;
    uint64_t address = memory_get_u64(copy->thread_state, layout->thread.datastack_chunk);
    uint64_t top = memory_get_u64(copy->thread_state, layout->thread.datastack_top);

    if (address == 0) { /* no function was called yet */
        copy->chunk_count = 0;
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
    if (address != hint->chunk || used > copy->chunks[0].length) {
        if (!read_newest_chunk(copy, address, used < CHUNK_HEADER_BYTES ? CHUNK_HEADER_BYTES : used))
            return false;
    }
    size_t size = chunk_size(layout, copy->chunks[0].bytes);
    if (size == 0 || used > size)
        return false;
    copy->chunks[0].previous = memory_get_u64(copy->chunks[0].bytes, layout->chunk.previous);
    copy->stack_bytes = copy->chunks[0].length;
    if (address == hint->chunk && used < hint->used_bytes)
        used += (hint->used_bytes - used) / 8 * 7; /* a stack that swings is read to its usual height */
    hint->chunk = address;
    hint->chunk_bytes = (uint32_t)size;
    hint->used_bytes = (uint32_t)used;
    return true;
}

/* 3.11 and 3.12: the frame pointer is in a struct on the C stack, which is another one for each entry from C.
 */
static bool follow_cframe(struct stack_copy *copy, struct stack_hint *hint, struct plan *plan)
{
    const struct python_layout *layout = copy->layout;
    uint64_t cframe = memory_get_u64(copy->thread_state, layout->thread.cframe);

    if (cframe == hint->cframe && plan->has_before)
        return true;
    if (!memory_is_pointer(cframe) ||
        !memory_read_word(copy->pid, cframe + layout->thread.cframe_current_frame, &copy->pointer_before)) {
        hint->cframe = 0;
        return false;
    }
    copy->pointer_after = copy->pointer_before;
    hint->cframe = cframe;
    return true;
}

enum copy_result stack_copy_read(struct stack_copy *copy, const struct thread_reference *thread,
                                 struct stack_hint *hint, struct interpreter_moment *moment)
{
    const struct python_layout *layout = copy->layout;
    struct plan plan = {0};

    plan_read(copy, thread, hint, moment != NULL, &plan);
    size_t came = memory_read_pieces(copy->pid, plan.pieces, plan.count);
    if (came == 0 || memory_get_u64(copy->thread_state, layout->thread.interpreter) != thread->interpreter ||
        memory_get_u64(copy->thread_state, layout->thread.native_thread_id) != thread->native_id)
        return COPY_GONE;
    if (came < plan.needed)
        return COPY_STALE;
    if (moment != NULL) {
        *moment = moment_copy_take(&plan.moment, layout, thread);
        moment->attachment = attachment_of(copy);
    }
    if (layout->thread.current_frame != LAYOUT_NONE)
        copy->pointer_before = memory_get_u64(copy->thread_state, layout->thread.current_frame);
    else if (!follow_cframe(copy, hint, &plan))
        return COPY_STALE;
    if (!settle_newest_chunk(copy, hint, copy->pointer_before))
        return COPY_STALE;
    accept_older_chunks(copy, came - plan.needed);
    return COPY_DONE;
}

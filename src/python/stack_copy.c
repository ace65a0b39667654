#include "python/stack_copy.h"

#include "base/memory.h"
#include "python/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_CHUNKS = 512,                 /* of one data stack */
    MAX_STACK_BYTES = 8 << 20,        /* copied of all chunks */
    SMALLEST_CHUNK_BYTES = 16 * 1024, /* _PY_DATA_STACK_CHUNK_SIZE: each chunk has at least this */
};

void stack_copy_release(struct stack_copy *copy)
{
    for (size_t i = 0; i < copy->chunk_capacity; i++) {
        free(copy->chunks[i].bytes);
        free(copy->chunks[i].again);
    }
    free(copy->chunks);
    free(copy->outside);
}

struct chunk_copy *stack_copy_place_chunk(struct stack_copy *copy, size_t place, uint64_t address,
                                          size_t length)
{
    copy->chunks = memory_grow(copy->chunks, &copy->chunk_capacity, place + 1, sizeof(*copy->chunks));
    struct chunk_copy *chunk = &copy->chunks[place];
    chunk->bytes = memory_grow(chunk->bytes, &chunk->capacity, length, 1);
    chunk->address = address;
    chunk->length = length;
    chunk->has_again = false;
    return chunk;
}

struct outside_frame *stack_copy_add_outside(struct stack_copy *copy, uint64_t address)
{
    copy->outside =
        memory_grow(copy->outside, &copy->outside_capacity, copy->outside_count + 1, sizeof(*copy->outside));
    struct outside_frame *frame = &copy->outside[copy->outside_count++];
    frame->address = address;
    frame->has_again = frame->is_late = false;
    return frame;
}

size_t stack_copy_chunk_size(const struct python_layout *layout, const unsigned char *header)
{
    uint64_t size = memory_get_u64(header, layout->chunk.size);

    return size >= SMALLEST_CHUNK_BYTES && size <= UINT32_MAX && size % 4096 == 0 ? (size_t)size : 0;
}

size_t stack_copy_used_bytes(const struct python_layout *layout, const unsigned char *header)
{
    uint64_t used = layout->chunk.data + memory_get_u64(header, layout->chunk.top) % UINT32_MAX * 8;

    return used <= stack_copy_chunk_size(layout, header) && used <= STACK_COPY_MAX_CHUNK_BYTES ? (size_t)used
                                                                                               : 0;
}

bool stack_copy_accept_chunk(struct stack_copy *copy)
{
    struct chunk_copy *chunk = &copy->chunks[copy->chunk_count];
    size_t used = stack_copy_used_bytes(copy->layout, chunk->bytes);

    if (used == 0 || used > chunk->length)
        return false;
    chunk->length = used;
    chunk->size = stack_copy_chunk_size(copy->layout, chunk->bytes);
    chunk->previous = memory_get_u64(chunk->bytes, copy->layout->chunk.previous);
    copy->stack_bytes += used;
    copy->chunk_count++;
    return true;
}

/* ---- chunks that were not copied with the newest one ---- */

/* Copy one chunk behind the others. */
static bool read_older_chunk(struct stack_copy *copy, uint64_t address)
{
    struct chunk_copy *chunk = stack_copy_place_chunk(copy, copy->chunk_count, address, SMALLEST_CHUNK_BYTES);

    if (!memory_read(copy->pid, address, chunk->bytes, SMALLEST_CHUNK_BYTES))
        return false;
    size_t used = stack_copy_used_bytes(copy->layout, chunk->bytes);
    if (used > SMALLEST_CHUNK_BYTES) {
        chunk = stack_copy_place_chunk(copy, copy->chunk_count, address, used);
        if (!memory_read(copy->pid, address, chunk->bytes, used))
            return false;
    }
    return stack_copy_accept_chunk(copy);
}

void stack_copy_read_older(struct stack_copy *copy)
{
    bool came = copy->chunk_count > 0;

    copy->older_chunks_read = true;
    while (came && copy->chunk_count < MAX_CHUNKS && copy->stack_bytes < MAX_STACK_BYTES) {
        uint64_t address = copy->chunks[copy->chunk_count - 1].previous;
        came = memory_is_pointer(address) && read_older_chunk(copy, address);
    }
}

/* ---- looking ---- */

/* The chunk in which an address lies, used or not; NULL when there is none. */
static const struct chunk_copy *find_chunk(struct stack_copy *copy, uint64_t address)
{
    size_t index = copy->chunk_cursor;

    for (size_t i = 0; i < copy->chunk_count; i++, index++) {
        if (index >= copy->chunk_count)
            index = 0;
        const struct chunk_copy *chunk = &copy->chunks[index];
        if (address >= chunk->address && address - chunk->address < chunk->size) {
            copy->chunk_cursor = index;
            return chunk;
        }
    }
    return NULL;
}

/* Where a frame lies in a chunk that was copied as far as to its end; 0 when it does not. */
static size_t frame_offset(const struct stack_copy *copy, const struct chunk_copy *chunk, uint64_t address)
{
    uint64_t offset = address - chunk->address;

    return offset >= copy->layout->chunk.data && offset < chunk->length &&
                   chunk->length - offset >= copy->layout->frame.size
               ? (size_t)offset
               : 0;
}

/* A frame outside of the chunks that was copied; they come in the order of the last walk, so the next one is usually at the
 * cursor. */
static const struct outside_frame *find_outside(struct stack_copy *copy, uint64_t address)
{
    for (size_t i = 0; i < copy->outside_count; i++) {
        size_t index = (copy->outside_cursor + i) % copy->outside_count;
        if (copy->outside[index].address == address) {
            copy->outside_cursor = index + 1;
            return &copy->outside[index];
        }
    }
    return NULL;
}

static const unsigned char *fetch_outside(struct stack_copy *copy, uint64_t address)
{
    const struct outside_frame *known = find_outside(copy, address);

    if (known != NULL)
        return known->bytes;
    if (copy->outside_count >= STACK_COPY_MAX_OUTSIDE)
        return NULL;
    struct outside_frame *frame = stack_copy_add_outside(copy, address);
    frame->is_late = copy->has_late = true;
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

bool stack_copy_view(struct stack_copy *copy, uint64_t address, struct frame_view *view)
{
    if (!memory_is_pointer(address))
        return false;
    const struct chunk_copy *chunk = find_chunk(copy, address);
    if (chunk == NULL && !copy->older_chunks_read) {
        stack_copy_read_older(copy);
        chunk = find_chunk(copy, address);
    }
    view->in_chunk = chunk != NULL;
    const unsigned char *bytes;
    if (chunk != NULL) {
        size_t offset = frame_offset(copy, chunk, address);
        bytes = offset != 0 ? chunk->bytes + offset : NULL;
    } else {
        bytes = fetch_outside(copy, address);
    }
    if (bytes == NULL)
        return false;
    view->address = address;
    stack_copy_view_bytes(copy->layout, bytes, view);
    if (chunk != NULL)
        return true;
    if (view->owner == FRAME_OWNED_BY_THREAD) /* in a chunk that was taken into use meanwhile */
        return false;
    stack_copy_want(copy, address);
    return true;
}

void stack_copy_want(struct stack_copy *copy, uint64_t address)
{
    for (size_t i = 0; i < copy->visited_count; i++) {
        if (copy->visited[i] == address)
            return;
    }
    if (copy->visited_count < UNWIND_PREFETCHED_FRAMES)
        copy->visited[copy->visited_count++] = address;
}

bool stack_copy_has(struct stack_copy *copy, uint64_t address)
{
    return find_chunk(copy, address) != NULL;
}

bool stack_copy_is_empty(const struct stack_copy *copy)
{
    const struct python_layout *layout = copy->layout;
    uint64_t chunk = memory_get_u64(copy->thread_state, layout->thread.datastack_chunk);
    uint64_t top = memory_get_u64(copy->thread_state, layout->thread.datastack_top);

    return chunk == 0 ||
           (copy->chunks[0].previous == 0 && top - chunk <= layout->chunk.data + sizeof(uint64_t));
}

/* ---- comparing the two copies of a read that proves ---- */

/* Whether two copies of a frame show it in the same call. */
static bool is_same_call(const struct python_layout *layout, const unsigned char *bytes,
                         const unsigned char *again)
{
    struct frame_view view, other;

    stack_copy_view_bytes(layout, bytes, &view);
    stack_copy_view_bytes(layout, again, &other);
    return view.executable == other.executable && view.previous == other.previous &&
           view.instruction == other.instruction && view.stacktop == other.stacktop;
}

bool stack_copy_stood(struct stack_copy *copy, uint64_t address)
{
    const struct chunk_copy *chunk = find_chunk(copy, address);

    if (!copy->is_proof)
        return false;
    if (chunk == NULL) {
        const struct outside_frame *frame = find_outside(copy, address);
        return frame != NULL && frame->has_again && is_same_call(copy->layout, frame->bytes, frame->again);
    }
    size_t offset = frame_offset(copy, chunk, address);
    return offset != 0 && chunk->has_again &&
           is_same_call(copy->layout, chunk->bytes + offset, chunk->again + offset);
}

bool stack_copy_is_of_moment(struct stack_copy *copy, uint64_t address)
{
    const struct chunk_copy *chunk = find_chunk(copy, address);

    if (chunk != NULL)
        return chunk == &copy->chunks[0];
    const struct outside_frame *frame = find_outside(copy, address);
    return frame != NULL && !frame->is_late;
}

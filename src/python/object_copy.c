#include "python/object_copy.h"

#include "base/memory.h"
#include "python/moment_copy.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_SINGLE_READS = UNWIND_MAX_FRAMES, /* in one sample */
    MAX_MISSING_PIECES = 256,             /* of one vectored read; with more, the rest is not read */
    MAX_GAP_BYTES = 1024, /* between frames that are read as one: several fit into a pool of the allocator */
    STATE_LEFT = 4, /* 3.10: FRAME_CLEARED; the states between FRAME_EXECUTING and it are those of leaving */
};

void object_copy_release(struct object_copy *copy)
{
    free(copy->pieces);
    free(copy->outer);
    free(copy->outer_bytes);
}

/* ---- what a copy says ---- */

bool object_copy_is_frame_type(struct object_copy *copy, uint64_t type)
{
    static const char expected[] = "frame";
    char name[sizeof(expected)];
    uint64_t address;

    if (copy->frame_type == 0 && memory_is_pointer(type) &&
        memory_read_word(copy->pid, type + copy->layout->object.type_name, &address) &&
        memory_read(copy->pid, address, name, sizeof(name)) && memcmp(name, expected, sizeof(name)) == 0)
        copy->frame_type = type;
    return copy->frame_type != 0 && type == copy->frame_type;
}

static struct object_view view_bytes(const struct object_copy *copy, const unsigned char *bytes)
{
    const struct python_layout *layout = copy->layout;
    struct object_view view = {
        .back = memory_get_u64(bytes, layout->frame_object.back),
        .code = memory_get_u64(bytes, layout->frame_object.code),
        .references = memory_get_u64(bytes, layout->frame_object.reference_count),
        .type = memory_get_u64(bytes, layout->object.type),
        .last_instruction = (int32_t)memory_get_u32(bytes, layout->frame_object.last_instruction),
    };

    if (layout->frame_object.state == LAYOUT_NONE) {
        view.executes = memory_get_u64(bytes, layout->frame_object.thread) == copy->thread;
        return view;
    }
    uint8_t state = memory_get_u8(bytes, layout->frame_object.state);
    view.executes = state == layout->frame_object.executing;
    view.leaves = view.back != 0 && state < STATE_LEFT;
    return view;
}

bool object_copy_is_alive(struct object_copy *copy, const struct object_view *view, bool is_top)
{
    return view->references > 0 && view->references < UINT32_MAX &&
           (view->executes || (is_top && view->leaves)) && object_copy_is_frame_type(copy, view->type);
}

/* ---- copying ---- */

static struct memory_piece *add_piece(struct object_copy *copy, uint64_t address, void *buffer, size_t size)
{
    copy->pieces =
        memory_grow(copy->pieces, &copy->piece_capacity, copy->piece_count + 1, sizeof(*copy->pieces));
    copy->pieces[copy->piece_count] = (struct memory_piece){address, buffer, size};
    return &copy->pieces[copy->piece_count++];
}

static void add_moment_pieces(struct object_copy *copy, const struct thread_reference *thread,
                              struct moment_copy *moment)
{
    struct memory_piece pieces[MOMENT_MAX_PIECES];
    size_t count = moment_copy_plan(moment, copy->layout, thread, pieces);

    for (size_t i = 0; i < count; i++)
        add_piece(copy, pieces[i].address, pieces[i].buffer, pieces[i].size);
}

/* How much lies between a copy of a frame and one further in that is read together with it; SIZE_MAX when it is not. */
static size_t gap_between(const struct object_copy *copy, uint64_t lower, uint64_t upper)
{
    uint64_t end = lower + copy->layout->frame_object.size;

    return upper >= end && upper - end <= MAX_GAP_BYTES ? (size_t)(upper - end) : SIZE_MAX;
}

/* Decide where the copies of the outer frames lie: those of neighbours as they lie in the process. From the outermost
 * one in, for this is mostly the order in which they were made. */
static void place_outer(struct object_copy *copy)
{
    copy->outer_bytes_used = 0;
    for (size_t i = copy->outer_count; i-- > 0;) {
        struct outer_object *outer = &copy->outer[i];
        size_t gap =
            i + 1 < copy->outer_count ? gap_between(copy, outer[1].address, outer->address) : SIZE_MAX;
        outer->offset = copy->outer_bytes_used + (gap != SIZE_MAX ? gap : 0);
        copy->outer_bytes_used = outer->offset + copy->layout->frame_object.size;
    }
    copy->outer_bytes =
        memory_grow(copy->outer_bytes, &copy->outer_bytes_capacity, copy->outer_bytes_used + 1, 1);
}

bool object_copy_is_inner(const struct object_copy *copy, uint64_t address)
{
    for (size_t i = 0; i < copy->inner_count; i++) {
        if (copy->inner[i] == address)
            return true;
    }
    return false;
}

void object_copy_begin(struct object_copy *copy)
{
    copy->inner_count = 0;
    copy->outer_count = copy->outer_below = 0;
    copy->outer_cursor = 0;
}

void object_copy_add_inner(struct object_copy *copy, uint64_t address)
{
    if (copy->inner_count < OBJECT_COPY_MAX_INNER && !object_copy_is_inner(copy, address))
        copy->inner[copy->inner_count++] = address;
}

void object_copy_add_outer(struct object_copy *copy, uint64_t address, bool is_below_pivot)
{
    copy->outer =
        memory_grow(copy->outer, &copy->outer_capacity, copy->outer_count + 1, sizeof(*copy->outer));
    copy->outer[copy->outer_count++].address = address;
    if (!is_below_pivot)
        copy->outer_below = copy->outer_count;
}

static void plan_outer(struct object_copy *copy)
{
    struct memory_piece *piece = NULL;
    size_t size = copy->layout->frame_object.size;

    for (size_t i = copy->outer_count; i-- > 0;) {
        const struct outer_object *outer = &copy->outer[i];
        unsigned char *bytes = copy->outer_bytes + outer->offset;
        if (piece != NULL && gap_between(copy, outer[1].address, outer->address) != SIZE_MAX)
            piece->size = (size_t)(bytes - (unsigned char *)piece->buffer) + size;
        else
            piece = add_piece(copy, outer->address, bytes, size);
    }
}

static void plan_frames(struct object_copy *copy, uint64_t pointer_address)
{
    size_t size = copy->layout->frame_object.size;

    for (size_t i = copy->inner_count; i-- > 0;)
        add_piece(copy, copy->inner[i], copy->inner_bytes[BEFORE][i], size);
    add_piece(copy, pointer_address, &copy->pointer, sizeof(copy->pointer));
    for (size_t i = 0; i < copy->inner_count; i++)
        add_piece(copy, copy->inner[i], copy->inner_bytes[AFTER][i], size);
    plan_outer(copy);
    if (copy->inner_count > 0)
        add_piece(copy, copy->inner[copy->inner_count - 1], copy->pivot_again, size);
}

/* Read all pieces; one that cannot be read (a frame whose memory was given back) becomes zeros: a dead frame.
 *
 * returns  whether the first one came */
static bool read_pieces(struct object_copy *copy)
{
    size_t done = 0;
    size_t missing = 0;
    bool first_came = false;

    while (done < copy->piece_count && missing < MAX_MISSING_PIECES) {
        size_t count = copy->piece_count - done;
        if (count > MEMORY_MAX_PIECES)
            count = MEMORY_MAX_PIECES;
        size_t came = memory_read_pieces(copy->pid, copy->pieces + done, count);
        first_came = first_came || (done == 0 && came > 0);
        if (!first_came)
            return false;
        done += came;
        if (came < count) {
            memset(copy->pieces[done].buffer, 0, copy->pieces[done].size);
            done++;
            missing++;
        }
    }
    for (; done < copy->piece_count; done++)
        memset(copy->pieces[done].buffer, 0, copy->pieces[done].size);
    return true;
}

bool object_copy_read(struct object_copy *copy, const struct thread_reference *thread,
                      struct interpreter_moment *moment)
{
    const struct python_layout *layout = copy->layout;
    struct moment_copy moment_copy = {0};

    copy->thread = thread->address;
    copy->piece_count = 0;
    copy->pointer = 0;
    copy->outer_planned = copy->outer_count;
    place_outer(copy);
    add_piece(copy, thread->address, copy->thread_state, layout->thread.size);
    if (moment != NULL)
        add_moment_pieces(copy, thread, &moment_copy);
    plan_frames(copy, thread->address + layout->thread.frame_object);
    if (!read_pieces(copy) ||
        memory_get_u64(copy->thread_state, layout->thread.interpreter) != thread->interpreter ||
        memory_get_u64(copy->thread_state, layout->thread.thread_id) != thread->thread_id)
        return false;
    if (moment != NULL)
        *moment = moment_copy_take(&moment_copy, layout, thread);
    return true;
}

/* Read one frame that nobody expected; NULL when it cannot be read. */
static const unsigned char *read_single(struct object_copy *copy, uint64_t address)
{
    size_t size = copy->layout->frame_object.size;
    size_t offset = copy->outer_bytes_used;

    if (!memory_is_pointer(address) || copy->single_reads >= MAX_SINGLE_READS)
        return NULL;
    copy->single_reads++;
    copy->outer =
        memory_grow(copy->outer, &copy->outer_capacity, copy->outer_count + 1, sizeof(*copy->outer));
    copy->outer_bytes = memory_grow(copy->outer_bytes, &copy->outer_bytes_capacity, offset + size, 1);
    if (!memory_read(copy->pid, address, copy->outer_bytes + offset, size))
        return NULL;
    copy->outer[copy->outer_count++] = (struct outer_object){address, offset};
    copy->outer_bytes_used = offset + size;
    return copy->outer_bytes + offset;
}

/* The index of a frame among those that have one copy; outer_count when it is none. */
static size_t find_outer(struct object_copy *copy, uint64_t address)
{
    size_t place = copy->outer_cursor;

    for (size_t i = 0; i < copy->outer_count; i++, place++) {
        if (place >= copy->outer_count)
            place = 0;
        if (copy->outer[place].address == address) {
            copy->outer_cursor = place;
            return place;
        }
    }
    return copy->outer_count;
}

static const unsigned char *find_copy(struct object_copy *copy, uint64_t address, enum side side)
{
    for (size_t i = 0; i < copy->inner_count; i++) {
        if (copy->inner[i] == address)
            return copy->inner_bytes[side][i];
    }
    size_t outer = find_outer(copy, address);
    return outer < copy->outer_count ? copy->outer_bytes + copy->outer[outer].offset
                                     : read_single(copy, address);
}

bool object_copy_view(struct object_copy *copy, uint64_t address, enum side side, struct object_view *view)
{
    const unsigned char *bytes = find_copy(copy, address, side);

    if (bytes == NULL)
        return false;
    *view = view_bytes(copy, bytes);
    return true;
}

bool object_copy_is_late(struct object_copy *copy, uint64_t address)
{
    return !object_copy_is_inner(copy, address) && find_outer(copy, address) >= copy->outer_planned;
}

/* Whether the pivot was live in the same call in all its copies. */
static bool pivot_stood(struct object_copy *copy)
{
    const unsigned char *copies[] = {
        copy->inner_bytes[BEFORE][copy->inner_count - 1],
        copy->inner_bytes[AFTER][copy->inner_count - 1],
        copy->pivot_again,
    };
    struct object_view first = view_bytes(copy, copies[0]);

    for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
        struct object_view view = view_bytes(copy, copies[i]);
        if (!object_copy_is_alive(copy, &view, false) || view.back != first.back || view.code != first.code)
            return false;
    }
    return true;
}

bool object_copy_stood(struct object_copy *copy, uint64_t address)
{
    size_t outer = find_outer(copy, address);

    return outer >= copy->outer_below && outer < copy->outer_planned && copy->inner_count > 0 &&
           pivot_stood(copy);
}

#include "python/object_copy.h"

#include "base/clock.h"
#include "base/memory.h"
#include "python/frame_pages.h"
#include "python/moment_copy.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_LATE_PAGES = UNWIND_MAX_FRAMES, /* in one sample */
    MAX_MISSING_PIECES = 256,           /* of one vectored read; with more, the rest is not read */
    STATE_LEFT = 4, /* 3.10: FRAME_CLEARED; the states between FRAME_EXECUTING and it are those of leaving */
};

void object_copy_release(struct object_copy *copy)
{
    free(copy->pieces);
    free(copy->pages);
    free(copy->bytes);
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

static void add_piece(struct object_copy *copy, uint64_t address, void *buffer, size_t size)
{
    copy->pieces =
        memory_grow(copy->pieces, &copy->piece_capacity, copy->piece_count + 1, sizeof(*copy->pieces));
    copy->pieces[copy->piece_count] = (struct memory_piece){address, buffer, size};
    copy->piece_count++;
}

static void add_moment_pieces(struct object_copy *copy, const struct thread_reference *thread,
                              struct moment_copy *moment)
{
    struct memory_piece pieces[MOMENT_MAX_PIECES];
    size_t count = moment_copy_plan(moment, copy->layout, thread, pieces);

    for (size_t i = 0; i < count; i++)
        add_piece(copy, pieces[i].address, pieces[i].buffer, pieces[i].size);
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
    copy->inner_count = copy->page_count = copy->byte_count = 0;
    copy->page_cursor = 0;
    copy->pivot = 0;
}

void object_copy_add_inner(struct object_copy *copy, uint64_t address)
{
    if (copy->inner_count < OBJECT_COPY_MAX_INNER && !object_copy_is_inner(copy, address))
        copy->inner[copy->inner_count++] = address;
}

void object_copy_add_pivot(struct object_copy *copy, uint64_t address)
{
    object_copy_add_inner(copy, address);
    copy->pivot = object_copy_is_inner(copy, address) ? address : 0;
}

void object_copy_add_page(struct object_copy *copy, uint64_t address, size_t length)
{
    copy->pages = memory_grow(copy->pages, &copy->page_capacity, copy->page_count + 1, sizeof(*copy->pages));
    copy->pages[copy->page_count++] = (struct object_page){address, length, copy->byte_count};
    copy->byte_count += length;
}

/* Plan to read the pages from that place on; their copies stay where they are from now on. */
static void plan_pages(struct object_copy *copy, size_t first)
{
    copy->bytes = memory_grow(copy->bytes, &copy->byte_capacity, copy->byte_count + 1, 1);
    for (size_t i = first; i < copy->page_count; i++) {
        const struct object_page *page = &copy->pages[i];
        add_piece(copy, page->address, copy->bytes + page->offset, page->length);
    }
}

static void plan_frames(struct object_copy *copy)
{
    size_t size = copy->layout->frame_object.size;

    for (size_t i = 0; i < copy->inner_count; i++)
        add_piece(copy, copy->inner[i], copy->inner_bytes[i], size);
    plan_pages(copy, 0);
    if (copy->pivot != 0)
        add_piece(copy, copy->pivot, copy->pivot_last, size);
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
                      struct interpreter_moment *moment, struct read_pace *pace)
{
    const struct python_layout *layout = copy->layout;
    struct moment_copy moment_copy = {0};

    copy->thread = thread->address;
    copy->piece_count = 0;
    copy->page_planned = copy->page_count;
    add_piece(copy, thread->address, copy->thread_state, layout->thread.size);
    plan_frames(copy);
    if (moment != NULL)
        add_moment_pieces(copy, thread, &moment_copy);
    uint64_t begin_ns = clock_monotonic_ns();
    if (!read_pieces(copy) ||
        memory_get_u64(copy->thread_state, layout->thread.interpreter) != thread->interpreter ||
        memory_get_u64(copy->thread_state, layout->thread.thread_id) != thread->thread_id)
        return false;
    copy->is_quick = read_pace_judge(pace, clock_monotonic_ns() - begin_ns, copy->pieces, copy->piece_count);
    copy->pointer = memory_get_u64(copy->thread_state, layout->thread.frame_object);
    if (moment != NULL)
        *moment = moment_copy_take(&moment_copy, layout, thread);
    return true;
}

/* ---- looking ---- */

/* The page that a frame was copied with; NULL when it was not. */
static const struct object_page *find_page(struct object_copy *copy, uint64_t address)
{
    size_t size = copy->layout->frame_object.size;
    size_t place = copy->page_cursor;

    for (size_t i = 0; i < copy->page_count; i++, place++) {
        if (place >= copy->page_count)
            place = 0;
        const struct object_page *page = &copy->pages[place];
        if (page->length >= size && address - page->address <= page->length - size) {
            copy->page_cursor = place;
            return page;
        }
    }
    return NULL;
}

bool object_copy_has(struct object_copy *copy, uint64_t address)
{
    return object_copy_is_inner(copy, address) || find_page(copy, address) != NULL;
}

/* Add the page of a frame that was not copied. */
static void add_late_page(struct object_copy *copy, uint64_t address)
{
    uint64_t begin = address / FRAME_PAGE_BYTES * FRAME_PAGE_BYTES;
    uint64_t end = address + copy->layout->frame_object.size;

    if (!memory_is_pointer(address) || copy->late_pages >= MAX_LATE_PAGES || object_copy_has(copy, address))
        return;
    copy->late_pages++;
    if (end < begin + FRAME_PAGE_BYTES)
        end = begin + FRAME_PAGE_BYTES;
    object_copy_add_page(copy, begin, (size_t)(end - begin));
}

void object_copy_fetch(struct object_copy *copy, const uint64_t *addresses, size_t count)
{
    size_t first = copy->page_count;

    for (size_t i = 0; i < count && i < OBJECT_COPY_MAX_FETCHED; i++)
        add_late_page(copy, addresses[i]);
    copy->piece_count = 0;
    plan_pages(copy, first);
    size_t came = memory_read_pieces(copy->pid, copy->pieces, copy->piece_count);
    copy->page_count = first + came;
}

static const unsigned char *find_copy(struct object_copy *copy, uint64_t address, enum side side)
{
    for (size_t i = 0; side == EARLY && i < copy->inner_count; i++) {
        if (copy->inner[i] == address)
            return copy->inner_bytes[i];
    }
    const struct object_page *page = find_page(copy, address);
    return page != NULL ? copy->bytes + page->offset + (address - page->address) : NULL;
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
    const struct object_page *page = object_copy_is_inner(copy, address) ? NULL : find_page(copy, address);

    return page != NULL && (size_t)(page - copy->pages) >= copy->page_planned;
}

bool object_copy_pivot_stood(struct object_copy *copy)
{
    struct object_view first;

    if (copy->pivot == 0 || !object_copy_view(copy, copy->pivot, EARLY, &first))
        return false;
    struct object_view last = view_bytes(copy, copy->pivot_last);
    return object_copy_is_alive(copy, &first, false) && object_copy_is_alive(copy, &last, false) &&
           first.back == last.back && first.code == last.code;
}

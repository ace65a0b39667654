#include "python/unwind_objects.h"

#include "base/memory.h"
#include "python/memory.h"
#include "python/moment.h"

#include <stdlib.h>
#include <string.h>

/* How a sample is taken.
 *
 * Frames are spread over the heap, so no copy of a stack is one moment. But while a frame is alive, all
 * frames below it stand still. So one vectored read brings, in this order:
 *
 *     the innermost frames of the last stack, and frames that were on top lately, from the top down
 *     the thread's frame pointer: the moment of the sample
 *     the same frames again, from below up
 *     the frames further out, once
 *     the outermost of the inner ones once more
 *
 * The frame on top is the one that the pointer names, however short its call, not one that
 * held still, so that short calls count too. A frame that is alive in the copy before the pointer or
 * in the one after it has its caller's copy between that copy and the pointer, so the caller stood still and
 * its line is the line of the call. When the outermost of the inner frames is the same before and after the
 * frames further out were read, those stood still too.
 *
 * A call that is shorter than the gap between two copies is over before its frame was copied. Its code is
 * still there to see, for an idle frame is kept (with its code object as the "zombie frame", or in the free
 * list) until it is needed again, but its link to the caller is cut or points to another idle frame. Then it
 * counts as called from where it was called last, if that caller is alive, and at that call, in one of its
 * two copies; else the sample is `partial`: the outermost part of the stack that holds.
 *
 * What is left of a bias: a sample that does not resolve, or whose top was not expected, is read once more, so
 * tops that are not among the recent ones are a little less likely to be seen in the middle of a short call; and
 * the caller of a call that was over is inferred, not seen, though such a sample counts as whole. How much that
 * is was not measured against a paused reference.
 *
 * Alive means: a reference is held (idle frames have none), and it executes (f_executing, f_state); suspended
 * generators do not. 2.7 has no such mark, but says which thread runs a frame.
 *
 * source  CPython Objects/frameobject.c (frame_dealloc, PyFrame_New), Python/ceval.c, Objects/genobject.c */

enum {
    INNER_STACK_FRAMES = 4, /* of the last stack */
    RECENT_TOPS = 6,
    MAX_INNER = INNER_STACK_FRAMES + RECENT_TOPS,
    MAX_SINGLE_READS = UNWIND_MAX_FRAMES, /* in one sample */
    MAX_MISSING_PIECES = 256,             /* of one vectored read; with more, the rest is not read */
    FRAME_BYTES = 256,
    THREAD_BYTES = 1024,
    ATTEMPTS = 2,
    STATE_LEFT = 4, /* 3.10: FRAME_CLEARED; the states between FRAME_EXECUTING and it are those of leaving */
};

/* A frame that was on top, and where it was called from then. */
struct recent_top {
    uint64_t address;
    uint64_t code;
    uint64_t caller;          /* 0 while not known */
    int32_t call_instruction; /* f_lasti of the caller */
};

struct object_hint {
    uint64_t *stack; /* addresses of the last stack's frames, innermost first */
    size_t capacity;
    size_t count;
    struct recent_top tops[RECENT_TOPS]; /* the last one first */
};

struct frame_bytes {
    unsigned char bytes[FRAME_BYTES];
};

/* What a copy of a frame says. */
struct object_view {
    uint64_t back;
    uint64_t code;
    uint64_t references;
    uint64_t type;
    int32_t last_instruction;
    bool executes;
    bool leaves; /* on its way in or out; only the frame on top can be that */
};

/* Two copies of a frame, before and after the pointer. */
enum side {
    BEFORE,
    AFTER,
    SIDES,
};

struct object_unwinder {
    pid_t pid;
    const struct python_layout *layout;
    struct code_cache *codes;
    uint64_t frame_type; /* address of PyFrame_Type; 0 until it is learned */
    uint64_t thread;     /* thread state that is being read */
    uint64_t now_ns;

    struct memory_piece *pieces;
    size_t piece_capacity;
    size_t piece_count;

    unsigned char thread_state[THREAD_BYTES];
    uint64_t pointer;
    uint64_t inner[MAX_INNER];
    size_t inner_count;
    struct frame_bytes inner_copies[SIDES][MAX_INNER];
    uint64_t *outer;
    size_t outer_capacity;
    size_t outer_count;
    size_t outer_cursor; /* where the next look-up starts */
    struct frame_bytes *outer_copies;
    size_t outer_copy_capacity;
    struct frame_bytes inner_end_again; /* the outermost of the inner frames, after the outer ones */
    size_t single_reads;

    uint64_t *stack; /* addresses of what is in `frames` */
    size_t stack_capacity;
    struct frame frames[UNWIND_MAX_FRAMES];
    size_t frame_count;
};

struct object_unwinder *object_unwinder_new(pid_t pid, const struct python_layout *layout,
                                            struct code_cache *codes)
{
    struct object_unwinder *unwinder = memory_allocate(1, sizeof(*unwinder));

    unwinder->pid = pid;
    unwinder->layout = layout;
    unwinder->codes = codes;
    unwinder->stack = memory_grow(NULL, &unwinder->stack_capacity, UNWIND_MAX_FRAMES, sizeof(uint64_t));
    return unwinder;
}

void object_unwinder_free(struct object_unwinder *unwinder)
{
    if (unwinder == NULL)
        return;
    free(unwinder->pieces);
    free(unwinder->outer);
    free(unwinder->outer_copies);
    free(unwinder->stack);
    free(unwinder);
}

void object_hint_free(struct object_hint *hint)
{
    if (hint == NULL)
        return;
    free(hint->stack);
    free(hint);
}

/* ---- what a copy says ---- */

static bool is_frame_type(struct object_unwinder *unwinder, uint64_t type)
{
    static const char expected[] = "frame";
    char name[sizeof(expected)];
    uint64_t address;

    if (unwinder->frame_type == 0 && memory_is_pointer(type) &&
        memory_read_word(unwinder->pid, type + unwinder->layout->object.type_name, &address) &&
        memory_read(unwinder->pid, address, name, sizeof(name)) && memcmp(name, expected, sizeof(name)) == 0)
        unwinder->frame_type = type;
    return unwinder->frame_type != 0 && type == unwinder->frame_type;
}

static struct object_view view_copy(const struct object_unwinder *unwinder, const struct frame_bytes *copy)
{
    const struct python_layout *layout = unwinder->layout;
    const unsigned char *bytes = copy->bytes;
    struct object_view view = {
        .back = memory_get_u64(bytes, layout->frame_object.back),
        .code = memory_get_u64(bytes, layout->frame_object.code),
        .references = memory_get_u64(bytes, layout->frame_object.reference_count),
        .type = memory_get_u64(bytes, layout->object.type),
        .last_instruction = (int32_t)memory_get_u32(bytes, layout->frame_object.last_instruction),
    };

    if (layout->frame_object.state == LAYOUT_NONE) {
        view.executes = memory_get_u64(bytes, layout->frame_object.thread) == unwinder->thread;
        return view;
    }
    uint8_t state = memory_get_u8(bytes, layout->frame_object.state);
    view.executes = state == layout->frame_object.executing;
    view.leaves = view.back != 0 && state < STATE_LEFT;
    return view;
}

static bool is_alive(struct object_unwinder *unwinder, const struct object_view *view, bool is_top)
{
    return view->references > 0 && view->references < UINT32_MAX &&
           (view->executes || (is_top && view->leaves)) && is_frame_type(unwinder, view->type);
}

/* The code object of a frame and the instruction in it, if the frame can be one. A code object that does not
 * fit may be a new one where a freed one was. */
static const struct code_object *find_code(struct object_unwinder *unwinder, const struct object_view *view,
                                           uint64_t *instruction)
{
    const struct code_object *code = code_cache_load(unwinder->codes, view->code, unwinder->now_ns);
    int64_t distance = (int64_t)view->last_instruction * unwinder->layout->code.unit_bytes;

    for (int attempt = 0; code != NULL && attempt < 2; attempt++) {
        *instruction = code->instructions + (uint64_t)distance;
        if (view->last_instruction >= -1 && code_object_contains(code, *instruction))
            return code;
        code_cache_verify(unwinder->codes, &view->code, 1, unwinder->now_ns);
        code = code_cache_find(unwinder->codes, view->code);
    }
    return NULL;
}

/* ---- copying ---- */

static void add_piece(struct object_unwinder *unwinder, uint64_t address, void *buffer, size_t size)
{
    unwinder->pieces = memory_grow(unwinder->pieces, &unwinder->piece_capacity, unwinder->piece_count + 1,
                                   sizeof(*unwinder->pieces));
    unwinder->pieces[unwinder->piece_count++] = (struct memory_piece){address, buffer, size};
}

static void add_frame_piece(struct object_unwinder *unwinder, uint64_t address, struct frame_bytes *copy)
{
    add_piece(unwinder, address, copy->bytes, unwinder->layout->frame_object.size);
}

static void add_moment_pieces(struct object_unwinder *unwinder, const struct thread_reference *thread,
                              struct moment_copy *copy)
{
    struct memory_piece pieces[MOMENT_MAX_PIECES];
    size_t count = moment_plan(copy, unwinder->layout, thread, pieces);

    for (size_t i = 0; i < count; i++)
        add_piece(unwinder, pieces[i].address, pieces[i].buffer, pieces[i].size);
}

static bool is_inner(const struct object_unwinder *unwinder, uint64_t address)
{
    for (size_t i = 0; i < unwinder->inner_count; i++) {
        if (unwinder->inner[i] == address)
            return true;
    }
    return false;
}

/* Decide which frames are read, and how often. */
static void choose_frames(struct object_unwinder *unwinder, const struct object_hint *hint)
{
    size_t inner_of_stack = hint->count < INNER_STACK_FRAMES ? hint->count : INNER_STACK_FRAMES;

    unwinder->inner_count = 0;
    for (size_t i = 0; i < RECENT_TOPS && hint->tops[i].address != 0; i++) {
        bool on_stack = false;
        for (size_t j = 0; j < inner_of_stack; j++)
            on_stack = on_stack || hint->stack[j] == hint->tops[i].address;
        if (!on_stack)
            unwinder->inner[unwinder->inner_count++] = hint->tops[i].address;
    }
    for (size_t i = 0; i < inner_of_stack; i++)
        unwinder->inner[unwinder->inner_count++] = hint->stack[i];

    unwinder->outer_count = unwinder->outer_cursor = 0;
    size_t outer = hint->count - inner_of_stack;
    unwinder->outer =
        memory_grow(unwinder->outer, &unwinder->outer_capacity, outer + 1, sizeof(*unwinder->outer));
    unwinder->outer_copies = memory_grow(unwinder->outer_copies, &unwinder->outer_copy_capacity, outer + 1,
                                         sizeof(*unwinder->outer_copies));
    for (size_t i = 0; i < outer; i++)
        unwinder->outer[unwinder->outer_count++] = hint->stack[inner_of_stack + i];
}

static void plan_frames(struct object_unwinder *unwinder, uint64_t pointer_address)
{
    for (size_t i = 0; i < unwinder->inner_count; i++)
        add_frame_piece(unwinder, unwinder->inner[i], &unwinder->inner_copies[BEFORE][i]);
    add_piece(unwinder, pointer_address, &unwinder->pointer, sizeof(unwinder->pointer));
    for (size_t i = unwinder->inner_count; i-- > 0;)
        add_frame_piece(unwinder, unwinder->inner[i], &unwinder->inner_copies[AFTER][i]);
    for (size_t i = unwinder->outer_count; i-- > 0;) /* mostly in the order in which they were made */
        add_frame_piece(unwinder, unwinder->outer[i], &unwinder->outer_copies[i]);
    if (unwinder->inner_count > 0)
        add_frame_piece(unwinder, unwinder->inner[unwinder->inner_count - 1], &unwinder->inner_end_again);
}

/* Read all pieces; one that cannot be read (a frame whose memory was given back) becomes zeros: a dead frame.
 *
 * returns  whether the first one came */
static bool read_pieces(struct object_unwinder *unwinder)
{
    size_t done = 0;
    size_t missing = 0;
    bool first_came = false;

    while (done < unwinder->piece_count && missing < MAX_MISSING_PIECES) {
        size_t count = unwinder->piece_count - done;
        if (count > MEMORY_MAX_PIECES)
            count = MEMORY_MAX_PIECES;
        size_t came = memory_read_pieces(unwinder->pid, unwinder->pieces + done, count);
        first_came = first_came || (done == 0 && came > 0);
        if (!first_came)
            return false;
        done += came;
        if (came < count) {
            memset(unwinder->pieces[done].buffer, 0, unwinder->pieces[done].size);
            done++;
            missing++;
        }
    }
    for (; done < unwinder->piece_count; done++)
        memset(unwinder->pieces[done].buffer, 0, unwinder->pieces[done].size);
    return true;
}

/* Read one frame that nobody expected; NULL when it cannot be read. */
static const struct frame_bytes *read_single(struct object_unwinder *unwinder, uint64_t address)
{
    size_t place = unwinder->outer_count;

    if (!memory_is_pointer(address) || unwinder->single_reads >= MAX_SINGLE_READS)
        return NULL;
    unwinder->single_reads++;
    unwinder->outer =
        memory_grow(unwinder->outer, &unwinder->outer_capacity, place + 1, sizeof(*unwinder->outer));
    unwinder->outer_copies = memory_grow(unwinder->outer_copies, &unwinder->outer_copy_capacity, place + 1,
                                         sizeof(*unwinder->outer_copies));
    if (!memory_read(unwinder->pid, address, unwinder->outer_copies[place].bytes,
                     unwinder->layout->frame_object.size))
        return NULL;
    unwinder->outer[place] = address;
    unwinder->outer_count++;
    return &unwinder->outer_copies[place];
}

/* ---- walking ---- */

/* The copy of a frame on one side of the pointer; frames that are not inner ones have one copy. */
static const struct frame_bytes *find_copy(struct object_unwinder *unwinder, uint64_t address, enum side side)
{
    for (size_t i = 0; i < unwinder->inner_count; i++) {
        if (unwinder->inner[i] == address)
            return &unwinder->inner_copies[side][i];
    }
    for (size_t i = 0; i < unwinder->outer_count; i++) {
        size_t place = (unwinder->outer_cursor + i) % unwinder->outer_count;
        if (unwinder->outer[place] == address) {
            unwinder->outer_cursor = place + 1;
            return &unwinder->outer_copies[place];
        }
    }
    return read_single(unwinder, address);
}

static bool view_frame(struct object_unwinder *unwinder, uint64_t address, enum side side,
                       struct object_view *view)
{
    const struct frame_bytes *copy = find_copy(unwinder, address, side);

    if (copy == NULL)
        return false;
    *view = view_copy(unwinder, copy);
    return true;
}

static bool add_frame(struct object_unwinder *unwinder, uint64_t address, const struct object_view *view)
{
    uint64_t instruction;

    if (find_code(unwinder, view, &instruction) == NULL)
        return false;
    unwinder->stack[unwinder->frame_count] = address;
    unwinder->frames[unwinder->frame_count++] =
        (struct frame){.code = view->code, .instruction = instruction};
    return true;
}

/* Whether the frames further out stood still while they were read: the outermost of the inner ones, if the
 * stack goes through it, was the same before and after them. */
static bool outer_frames_stood(struct object_unwinder *unwinder, enum side side)
{
    size_t last = unwinder->inner_count;

    if (last-- == 0 || unwinder->outer_count == 0)
        return true;
    struct object_view first = view_copy(unwinder, &unwinder->inner_copies[side][last]);
    struct object_view again = view_copy(unwinder, &unwinder->inner_end_again);
    return is_alive(unwinder, &again, false) && again.back == first.back && again.code == first.code;
}

/* Follow the links from a frame to the outermost one, which has none.
 *
 * returns  whether the end was reached without a contradiction; of a deeper stack than fits, the innermost
 *          frames */
static bool follow_links(struct object_unwinder *unwinder, uint64_t address, enum side side, bool is_top)
{
    bool through_inner_end = false;

    for (; address != 0 && unwinder->frame_count < UNWIND_MAX_FRAMES; is_top = false) {
        struct object_view view;
        if (!view_frame(unwinder, address, side, &view) || !is_alive(unwinder, &view, is_top) ||
            !add_frame(unwinder, address, &view))
            return false;
        through_inner_end = through_inner_end || (unwinder->inner_count > 0 &&
                                                  address == unwinder->inner[unwinder->inner_count - 1]);
        address = view.back;
    }
    return !through_inner_end || outer_frames_stood(unwinder, side);
}

static struct recent_top *find_top(struct object_hint *hint, uint64_t address)
{
    for (size_t i = 0; i < RECENT_TOPS; i++) {
        if (hint->tops[i].address == address)
            return &hint->tops[i];
    }
    return NULL;
}

/* The call was over before its frame was copied: look whether its caller is where it called from the last
 * time. */
static bool follow_finished_call(struct object_unwinder *unwinder, struct object_hint *hint)
{
    const struct recent_top *top = find_top(hint, unwinder->pointer);
    struct object_view view, caller;

    if (top == NULL || top->caller == 0 || !is_inner(unwinder, top->address) ||
        !view_frame(unwinder, top->address, BEFORE, &view) || view.code != top->code ||
        !is_frame_type(unwinder, view.type))
        return false;
    for (enum side side = BEFORE; side < SIDES; side++) {
        unwinder->frame_count = 0;
        if (view_frame(unwinder, top->caller, side, &caller) &&
            caller.last_instruction == top->call_instruction && add_frame(unwinder, top->address, &view) &&
            follow_links(unwinder, top->caller, side, false))
            return true;
    }
    return false;
}

/* The stack at the moment of the pointer; false when the copies do not show it. */
static bool resolve(struct object_unwinder *unwinder, struct object_hint *hint)
{
    for (enum side side = BEFORE; side < SIDES; side++) {
        unwinder->frame_count = 0;
        if (follow_links(unwinder, unwinder->pointer, side, true))
            return true;
    }
    return follow_finished_call(unwinder, hint);
}

/* What holds of the last stack, from the outermost frame in. */
static void keep_outermost(struct object_unwinder *unwinder, const struct object_hint *hint)
{
    size_t first = hint->count; /* the innermost frame that holds */
    uint64_t lower = 0;

    for (; first > 0; first--) {
        struct object_view view;
        uint64_t address = hint->stack[first - 1];
        if (!view_frame(unwinder, address, AFTER, &view) || !is_alive(unwinder, &view, false) ||
            view.back != lower)
            break;
        lower = address;
    }
    unwinder->frame_count = 0;
    for (size_t i = first; i < hint->count; i++) {
        struct object_view view;
        if (!view_frame(unwinder, hint->stack[i], AFTER, &view) ||
            !add_frame(unwinder, hint->stack[i], &view))
            unwinder->frame_count = 0; /* the part further out counts */
    }
}

/* ---- what is remembered ---- */

/* Put the frame on top first among those that were lately. */
static void remember_top(struct object_unwinder *unwinder, struct object_hint *hint, uint64_t address,
                         bool resolved)
{
    struct recent_top top = {.address = address};
    size_t place = 0;

    while (place < RECENT_TOPS - 1 && hint->tops[place].address != address)
        place++;
    if (hint->tops[place].address == address)
        top = hint->tops[place];
    memmove(&hint->tops[1], &hint->tops[0], place * sizeof(hint->tops[0]));
    if (resolved && unwinder->frame_count > 1) {
        const struct code_object *code = code_cache_find(unwinder->codes, unwinder->frames[1].code);
        top.code = unwinder->frames[0].code;
        top.caller = unwinder->stack[1];
        if (code != NULL)
            top.call_instruction =
                (int32_t)(((int64_t)(unwinder->frames[1].instruction - code->instructions)) /
                          unwinder->layout->code.unit_bytes);
    }
    hint->tops[0] = top;
}

static void remember_stack(struct object_unwinder *unwinder, struct object_hint *hint)
{
    hint->stack = memory_grow(hint->stack, &hint->capacity, unwinder->frame_count + 1, sizeof(*hint->stack));
    memcpy(hint->stack, unwinder->stack, unwinder->frame_count * sizeof(*hint->stack));
    hint->count = unwinder->frame_count;
}

/* ---- one read ---- */

/* One vectored read.
 *
 * returns  STACK_PARTIAL when it has to be tried again with what was learned: `hint` is up to date then */
static enum stack_trust read_once(struct object_unwinder *unwinder, const struct thread_reference *thread,
                                  struct object_hint *hint, struct interpreter_moment *moment, bool is_last)
{
    const struct python_layout *layout = unwinder->layout;
    struct moment_copy copy = {0};

    unwinder->piece_count = 0;
    unwinder->frame_count = 0;
    unwinder->pointer = 0;
    add_piece(unwinder, thread->address, unwinder->thread_state, layout->thread.size);
    if (moment != NULL)
        add_moment_pieces(unwinder, thread, &copy);
    choose_frames(unwinder, hint);
    plan_frames(unwinder, thread->address + layout->thread.frame_object);
    if (!read_pieces(unwinder) ||
        memory_get_u64(unwinder->thread_state, layout->thread.interpreter) != thread->interpreter ||
        memory_get_u64(unwinder->thread_state, layout->thread.thread_id) != thread->thread_id)
        return STACK_GONE;
    if (moment != NULL)
        *moment = moment_of(&copy, layout, thread);
    if (unwinder->pointer == 0) {
        hint->count = 0;
        return STACK_WHOLE;
    }
    bool expected = is_inner(unwinder, unwinder->pointer);
    bool resolved = resolve(unwinder, hint);
    if (resolved) {
        remember_top(unwinder, hint, unwinder->pointer, true);
        if (!expected && !is_last) { /* the lines of its callers were copied at another moment */
            remember_stack(unwinder, hint);
            return STACK_PARTIAL;
        }
        remember_stack(unwinder, hint);
        return STACK_WHOLE;
    }
    remember_top(unwinder, hint, unwinder->pointer, false);
    if (!is_last)
        return STACK_PARTIAL;
    keep_outermost(unwinder, hint);
    return unwinder->frame_count > 0 ? STACK_PARTIAL : STACK_INVALID;
}

enum stack_trust object_unwinder_read(struct object_unwinder *unwinder, const struct thread_reference *thread,
                                      struct stack_hint *hint, struct interpreter_moment *moment,
                                      const struct frame **frames, size_t *count, uint64_t now_ns)
{
    enum stack_trust trust = STACK_PARTIAL;

    unwinder->now_ns = now_ns;
    unwinder->thread = thread->address;
    unwinder->single_reads = 0;
    if (hint->objects == NULL)
        hint->objects = memory_allocate(1, sizeof(*hint->objects));
    for (int attempt = 1; attempt <= ATTEMPTS && trust == STACK_PARTIAL; attempt++)
        trust = read_once(unwinder, thread, hint->objects, moment, attempt == ATTEMPTS);
    if (trust == STACK_INVALID || trust == STACK_GONE) {
        unwinder->frame_count = 0;
        hint->objects->count = 0;
    }
    *frames = unwinder->frames;
    *count = unwinder->frame_count;
    return trust;
}

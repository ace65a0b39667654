#include "python/unwind_objects.h"

#include "base/memory.h"
#include "python/object_copy.h"

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
    ATTEMPTS = 2,
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
    struct recent_top tops[OBJECT_COPY_RECENT_TOPS]; /* the last one first */
};

struct object_unwinder {
    const struct python_layout *layout;
    struct code_cache *codes;
    struct object_copy copy;
    uint64_t now_ns;
    struct frame frames[UNWIND_MAX_FRAMES];
    size_t frame_count;
    bool is_inferred; /* where frames[0] was called from */
};

struct object_unwinder *object_unwinder_new(pid_t pid, const struct python_layout *layout,
                                            struct code_cache *codes)
{
    struct object_unwinder *unwinder = memory_allocate(1, sizeof(*unwinder));

    unwinder->copy.pid = pid;
    unwinder->copy.layout = layout;
    unwinder->layout = layout;
    unwinder->codes = codes;
    return unwinder;
}

void object_unwinder_free(struct object_unwinder *unwinder)
{
    if (unwinder == NULL)
        return;
    object_copy_release(&unwinder->copy);
    free(unwinder);
}

void object_hint_free(struct object_hint *hint)
{
    if (hint == NULL)
        return;
    free(hint->stack);
    free(hint);
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

/* ---- walking ---- */

static bool add_frame(struct object_unwinder *unwinder, uint64_t address, const struct object_view *view)
{
    uint64_t instruction;

    if (find_code(unwinder, view, &instruction) == NULL)
        return false;
    unwinder->frames[unwinder->frame_count++] = (struct frame){address, view->code, instruction};
    return true;
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
        if (!object_copy_view(&unwinder->copy, address, side, &view) ||
            !object_copy_is_alive(&unwinder->copy, &view, is_top) || !add_frame(unwinder, address, &view))
            return false;
        through_inner_end =
            through_inner_end || (unwinder->copy.inner_count > 0 &&
                                  address == unwinder->copy.inner[unwinder->copy.inner_count - 1]);
        address = view.back;
    }
    return !through_inner_end || object_copy_outer_stood(&unwinder->copy, side);
}

static struct recent_top *find_top(struct object_hint *hint, uint64_t address)
{
    for (size_t i = 0; i < OBJECT_COPY_RECENT_TOPS; i++) {
        if (hint->tops[i].address == address)
            return &hint->tops[i];
    }
    return NULL;
}

/* The call was over before its frame was copied: look whether its caller is where it called from the last
 * time. */
static bool follow_finished_call(struct object_unwinder *unwinder, struct object_hint *hint)
{
    const struct recent_top *top = find_top(hint, unwinder->copy.pointer);
    struct object_view view, caller;

    if (top == NULL || top->caller == 0 || !object_copy_is_inner(&unwinder->copy, top->address) ||
        !object_copy_view(&unwinder->copy, top->address, BEFORE, &view) || view.code != top->code ||
        !object_copy_is_frame_type(&unwinder->copy, view.type))
        return false;
    for (enum side side = BEFORE; side < SIDES; side++) {
        unwinder->frame_count = 0;
        if (object_copy_view(&unwinder->copy, top->caller, side, &caller) &&
            caller.last_instruction == top->call_instruction && add_frame(unwinder, top->address, &view) &&
            follow_links(unwinder, top->caller, side, false)) {
            unwinder->is_inferred = true;
            return true;
        }
    }
    return false;
}

/* The stack at the moment of the pointer; false when the copies do not show it. */
static bool resolve(struct object_unwinder *unwinder, struct object_hint *hint)
{
    for (enum side side = BEFORE; side < SIDES; side++) {
        unwinder->frame_count = 0;
        if (follow_links(unwinder, unwinder->copy.pointer, side, true))
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
        if (!object_copy_view(&unwinder->copy, address, AFTER, &view) ||
            !object_copy_is_alive(&unwinder->copy, &view, false) || view.back != lower)
            break;
        lower = address;
    }
    unwinder->frame_count = 0;
    for (size_t i = first; i < hint->count; i++) {
        struct object_view view;
        if (!object_copy_view(&unwinder->copy, hint->stack[i], AFTER, &view) ||
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

    while (place < OBJECT_COPY_RECENT_TOPS - 1 && hint->tops[place].address != address)
        place++;
    if (hint->tops[place].address == address)
        top = hint->tops[place];
    memmove(&hint->tops[1], &hint->tops[0], place * sizeof(hint->tops[0]));
    if (resolved && unwinder->frame_count > 1) {
        const struct code_object *code = code_cache_find(unwinder->codes, unwinder->frames[1].code);
        top.code = unwinder->frames[0].code;
        top.caller = unwinder->frames[1].address;
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
    for (size_t i = 0; i < unwinder->frame_count; i++)
        hint->stack[i] = unwinder->frames[i].address;
    hint->count = unwinder->frame_count;
}

/* ---- one read ---- */

/* One vectored read.
 *
 * returns  STACK_PARTIAL when it has to be tried again with what was learned: `hint` is up to date then */
static enum stack_trust read_once(struct object_unwinder *unwinder, const struct thread_reference *thread,
                                  struct object_hint *hint, struct interpreter_moment *moment, bool is_last)
{
    uint64_t tops[OBJECT_COPY_RECENT_TOPS];
    size_t top_count = 0;

    unwinder->frame_count = 0;
    unwinder->is_inferred = false;
    while (top_count < OBJECT_COPY_RECENT_TOPS && hint->tops[top_count].address != 0) {
        tops[top_count] = hint->tops[top_count].address;
        top_count++;
    }
    if (!object_copy_read(&unwinder->copy, thread, tops, top_count, hint->stack, hint->count, moment))
        return STACK_GONE;
    if (unwinder->copy.pointer == 0) {
        hint->count = 0;
        return STACK_WHOLE;
    }
    bool expected = object_copy_is_inner(&unwinder->copy, unwinder->copy.pointer);
    bool resolved = resolve(unwinder, hint);
    if (resolved) {
        remember_top(unwinder, hint, unwinder->copy.pointer, true);
        if (!expected && !is_last) { /* the lines of its callers were copied at another moment */
            remember_stack(unwinder, hint);
            return STACK_PARTIAL;
        }
        remember_stack(unwinder, hint);
        return STACK_WHOLE;
    }
    remember_top(unwinder, hint, unwinder->copy.pointer, false);
    if (!is_last)
        return STACK_PARTIAL;
    keep_outermost(unwinder, hint);
    return unwinder->frame_count > 0 ? STACK_PARTIAL : STACK_INVALID;
}

/* Whether a frame was in the same call before the pointer and after it; the one on top may go on in it. */
static bool stood(struct object_unwinder *unwinder, uint64_t address, bool is_top)
{
    struct object_view before, after;

    if (!object_copy_is_inner(&unwinder->copy, address))
        return !object_copy_is_late(&unwinder->copy, address); /* else follow_links() has seen to it */
    return object_copy_view(&unwinder->copy, address, BEFORE, &before) &&
           object_copy_view(&unwinder->copy, address, AFTER, &after) && before.code == after.code &&
           before.back == after.back && (is_top || before.last_instruction == after.last_instruction);
}

/* How many of the outermost frames certainly called one another. A frame object is soon used again, at the same place and
 * for another function, so one copy that looks alive is not enough. */
static size_t count_proven(struct object_unwinder *unwinder)
{
    size_t proven = 0;

    while (proven < unwinder->frame_count) {
        size_t index = unwinder->frame_count - 1 - proven;
        if (!stood(unwinder, unwinder->frames[index].address, index == 0) ||
            (index == 0 && unwinder->is_inferred))
            break;
        proven++;
    }
    return proven;
}

struct stack object_unwinder_read(struct object_unwinder *unwinder, const struct thread_reference *thread,
                                  struct stack_hint *hint, struct interpreter_moment *moment, bool prove,
                                  uint64_t now_ns)
{
    enum stack_trust trust = STACK_PARTIAL;

    unwinder->now_ns = now_ns;
    if (!prove)
        unwinder->copy.single_reads = 0;
    if (hint->objects == NULL)
        hint->objects = memory_allocate(1, sizeof(*hint->objects));
    for (int attempt = 1; attempt <= ATTEMPTS && trust == STACK_PARTIAL; attempt++)
        trust = read_once(unwinder, thread, hint->objects, moment, attempt == ATTEMPTS);
    if (trust == STACK_INVALID || trust == STACK_GONE) {
        hint->objects->count = 0;
        return (struct stack){.trust = trust};
    }
    return (struct stack){
        .trust = trust,
        .frames = unwinder->frames,
        .count = unwinder->frame_count,
        .proven = prove ? count_proven(unwinder) : 0,
        .inner = unwinder->frame_count,
    };
}

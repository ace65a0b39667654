#include "python/unwind_objects.h"

#include "base/memory.h"
#include "python/frame_memory.h"
#include "python/object_copy.h"

#include <stdlib.h>
#include <string.h>

/* How a sample is taken, and why it is unbiased.
 *
 * Frames are spread over the heap, so no copy of a stack is one moment. The moment of the sample is that at which the thread's
 * frame pointer is read: it is chosen by the clock alone. No sample is thrown away or taken again because of what it
 * shows, and the function that has the sample is the one that the pointer names, however short its call: a frame object keeps
 * its code object when the call is over. So the functions' own shares are those of the moments.
 *
 * Where it was called from is told by the frames themselves. One vectored read brings, in this order:
 *
 *     the frames that were on top lately and the innermost ones of the last stack, from the outermost one in
 *     the pointer
 *     the same frames, from the innermost one out
 *     the frames further out, and those that the stack was deeper by before
 *     the pivot, the innermost frame that was in both of the last stacks, once more
 *
 * A frame is looked at as it was soon after the pointer. It is live, and then its link leads to its caller; or its call is over,
 * and then it still has the link of that call, for an idle frame is kept as it is (the "zombie frame" of its code object)
 * until it is needed again. All frames of the stack were live at the moment, so what is not of that moment is what changed in the
 * microsecond until the copy: a call that was over and followed by one of the same function from elsewhere. That is a
 * shift in time by as much for all functions alike, which leaves their shares as they are, as the shares of a second are those
 * of the second before. Frames that were not expected are read after all others, one by one, with a longer shift.
 *
 * Two kinds of frames do not keep their link. That of a generator is cut when it is suspended, and a second frame of the same
 * function (recursion) goes to the free list, which is linked by the same field. For them, and for the instruction of a call
 * that was over, counts what was seen of that frame when it was live last, at a moment that the clock chose
 * as well; for a generator only if that caller still waits at that call. What does not lead to a live outermost frame even
 * so is `partial`: the outermost part of the last stack that holds. Its own time goes to a caller.
 *
 * Copies of different moments can show a call that never was. So what is copied twice, or below a pivot that stood still, is
 * told from what is not (`inner`, `proven`), and src/sampler/stack_path.h says which new calls are believed.
 *
 * Live means: a reference is held (idle frames have none), and it executes (f_executing, f_state); suspended
 * generators do not. 2.7 has no such mark, but says which thread runs a frame.
 *
 * source  CPython Objects/frameobject.c (frame_dealloc, frame_alloc), Python/ceval.c, Objects/genobject.c (gen_send_ex) */

enum {
    RECENT_TOPS = 6,
    INNER_FRAMES = 4, /* of the last stack that are copied twice, besides the pivot */
    MAX_LATE_ENDED =
        16, /* frames of one stack that nobody expected, and whose calls were over when they were read */
    MAX_ABOVE = 512,         /* frames above the top; with more, they are learned anew */
    MAX_UNUSED_SAMPLES = 64, /* then frames above the top are forgotten */
};

/* A frame of the last stack, or one that was above it not long ago. */
struct hinted_frame {
    uint64_t address;
    uint64_t code;
};

struct object_hint {
    struct hinted_frame *stack; /* innermost first */
    size_t capacity;
    size_t count;
    size_t above;  /* so many of them were above the last stack */
    size_t steady; /* so many of the outermost ones were as in the stack before it */
    uint32_t unused_samples;
    uint64_t tops[RECENT_TOPS]; /* frames that were on top lately, the last one first */
};

/* How a frame was seen. */
struct sight {
    int32_t instruction; /* f_lasti */
    bool is_live;        /* in a copy; else its call was over */
    bool is_firm;        /* its instruction is certainly that of the moment */
};

struct object_unwinder {
    const struct python_layout *layout;
    struct code_cache *codes;
    struct object_copy copy;
    uint64_t now_ns;
    struct frame frames[UNWIND_MAX_FRAMES];
    struct sight sights[UNWIND_MAX_FRAMES]; /* of the same */
    size_t frame_count;
    struct frame_memory memory;
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

/* ---- one frame ---- */

/* Whether a code object contains an instruction, as f_lasti tells it; `*address` receives where that lies. A code object that
 * does not fit may be a new one where a freed one was. */
static bool find_instruction(struct object_unwinder *unwinder, uint64_t code_address,
                             int32_t last_instruction, uint64_t *address)
{
    const struct code_object *code = code_cache_load(unwinder->codes, code_address, unwinder->now_ns);
    int64_t distance = (int64_t)last_instruction * unwinder->layout->code.unit_bytes;

    for (int attempt = 0; code != NULL && attempt < 2; attempt++) {
        *address = code->instructions + (uint64_t)distance;
        if (last_instruction >= -1 && code_object_contains(code, *address))
            return true;
        code_cache_verify(unwinder->codes, &code_address, 1, unwinder->now_ns);
        code = code_cache_find(unwinder->codes, code_address);
    }
    return false;
}

static bool add_frame(struct object_unwinder *unwinder, uint64_t address, uint64_t code,
                      const struct sight *sight)
{
    uint64_t instruction;

    if (!find_instruction(unwinder, code, sight->instruction, &instruction))
        return false;
    unwinder->sights[unwinder->frame_count] = *sight;
    unwinder->frames[unwinder->frame_count++] = (struct frame){address, code, instruction};
    return true;
}

/* Look at a frame at the moment of the pointer: as it was soon after; or before, if its call was over then.
 *
 * returns  whether it can be a frame; one that is not live says what it did last */
static bool view_moment(struct object_unwinder *unwinder, uint64_t address, bool is_top,
                        struct object_view *view, bool *is_live)
{
    struct object_copy *copy = &unwinder->copy;
    struct object_view before;

    if (!object_copy_view(copy, address, AFTER, view))
        return false;
    *is_live = object_copy_is_alive(copy, view, is_top);
    if (!*is_live && object_copy_is_inner(copy, address) &&
        object_copy_view(copy, address, BEFORE, &before) && object_copy_is_alive(copy, &before, is_top)) {
        *view = before;
        *is_live = true;
    }
    return object_copy_is_frame_type(copy, view->type);
}

/* Whether a frame was live, and in the same call of the same function, before the pointer and after it, and did not go on. */
static bool stood(struct object_unwinder *unwinder, uint64_t address, bool is_top)
{
    struct object_copy *copy = &unwinder->copy;
    struct object_view before, after;

    if (!object_copy_is_inner(copy, address))
        return object_copy_stood(copy, address);
    return object_copy_view(copy, address, BEFORE, &before) &&
           object_copy_view(copy, address, AFTER, &after) && object_copy_is_alive(copy, &before, is_top) &&
           object_copy_is_alive(copy, &after, is_top) && before.code == after.code &&
           before.back == after.back && (is_top || before.last_instruction == after.last_instruction);
}

/* The instruction of the frame on top. */
static struct sight see_top(const struct object_view *view, bool is_live, const struct known_frame *known)
{
    bool is_known = !is_live && known != NULL;

    return (struct sight){is_known ? known->instruction : view->last_instruction, is_live, is_live};
}

/* The instruction at which a frame waits for its callee: a caller of short calls goes on from one to the next between its
 * copies.
 *
 * callee  as it is known; NULL when it is not */
static struct sight see_caller(struct object_unwinder *unwinder, uint64_t address,
                               const struct object_view *view, bool is_live, const struct known_frame *callee)
{
    bool is_firm = is_live && stood(unwinder, address, false);
    bool is_known =
        !is_firm && callee != NULL && callee->caller == address && callee->caller_code == view->code;

    return (struct sight){is_known ? callee->call_instruction : view->last_instruction, is_live, is_firm};
}

/* ---- walking ---- */

/* From where a frame was called when its call was over: what its own link says, or what is known of it. */
enum guide {
    GUIDE_LINK,
    GUIDE_MEMORY,
};

/* Follow the callers of a frame to the outermost one, which has none.
 *
 * returns  whether the end was reached without a contradiction; of a deeper stack than fits, the innermost frames */
static bool follow(struct object_unwinder *unwinder, uint64_t address, enum guide guide)
{
    const struct known_frame *callee = NULL;
    uint64_t expected_code = 0; /* where memory has led to */
    bool must_wait = false;     /* a suspended generator was left, its caller has to be at that call */
    bool is_live = false;
    size_t ended = 0;
    size_t steps = 0;
    uint64_t mark = 0;

    unwinder->frame_count = 0;
    while (address != 0 && unwinder->frame_count < UNWIND_MAX_FRAMES) {
        bool is_top = unwinder->frame_count == 0;
        struct object_view view;
        if (address == mark)
            return false;
        if ((steps & (steps - 1)) == 0) /* a circle comes back to one of these marks */
            mark = address;
        steps++;
        if (!view_moment(unwinder, address, is_top, &view, &is_live) ||
            (expected_code != 0 && view.code != expected_code))
            return false;
        const struct known_frame *known = frame_memory_find(&unwinder->memory, address, view.code);
        struct sight sight =
            is_top ? see_top(&view, is_live, known) : see_caller(unwinder, address, &view, is_live, callee);
        if ((must_wait && (!is_live || view.last_instruction != callee->call_instruction)) ||
            !add_frame(unwinder, address, view.code, &sight))
            return false;
        bool by_memory = !is_live && guide == GUIDE_MEMORY && known != NULL && known->caller != 0;
        must_wait = by_memory && view.back == 0;
        expected_code = by_memory ? known->caller_code : 0;
        ended += !is_live && object_copy_is_late(&unwinder->copy, address);
        if (ended > MAX_LATE_ENDED)
            return false;
        address = by_memory ? known->caller : view.back;
        callee = known;
    }
    return is_live;
}

/* ---- what is remembered ---- */

/* Put the frame on top first among those that were lately. */
static void remember_top(struct object_hint *hint, uint64_t address)
{
    size_t place = 0;

    while (place < RECENT_TOPS - 1 && hint->tops[place] != address)
        place++;
    memmove(&hint->tops[1], &hint->tops[0], place * sizeof(hint->tops[0]));
    hint->tops[0] = address;
}

/* Of how many of the outermost frames this stack is as the hint has it. */
static size_t count_unchanged(const struct object_unwinder *unwinder, const struct object_hint *hint)
{
    size_t unchanged = 0;

    while (unchanged < unwinder->frame_count && unchanged < hint->count) {
        const struct frame *frame = &unwinder->frames[unwinder->frame_count - 1 - unchanged];
        const struct hinted_frame *hinted = &hint->stack[hint->count - 1 - unchanged];
        if (frame->address != hinted->address || frame->code != hinted->code)
            break;
        unchanged++;
    }
    return unchanged;
}

static void learn_frame(struct object_unwinder *unwinder, size_t index)
{
    const struct frame *frame = &unwinder->frames[index];
    const struct sight *sight = &unwinder->sights[index];
    const struct known_frame *before = frame_memory_find(&unwinder->memory, frame->address, frame->code);
    struct known_frame known = {
        .address = frame->address, .code = frame->code, .instruction = sight->instruction};

    if (!sight->is_live)
        return;
    if (index + 1 < unwinder->frame_count) {
        bool is_same =
            before != NULL && before->caller == frame[1].address && before->caller_code == frame[1].code;
        known.caller = frame[1].address;
        known.caller_code = frame[1].code;
        known.call_instruction =
            is_same && !sight[1].is_firm ? before->call_instruction : sight[1].instruction;
    }
    frame_memory_learn(&unwinder->memory, &known);
}

static void learn_frames(struct object_unwinder *unwinder, struct object_hint *hint)
{
    hint->steady = count_unchanged(unwinder, hint);
    size_t changed = unwinder->frame_count - hint->steady;

    for (size_t i = 0; i < unwinder->frame_count && (i <= changed || i < INNER_FRAMES); i++)
        learn_frame(unwinder, i);
}

/* How many of the hinted frames lie above the one that is on top now. They stay, for a stack that shrank grows again in the
 * same frames, until it has not done that for a while. */
static size_t count_above(const struct object_unwinder *unwinder, struct object_hint *hint)
{
    size_t above = hint->count > unwinder->frame_count ? hint->count - unwinder->frame_count : 0;

    hint->unused_samples = above < hint->above ? 0 : hint->unused_samples + 1;
    return hint->unused_samples <= MAX_UNUSED_SAMPLES ? above : 0;
}

static void remember_stack(struct object_unwinder *unwinder, struct object_hint *hint)
{
    hint->above = count_above(unwinder, hint);
    hint->count = hint->above + unwinder->frame_count;
    hint->stack = memory_grow(hint->stack, &hint->capacity, hint->count + 1, sizeof(*hint->stack));
    for (size_t i = 0; i < unwinder->frame_count; i++)
        hint->stack[hint->above + i] =
            (struct hinted_frame){unwinder->frames[i].address, unwinder->frames[i].code};
}

/* ---- a stack that the copies do not show ---- */

/* How many frames of the last stack are not there any more, or not in the same place. */
static size_t count_lost(struct object_unwinder *unwinder, const struct object_hint *hint)
{
    size_t lost = hint->count;
    uint64_t lower = 0;

    for (; lost > 0; lost--) {
        struct object_view view;
        uint64_t address = hint->stack[lost - 1].address;
        if (!object_copy_view(&unwinder->copy, address, AFTER, &view) ||
            !object_copy_is_alive(&unwinder->copy, &view, false) || view.back != lower)
            break;
        lower = address;
    }
    return lost;
}

/* The next read copies also the frames that were met before it was clear that the links do not lead to the end. */
static void expect_met(struct object_unwinder *unwinder, struct object_hint *hint)
{
    size_t met = 0;

    if (hint->above > MAX_ABOVE) { /* reading them takes longer than the stack stands */
        memmove(hint->stack, hint->stack + hint->above, (hint->count - hint->above) * sizeof(*hint->stack));
        hint->count -= hint->above;
        hint->above = 0;
    }
    for (size_t i = 0; i < unwinder->frame_count && hint->count + met < UNWIND_MAX_FRAMES; i++) {
        size_t place = 0;
        while (place < hint->count && hint->stack[place].address != unwinder->frames[i].address)
            place++;
        if (place == hint->count)
            unwinder->frames[met++] = unwinder->frames[i];
    }
    hint->stack = memory_grow(hint->stack, &hint->capacity, hint->count + met + 1, sizeof(*hint->stack));
    memmove(hint->stack + met, hint->stack, hint->count * sizeof(*hint->stack));
    for (size_t i = 0; i < met; i++)
        hint->stack[i] = (struct hinted_frame){unwinder->frames[i].address, unwinder->frames[i].code};
    hint->count += met;
    hint->above += met;
}

/* What holds of the last stack, from the outermost frame in. */
static void keep_outermost(struct object_unwinder *unwinder, const struct object_hint *hint)
{
    unwinder->frame_count = 0;
    for (size_t i = count_lost(unwinder, hint); i < hint->count; i++) {
        struct object_view view;
        uint64_t address = hint->stack[i].address;
        if (!object_copy_view(&unwinder->copy, address, AFTER, &view) ||
            !add_frame(unwinder, address, view.code, &(struct sight){view.last_instruction, true, false}))
            unwinder->frame_count = 0; /* the part further out counts */
    }
}

/* ---- one read ---- */

/* Say which frames are copied. The pivot is the innermost frame that was the same in the last two stacks. */
static void choose_frames(struct object_copy *copy, const struct object_hint *hint)
{
    size_t inner_end = hint->above + INNER_FRAMES;
    size_t pivot = hint->count - hint->steady;
    uint64_t pivot_address = 0;

    object_copy_begin(copy);
    if (inner_end > hint->count)
        inner_end = hint->count;
    if (pivot < hint->above || pivot >= hint->count)
        pivot = hint->count;
    if (pivot < inner_end)
        inner_end = pivot;
    if (pivot < hint->count)
        pivot_address = hint->stack[pivot].address;
    for (size_t i = 0; i < RECENT_TOPS && hint->tops[i] != 0; i++) {
        if (hint->tops[i] != pivot_address)
            object_copy_add_inner(copy, hint->tops[i]);
    }
    for (size_t i = hint->above; i < inner_end; i++)
        object_copy_add_inner(copy, hint->stack[i].address);
    if (pivot_address != 0)
        object_copy_add_inner(copy, pivot_address);
    for (size_t i = 0; i < hint->count; i++) {
        if (i < hint->above || (i >= inner_end && i != pivot))
            object_copy_add_outer(copy, hint->stack[i].address, i > pivot);
    }
}

/* How many of the outermost frames certainly called one another. A frame object is soon used again, at the same place and
 * for another function, so one copy that looks alive is not enough. */
static size_t count_proven(struct object_unwinder *unwinder)
{
    size_t proven = 0;

    while (proven < unwinder->frame_count) {
        size_t index = unwinder->frame_count - 1 - proven;
        if (!stood(unwinder, unwinder->frames[index].address, index == 0))
            break;
        proven++;
    }
    return proven;
}

/* How many of the innermost frames certainly were on the stack at the moment: a frame object of a recursion is soon that of
 * another function. */
static size_t count_inner(struct object_unwinder *unwinder)
{
    size_t inner = unwinder->frame_count > 0 && unwinder->sights[0].is_live ? 1 : 0;

    while (inner > 0 && inner < unwinder->frame_count &&
           stood(unwinder, unwinder->frames[inner].address, false))
        inner++;
    return inner;
}

static enum stack_trust read_once(struct object_unwinder *unwinder, const struct thread_reference *thread,
                                  struct object_hint *hint, struct interpreter_moment *moment)
{
    unwinder->frame_count = 0;
    choose_frames(&unwinder->copy, hint);
    if (!object_copy_read(&unwinder->copy, thread, moment))
        return STACK_GONE;
    if (unwinder->copy.pointer == 0) {
        hint->count = hint->above = hint->steady = 0;
        return STACK_WHOLE;
    }
    remember_top(hint, unwinder->copy.pointer);
    if (follow(unwinder, unwinder->copy.pointer, GUIDE_LINK) ||
        follow(unwinder, unwinder->copy.pointer, GUIDE_MEMORY)) {
        learn_frames(unwinder, hint);
        remember_stack(unwinder, hint);
        return STACK_WHOLE;
    }
    expect_met(unwinder, hint);
    keep_outermost(unwinder, hint);
    return unwinder->frame_count > 0 ? STACK_PARTIAL : STACK_INVALID;
}

struct stack object_unwinder_read(struct object_unwinder *unwinder, const struct thread_reference *thread,
                                  struct stack_hint *hint, struct interpreter_moment *moment, bool prove,
                                  uint64_t now_ns)
{
    unwinder->now_ns = now_ns;
    if (!prove)
        unwinder->copy.single_reads = 0;
    if (hint->objects == NULL)
        hint->objects = memory_allocate(1, sizeof(*hint->objects));
    enum stack_trust trust = read_once(unwinder, thread, hint->objects, moment);
    if (trust == STACK_INVALID || trust == STACK_GONE)
        return (struct stack){.trust = trust};
    return (struct stack){
        .trust = trust,
        .frames = unwinder->frames,
        .count = unwinder->frame_count,
        .proven = prove ? count_proven(unwinder) : 0,
        .inner = count_inner(unwinder),
    };
}

#include "python/unwind.h"

#include "base/memory.h"
#include "python/memory.h"
#include "python/stack_copy.h"
#include "python/unwind_objects.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_STEPS = 65536,                /* frames looked at in one walk */
    MAX_SAMPLE_STEPS = 3 * MAX_STEPS, /* and in all walks of one sample */
    MAX_STEPS_UP = 256,
    ATTEMPTS = 3,   /* to read a stack whose newest chunk comes and goes */
    EXECUTING = -1, /* stacktop of a frame that executes, to 3.13 */
};

struct unwinder {
    const struct python_layout *layout;
    struct code_cache *codes;
    struct object_unwinder *objects; /* to 3.10; the rest of this struct is not used then */
    struct stack_copy copy;
    struct frame frames[UNWIND_MAX_FRAMES];
    size_t frame_count;
    struct frame_view top; /* of frames[0] */
    size_t steps_left;
    uint64_t now_ns;
    uint64_t copies_interpreter; /* where the generation of bytecode copies was seen last, and which */
    uint32_t copies_generation;
};

struct unwinder *unwinder_new(pid_t pid, const struct python_layout *layout, struct code_cache *codes)
{
    struct unwinder *unwinder = memory_allocate(1, sizeof(*unwinder));

    unwinder->copy.pid = pid;
    unwinder->copy.layout = layout;
    unwinder->layout = layout;
    unwinder->codes = codes;
    if (layout->frame_storage == FRAMES_ARE_OBJECTS)
        unwinder->objects = object_unwinder_new(pid, layout, codes);
    return unwinder;
}

void unwinder_free(struct unwinder *unwinder)
{
    if (unwinder == NULL)
        return;
    stack_copy_release(&unwinder->copy);
    object_unwinder_free(unwinder->objects);
    free(unwinder);
}

/* Whether a frame is in the bytecode of a code object. Where it is in a thread's own copy of it, its
 * instruction becomes the one in the code object that it is a copy of. */
static bool executes(struct unwinder *unwinder, const struct code_object *code, struct frame_view *view)
{
    return code_object_contains(code, view->instruction) ||
           (unwinder->layout->code.bytecode_copies != LAYOUT_NONE &&
            code_cache_find_original(unwinder->codes, code, view->bytecode_index, &view->instruction));
}

/* The code object that a frame executes, if the frame can be one. A code object that does not fit the frame
 * may be a new one where a freed one was. */
static const struct code_object *frame_code(struct unwinder *unwinder, struct frame_view *view)
{
    const struct code_object *code = code_cache_find(unwinder->codes, view->executable);

    if (code == NULL) {
        code = code_cache_load(unwinder->codes, view->executable, unwinder->now_ns);
    } else if (!executes(unwinder, code, view)) {
        code_cache_verify(unwinder->codes, &view->executable, 1, unwinder->now_ns);
        code = code_cache_find(unwinder->codes, view->executable);
    }
    return code != NULL && executes(unwinder, code, view) ? code : NULL;
}

static void add_frame(struct unwinder *unwinder, const struct frame_view *view,
                      const struct code_object *code)
{
    if (!code->internal && unwinder->frame_count < UNWIND_MAX_FRAMES)
        unwinder->frames[unwinder->frame_count++] =
            (struct frame){view->address, view->executable, view->instruction};
}

/* To 3.13: whether a frame has called nobody, because it executes or has not begun: a new frame has a
 * stacktop like one that waits, but no function calls another by its first instruction; only the
 * interpreter's own frames below an __init__ stay at theirs. */
static bool has_no_callee(const struct unwinder *unwinder, const struct frame_view *view,
                          const struct code_object *code)
{
    return unwinder->layout->frame.stacktop != LAYOUT_NONE &&
           (view->stacktop == EXECUTING || (view->instruction <= code->instructions && !code->internal));
}

/* To 3.13: `upper`, which points back to `lower`, cannot be its callee when `lower` has none. Where C code
 * stands between the two (an entry frame, or is_entry in 3.11) stacktop tells nothing. */
static bool is_leftover(const struct unwinder *unwinder, const struct frame_view *upper,
                        const struct frame_view *lower, const struct code_object *lower_code)
{
    return upper->in_chunk && lower->in_chunk && !upper->is_entry && upper->previous == lower->address &&
           has_no_callee(unwinder, lower, lower_code);
}

/* Whether one more frame may be looked at: a target's links can lead anywhere, and around for ever. */
static bool take_step(struct unwinder *unwinder)
{
    if (unwinder->steps_left == 0)
        return false;
    unwinder->steps_left--;
    return true;
}

/* Follow the links from a frame to the outermost one. A generator's frame is never that: one without a link
 * is suspended, and was only passed through while it ran.
 *
 * returns  whether the end was reached without a contradiction; the frames are in unwinder->frames */
static bool walk_down(struct unwinder *unwinder, uint64_t address)
{
    struct frame_view upper = {0};
    bool suspended = false;
    uint64_t mark = 0;

    unwinder->frame_count = 0;
    unwinder->copy.outside_cursor = 0;
    unwinder->copy.visited_count = 0;
    unwinder->top = (struct frame_view){0};
    for (size_t step = 0; address != 0; step++) {
        struct frame_view view;
        if (step >= MAX_STEPS || !take_step(unwinder) || !stack_copy_view(&unwinder->copy, address, &view))
            return unwinder->frame_count ==
                   UNWIND_MAX_FRAMES; /* deeper than is looked at: no contradiction */
        if (address == mark)
            return false;
        if ((step & (step - 1)) == 0) /* a circle comes back to one of these marks */
            mark = address;
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
    return !suspended && (unwinder->frame_count > 0 || stack_copy_is_empty(&unwinder->copy));
}

/* The frame that was pushed onto `view` meanwhile, if the copy shows one. */
static const struct code_object *find_callee(struct unwinder *unwinder, const struct frame_view *view,
                                             struct frame_view *callee)
{
    const struct python_layout *layout = unwinder->layout;
    const struct code_object *code = code_cache_find(unwinder->codes, view->executable);

    if (code == NULL || !view->in_chunk || view->owner != FRAME_OWNED_BY_THREAD)
        return NULL;
    if (has_no_callee(unwinder, view, code))
        return NULL;
    const unsigned char *bytes = stack_copy_find(&unwinder->copy, view->address + code->frame_bytes);
    if (bytes == NULL)
        return NULL;
    callee->address = view->address + code->frame_bytes;
    callee->in_chunk = true;
    stack_copy_view_bytes(layout, bytes, callee);
    if (callee->owner != FRAME_OWNED_BY_THREAD || callee->previous != view->address || callee->is_entry ||
        callee->executable == 0)
        return NULL;
    return frame_code(unwinder, callee);
}

/* Whether a stack can end in a frame. To 3.13 one that waits for its callee is no end, and when the callee is not there it
 * was left itself, or is being left just now. */
static bool is_end(const struct unwinder *unwinder, const struct frame_view *view,
                   const struct code_object *code)
{
    return unwinder->layout->frame.stacktop == LAYOUT_NONE || code == NULL ||
           has_no_callee(unwinder, view, code);
}

static void put_on_top(struct unwinder *unwinder, const struct frame *pushed, size_t count)
{
    size_t kept = unwinder->frame_count;

    if (kept > UNWIND_MAX_FRAMES - count)
        kept = UNWIND_MAX_FRAMES - count;
    memmove(unwinder->frames + count, unwinder->frames, kept * sizeof(*unwinder->frames));
    for (size_t i = 0; i < count; i++)
        unwinder->frames[i] = pushed[count - 1 - i];
    unwinder->frame_count = kept + count;
}

/* Add what was pushed onto the top between the moment of the frame pointer and the moment of the copy.
 *
 * returns  whether the stack ends as one can; else nothing was added */
static bool step_up(struct unwinder *unwinder)
{
    struct frame pushed[MAX_STEPS_UP];
    struct frame_view view = unwinder->top;
    const struct code_object *code = code_cache_find(unwinder->codes, view.executable);
    bool ends = view.address == 0 || is_end(unwinder, &view, code);
    size_t count = 0;

    while (count < MAX_STEPS_UP && view.address != 0) {
        struct frame_view callee;
        code = find_callee(unwinder, &view, &callee);
        if (code == NULL)
            break;
        if (!code->internal)
            pushed[count++] = (struct frame){callee.address, callee.executable, callee.instruction};
        view = callee;
        ends = is_end(unwinder, &view, code);
    }
    if (ends && count > 0)
        put_on_top(unwinder, pushed, count);
    return ends;
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
        if (step >= STACK_COPY_MAX_OUTSIDE || !take_step(unwinder) ||
            !stack_copy_view(&unwinder->copy, address, &between) || between.in_chunk)
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
    const struct chunk_copy *newest = &unwinder->copy.chunks[0];
    bool in_newest = address >= newest->address && address - newest->address < newest->length;

    *view = (struct frame_view){.address = address, .in_chunk = true};
    stack_copy_view_bytes(unwinder->layout, bytes, view);
    *torn = false;
    const struct code_object *lower_code = code_cache_find(unwinder->codes, lower->executable);
    if (view->executable == 0 || (lower_code != NULL && is_leftover(unwinder, view, lower, lower_code)))
        return NULL;
    const struct code_object *code = frame_code(unwinder, view);
    size_t kept = unwinder->frame_count;
    if (code != NULL && add_frames_between(unwinder, view, lower->address))
        return code_cache_find(unwinder->codes, view->executable); /* it may have moved */
    unwinder->frame_count = kept;
    *torn = !in_newest || address - newest->address < unwinder->copy.used_bytes;
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
    unwinder->copy.visited_count = 0;
    if (!unwinder->copy.older_chunks_read)
        stack_copy_read_older(&unwinder->copy);
    for (size_t i = unwinder->copy.chunk_count; !torn && i-- > 0;) {
        const struct chunk_copy *chunk = &unwinder->copy.chunks[i];
        size_t offset = layout->chunk.data + (chunk->previous == 0 ? sizeof(uint64_t) : 0);
        while (offset + layout->frame.size <= chunk->length && take_step(unwinder)) {
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

/* Make the stack out of what was copied. */
static enum stack_trust resolve(struct unwinder *unwinder, uint64_t before, uint64_t after)
{
    uint64_t first = before != after && stack_copy_find(&unwinder->copy, after) == NULL ? after : before;
    uint64_t second = first == before ? after : before;

    if (before == 0 && after == 0) {
        unwinder->frame_count = 0;
        return STACK_WHOLE;
    }
    if ((walk_down(unwinder, first) && step_up(unwinder)) ||
        (second != first && walk_down(unwinder, second) && step_up(unwinder)))
        return STACK_WHOLE;
    if (walk_down(unwinder, first) || (second != first && walk_down(unwinder, second)))
        return STACK_WHOLE; /* its top is being left */
    bool reached_top = walk_up(unwinder);
    if (unwinder->frame_count > 0)
        return reached_top ? STACK_WHOLE : STACK_PARTIAL;
    return STACK_INVALID;
}

/* Which thread has which copy of the bytecode may have changed: then no copy is where it was. */
static void check_copies(struct unwinder *unwinder, uint64_t interpreter, uint32_t generation)
{
    if (interpreter == unwinder->copies_interpreter && generation == unwinder->copies_generation)
        return;
    code_cache_forget_copies(unwinder->codes);
    unwinder->copies_interpreter = interpreter;
    unwinder->copies_generation = generation;
}

/* How many of the outermost frames certainly called one another. A frame that was the same in both copies was alive all the
 * time in between, and so was the one it waited for in the first, if that was copied after it. */
static size_t count_proven(struct unwinder *unwinder)
{
    const struct frame *outermost = unwinder->frames + unwinder->frame_count;
    size_t stood = 0;

    while (stood < unwinder->frame_count &&
           stack_copy_stood(&unwinder->copy, outermost[-(ptrdiff_t)stood - 1].address))
        stood++;
    if (stood == unwinder->frame_count || !unwinder->copy.is_proof)
        return stood;
    const struct frame *next = &outermost[-(ptrdiff_t)stood - 1];
    bool came_after = stood == 0 || stack_copy_is_after(&unwinder->copy, next->address, next[1].address);
    return came_after ? stood + 1 : stood;
}

/* How many of the innermost frames were copied at one moment. Between the copies of two chunks time may go by: a thread that
 * grows out of a chunk, or shrinks into it, holds the lock that the kernel copies under. */
static size_t count_inner(struct unwinder *unwinder)
{
    size_t inner = 0;

    if (!unwinder->copy.is_quick)
        return 0;
    if (unwinder->copy.chunk_count == 1 && !unwinder->copy.has_late)
        return unwinder->frame_count;
    while (inner < unwinder->frame_count &&
           stack_copy_is_of_moment(&unwinder->copy, unwinder->frames[inner].address))
        inner++;
    return inner;
}

static enum stack_trust read_once(struct unwinder *unwinder, const struct thread_reference *thread,
                                  struct stack_hint *hint, struct interpreter_moment *moment, bool prove)
{
    enum stack_trust trust;

    switch (stack_copy_read(&unwinder->copy, thread, hint, moment, prove)) {
    case COPY_DONE:
        if (moment != NULL)
            check_copies(unwinder, thread->interpreter, moment->bytecode_generation);
        trust = resolve(unwinder, unwinder->copy.pointer_before, unwinder->copy.pointer_after);
        if (trust == STACK_INVALID)
            stack_hint_forget(hint);
        return trust;
    case COPY_STALE:
        return STACK_INVALID;
    case COPY_GONE:
        break;
    }
    return STACK_GONE;
}

static struct stack read_data_stack(struct unwinder *unwinder, const struct thread_reference *thread,
                                    struct stack_hint *hint, struct interpreter_moment *moment, bool prove,
                                    uint64_t now_ns)
{
    unwinder->now_ns = now_ns;
    if (!prove)
        unwinder->steps_left = MAX_SAMPLE_STEPS;
    unwinder->frame_count = 0;
    unwinder->copy.visited_count = 0;
    enum stack_trust trust = read_once(unwinder, thread, hint, moment, prove);
    for (int attempt = 1; attempt < ATTEMPTS && trust == STACK_INVALID; attempt++)
        trust = read_once(unwinder, thread, hint, moment, prove);
    if (trust == STACK_INVALID || trust == STACK_GONE) {
        stack_hint_forget(hint);
        unwinder->frame_count = 0;
        return (struct stack){.trust = trust};
    }
    stack_copy_remember(&unwinder->copy, hint);
    return (struct stack){
        .trust = trust,
        .frames = unwinder->frames,
        .count = unwinder->frame_count,
        .proven = prove ? count_proven(unwinder) : 0,
        .inner = count_inner(unwinder),
    };
}

static struct stack read_objects(struct unwinder *unwinder, const struct thread_reference *thread,
                                 struct stack_hint *hint, struct interpreter_moment *moment, bool prove,
                                 uint64_t now_ns)
{
    return object_unwinder_read(unwinder->objects, thread, hint, moment, prove, now_ns);
}

struct stack unwinder_read(struct unwinder *unwinder, const struct thread_reference *thread,
                           struct stack_hint *hint, struct interpreter_moment *moment, bool prove,
                           uint64_t now_ns)
{
    static struct stack (*const readers[])(struct unwinder *, const struct thread_reference *,
                                           struct stack_hint *, struct interpreter_moment *, bool,
                                           uint64_t) = {
        [FRAMES_IN_DATA_STACK] = read_data_stack,
        [FRAMES_ARE_OBJECTS] = read_objects,
    };

    if (!prove)
        code_cache_begin_sample(unwinder->codes);
    if (moment != NULL)
        moment->known = false;
    return readers[unwinder->layout->frame_storage](unwinder, thread, hint, moment, prove, now_ns);
}

void stack_hint_free(struct stack_hint *hint)
{
    object_hint_free(hint->objects);
    *hint = (struct stack_hint){0};
}

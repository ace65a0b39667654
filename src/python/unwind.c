#include "python/unwind.h"

#include "base/memory.h"
#include "python/frame_links.h"
#include "python/memory.h"
#include "python/stack_copy.h"
#include "python/unwind_objects.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_SAMPLE_STEPS = 3 * 65536, /* frames looked at in one sample */
    MAX_CHAIN = 128,              /* frames outside of the data stack one below the other */
    FRAMES_ROOM = 2 * UNWIND_MAX_FRAMES,
    ATTEMPTS = 3,   /* to read a stack whose newest chunk comes and goes */
    EXECUTING = -1, /* stacktop of a frame that executes, to 3.13 */
};

struct unwinder {
    const struct python_layout *layout;
    struct code_cache *codes;
    struct object_unwinder *objects; /* to 3.10; the rest of this struct is not used then */
    struct stack_copy copy;
    struct frame_links links;
    uint32_t turn;                    /* of those that may have been on top */
    struct frame frames[FRAMES_ROOM]; /* outermost first while they are found, then innermost first */
    size_t frame_count;
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
    if (code->internal)
        return;
    if (unwinder->frame_count == FRAMES_ROOM) { /* the outermost ones are left out */
        unwinder->frame_count = UNWIND_MAX_FRAMES;
        memmove(unwinder->frames, unwinder->frames + FRAMES_ROOM - UNWIND_MAX_FRAMES,
                UNWIND_MAX_FRAMES * sizeof(*unwinder->frames));
    }
    unwinder->frames[unwinder->frame_count++] =
        (struct frame){view->address, view->executable, view->instruction};
}

/* Whether one more frame may be looked at: a target's links can lead anywhere, and around for ever. */
static bool take_step(struct unwinder *unwinder)
{
    if (unwinder->steps_left == 0)
        return false;
    unwinder->steps_left--;
    return true;
}

static void reverse_frames(struct frame *frames, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct frame frame = frames[i];
        frames[i] = frames[count - 1 - i];
        frames[count - 1 - i] = frame;
    }
}

/* ---- frames outside of the data stack ---- */

/* Frames outside of the data stack, innermost first, and the address of what lies below them. */
struct outside_chain {
    struct frame_link links[MAX_CHAIN];
    size_t count;
    uint64_t base;
};

/* Follow the links from a frame outside of the data stack, which called `callee`, as they were copied.
 *
 * returns  whether they led to the data stack, or to the end */
static bool follow_copied(struct unwinder *unwinder, uint64_t address, uint64_t callee,
                          struct outside_chain *chain)
{
    bool is_suspended = false;

    for (chain->count = 0; address != 0; chain->count++) {
        struct frame_view view;
        if (chain->count == MAX_CHAIN || !take_step(unwinder) ||
            !stack_copy_view(&unwinder->copy, address, &view))
            return false;
        if (view.in_chunk)
            break;
        bool is_internal = view.owner >= unwinder->layout->frame.first_internal_owner;
        if (!is_internal && frame_code(unwinder, &view) == NULL)
            return false;
        chain->links[chain->count] = (struct frame_link){
            .frame = address,
            .callee = callee,
            .executable = is_internal ? 0 : view.executable,
            .previous = view.previous,
            .instruction = view.instruction,
        };
        is_suspended = view.owner == unwinder->layout->frame.owner_generator;
        callee = is_internal ? callee : view.executable;
        address = view.previous;
    }
    chain->base = address;
    return !(is_suspended && address == 0); /* nothing runs a generator by itself */
}

/* Whether a frame outside of the data stack is still the one of a link: it has its code object, or has ended and stopped
 * in its bytecode. */
static bool is_same_frame(struct unwinder *unwinder, const struct frame_view *view,
                          const struct frame_link *link)
{
    struct frame_view ended = *view;

    if (view->executable == link->executable)
        return true;
    ended.executable = link->executable;
    return view->executable == 0 && frame_code(unwinder, &ended) != NULL;
}

/* The same, as the links were when they led to the data stack the last time, if their frames are still there. */
static bool follow_remembered(struct unwinder *unwinder, uint64_t address, uint64_t callee,
                              struct outside_chain *chain)
{
    for (chain->count = 0;; chain->count++) {
        const struct frame_link *link = frame_links_find(&unwinder->links, address, callee);
        struct frame_view view;
        if (link == NULL)
            break;
        if (chain->count == MAX_CHAIN || !take_step(unwinder))
            return false;
        if (link->executable != 0) {
            if (!stack_copy_view(&unwinder->copy, address, &view) || !is_same_frame(unwinder, &view, link))
                return false;
            callee = link->executable;
        }
        chain->links[chain->count] = *link;
        if (link->executable != 0 && link->callee == 0)
            chain->links[chain->count].instruction = view.instruction;
        address = link->previous;
    }
    chain->base = address;
    return chain->count > 0;
}

/* Put the outermost frames of a chain on top of what is there. */
static void add_chain(struct unwinder *unwinder, const struct outside_chain *chain, size_t count)
{
    for (size_t i = chain->count; i-- > chain->count - count;) {
        const struct frame_link *link = &chain->links[i];
        struct frame_view view = {
            .address = link->frame, .executable = link->executable, .instruction = link->instruction};
        const struct code_object *code =
            link->executable != 0 ? code_cache_find(unwinder->codes, link->executable) : NULL;
        stack_copy_want(&unwinder->copy, link->frame);
        if (code != NULL)
            add_frame(unwinder, &view, code);
    }
}

/* Who resumed a generator is the same whomever it calls. */
static void learn_chain(struct unwinder *unwinder, const struct outside_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        struct frame_link link = chain->links[i];
        frame_links_learn(&unwinder->links, &link);
        link.callee = 0;
        frame_links_learn(&unwinder->links, &link);
    }
}

/* Add the frames outside of the data stack from the caller of `callee` to one below which `lower` lies; false when
 * nothing leads there. */
static bool add_frames_between(struct unwinder *unwinder, uint64_t caller, uint64_t callee, uint64_t lower)
{
    struct outside_chain chain;

    if (caller == lower)
        return true;
    if (follow_copied(unwinder, caller, callee, &chain) && chain.base == lower)
        learn_chain(unwinder, &chain);
    else if (!follow_remembered(unwinder, caller, callee, &chain) || chain.base != lower)
        return false;
    add_chain(unwinder, &chain, chain.count);
    return true;
}

/* ---- the frames of the data stack, as they lie there ---- */

/* To 3.13: whether a frame has called nobody, because it executes or has not begun: a new frame has a
 * stacktop like one that waits, but no function calls another by its first instruction; only the
 * interpreter's own frames below an __init__ stay at theirs. */
static bool has_no_callee(const struct unwinder *unwinder, const struct frame_view *view,
                          const struct code_object *code)
{
    return unwinder->layout->frame.stacktop != LAYOUT_NONE &&
           (view->stacktop == EXECUTING || (view->instruction <= code->instructions && !code->internal));
}

/* Whether a frame is left of a call that made a generator or coroutine: that stays as it was, code and all. */
static bool has_made_generator(const struct unwinder *unwinder, const struct frame_view *view,
                               const struct code_object *code)
{
    if (code->return_bytes == 0)
        return false;
    return unwinder->layout->frame.stacktop != LAYOUT_NONE
               ? view->stacktop != EXECUTING
               : view->instruction >= code->instructions + code->return_bytes;
}

/* A way up the data stack. */
struct climb {
    struct frame_view top;
    bool top_has_no_callee; /* to 3.13, else false */
    bool is_torn;           /* something is there that cannot be */
    bool is_over;           /* nothing lives above the top, whatever other chunks held later */
    bool is_cut;            /* the outermost frames were not copied */
    size_t end_count;       /* of unwinder->frames up to the last frame that can be the end of a stack */
    struct frame_view end;
};

/* Whether a place of the data stack was in use when the thread state was copied. */
static bool was_in_use(const struct unwinder *unwinder, uint64_t address)
{
    const struct chunk_copy *newest = &unwinder->copy.chunks[0];

    return address < newest->address || address - newest->address >= newest->length ||
           address - newest->address < unwinder->copy.used_bytes;
}

/* Whether a frame of the data stack was certainly alive when it was copied. */
static bool is_alive(const struct unwinder *unwinder, const struct frame_view *view)
{
    return unwinder->layout->frame.popped_is_null ? view->executable != 0 : view->stacktop == EXECUTING;
}

/* Look at what lies above the top.
 *
 * returns  its code object, or NULL when no live frame is there */
static const struct code_object *view_upwards(struct unwinder *unwinder, uint64_t address,
                                              const unsigned char *bytes, struct climb *climb,
                                              struct frame_view *view)
{
    *view = (struct frame_view){.address = address, .in_chunk = true};
    stack_copy_view_bytes(unwinder->layout, bytes, view);
    if (view->executable == 0)
        return NULL;
    if (climb->top_has_no_callee && view->previous == climb->top.address && !view->is_entry)
        return NULL; /* it was left in the memory that a frame before it had */
    const struct code_object *code = frame_code(unwinder, view);
    if (code != NULL && has_made_generator(unwinder, view, code))
        return NULL;
    if (code != NULL && climb->is_cut && climb->top.address == 0)
        return code;
    if (code != NULL && add_frames_between(unwinder, view->previous, view->executable, climb->top.address))
        return code_cache_find(unwinder->codes, view->executable); /* it may have moved */
    if (code != NULL)
        climb->is_torn = is_alive(unwinder, view) || was_in_use(unwinder, address);
    else if (code_cache_find(unwinder->codes, view->executable) == NULL) /* else it is about to begin */
        climb->is_torn = view->previous == climb->top.address && was_in_use(unwinder, address);
    return NULL;
}

static void climb_chunk(struct unwinder *unwinder, const struct chunk_copy *chunk, struct climb *climb)
{
    const struct python_layout *layout = unwinder->layout;
    size_t offset = layout->chunk.data + (chunk->previous == 0 ? sizeof(uint64_t) : 0);

    while (offset + layout->frame.size <= chunk->length && take_step(unwinder)) {
        struct frame_view view;
        const struct code_object *code =
            view_upwards(unwinder, chunk->address + offset, chunk->bytes + offset, climb, &view);
        if (code == NULL) {
            climb->is_over = true;
            return;
        }
        add_frame(unwinder, &view, code);
        climb->top = view;
        climb->top_has_no_callee = has_no_callee(unwinder, &view, code);
        if (climb->top_has_no_callee || layout->frame.stacktop == LAYOUT_NONE) {
            climb->end = view;
            climb->end_count = unwinder->frame_count;
        }
        offset += code->frame_bytes;
    }
}

/* Go over the frames of the chunks as they lie there, from the outermost one up, as long as they hold together. */
static struct climb climb_data_stack(struct unwinder *unwinder)
{
    struct climb climb = {0};

    if (!unwinder->copy.older_chunks_read)
        stack_copy_read_older(&unwinder->copy);
    size_t chunks = unwinder->copy.chunk_count;
    climb.is_cut = chunks > 0 && unwinder->copy.chunks[chunks - 1].previous != 0;
    for (size_t i = chunks; !climb.is_over && i-- > 0;)
        climb_chunk(unwinder, &unwinder->copy.chunks[i], &climb);
    return climb;
}

/* ---- the top ---- */

/* Forget the frames above one at an address; false when that is not there. */
static bool cut_above(struct unwinder *unwinder, uint64_t address)
{
    size_t count = unwinder->frame_count;

    while (count > 0 && unwinder->frames[count - 1].address != address)
        count--;
    if (count == 0 && address != 0)
        return false;
    unwinder->frame_count = count;
    return true;
}

/* Find the frames outside of the data stack on top of which a frame lies, or would lie. */
static bool find_chain(struct unwinder *unwinder, uint64_t address, uint64_t callee,
                       struct outside_chain *chain)
{
    if (!follow_copied(unwinder, address, callee, chain))
        return follow_remembered(unwinder, address, callee, chain);
    learn_chain(unwinder, chain);
    return true;
}

/* Put the frames outside of the data stack on top that a frame pointer names; false when it names none, or they do not lie
 * on the frame at `top`. */
static bool put_outside_on_top(struct unwinder *unwinder, uint64_t pointer, uint64_t top)
{
    struct outside_chain chain;

    if (pointer == 0 || stack_copy_has(&unwinder->copy, pointer) ||
        !find_chain(unwinder, pointer, 0, &chain) || chain.base != top)
        return false;
    add_chain(unwinder, &chain, chain.count);
    return true;
}

/* The same, cutting off what lies above the frame that they lie on. */
static bool put_outside_on_any(struct unwinder *unwinder, uint64_t pointer)
{
    struct outside_chain chain;

    if (pointer == 0 || stack_copy_has(&unwinder->copy, pointer) ||
        !find_chain(unwinder, pointer, 0, &chain) || !cut_above(unwinder, chain.base))
        return false;
    add_chain(unwinder, &chain, chain.count);
    return true;
}

/* Remember which frame was on top, of those that lie on a frame of the data stack. */
static void learn_top(struct unwinder *unwinder, uint64_t base, uint64_t top)
{
    frame_links_learn(&unwinder->links,
                      &(struct frame_link){.frame = base, .callee = LINK_UPWARDS, .previous = top});
}

/* Where a frame pointer names a frame of the data stack that was left before the copy, or pushed behind it: at the copy
 * one of the generators below it executed, or the frame at `base`. Which one cannot be told, so it stands for the one
 * that was on top there when that could be told last: so they get the shares that they have. */
static void put_likely_on_top(struct unwinder *unwinder, uint64_t pointer, uint64_t base)
{
    const struct frame_link *upwards = frame_links_find(&unwinder->links, base, LINK_UPWARDS);
    struct frame_view view = {.previous = pointer};
    struct outside_chain chain;
    size_t first = 0;

    while (view.previous != base && stack_copy_has(&unwinder->copy, view.previous)) {
        if (!take_step(unwinder) || !stack_copy_view(&unwinder->copy, view.previous, &view))
            return;
    }
    if (view.previous == base || view.previous == 0 || !find_chain(unwinder, view.previous, 0, &chain) ||
        chain.base != base)
        return;
    while (upwards != NULL && first < chain.count && chain.links[first].frame != upwards->previous)
        first++;
    if (first == chain.count && upwards->previous != base)
        first = 0;
    add_chain(unwinder, &chain, chain.count - first);
}

/* Put on top what executed outside of the data stack, above its last frame. */
static void find_top(struct unwinder *unwinder, uint64_t base, uint64_t pointer)
{
    if (pointer == base || put_outside_on_top(unwinder, pointer, base))
        learn_top(unwinder, base, pointer);
    else
        put_likely_on_top(unwinder, pointer, base);
}

/* Make the stack out of what was copied. */
static enum stack_trust resolve(struct unwinder *unwinder)
{
    uint64_t pointer = unwinder->copy.pointer;

    unwinder->frame_count = 0;
    if (pointer == 0)
        return STACK_WHOLE;
    struct climb climb = climb_data_stack(unwinder);
    if (climb.is_cut && unwinder->frame_count < UNWIND_MAX_FRAMES)
        return STACK_INVALID;
    if (climb.is_torn)
        return unwinder->frame_count > 0 ? STACK_PARTIAL : STACK_INVALID;
    if (climb.end_count > 0 || unwinder->frame_count == 0) {
        unwinder->frame_count = climb.end_count;
        find_top(unwinder, climb.end.address, pointer);
    } else if (!put_outside_on_any(unwinder, pointer)) {
        cut_above(unwinder, pointer); /* to 3.13: its top is being left */
    }
    return unwinder->frame_count > 0 || stack_copy_is_empty(&unwinder->copy) ? STACK_WHOLE : STACK_INVALID;
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

/* How many of the outermost frames certainly called one another: those that were the same in both copies. One above them
 * that was not may be another call's, for a loop makes the same calls at the same places again and again. */
static size_t count_proven(struct unwinder *unwinder)
{
    size_t count = 0;

    while (count < unwinder->frame_count &&
           stack_copy_stood(&unwinder->copy, unwinder->frames[unwinder->frame_count - 1 - count].address))
        count++;
    return count;
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
        trust = resolve(unwinder);
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

/* Turn the frames around, and of too many keep the innermost ones. */
static void innermost_first(struct unwinder *unwinder)
{
    reverse_frames(unwinder->frames, unwinder->frame_count);
    if (unwinder->frame_count > UNWIND_MAX_FRAMES)
        unwinder->frame_count = UNWIND_MAX_FRAMES;
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
    innermost_first(unwinder);
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

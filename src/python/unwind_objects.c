#include "python/unwind_objects.h"

#include "base/memory.h"
#include "python/frame_memory.h"
#include "python/frame_pages.h"
#include "python/object_copy.h"

#include <stdlib.h>
#include <string.h>

/* How a sample is taken, and why it is unbiased.
 *
 * Frames are spread over the heap, so no copy of a stack is one moment. The moment of the sample is that at which the thread's
 * frame pointer is read: it is chosen by the clock alone. No sample is thrown away because of what it shows, and the
 * function that has the sample is the one that the pointer names, however short its call: a frame object keeps
 * its code object when the call is over. So the functions' own shares are those of the moments.
 *
 * Where it was called from is told by the frames themselves. One vectored read brings, in this order:
 *
 *     the thread state, with the pointer
 *     the frames that were on top lately, the innermost ones of the last stack, and the pivot, the innermost frame that was in
 *     both of the last stacks
 *     the pages that frames of this thread lie in, those of the innermost ones first
 *     the pivot once more
 *     the interpreter's own variables
 *
 * The pointer comes before all else that the thread writes. To read such memory takes it away from the CPU that the thread runs
 * on, and where it writes there next it waits until it has it back. In a trial with frames copied before the pointer a
 * function that had 75 % of the time was seen in 57 % of the samples, or in 75 %, by where its frames happened to lie.
 *
 * A frame is looked at as it was soon after the pointer. It is live, and then its link leads to its caller; or its call is over,
 * and then it still has the link of that call, for an idle frame is kept as it is (the "zombie frame" of its code object)
 * until it is needed again. All frames of the stack were live at the moment, so what is not of that moment is what changed in the
 * microsecond until the copy: a call that was over and followed by one of the same function from elsewhere. That is a
 * shift in time by as much for all functions alike, which leaves their shares as they are, as the shares of a second are those
 * of the second before. Frames that were not expected are read after all others, with a longer shift: their pages, and those
 * of the frames that called them when they were seen last, in one read.
 *
 * Two kinds of frames do not keep their link. That of a generator is cut when it is suspended, and a second frame of the same
 * function (recursion) goes to the free list, which is linked by the same field. For them, and for the instruction of a call
 * that was over, counts what was seen of that frame when it was live last, at a moment that the clock chose
 * as well; for a generator only if that caller still waits at that call.
 *
 * A deep recursion comes and goes as quickly as it can be copied, and each time in frames that lie in another order: then the
 * copies of one read contradict each other. The function that the pointer named keeps its sample. Its callers are those that it
 * had when it was on top last, if what the recursion stands on still waits at that call, or else those of a later look at the
 * same function. What does not lead to a live outermost frame even so is `partial`: the outermost part of the last
 * stack that holds. Its own time goes to a caller.
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
    INNER_FRAMES = 4,        /* of the last stack that are copied twice, besides the pivot */
    MAX_EXPECTED_PAGES = 16, /* that are read with the pointer; of more, these: */
    INNER_PAGES = 4,
    MAX_FORESEEN = 512, /* callers that are looked for in memory before pages are read for them */
    MAX_LOOKS = 4,      /* at a stack whose copies contradict each other */
    KEPT_SAMPLES = 64,  /* so long a page is read though no frame of it was on the stack */
};

/* A frame of the last stack. */
struct hinted_frame {
    uint64_t address;
    uint64_t code;
};

struct object_hint {
    struct hinted_frame *stack; /* innermost first */
    size_t capacity;
    size_t count;
    size_t steady;              /* so many of the outermost ones were as in the stack before it */
    uint64_t tops[RECENT_TOPS]; /* frames that were on top lately, the last one first */
    struct frame_pages pages;   /* of the frames that were on the stack lately */
    struct known_stacks known;
    uint32_t samples;
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
    size_t below_pivot; /* from this one on they are the pivot's callers */
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
    frame_pages_release(&hint->pages);
    known_stacks_release(&hint->known);
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

static void begin_frames(struct object_unwinder *unwinder)
{
    unwinder->frame_count = 0;
    unwinder->below_pivot = SIZE_MAX;
}

static bool add_frame(struct object_unwinder *unwinder, uint64_t address, uint64_t code,
                      const struct sight *sight)
{
    uint64_t instruction;

    if (!find_instruction(unwinder, code, sight->instruction, &instruction))
        return false;
    unwinder->sights[unwinder->frame_count] = *sight;
    if (address == unwinder->copy.pivot)
        unwinder->below_pivot = unwinder->frame_count + 1;
    unwinder->frames[unwinder->frame_count++] = (struct frame){address, code, instruction};
    return true;
}

/* Copy a frame that nobody expected, and those that it should have been called by. */
static void fetch_frames(struct object_unwinder *unwinder, uint64_t address)
{
    uint64_t addresses[OBJECT_COPY_MAX_FETCHED];
    uint64_t next = address;
    size_t count = 0;

    for (size_t i = 0; i < MAX_FORESEEN && next != 0 && count < OBJECT_COPY_MAX_FETCHED; i++) {
        uint64_t last = count > 0 ? addresses[count - 1] : 0;
        if (next / FRAME_PAGE_BYTES != last / FRAME_PAGE_BYTES && !object_copy_has(&unwinder->copy, next))
            addresses[count++] = next;
        next = frame_memory_caller(&unwinder->memory, next);
        if (next == address)
            break;
    }
    object_copy_fetch(&unwinder->copy, addresses, count);
}

/* Look at a frame as it was soon after the moment of the pointer.
 *
 * returns  whether it can be a frame; one that is not live says what it did last */
static bool view_frame(struct object_unwinder *unwinder, uint64_t address, bool is_top,
                       struct object_view *view, bool *is_live)
{
    struct object_copy *copy = &unwinder->copy;

    if (!object_copy_has(copy, address))
        fetch_frames(unwinder, address);
    if (!object_copy_view(copy, address, EARLY, view))
        return false;
    *is_live = object_copy_is_alive(copy, view, is_top);
    return object_copy_is_frame_type(copy, view->type);
}

/* Whether a frame was in the same call of the same function all the time while the copies were taken, and did not go on.
 *
 * index  its place in the stack, 0 for the one on top */
static bool stood(struct object_unwinder *unwinder, size_t index, uint64_t address)
{
    struct object_copy *copy = &unwinder->copy;
    struct object_view early, later;
    bool is_top = index == 0;

    if (index >= unwinder->below_pivot)
        return !object_copy_is_late(copy, address) && object_copy_pivot_stood(copy);
    return object_copy_is_inner(copy, address) && object_copy_view(copy, address, EARLY, &early) &&
           object_copy_view(copy, address, LATER, &later) && object_copy_is_alive(copy, &early, is_top) &&
           object_copy_is_alive(copy, &later, is_top) && early.code == later.code &&
           early.back == later.back && (is_top || early.last_instruction == later.last_instruction);
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
    bool is_firm = is_live && stood(unwinder, unwinder->frame_count, address);
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
    size_t steps = 0;
    uint64_t mark = 0;

    begin_frames(unwinder);
    while (address != 0 && unwinder->frame_count < UNWIND_MAX_FRAMES) {
        bool is_top = unwinder->frame_count == 0;
        struct object_view view;
        if (address == mark)
            return false;
        if ((steps & (steps - 1)) == 0) /* a circle comes back to one of these marks */
            mark = address;
        steps++;
        if (!view_frame(unwinder, address, is_top, &view, &is_live) ||
            (expected_code != 0 && view.code != expected_code))
            return false;
        const struct known_frame *known = frame_memory_find(&unwinder->memory, address, view.code);
        struct sight sight =
            is_top ? see_top(&view, is_live, known) : see_caller(unwinder, address, &view, is_live, callee);
        if ((must_wait && (view.last_instruction != callee->call_instruction ||
                           !stood(unwinder, unwinder->frame_count, address))) ||
            !add_frame(unwinder, address, view.code, &sight))
            return false;
        bool by_memory = !is_live && guide == GUIDE_MEMORY && known != NULL && known->caller != 0;
        must_wait = by_memory && view.back == 0;
        expected_code = by_memory ? known->caller_code : 0;
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

static void remember_stack(struct object_unwinder *unwinder, struct object_hint *hint)
{
    hint->count = unwinder->frame_count;
    hint->stack = memory_grow(hint->stack, &hint->capacity, hint->count + 1, sizeof(*hint->stack));
    for (size_t i = 0; i < unwinder->frame_count; i++)
        hint->stack[i] = (struct hinted_frame){unwinder->frames[i].address, unwinder->frames[i].code};
}

/* The next read copies the pages of the innermost frames, so many, and those further out behind them. */
static void expect_frames(struct object_unwinder *unwinder, struct object_hint *hint, size_t count)
{
    for (size_t i = count; i-- > 0;)
        frame_pages_use(&hint->pages, unwinder->frames[i].address, unwinder->layout->frame_object.size,
                        hint->samples);
}

/* Note a whole stack for the next read: its new frames, and now and then those that were there before, so that pages which no
 * stack uses any more can be told. */
static void expect_stack(struct object_unwinder *unwinder, struct object_hint *hint)
{
    bool is_turn = hint->samples % KEPT_SAMPLES == 0;

    expect_frames(unwinder, hint, is_turn ? unwinder->frame_count : unwinder->frame_count - hint->steady);
    if (is_turn)
        frame_pages_forget(&hint->pages, hint->samples - KEPT_SAMPLES);
    remember_stack(unwinder, hint);
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
        if (!object_copy_view(&unwinder->copy, address, LATER, &view) ||
            !object_copy_is_alive(&unwinder->copy, &view, false) || view.back != lower)
            break;
        lower = address;
    }
    return lost;
}

/* Note the frames that were met before it was clear that the links do not lead to the end. */
static void expect_met(struct object_unwinder *unwinder, struct object_hint *hint)
{
    expect_frames(unwinder, hint, unwinder->frame_count);
    if (hint->count == 0)
        remember_stack(unwinder, hint);
}

/* What holds of the last stack, from the outermost frame in. */
static void keep_outermost(struct object_unwinder *unwinder, const struct object_hint *hint)
{
    begin_frames(unwinder);
    for (size_t i = count_lost(unwinder, hint); i < hint->count; i++) {
        struct object_view view;
        uint64_t address = hint->stack[i].address;
        if (!object_copy_view(&unwinder->copy, address, LATER, &view) ||
            !add_frame(unwinder, address, view.code, &(struct sight){view.last_instruction, true, false}))
            begin_frames(unwinder); /* the part further out counts */
    }
}

/* ---- one read ---- */

/* The pages of the frames that were the same in the last two stacks, from the innermost one out. */
static void choose_steady(struct object_copy *copy, const struct object_hint *hint)
{
    size_t size = copy->layout->frame_object.size;
    uint64_t begin = 0;
    uint64_t end = 0;

    for (size_t i = hint->count - hint->steady; i < hint->count; i++) {
        uint64_t address = hint->stack[i].address;
        if (end != 0 && address / FRAME_PAGE_BYTES == begin / FRAME_PAGE_BYTES) {
            begin = address < begin ? address : begin;
            end = address + size > end ? address + size : end;
            continue;
        }
        if (end != 0)
            object_copy_add_page(copy, begin, (size_t)(end - begin));
        begin = address;
        end = address + size;
    }
    if (end != 0)
        object_copy_add_page(copy, begin, (size_t)(end - begin));
}

/* Say what is copied. The pivot is the innermost frame that was the same in the last two stacks. Of a stack that is built anew
 * all the time in many pages only the pointer tells which are needed first. */
static void choose_frames(struct object_copy *copy, const struct object_hint *hint)
{
    size_t pivot = hint->count - hint->steady;
    size_t pages = hint->pages.count <= MAX_EXPECTED_PAGES ? hint->pages.count : INNER_PAGES;

    object_copy_begin(copy);
    for (size_t i = 0; i < RECENT_TOPS && hint->tops[i] != 0; i++)
        object_copy_add_inner(copy, hint->tops[i]);
    for (size_t i = 0; i < INNER_FRAMES && i < hint->count; i++)
        object_copy_add_inner(copy, hint->stack[i].address);
    if (pivot < hint->count)
        object_copy_add_pivot(copy, hint->stack[pivot].address);
    for (size_t i = 0; i < pages; i++)
        object_copy_add_page(copy, hint->pages.pages[i].address, hint->pages.pages[i].length);
    if (pages < hint->pages.count)
        choose_steady(copy, hint);
}

/* How many of the outermost frames certainly called one another. A frame object is soon used again, at the same place and
 * for another function, so one copy that looks alive is not enough. */
static size_t count_proven(struct object_unwinder *unwinder)
{
    size_t proven = 0;

    while (proven < unwinder->frame_count) {
        size_t index = unwinder->frame_count - 1 - proven;
        if (!stood(unwinder, index, unwinder->frames[index].address))
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
           stood(unwinder, inner, unwinder->frames[inner].address))
        inner++;
    return inner;
}

/* Copy the stack once and follow it; what holds of it when it does not lead to its end. */
static enum stack_trust read_once(struct object_unwinder *unwinder, const struct thread_reference *thread,
                                  struct stack_hint *stack_hint, struct interpreter_moment *moment)
{
    struct object_hint *hint = stack_hint->objects;

    begin_frames(unwinder);
    hint->samples++;
    choose_frames(&unwinder->copy, hint);
    if (!object_copy_read(&unwinder->copy, thread, moment, &stack_hint->pace))
        return STACK_GONE;
    if (unwinder->copy.pointer == 0) {
        hint->count = hint->steady = 0;
        return STACK_WHOLE;
    }
    remember_top(hint, unwinder->copy.pointer);
    if (follow(unwinder, unwinder->copy.pointer, GUIDE_LINK) ||
        follow(unwinder, unwinder->copy.pointer, GUIDE_MEMORY)) {
        learn_frames(unwinder, hint);
        expect_stack(unwinder, hint);
        known_stacks_learn(&hint->known, unwinder->frames, unwinder->frame_count);
        return STACK_WHOLE;
    }
    expect_met(unwinder, hint);
    return STACK_PARTIAL;
}

/* The frame on top at the moment of the last read, if it was copied. */
static bool find_top(struct object_unwinder *unwinder, struct frame *top)
{
    struct object_view view;
    bool is_live;

    top->address = unwinder->copy.pointer;
    if (!view_frame(unwinder, top->address, true, &view, &is_live))
        return false;
    top->code = view.code;
    return find_instruction(unwinder, view.code, view.last_instruction, &top->instruction);
}

/* Put the function that was on top in place of its last call in this stack, whatever that had called by then; false when it is not
 * in it. */
static bool put_on_top(struct object_unwinder *unwinder, const struct frame *top)
{
    size_t place = 0;

    while (place < unwinder->frame_count && unwinder->frames[place].code != top->code)
        place++;
    if (place == unwinder->frame_count)
        return false;
    unwinder->frame_count -= place;
    memmove(unwinder->frames, unwinder->frames + place, unwinder->frame_count * sizeof(unwinder->frames[0]));
    memmove(unwinder->sights, unwinder->sights + place, unwinder->frame_count * sizeof(unwinder->sights[0]));
    unwinder->frames[0].instruction = top->instruction;
    if (unwinder->below_pivot != SIZE_MAX)
        unwinder->below_pivot = unwinder->below_pivot > place ? unwinder->below_pivot - place : 0;
    return true;
}

/* Whether the frames of a stack from that place on are live and wait for one another as they did then. */
static bool holds_from(struct object_unwinder *unwinder, const struct known_stack *stack, size_t place)
{
    uint64_t lower = 0;

    for (size_t i = stack->count; i-- > place;) {
        const struct frame *frame = &stack->frames[i];
        struct object_view view;
        uint64_t instruction;
        bool is_live;
        if (!view_frame(unwinder, frame->address, false, &view, &is_live) || !is_live ||
            view.code != frame->code || view.back != lower ||
            !find_instruction(unwinder, view.code, view.last_instruction, &instruction) ||
            instruction != frame->instruction)
            return false;
        lower = frame->address;
    }
    return true;
}

/* Whether the innermost frames of a stack, so many, can still be what they were: the code objects are known. */
static bool are_codes_known(struct object_unwinder *unwinder, const struct known_stack *stack, size_t count)
{
    const struct code_object *code = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct frame *frame = &stack->frames[i];
        if (code == NULL || code->address != frame->code)
            code = code_cache_find(unwinder->codes, frame->code);
        if (code == NULL || !code_object_contains(code, frame->instruction))
            return false;
    }
    return true;
}

/* Take the last stack that a function was on top of, if all that it was called from at first holds now: of a recursion, which
 * comes and goes more quickly than it can be copied, what stands below it. */
static bool recall_stack(struct object_unwinder *unwinder, const struct object_hint *hint,
                         const struct frame *top)
{
    const struct known_stack *known = known_stacks_find(&hint->known, top->code);

    if (known == NULL)
        return false;
    size_t base = known->count;
    while (known->frames[base - 1].code != top->code) /* the first frame has it */
        base--;
    if (base == known->count || !holds_from(unwinder, known, base) || !are_codes_known(unwinder, known, base))
        return false;
    begin_frames(unwinder);
    unwinder->frame_count = known->count;
    memcpy(unwinder->frames, known->frames, known->count * sizeof(*known->frames));
    memset(unwinder->sights, 0, known->count * sizeof(unwinder->sights[0]));
    unwinder->frames[0].instruction = top->instruction;
    return true;
}

/* Look for the callers of what was on top at the moment of the first read, when its copies do not lead to them. */
static enum stack_trust find_callers(struct object_unwinder *unwinder, const struct thread_reference *thread,
                                     struct stack_hint *hint)
{
    enum stack_trust trust;
    struct frame top;
    bool is_known = find_top(unwinder, &top);

    for (int look = 1; is_known; look++) {
        if (recall_stack(unwinder, hint->objects, &top))
            return STACK_WHOLE;
        if (look == MAX_LOOKS)
            break;
        trust = read_once(unwinder, thread, hint, NULL);
        if (trust == STACK_GONE || (trust == STACK_WHOLE && put_on_top(unwinder, &top)))
            return trust;
    }
    keep_outermost(unwinder, hint->objects);
    return unwinder->frame_count > 0 ? STACK_PARTIAL : STACK_INVALID;
}

void object_unwinder_begin_sample(struct object_unwinder *unwinder)
{
    unwinder->copy.late_pages = 0;
}

struct stack object_unwinder_read(struct object_unwinder *unwinder, const struct thread_reference *thread,
                                  struct stack_hint *hint, struct interpreter_moment *moment, bool prove,
                                  uint64_t now_ns)
{
    unwinder->now_ns = now_ns;
    if (hint->objects == NULL)
        hint->objects = memory_allocate(1, sizeof(*hint->objects));
    enum stack_trust trust = read_once(unwinder, thread, hint, moment);
    if (trust == STACK_PARTIAL)
        trust = find_callers(unwinder, thread, hint);
    if (trust == STACK_INVALID || trust == STACK_GONE)
        return (struct stack){.trust = trust};
    return (struct stack){
        .trust = trust,
        .frames = unwinder->frames,
        .count = unwinder->frame_count,
        .proven = prove && unwinder->copy.is_quick ? count_proven(unwinder) : 0,
        .inner = unwinder->copy.is_quick ? count_inner(unwinder) : 0,
    };
}

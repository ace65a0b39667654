#include "python/stack_resolve.h"

#include "base/memory.h"

#include <string.h>

enum {
    MAX_CHAIN = 128,         /* frames outside of the data stack one below the other */
    MAX_RETURN_LOOKUPS = 32, /* instructions that may be returns, in one sample */
    EXECUTING = -1,          /* stacktop of a frame that executes, to 3.13 */
};

/* Whether a frame is in the bytecode of a code object. Where it is in a thread's own copy of it, its
 * instruction becomes the one in the code object that it is a copy of. */
static bool executes(struct stack_resolver *resolver, const struct code_object *code, struct frame_view *view)
{
    return code_object_contains(code, view->instruction) ||
           (resolver->layout->code.bytecode_copies != LAYOUT_NONE &&
            code_cache_find_original(resolver->codes, code, view->bytecode_index, &view->instruction));
}

/* The code object that a frame executes, if the frame can be one. A code object that does not fit the frame
 * may be a new one where a freed one was. */
static const struct code_object *frame_code(struct stack_resolver *resolver, struct frame_view *view)
{
    const struct code_object *code = code_cache_find(resolver->codes, view->executable);

    if (code == NULL) {
        code = code_cache_load(resolver->codes, view->executable, resolver->now_ns);
    } else if (!executes(resolver, code, view)) {
        code_cache_verify(resolver->codes, &view->executable, 1, resolver->now_ns);
        code = code_cache_find(resolver->codes, view->executable);
    }
    return code != NULL && executes(resolver, code, view) ? code : NULL;
}

static void add_frame(struct stack_resolver *resolver, const struct frame_view *view,
                      const struct code_object *code)
{
    if (code->internal)
        return;
    if (resolver->frame_count == FRAMES_ROOM) { /* the outermost ones are left out */
        resolver->frame_count = UNWIND_MAX_FRAMES;
        memmove(resolver->frames, resolver->frames + FRAMES_ROOM - UNWIND_MAX_FRAMES,
                UNWIND_MAX_FRAMES * sizeof(*resolver->frames));
    }
    resolver->frames[resolver->frame_count++] =
        (struct frame){view->address, view->executable, view->instruction};
}

/* Whether one more frame may be looked at: a target's links can lead anywhere, and around for ever. */
static bool take_step(struct stack_resolver *resolver)
{
    if (resolver->steps_left == 0)
        return false;
    resolver->steps_left--;
    return true;
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
static bool follow_copied(struct stack_resolver *resolver, uint64_t address, uint64_t callee,
                          struct outside_chain *chain)
{
    bool is_suspended = false;

    for (chain->count = 0; address != 0; chain->count++) {
        struct frame_view view;
        if (chain->count == MAX_CHAIN || !take_step(resolver) ||
            !stack_copy_view(&resolver->copy, address, &view))
            return false;
        if (view.in_chunk)
            break;
        bool is_internal = view.owner >= resolver->layout->frame.first_internal_owner;
        if (!is_internal && frame_code(resolver, &view) == NULL)
            return false;
        chain->links[chain->count] = (struct frame_link){
            .frame = address,
            .callee = callee,
            .executable = is_internal ? 0 : view.executable,
            .previous = view.previous,
            .instruction = view.instruction,
        };
        is_suspended = view.owner == resolver->layout->frame.owner_generator;
        callee = is_internal ? callee : view.executable;
        address = view.previous;
    }
    chain->base = address;
    return !(is_suspended && address == 0); /* nothing runs a generator by itself */
}

/* Whether a frame outside of the data stack is still the one of a link: it has its code object, or has ended and stopped
 * in its bytecode. */
static bool is_same_frame(struct stack_resolver *resolver, const struct frame_view *view,
                          const struct frame_link *link)
{
    struct frame_view ended = *view;

    if (view->executable == link->executable)
        return true;
    ended.executable = link->executable;
    return view->executable == 0 && frame_code(resolver, &ended) != NULL;
}

/* The same, as the links were when they led to the data stack the last time, if their frames are still there. */
static bool follow_remembered(struct stack_resolver *resolver, uint64_t address, uint64_t callee,
                              struct outside_chain *chain)
{
    for (chain->count = 0;; chain->count++) {
        const struct frame_link *link = frame_links_find(&resolver->links, address, callee);
        struct frame_view view;
        if (link == NULL)
            break;
        if (chain->count == MAX_CHAIN || !take_step(resolver))
            return false;
        if (link->executable != 0) {
            if (!stack_copy_view(&resolver->copy, address, &view) || !is_same_frame(resolver, &view, link))
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
static void add_chain(struct stack_resolver *resolver, const struct outside_chain *chain, size_t count)
{
    for (size_t i = chain->count; i-- > chain->count - count;) {
        const struct frame_link *link = &chain->links[i];
        struct frame_view view = {
            .address = link->frame, .executable = link->executable, .instruction = link->instruction};
        const struct code_object *code =
            link->executable != 0 ? code_cache_find(resolver->codes, link->executable) : NULL;
        stack_copy_want(&resolver->copy, link->frame);
        if (code != NULL)
            add_frame(resolver, &view, code);
    }
}

/* Who resumed a generator is the same whomever it calls. */
static void learn_chain(struct stack_resolver *resolver, const struct outside_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        struct frame_link link = chain->links[i];
        frame_links_learn(&resolver->links, &link);
        link.callee = 0;
        frame_links_learn(&resolver->links, &link);
    }
}

/* Add the frames outside of the data stack from the caller of `callee` to one below which `lower` lies; false when
 * nothing leads there. */
static bool add_frames_between(struct stack_resolver *resolver, uint64_t caller, uint64_t callee,
                               uint64_t lower)
{
    struct outside_chain chain;

    if (caller == lower)
        return true;
    if (follow_copied(resolver, caller, callee, &chain) && chain.base == lower)
        learn_chain(resolver, &chain);
    else if (!follow_remembered(resolver, caller, callee, &chain) || chain.base != lower)
        return false;
    add_chain(resolver, &chain, chain.count);
    return true;
}

/* ---- the frames of the data stack, as they lie there ---- */

/* To 3.13: whether a frame has called nobody, because it executes or has not begun: a new frame has a
 * stacktop like one that waits, but no function calls another by its first instruction; only the
 * interpreter's own frames below an __init__ stay at theirs. */
static bool has_no_callee(const struct stack_resolver *resolver, const struct frame_view *view,
                          const struct code_object *code)
{
    return resolver->layout->frame.stacktop != LAYOUT_NONE &&
           (view->stacktop == EXECUTING || (view->instruction <= code->instructions && !code->internal));
}

/* Whether a frame is left of a call that made a generator or coroutine: that stays as it was, code and all. */
static bool has_made_generator(const struct stack_resolver *resolver, const struct frame_view *view,
                               const struct code_object *code)
{
    if (code->return_bytes == 0)
        return false;
    return resolver->layout->frame.stacktop != LAYOUT_NONE
               ? view->stacktop != EXECUTING
               : view->instruction >= code->instructions + code->return_bytes;
}

/* A way up the data stack. */
struct climb {
    struct standing_frames *standing;
    size_t depth;           /* frames below */
    uint64_t top;           /* the last one; 0 when there is none */
    bool top_has_no_callee; /* to 3.13, else false */
    bool is_torn;           /* something is there that cannot be */
    bool is_over;           /* nothing lives above the top, whatever other chunks held later */
    bool is_cut;            /* the outermost frames were not copied */
    size_t end_count;       /* of resolver->frames up to the last frame that can be the end of a stack */
    uint64_t end;
};

/* Whether a place of the data stack was in use when the thread state was copied. */
static bool was_in_use(const struct stack_resolver *resolver, uint64_t address)
{
    const struct chunk_copy *newest = &resolver->copy.chunks[0];

    return address < newest->address || address - newest->address >= newest->length ||
           address - newest->address < resolver->copy.used_bytes;
}

/* Whether a frame of the data stack was certainly alive when it was copied. */
static bool is_alive(const struct stack_resolver *resolver, const struct frame_view *view)
{
    return resolver->layout->frame.popped_is_null ? view->executable != 0 : view->stacktop == EXECUTING;
}

/* Look at what lies above the top.
 *
 * returns  its code object, or NULL when no live frame is there */
static const struct code_object *view_upwards(struct stack_resolver *resolver, struct climb *climb,
                                              struct frame_view *view)
{
    if (view->executable == 0)
        return NULL;
    if (climb->top_has_no_callee && view->previous == climb->top && !view->is_entry)
        return NULL; /* it was left in the memory that a frame before it had */
    if (code_cache_find(resolver->codes, view->executable) == NULL &&
        standing_frames_is_no_frame(climb->standing, view))
        return NULL;
    const struct code_object *code = frame_code(resolver, view);
    if (code != NULL && has_made_generator(resolver, view, code))
        return NULL;
    if (code != NULL && climb->is_cut && climb->top == 0)
        return code;
    if (code != NULL && add_frames_between(resolver, view->previous, view->executable, climb->top))
        return code;
    if (code != NULL)
        climb->is_torn = is_alive(resolver, view) || was_in_use(resolver, view->address);
    else if (code_cache_find(resolver->codes, view->executable) == NULL) /* else it is about to begin */
        climb->is_torn = view->previous == climb->top && was_in_use(resolver, view->address);
    if (code == NULL && !climb->is_torn)
        standing_frames_note_no_frame(climb->standing, view);
    return NULL;
}

/* Go up by one frame.
 *
 * returns  the size of the frame, 0 when no live one is there */
static size_t climb_frame(struct stack_resolver *resolver, uint64_t address, const unsigned char *bytes,
                          struct climb *climb)
{
    const struct python_layout *layout = resolver->layout;
    struct frame_view view = {.address = address, .in_chunk = true};

    stack_copy_view_bytes(layout, bytes, &view);
    struct standing_frame self = standing_frame_of(&view);
    const struct code_object *code = view_upwards(resolver, climb, &view);
    if (code == NULL)
        return 0;
    add_frame(resolver, &view, code);
    self.frame_bytes = code->frame_bytes;
    self.is_internal = code->internal;
    self.has_no_callee = has_no_callee(resolver, &view, code);
    self.can_end = self.has_no_callee || layout->frame.stacktop == LAYOUT_NONE;
    if (view.instruction != self.instruction) /* it was in a copy of the bytecode: that is looked up again */
        self.address = 0;
    standing_frames_set(climb->standing, climb->depth, &self);
    climb->top = address;
    climb->top_has_no_callee = self.has_no_callee;
    if (self.can_end) {
        climb->end = address;
        climb->end_count = resolver->frame_count;
    }
    climb->depth++;
    return code->frame_bytes;
}

/* Go up as long as the frames stand as they did at the last sample, each called by the one below it: most frames of a deep
 * stack do, and nothing is looked up for them.
 *
 * returns  the size of all of them */
static size_t climb_standing(struct stack_resolver *resolver, const struct chunk_copy *chunk, size_t offset,
                             struct climb *climb)
{
    const struct python_layout *layout = resolver->layout;
    size_t begin = offset;
    size_t depth = climb->depth;
    size_t end = climb->standing->count;
    size_t count = resolver->frame_count;
    uint64_t top = climb->top;

    if (end > depth + resolver->steps_left)
        end = depth + resolver->steps_left;
    for (; depth < end && count < FRAMES_ROOM && offset + layout->frame.size <= chunk->length; depth++) {
        const struct standing_frame *frame = &climb->standing->frames[depth];
        if (frame->address != chunk->address + offset || frame->previous != top ||
            (climb->top_has_no_callee && !frame->is_entry) ||
            !standing_frame_stands(frame, layout, chunk->bytes + offset))
            break;
        if (!frame->is_internal)
            resolver->frames[count++] = (struct frame){frame->address, frame->executable, frame->instruction};
        top = frame->address;
        climb->top_has_no_callee = frame->has_no_callee;
        if (frame->can_end) {
            climb->end = top;
            climb->end_count = count;
        }
        offset += frame->frame_bytes;
    }
    resolver->steps_left -= depth - climb->depth;
    resolver->frame_count = count;
    climb->depth = depth;
    climb->top = top;
    return offset - begin;
}

static void climb_chunk(struct stack_resolver *resolver, const struct chunk_copy *chunk, struct climb *climb)
{
    const struct python_layout *layout = resolver->layout;
    size_t offset = layout->chunk.data + (chunk->previous == 0 ? sizeof(uint64_t) : 0);

    for (;;) {
        offset += climb_standing(resolver, chunk, offset, climb);
        if (offset + layout->frame.size > chunk->length || !take_step(resolver))
            return;
        size_t size = climb_frame(resolver, chunk->address + offset, chunk->bytes + offset, climb);
        climb->is_over = size == 0;
        if (climb->is_over)
            return;
        offset += size;
    }
}

/* Go over the frames of the chunks as they lie there, from the outermost one up, as long as they hold together. */
static struct climb climb_data_stack(struct stack_resolver *resolver, struct standing_frames *standing)
{
    struct climb climb = {.standing = standing};

    standing_frames_begin(standing, code_cache_epoch(resolver->codes));
    if (!resolver->copy.older_chunks_read)
        stack_copy_read_older(&resolver->copy);
    size_t chunks = resolver->copy.chunk_count;
    climb.is_cut = chunks > 0 && resolver->copy.chunks[chunks - 1].previous != 0;
    for (size_t i = chunks; !climb.is_over && i-- > 0;)
        climb_chunk(resolver, &resolver->copy.chunks[i], &climb);
    standing_frames_end(standing, code_cache_epoch(resolver->codes));
    return climb;
}

/* ---- the top ---- */

/* Forget the frames above one at an address; false when that is not there. */
static bool cut_above(struct stack_resolver *resolver, uint64_t address)
{
    size_t count = resolver->frame_count;

    while (count > 0 && resolver->frames[count - 1].address != address)
        count--;
    if (count == 0 && address != 0)
        return false;
    resolver->frame_count = count;
    return true;
}

/* Find the frame outside of the data stack that is at an address, and those that it lies on; false when none is there. */
static bool find_chain(struct stack_resolver *resolver, uint64_t address, struct outside_chain *chain)
{
    if (address == 0 || stack_copy_has(&resolver->copy, address))
        return false;
    if (!follow_copied(resolver, address, 0, chain))
        return follow_remembered(resolver, address, 0, chain);
    learn_chain(resolver, chain);
    return true;
}

/* Put the frames outside of the data stack on top that a frame pointer names, cutting off what lies above the frame that they
 * lie on; false when it names none. */
static bool put_outside_on_any(struct stack_resolver *resolver, uint64_t pointer)
{
    struct outside_chain chain;

    if (!find_chain(resolver, pointer, &chain) || !cut_above(resolver, chain.base))
        return false;
    add_chain(resolver, &chain, chain.count);
    return true;
}

/* The frame of the data stack on which the others lie that may have executed. */
struct base {
    uint64_t address;
    bool is_waiting; /* to 3.13: it did not execute itself */
};

static uint64_t upwards_of(const struct base *base)
{
    return base->is_waiting ? LINK_UPWARDS_FROM_WAITING : LINK_UPWARDS;
}

/* Remember which frame was on top, of those that lie on the base. */
static void learn_top(struct stack_resolver *resolver, const struct base *base, uint64_t top)
{
    struct frame_view view;

    if (stack_copy_view(&resolver->copy, base->address, &view))
        frame_links_learn(&resolver->links, &(struct frame_link){.frame = base->address,
                                                                 .callee = upwards_of(base),
                                                                 .executable = view.executable,
                                                                 .previous = top,
                                                                 .instruction = view.instruction});
}

/* Find what was on top last; false when nothing outside of the data stack ever was.
 *
 * upwards   receives the link to it
 * is_there  receives whether the base executes the instruction at which that was */
static bool find_upwards(struct stack_resolver *resolver, const struct base *base, struct frame_link *upwards,
                         bool *is_there)
{
    const struct frame_link *link = frame_links_find(&resolver->links, base->address, upwards_of(base));
    struct frame_view view;

    if (link == NULL || !stack_copy_view(&resolver->copy, base->address, &view) ||
        view.executable != link->executable)
        return false;
    *upwards = *link;
    *is_there = view.instruction == link->instruction;
    return true;
}

/* The frame pointer as it is now; 0 when it cannot be read, or another function than the base lies where that was. */
static uint64_t read_pointer_now(struct stack_resolver *resolver, const struct frame_link *upwards)
{
    struct frame_view view;
    uint64_t pointer;

    return stack_copy_read_pointer(&resolver->copy, upwards->frame, &pointer, &view) &&
                   view.executable == upwards->executable
               ? pointer
               : 0;
}

/* Find the chain of frames from one outside of the data stack down to the base; false when none can have executed on it. In 3.12
 * and 3.13 a frame that resumes a generator waits meanwhile, unless C code did it: then the interpreter's entry frame lies
 * between them. (3.11 always has C code do it, and from 3.14 on nothing tells whether a frame waits.) */
static bool find_chain_on(struct stack_resolver *resolver, const struct base *base, uint64_t address,
                          struct outside_chain *chain)
{
    const struct python_layout *layout = resolver->layout;
    bool tells_who_waits = layout->frame.stacktop != LAYOUT_NONE && layout->frame.is_entry == LAYOUT_NONE;

    return find_chain(resolver, address, chain) && chain->base == base->address &&
           (base->is_waiting || !tells_who_waits || chain->links[chain->count - 1].executable == 0);
}

/* Put the frames on top from one outside of the data stack down to the base, or as many of them as there were last.
 *
 * top  what was on top then; 0 when that is not known */
static void put_chain_up_to(struct stack_resolver *resolver, const struct base *base, uint64_t address,
                            uint64_t top)
{
    struct outside_chain chain;
    size_t first = 0;

    if (!find_chain_on(resolver, base, address, &chain))
        return;
    while (top != 0 && first < chain.count && chain.links[first].frame != top)
        first++;
    if (first == chain.count && top != base->address)
        first = 0;
    add_chain(resolver, &chain, chain.count - first);
}

/* Of what lies between a frame of the data stack and the base below it, the innermost one that is outside; the base, when
 * nothing is. */
static uint64_t find_outside_below(struct stack_resolver *resolver, uint64_t address, const struct base *base)
{
    struct frame_view view;

    while (address != base->address && stack_copy_has(&resolver->copy, address)) {
        if (!take_step(resolver) || !stack_copy_view(&resolver->copy, address, &view))
            return base->address;
        address = view.previous;
    }
    return address;
}

/* Put the frames outside of the data stack on top that a frame pointer names; false when it names none that lie on the base. */
static bool put_outside_on_top(struct stack_resolver *resolver, const struct base *base, uint64_t pointer)
{
    struct outside_chain chain;

    if (!find_chain_on(resolver, base, pointer, &chain))
        return false;
    add_chain(resolver, &chain, chain.count);
    return true;
}

/* Put on top what executed outside of the data stack, above the base.
 *
 * Which one of the frames there executed at the moment of the copy, or whether the base did, only the frame pointer tells; and
 * where it has moved on to a frame of the data stack, the one counts that was seen there last, so that they get the shares that
 * they have. The pointer that was read behind the chunks serves to find out that there is something. From then on it is
 * read once more, now: just behind the chunks it stands too often where the thread waits for the memory that was taken
 * away from it (at a generator that calls a function, in 20 % of the samples instead of 13 %).
 *
 * above  what lay above it in the data stack, as far as that is known */
static void find_top(struct stack_resolver *resolver, const struct base *base, uint64_t above)
{
    struct frame_link upwards = {0};
    bool is_there = false;
    bool is_known = find_upwards(resolver, base, &upwards, &is_there);
    uint64_t pointer = is_known ? read_pointer_now(resolver, &upwards) : resolver->copy.pointer;

    if (pointer == base->address && !base->is_waiting) {
        if (is_known)
            learn_top(resolver, base, pointer);
        return;
    }
    if (put_outside_on_top(resolver, base, pointer)) {
        learn_top(resolver, base, pointer);
        return;
    }
    uint64_t outside = find_outside_below(resolver, above, base);
    if (outside != base->address)
        put_chain_up_to(resolver, base, outside, upwards.previous);
    else if (base->is_waiting && is_there)
        put_chain_up_to(resolver, base, upwards.previous, upwards.previous);
}

/* ---- what calls that are over left ---- */

/* Whether an instruction returns from a call. */
static bool is_return(struct stack_resolver *resolver, uint64_t instruction)
{
    uint64_t epoch = code_cache_epoch(resolver->codes);

    if (resolver->call_sites_epoch != epoch)
        call_sites_forget(&resolver->call_sites);
    resolver->call_sites_epoch = epoch;
    return call_sites_find(&resolver->call_sites, resolver->copy.pid, resolver->layout, instruction) ==
           CALL_SITE_RETURN;
}

/* To 3.13: forget the frames above the last one that can be an end whose calls have returned, and what lies on them.
 *
 * Until the frame that they returned to executes again they look like frames that wait. What the frame pointer names does not
 * say that they were alive: it has moved on since, perhaps to the next call of the same function. If the one moment
 * counted as well as the other one, such calls would have more than their share (84 % instead of 64 % in a trial).
 *
 * below    receives what the outermost of them lay on
 * returns  whether there were any */
static bool drop_returned(struct stack_resolver *resolver, const struct climb *climb, uint64_t *below)
{
    size_t kept = resolver->frame_count;
    uint64_t known_return = 0;
    size_t lookups = 0;

    if (resolver->layout->frame.stacktop == LAYOUT_NONE)
        return false;
    for (size_t i = kept; i-- > climb->end_count;) {
        const struct frame *frame = &resolver->frames[i];
        struct frame_view view;
        if (!stack_copy_has(&resolver->copy, frame->address))
            continue;
        if (frame->instruction != known_return &&
            (lookups++ == MAX_RETURN_LOOKUPS || !is_return(resolver, frame->instruction)))
            break;
        if (!stack_copy_view(&resolver->copy, frame->address, &view))
            break;
        known_return = frame->instruction;
        *below = view.previous;
        kept = i;
    }
    bool has_dropped = kept < resolver->frame_count;
    resolver->frame_count = kept;
    return has_dropped;
}

/* Find the top where what lay there had returned: what it had returned to lies on the last frame of the data stack, or is it.
 *
 * below  what it lay on */
static void find_top_below(struct stack_resolver *resolver, const struct climb *climb, uint64_t below)
{
    struct base base = {.address = climb->end};

    while (resolver->frame_count > climb->end_count &&
           !stack_copy_has(&resolver->copy, resolver->frames[resolver->frame_count - 1].address))
        resolver->frame_count--;
    if (resolver->frame_count > climb->end_count)
        base = (struct base){resolver->frames[resolver->frame_count - 1].address, .is_waiting = true};
    find_top(resolver, &base, below);
}

/* To 3.13: whether the frames above the last one that can be an end are no leftovers, but being left or about to make a
 * call: the frame pointer names one of them, or one that was pushed onto them since. Then those up to it are kept. */
static bool is_above_end(struct stack_resolver *resolver, const struct climb *climb, uint64_t pointer)
{
    if (climb->end_count >= resolver->frame_count || pointer == climb->end ||
        !stack_copy_has(&resolver->copy, pointer))
        return false;
    return !cut_above(resolver, pointer) || resolver->frame_count > climb->end_count;
}

enum stack_trust stack_resolve(struct stack_resolver *resolver, struct standing_frames *standing)
{
    uint64_t pointer = resolver->copy.pointer;

    resolver->frame_count = 0;
    if (pointer == 0)
        return STACK_WHOLE;
    struct climb climb = climb_data_stack(resolver, standing);
    if (climb.is_cut && resolver->frame_count < UNWIND_MAX_FRAMES)
        return STACK_INVALID;
    uint64_t below = 0;
    if (drop_returned(resolver, &climb, &below)) {
        find_top_below(resolver, &climb, below);
    } else if (climb.is_torn) {
        return resolver->frame_count > 0 ? STACK_PARTIAL : STACK_INVALID;
    } else if (is_above_end(resolver, &climb, pointer)) {
        return STACK_WHOLE;
    } else if (climb.end_count > 0 || resolver->frame_count == 0) {
        resolver->frame_count = climb.end_count;
        find_top(resolver, &(struct base){.address = climb.end}, pointer);
    } else if (!put_outside_on_any(resolver, pointer)) {
        cut_above(resolver, pointer); /* to 3.13: its top is being left */
    }
    return resolver->frame_count > 0 || stack_copy_is_empty(&resolver->copy) ? STACK_WHOLE : STACK_INVALID;
}

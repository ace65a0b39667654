#include "python/stack_resolve.h"

#include "python/outside_chain.h"
#include "python/stack_climb.h"

enum {
    MAX_RETURN_LOOKUPS = 32, /* instructions that may be returns, in one sample */
};

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

/* Put the frames outside of the data stack on top that a frame pointer names, cutting off what lies above the
 * frame that they lie on; false when it names none. */
static bool put_outside_on_any(struct stack_resolver *resolver, uint64_t pointer)
{
    struct outside_chain chain;

    if (!outside_chain_find(resolver, pointer, &chain) || !cut_above(resolver, chain.base))
        return false;
    outside_chain_add(resolver, &chain, chain.count);
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

/* The frame pointer as it is now; 0 when it cannot be read, or another function than the base lies where that
 * was. */
static uint64_t read_pointer_now(struct stack_resolver *resolver, const struct frame_link *upwards)
{
    struct frame_view view;
    uint64_t pointer;

    return stack_copy_read_pointer(&resolver->copy, upwards->frame, &pointer, &view) &&
                   view.executable == upwards->executable
               ? pointer
               : 0;
}

/* Find the chain of frames from one outside of the data stack down to the base; false when none can have
 * executed on it. In 3.12 and 3.13 a frame that resumes a generator waits meanwhile, unless C code did it:
 * then the interpreter's entry frame lies between them. (3.11 always has C code do it, and from 3.14 on
 * nothing tells whether a frame waits.) */
static bool find_chain_on(struct stack_resolver *resolver, const struct base *base, uint64_t address,
                          struct outside_chain *chain)
{
    const struct python_layout *layout = resolver->layout;
    bool tells_who_waits = layout->frame.stacktop != LAYOUT_NONE && layout->frame.is_entry == LAYOUT_NONE;

    return outside_chain_find(resolver, address, chain) && chain->base == base->address &&
           (base->is_waiting || !tells_who_waits || chain->links[chain->count - 1].executable == 0);
}

/* Put the frames on top from one outside of the data stack down to the base, or as many of them as there were
 * last.
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
    outside_chain_add(resolver, &chain, chain.count - first);
}

/* Of what lies between a frame of the data stack and the base below it, the innermost one that is outside;
 * the base, when nothing is. */
static uint64_t find_outside_below(struct stack_resolver *resolver, uint64_t address, const struct base *base)
{
    struct frame_view view;

    while (address != base->address && stack_copy_has(&resolver->copy, address)) {
        if (!resolver_take_step(resolver) || !stack_copy_view(&resolver->copy, address, &view))
            return base->address;
        address = view.previous;
    }
    return address;
}

/* Put the frames outside of the data stack on top that a frame pointer names; false when it names none that
 * lie on the base. */
static bool put_outside_on_top(struct stack_resolver *resolver, const struct base *base, uint64_t pointer)
{
    struct outside_chain chain;

    if (!find_chain_on(resolver, base, pointer, &chain))
        return false;
    outside_chain_add(resolver, &chain, chain.count);
    return true;
}

/* Put on top what executed outside of the data stack, above the base.
 *
 * Which one of the frames there executed at the moment of the copy, or whether the base did, only the frame
 * pointer tells; and where it has moved on to a frame of the data stack, the one counts that was seen there
 * last, so that they get the shares that they have. The pointer that was read behind the chunks serves to
 * find out that there is something. From then on it is read once more, now: just behind the chunks it stands
 * too often where the thread waits for the memory that was taken away from it (at a generator that calls a
 * function, in 20 % of the samples instead of 13 %).
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

/* To 3.13: forget the frames above the last one that can be an end whose calls have returned, and what lies
 * on them.
 *
 * Until the frame that they returned to executes again they look like frames that wait. What the frame
 * pointer names does not say that they were alive: it has moved on since, perhaps to the next call of the
 * same function. If the one moment counted as well as the other one, such calls would have more than their
 * share (84 % instead of 64 % in a trial).
 *
 * below    receives what the outermost of them lay on
 * returns  whether there were any */
static bool drop_returned(struct stack_resolver *resolver, const struct climbed_stack *climbed,
                          uint64_t *below)
{
    size_t kept = resolver->frame_count;
    uint64_t known_return = 0;
    size_t lookups = 0;

    if (resolver->layout->frame.stacktop == LAYOUT_NONE)
        return false;
    for (size_t i = kept; i-- > climbed->end_count;) {
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

/* Find the top where what lay there had returned: what it had returned to lies on the last frame of the data
 * stack that can be an end, or is it.
 *
 * below  what it lay on */
static void find_top_below(struct stack_resolver *resolver, const struct climbed_stack *climbed,
                           uint64_t below)
{
    struct base base = {.address = climbed->end};

    while (resolver->frame_count > climbed->end_count &&
           !stack_copy_has(&resolver->copy, resolver->frames[resolver->frame_count - 1].address))
        resolver->frame_count--;
    if (resolver->frame_count > climbed->end_count)
        base = (struct base){resolver->frames[resolver->frame_count - 1].address, .is_waiting = true};
    find_top(resolver, &base, below);
}

/* To 3.13: whether the frames above the last one that can be an end are no leftovers, but being left or about
 * to make a call: the frame pointer names one of them, or one that was pushed onto them since. Then those up
 * to it are kept. */
static bool is_above_end(struct stack_resolver *resolver, const struct climbed_stack *climbed,
                         uint64_t pointer)
{
    if (climbed->end_count >= resolver->frame_count || pointer == climbed->end ||
        !stack_copy_has(&resolver->copy, pointer))
        return false;
    return !cut_above(resolver, pointer) || resolver->frame_count > climbed->end_count;
}

enum stack_trust stack_resolve(struct stack_resolver *resolver, struct standing_frames *standing)
{
    uint64_t pointer = resolver->copy.pointer;

    resolver->frame_count = 0;
    if (pointer == 0)
        return STACK_WHOLE;
    struct climbed_stack climbed = stack_climb(resolver, standing);
    if (climbed.is_cut && resolver->frame_count < UNWIND_MAX_FRAMES)
        return STACK_INVALID;
    uint64_t below = 0;
    if (drop_returned(resolver, &climbed, &below)) {
        find_top_below(resolver, &climbed, below);
    } else if (climbed.is_torn) {
        return resolver->frame_count > 0 ? STACK_PARTIAL : STACK_INVALID;
    } else if (is_above_end(resolver, &climbed, pointer)) {
        return STACK_WHOLE;
    } else if (climbed.end_count > 0 || resolver->frame_count == 0) {
        resolver->frame_count = climbed.end_count;
        find_top(resolver, &(struct base){.address = climbed.end}, pointer);
    } else if (!put_outside_on_any(resolver, pointer)) {
        cut_above(resolver, pointer); /* to 3.13: its top is being left */
    }
    return resolver->frame_count > 0 || stack_copy_is_empty(&resolver->copy) ? STACK_WHOLE : STACK_INVALID;
}

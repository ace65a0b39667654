#include "python/outside_chain.h"

/* Follow the links from a frame outside of the data stack, which called `callee`, as they were copied.
 *
 * returns  whether they led to the data stack, or to the end */
static bool follow_copied(struct stack_resolver *resolver, uint64_t address, uint64_t callee,
                          struct outside_chain *chain)
{
    bool is_suspended = false;

    for (chain->count = 0; address != 0; chain->count++) {
        struct frame_view view;
        if (chain->count == OUTSIDE_CHAIN_MAX || !resolver_take_step(resolver) ||
            !stack_copy_view(&resolver->copy, address, &view))
            return false;
        if (view.in_chunk)
            break;
        bool is_internal = view.owner >= resolver->layout->frame.first_internal_owner;
        if (!is_internal && resolver_find_code(resolver, &view) == NULL)
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

/* Whether a frame outside of the data stack is still the one of a link: it has its code object, or has ended
 * and stopped in its bytecode. */
static bool is_same_frame(struct stack_resolver *resolver, const struct frame_view *view,
                          const struct frame_link *link)
{
    struct frame_view ended = *view;

    if (view->executable == link->executable)
        return true;
    ended.executable = link->executable;
    return view->executable == 0 && resolver_find_code(resolver, &ended) != NULL;
}

/* Follow the links from such a frame as they were when they led to the data stack the last time, if their
 * frames are still there.
 *
 * returns  whether there were any */
static bool follow_remembered(struct stack_resolver *resolver, uint64_t address, uint64_t callee,
                              struct outside_chain *chain)
{
    for (chain->count = 0;; chain->count++) {
        const struct frame_link *link = frame_links_find(&resolver->links, address, callee);
        struct frame_view view;
        if (link == NULL)
            break;
        if (chain->count == OUTSIDE_CHAIN_MAX || !resolver_take_step(resolver))
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

void outside_chain_add(struct stack_resolver *resolver, const struct outside_chain *chain, size_t count)
{
    for (size_t i = chain->count; i-- > chain->count - count;) {
        const struct frame_link *link = &chain->links[i];
        struct frame_view view = {
            .address = link->frame, .executable = link->executable, .instruction = link->instruction};
        const struct code_object *code =
            link->executable != 0 ? code_cache_find(resolver->codes, link->executable) : NULL;
        stack_copy_want(&resolver->copy, link->frame);
        if (code != NULL)
            resolver_add_frame(resolver, &view, code);
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

bool outside_chain_add_between(struct stack_resolver *resolver, uint64_t caller, uint64_t callee,
                               uint64_t lower)
{
    struct outside_chain chain;

    if (caller == lower)
        return true;
    if (follow_copied(resolver, caller, callee, &chain) && chain.base == lower)
        learn_chain(resolver, &chain);
    else if (!follow_remembered(resolver, caller, callee, &chain) || chain.base != lower)
        return false;
    outside_chain_add(resolver, &chain, chain.count);
    return true;
}

bool outside_chain_find(struct stack_resolver *resolver, uint64_t address, struct outside_chain *chain)
{
    if (address == 0 || stack_copy_has(&resolver->copy, address))
        return false;
    if (!follow_copied(resolver, address, 0, chain))
        return follow_remembered(resolver, address, 0, chain);
    learn_chain(resolver, chain);
    return true;
}

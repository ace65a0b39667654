#include "sampler/stack_path.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>

enum {
    MAX_VERIFIED_AT_ONCE = 64,
    AGE_PER_TRUST = 16,        /* a code object that has stood for so long is trusted for one part of it */
    LEARNING_STACKS = 300,     /* without a new call, then those that are not believed yet are forgotten */
    BELIEVED_SIGHTINGS = 3,    /* of a call, so soon one after the other */
    MAX_KNOWN_CALLS = 1 << 18, /* then they are learned anew */
    MAX_NEW_CALLS = 64,        /* of one stack that are not believed */
};

static const uint64_t longest_trust_ns = 2 * NS_PER_SECOND;

void stack_namer_see_generation(struct stack_namer *namer, uint64_t generation, uint64_t now_ns)
{
    if (generation == namer->code_object_generation)
        return;
    namer->code_object_generation = generation;
    namer->suspect_ns = now_ns;
}

void stack_namer_release(struct stack_namer *namer)
{
    hash_map_free(&namer->known_calls);
    hash_map_free(&namer->new_calls);
}

void stack_path_release(struct stack_path *path)
{
    free(path->steps);
}

/* How long an entry of the code cache may be trusted from now on. Where the interpreter counts the code
 * objects that it frees, until that count moves. Else the longer it has stood the longer: functions of
 * modules live on, what exec() makes goes at once. */
static uint64_t trust_until(const struct stack_namer *namer, const struct code_object *code)
{
    if (namer->code_object_generation != 0)
        return code->verified_ns >= namer->suspect_ns ? UINT64_MAX : 0;
    uint64_t proven = (code->verified_ns - code->added_ns) / AGE_PER_TRUST;
    return code->verified_ns + (proven < longest_trust_ns ? proven : longest_trust_ns);
}

/* How many of the outermost frames stand as they did in the last stack. */
static size_t count_standing(const struct stack_path *path, const struct stack *stack)
{
    size_t count = stack->count < path->count ? stack->count : path->count;
    size_t depth = 0;

    for (; depth < count; depth++) {
        const struct frame *frame = &stack->frames[stack->count - 1 - depth];
        if (path->steps[depth].code != frame->code || path->steps[depth].instruction != frame->instruction)
            break;
    }
    return depth;
}

/* A path is trusted like the least trusted of its steps. */
static void trust_step(struct stack_path *path, const struct path_step *step)
{
    if (step->trusted_until_ns < path->trusted_until_ns)
        path->trusted_until_ns = step->trusted_until_ns;
    if (step->trusted_ns < path->trusted_ns)
        path->trusted_ns = step->trusted_ns;
}

/* Whether the code object of a frame is to be compared with memory. If it is not, the step that the frame has stood in since the
 * last stack is told for how long.
 *
 * step  NULL when the frame is a new one */
static bool is_due(const struct stack_namer *namer, uint64_t address, struct path_step *step, uint64_t now_ns)
{
    if (step != NULL && now_ns <= step->trusted_until_ns && step->trusted_ns >= namer->suspect_ns)
        return false;
    const struct code_object *code = code_cache_find(namer->codes, address);
    if (code == NULL)
        return false;
    uint64_t trusted_until_ns = trust_until(namer, code);
    if (trusted_until_ns < now_ns && code->verified_ns != now_ns)
        return true;
    if (step != NULL) {
        step->trusted_until_ns = trusted_until_ns;
        step->trusted_ns = now_ns;
    }
    return false;
}

/* Compare the code objects of a stack with memory where that is due: of frames that stand only when the path is not trusted
 * any more.
 *
 * standing  so many of the outermost frames are those of the path */
static void verify_codes(struct stack_namer *namer, struct stack_path *path, const struct stack *stack,
                         size_t standing, uint64_t now_ns)
{
    uint64_t addresses[MAX_VERIFIED_AT_ONCE];
    bool is_trusted = now_ns <= path->trusted_until_ns && path->trusted_ns >= namer->suspect_ns;
    size_t end = is_trusted ? standing : 0;
    size_t depth = stack->count; /* from the innermost frame on */
    size_t due = 0;

    if (!is_trusted)
        path->trusted_until_ns = path->trusted_ns = UINT64_MAX;
    while (depth > end && due < MAX_VERIFIED_AT_ONCE) {
        depth--;
        uint64_t address = stack->frames[stack->count - 1 - depth].code;
        struct path_step *step = depth < standing ? &path->steps[depth] : NULL;
        if (is_due(namer, address, step, now_ns))
            addresses[due++] = address;
        if (step != NULL)
            trust_step(path, step);
    }
    if (depth > end) /* there are more than can be compared at once */
        path->trusted_until_ns = 0;
    if (due > 0)
        code_cache_verify(namer->codes, addresses, due, now_ns);
}

/* Nothing is known of a path that began elsewhere, or may go through a code object that is another one now. */
static void begin_path(struct stack_path *path, const struct stack_namer *namer, uint32_t base)
{
    uint64_t epoch = code_cache_epoch(namer->codes);

    if (path->epoch == epoch && path->base == base)
        return;
    path->count = 0;
    path->epoch = epoch;
    path->base = base;
    path->trusted_until_ns = path->trusted_ns = UINT64_MAX;
}

/* The function of a node; UINT32_MAX of the root. */
static uint32_t function_of(const struct stack_namer *namer, uint32_t node)
{
    return node != CALL_TREE_ROOT ? call_tree_node(namer->tree, node)->function : UINT32_MAX;
}

static uint64_t call_key(uint32_t calling, uint32_t function)
{
    return (uint64_t)calling << 32 | function;
}

static void learn_call(struct stack_namer *namer, uint64_t call)
{
    if (namer->known_calls.used >= MAX_KNOWN_CALLS)
        hash_map_clear(&namer->known_calls);
    hash_map_set(&namer->known_calls, call, 1);
}

/* Whether the code objects of two frames are the ones that are known by their addresses. */
static bool are_still_known(struct stack_namer *namer, const struct frame *frame, const struct frame *caller,
                            uint64_t now_ns)
{
    const struct frame *frames[] = {frame, caller};
    uint64_t addresses[2];
    size_t due = 0;

    for (size_t i = 0; i < 2; i++) {
        const struct code_object *code =
            frames[i] != NULL ? code_cache_find(namer->codes, frames[i]->code) : NULL;
        if (code != NULL && code->verified_ns != now_ns)
            addresses[due++] = frames[i]->code;
    }
    return due == 0 || code_cache_verify(namer->codes, addresses, due, now_ns) == 0;
}

/* Count that a call was seen; true when that was often enough to believe it. */
static bool count_sighting(struct stack_namer *namer, uint64_t call)
{
    const uint32_t *before = hash_map_find(&namer->new_calls, call);
    uint32_t sightings = before != NULL ? *before + 1 : 1;

    if (before == NULL && namer->new_calls.used >= MAX_KNOWN_CALLS)
        hash_map_clear(&namer->new_calls);
    hash_map_set(&namer->new_calls, call, sightings);
    return sightings >= BELIEVED_SIGHTINGS;
}

/* Whether a call that is not known is believed, now that it is seen at a depth of a stack. If it is not, it counts when caller
 * and callee were copied at one moment. */
static bool believe_call(struct stack_namer *namer, const struct stack *stack, size_t depth, uint64_t call)
{
    size_t index = stack->count - 1 - depth;
    const struct frame *frame = &stack->frames[index];
    const struct frame *calling = depth > 0 ? frame + 1 : NULL; /* NULL: the outermost has none */
    bool is_one_moment = calling == NULL || index + 1 < stack->inner;
    bool is_believed = depth < stack->proven ||
                       (calling != NULL && code_cache_names(namer->codes, calling->code, frame->code)) ||
                       (is_one_moment && count_sighting(namer, call));

    namer->settled_stacks = 0;
    if (is_believed)
        learn_call(namer, call);
    return is_believed;
}

void stack_namer_learn(struct stack_namer *namer, uint32_t base, const struct stack *stack, uint64_t now_ns)
{
    uint32_t calling = function_of(namer, base);
    size_t new_calls = 0;

    for (size_t depth = 0; depth < stack->count && new_calls < MAX_NEW_CALLS; depth++) {
        const struct frame *frame = &stack->frames[stack->count - 1 - depth];
        const struct code_object *code = code_cache_find(namer->codes, frame->code);
        if (code == NULL)
            continue;
        uint64_t call = call_key(calling, code->function);
        calling = code->function;
        if (hash_map_find(&namer->known_calls, call) != NULL)
            continue;
        if (!are_still_known(namer, frame, depth > 0 ? frame + 1 : NULL, now_ns))
            return;
        new_calls += !believe_call(namer, stack, depth, call);
    }
}

bool stack_namer_is_learning(const struct stack_namer *namer)
{
    return namer->settled_stacks < LEARNING_STACKS;
}

/* A whole stack was named. */
static void note_settled(struct stack_namer *namer)
{
    if (!stack_namer_is_learning(namer))
        return;
    if (++namer->settled_stacks == LEARNING_STACKS)
        hash_map_clear(&namer->new_calls);
}

/* Go from the node of a caller to that of its callee, unless that call is not known yet. */
static bool make_step(struct stack_namer *namer, const struct frame *frame, uint32_t *node,
                      struct path_step *step, uint64_t now_ns)
{
    const struct code_object *code = code_cache_find(namer->codes, frame->code);
    uint64_t trusted_until_ns = 0;

    if (code != NULL) {
        uint32_t line = code_cache_line(namer->codes, code, frame->instruction);
        uint32_t next = call_tree_find_node(namer->tree, *node, code->function, line);
        if (next == CALL_TREE_ROOT) {
            uint64_t call = call_key(function_of(namer, *node), code->function);
            if (hash_map_find(&namer->known_calls, call) == NULL)
                return false;
            next = call_tree_add_node(namer->tree, *node, code->function, line);
        }
        *node = next;
        trusted_until_ns = trust_until(namer, code);
    }
    *step = (struct path_step){
        .code = frame->code,
        .instruction = frame->instruction,
        .node = *node,
        .trusted_until_ns = trusted_until_ns,
        .trusted_ns = now_ns,
    };
    return true;
}

size_t stack_path_find_node(struct stack_path *path, struct stack_namer *namer, uint32_t base,
                            const struct stack *stack, uint64_t now_ns, uint32_t *node)
{
    begin_path(path, namer, base);
    size_t standing = count_standing(path, stack);
    verify_codes(namer, path, stack, standing, now_ns);
    begin_path(path, namer, base);
    size_t depth = standing < path->count ? standing : path->count;

    path->is_same = depth == stack->count && depth == path->count;
    path->steps = memory_grow(path->steps, &path->capacity, stack->count, sizeof(*path->steps));
    *node = depth > 0 ? path->steps[depth - 1].node : base;
    for (; depth < stack->count; depth++) {
        const struct frame *frame = &stack->frames[stack->count - 1 - depth];
        if (!make_step(namer, frame, node, &path->steps[depth], now_ns))
            break;
        trust_step(path, &path->steps[depth]);
    }
    path->count = depth;
    if (depth == stack->count)
        note_settled(namer);
    return depth;
}

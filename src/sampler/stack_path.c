#include "sampler/stack_path.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>

enum {
    MAX_VERIFIED_AT_ONCE = 64,
};

static const uint64_t longest_trust_ns = 2 * NS_PER_SECOND;

void stack_namer_see_generation(struct stack_namer *namer, uint64_t generation, uint64_t now_ns)
{
    if (generation == namer->code_object_generation)
        return;
    namer->code_object_generation = generation;
    namer->suspect_ns = now_ns;
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
    uint64_t proven = (code->verified_ns - code->added_ns) / 4;
    return code->verified_ns + (proven < longest_trust_ns ? proven : longest_trust_ns);
}

static struct path_step *known_step(struct stack_path *path, const struct frame *frame, size_t depth)
{
    if (depth >= path->count)
        return NULL;
    struct path_step *step = &path->steps[depth];
    return step->code == frame->code && step->instruction == frame->instruction ? step : NULL;
}

/* How many frames, from the outermost one in, stand as they did at the last sample. */
static size_t count_known(struct stack_path *path, const struct frame *frames, size_t count)
{
    size_t known = 0;

    while (known < count && known_step(path, &frames[count - 1 - known], known) != NULL)
        known++;
    return known;
}

/* Compare the code objects of the innermost `unproven` frames of a stack with memory where that is due. */
static void verify_codes(struct stack_namer *namer, struct stack_path *path, const struct frame *frames,
                         size_t unproven, size_t count, uint64_t now_ns)
{
    uint64_t addresses[MAX_VERIFIED_AT_ONCE];
    size_t due = 0;

    for (size_t i = 0; i < unproven && due < MAX_VERIFIED_AT_ONCE; i++) {
        struct path_step *step = known_step(path, &frames[i], count - 1 - i);
        if (step != NULL && now_ns <= step->trusted_until_ns && step->trusted_ns >= namer->suspect_ns)
            continue;
        const struct code_object *code = code_cache_find(namer->codes, frames[i].code);
        if (code == NULL)
            continue;
        uint64_t trusted_until_ns = trust_until(namer, code);
        if (trusted_until_ns < now_ns && code->verified_ns != now_ns) {
            addresses[due++] = frames[i].code;
        } else if (step != NULL) {
            step->trusted_until_ns = trusted_until_ns;
            step->trusted_ns = now_ns;
        }
    }
    if (due > 0)
        code_cache_verify(namer->codes, addresses, due, now_ns);
}

/* Nothing is known of a path that began elsewhere, or went through a code object that is another one now. */
static bool start_over(struct stack_path *path, const struct stack_namer *namer, uint32_t base)
{
    uint64_t epoch = code_cache_epoch(namer->codes);

    if (path->epoch == epoch && path->base == base)
        return false;
    path->count = 0;
    path->trusted_until_ns = 0;
    path->epoch = epoch;
    path->base = base;
    return true;
}

/* The step that a frame makes from the node of its caller. */
static struct path_step make_step(struct stack_namer *namer, const struct frame *frame, uint32_t caller,
                                  uint64_t now_ns)
{
    const struct code_object *code = code_cache_find(namer->codes, frame->code);
    struct path_step step = {
        .code = frame->code,
        .instruction = frame->instruction,
        .node = caller,
        .trusted_ns = now_ns,
    };

    if (code != NULL) {
        step.trusted_until_ns = trust_until(namer, code);
        step.node = call_tree_add_node(namer->tree, caller, code->function,
                                       code_cache_line(namer->codes, code, frame->instruction));
    }
    return step;
}

uint32_t stack_path_find_node(struct stack_path *path, struct stack_namer *namer, uint32_t base,
                              const struct frame *frames, size_t count, uint64_t now_ns)
{
    start_over(path, namer, base);
    size_t known = count_known(path, frames, count);
    bool trusted = now_ns <= path->trusted_until_ns && path->trusted_ns >= namer->suspect_ns;
    verify_codes(namer, path, frames, trusted ? count - known : count, count, now_ns);
    if (start_over(path, namer, base)) {
        known = 0;
        trusted = false;
    }
    if (!trusted)
        path->trusted_until_ns = path->trusted_ns = UINT64_MAX;
    path->steps = memory_grow(path->steps, &path->capacity, count, sizeof(*path->steps));
    size_t depth = trusted ? known : 0;
    uint32_t node = depth > 0 ? path->steps[depth - 1].node : base;
    for (; depth < count; depth++) {
        struct path_step *step = &path->steps[depth];
        if (depth >= known)
            *step = make_step(namer, &frames[count - 1 - depth], node, now_ns);
        node = step->node;
        if (step->trusted_until_ns < path->trusted_until_ns)
            path->trusted_until_ns = step->trusted_until_ns;
        if (step->trusted_ns < path->trusted_ns)
            path->trusted_ns = step->trusted_ns;
    }
    path->is_same = known == count && count == path->count;
    path->count = count;
    return node;
}

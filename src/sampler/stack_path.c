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

/* Compare the code objects of a stack with memory where that is due. */
static void verify_codes(struct stack_namer *namer, struct stack_path *path, const struct frame *frames,
                         size_t count, uint64_t now_ns)
{
    uint64_t addresses[MAX_VERIFIED_AT_ONCE];
    size_t due = 0;

    for (size_t i = 0; i < count && due < MAX_VERIFIED_AT_ONCE; i++) {
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
    if (due > 0 && code_cache_verify(namer->codes, addresses, due, now_ns) > 0)
        namer->epoch++;
}

uint32_t stack_path_find_node(struct stack_path *path, struct stack_namer *namer, uint32_t base,
                              const struct frame *frames, size_t count, uint64_t now_ns)
{
    uint32_t node = base;
    bool same = true;

    verify_codes(namer, path, frames, count, now_ns);
    if (path->epoch != namer->epoch || path->base != base) {
        path->count = 0;
        path->epoch = namer->epoch;
        path->base = base;
    }
    path->steps = memory_grow(path->steps, &path->capacity, count, sizeof(*path->steps));
    for (size_t depth = 0; depth < count; depth++) {
        const struct frame *frame = &frames[count - 1 - depth];
        const struct path_step *known = same ? known_step(path, frame, depth) : NULL;
        if (known != NULL) {
            node = known->node;
            continue;
        }
        same = false;
        const struct code_object *code = code_cache_find(namer->codes, frame->code);
        if (code != NULL)
            node = call_tree_add_node(namer->tree, node, code->function,
                                      code_cache_line(namer->codes, code, frame->instruction));
        path->steps[depth] = (struct path_step){
            .code = frame->code,
            .instruction = frame->instruction,
            .node = node,
            .trusted_until_ns = code != NULL ? trust_until(namer, code) : 0,
            .trusted_ns = now_ns,
        };
    }
    path->is_same = same && count == path->count;
    path->count = count;
    return node;
}

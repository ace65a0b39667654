/* Proof and what is kept of a thread's last path change nothing about what is seen: random changes of a make-believe stack,
 * each read with and without. */
#include "fake_interpreter.h"
#include "sampler/stack_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    VERSION_3_11 = 0x030b0000,
    VERSION_3_12 = 0x030c0000,
    VERSION_3_14 = 0x030e0000,
    ROUNDS = 3000,
    MAX_DEPTH = 400,
    CHUNK_FRAMES = 60,
    MAX_TRIES = 8,
};

static const uint32_t versions[] = {VERSION_3_11, VERSION_3_12, VERSION_3_14};

/* A frame, and the data stack as it was before it was pushed. */
struct pushed {
    uint64_t frame;
    unsigned char *chunk;
    size_t used;
    size_t outside; /* frames that are not on the data stack, among all to this one */
};

struct model {
    struct fake_interpreter fake;
    struct pushed stack[MAX_DEPTH];
    size_t depth;
    unsigned char *chunks[MAX_DEPTH / CHUNK_FRAMES + 1]; /* that were made, to be used again */
    uint64_t random;
    uint32_t line; /* of the last code object that was made */
};

static size_t choose(struct model *model, size_t count)
{
    model->random = model->random * 6364136223846793005U + 1442695040888963407U;
    return (size_t)(model->random >> 33) % count;
}

static unsigned char *bytes_at(uint64_t address)
{
    return (unsigned char *)(uintptr_t)address;
}

static uint64_t top_frame(const struct model *model)
{
    return model->depth > 0 ? model->stack[model->depth - 1].frame : 0;
}

static void move_instruction(struct model *model, uint64_t frame)
{
    const struct python_layout *layout = &model->fake.layout;
    uint64_t code;

    memcpy(&code, bytes_at(frame) + layout->frame.executable, sizeof(code));
    uint64_t instruction =
        code + layout->code.instructions + 2 * (choose(model, 2000) == 0 ? 0 : 1 + choose(model, 3));
    memcpy(bytes_at(frame) + layout->frame.instruction, &instruction, sizeof(instruction));
}

static void push(struct model *model)
{
    struct fake_interpreter *fake = &model->fake;
    struct pushed *pushed = &model->stack[model->depth];
    uint64_t previous = top_frame(model);

    if (model->depth == MAX_DEPTH)
        return;
    *pushed = (struct pushed){.chunk = fake->chunk, .used = fake->used};
    if (model->depth > 0)
        pushed->outside = model->stack[model->depth - 1].outside;
    if (model->depth > 0 && pushed->outside < FAKE_CODES && choose(model, 15) == 0) {
        pushed->frame = fake_outside(fake, pushed->outside++, previous, (uint8_t)(1 + choose(model, 3)));
    } else {
        size_t place = model->depth / CHUNK_FRAMES;
        if (model->depth % CHUNK_FRAMES == CHUNK_FRAMES - 1)
            model->chunks[place] = fake_push_chunk(fake, model->chunks[place]);
        pushed->frame = fake_push(fake, choose(model, 3), previous);
    }
    model->depth++;
    move_instruction(model, pushed->frame);
}

static void pop(struct model *model)
{
    struct fake_interpreter *fake = &model->fake;

    if (model->depth <= 1)
        return;
    const struct pushed *popped = &model->stack[--model->depth];
    uint64_t chunk = (uint64_t)(uintptr_t)popped->chunk;
    if (fake->layout.frame.popped_is_null)
        fake_clear_executable(fake, popped->frame);
    fake->chunk = popped->chunk;
    fake->used = popped->used;
    memcpy(fake->thread_state + fake->layout.thread.datastack_chunk, &chunk, sizeof(chunk));
    fake_set_top(fake, chunk + popped->used);
}

/* Free a code object, and make another one where it was: its line tells, or it is too short for what executes. */
static void replace_code(struct model *model)
{
    const struct python_layout *layout = &model->fake.layout;
    unsigned char *code = bytes_at(model->fake.codes[choose(model, 3)]);
    uint64_t units = choose(model, 100) == 0 ? 4 : 8;

    model->line++;
    memcpy(code + layout->code.firstlineno, &model->line, sizeof(model->line));
    memcpy(code + layout->code.code_units, &units, sizeof(units));
}

static void change(struct model *model)
{
    size_t near =
        choose(model, 40) > 0 && model->depth > 4 ? 4 : model->depth; /* most changes are near the top */
    uint64_t frame = model->stack[model->depth - 1 - choose(model, near)].frame;
    size_t moves = 1 + choose(model, choose(model, 8) == 0 ? 150 : 4);

    switch (choose(model, 16)) {
    case 0:
        replace_code(model);
        break;
    case 1:
        move_instruction(model, frame);
        break;
    case 2:
        fake_set_executing(&model->fake, frame, choose(model, 2) == 0);
        break;
    case 3:
        if (model->fake.layout.frame.is_entry != LAYOUT_NONE)
            fake_set_entry(&model->fake, frame);
        break;
    case 4: /* seldom: it stays until the frame is popped */
        if (choose(model, 20) == 0)
            fake_set_previous(&model->fake, frame, model->stack[choose(model, model->depth)].frame);
        break;
    case 5: /* back to the beginning, where nothing contradicts itself */
        if (choose(model, 20) == 0)
            moves = MAX_DEPTH;
        /* fall through */
    case 6:
    case 7:
        for (size_t i = 0; i < moves; i++)
            pop(model);
        break;
    case 8: /* return, and call as many others */
        for (size_t i = 0; i < moves; i++)
            pop(model);
        for (size_t i = 0; i < moves; i++)
            push(model);
        break;
    default:
        for (size_t i = 0; i < moves; i++)
            push(model);
    }
    fake_set_current(&model->fake, choose(model, 8) == 0 ? model->stack[choose(model, model->depth)].frame
                                                         : top_frame(model));
}

/* Read the stack of a thread with proof and without, and name it with what is known of it and with nothing. */
static size_t compare(struct model *model, struct stack_hint *plain, struct stack_path *path,
                      struct stack_namer *namer, uint64_t now_ns)
{
    struct fake_interpreter *fake = &model->fake;
    struct frame first_frames[UNWIND_MAX_FRAMES];

    unwinder_begin_sample(fake->unwinder);
    struct stack first = unwinder_read(fake->unwinder, &fake->thread, plain, NULL, false, now_ns);
    memcpy(first_frames, first.frames, first.count * sizeof(first_frames[0]));
    struct stack stack = unwinder_read(fake->unwinder, &fake->thread, &fake->hint, NULL, true, now_ns);
    assert_true(stack.proven <= stack.count);
    assert_int_equal(stack.trust, first.trust);
    assert_int_equal(stack.count, first.count);
    assert_memory_equal(stack.frames, first_frames, stack.count * sizeof(first_frames[0]));

    struct stack_hint forgetful = *plain;
    forgetful.standing = (struct standing_frames){0};
    unwinder_begin_sample(fake->unwinder);
    first = unwinder_read(fake->unwinder, &fake->thread, plain, NULL, false, now_ns);
    memcpy(first_frames, first.frames, first.count * sizeof(first_frames[0]));
    unwinder_begin_sample(fake->unwinder);
    struct stack again = unwinder_read(fake->unwinder, &fake->thread, &forgetful, NULL, false, now_ns);
    assert_int_equal(again.trust, first.trust);
    assert_int_equal(again.count, first.count);
    assert_memory_equal(again.frames, first_frames, again.count * sizeof(first_frames[0]));
    stack_hint_free(&forgetful);
    stack = unwinder_read(fake->unwinder, &fake->thread, &fake->hint, NULL, true, now_ns);

    struct stack_path unknown = {0};
    uint32_t node = CALL_TREE_ROOT, plain_node;
    stack.proven = stack.count;
    size_t named = 0;
    for (size_t tries = 0; named < stack.count && tries < MAX_TRIES; tries++) {
        stack_namer_learn(namer, CALL_TREE_ROOT, &stack, now_ns); /* a code object may be another one now */
        named = stack_path_find_node(path, namer, CALL_TREE_ROOT, &stack, now_ns, &node);
    }
    assert_int_equal(named, stack.count);
    uint64_t epoch = code_cache_epoch(namer->codes);
    stack_path_find_node(&unknown, namer, CALL_TREE_ROOT, &stack, now_ns, &plain_node);
    stack_path_release(&unknown);
    if (epoch ==
        code_cache_epoch(namer->codes)) /* else other code objects happened to be compared with memory */
        assert_int_equal(node, plain_node);
    return stack.count;
}

static void test_proof_and_what_is_kept_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        static struct model model;
        model = (struct model){.random = i + 1, .line = 1};
        fake_open(&model.fake, versions[i]);
        struct stack_hint plain = {0};
        struct stack_path path = {0};
        struct stack_namer namer = {.codes = model.fake.cache, .tree = model.fake.tree};
        size_t deep = 0;
        push(&model);
        for (uint64_t round = 0; round < ROUNDS; round++) {
            for (size_t changes = choose(&model, 4); changes > 0; changes--)
                change(&model);
            deep += compare(&model, &plain, &path, &namer, 1000000000 + round * 1000000) > 100;
        }
        assert_true(deep > ROUNDS / 10);
        stack_path_release(&path);
        stack_namer_release(&namer);
        stack_hint_free(&plain);
        fake_close(&model.fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proof_and_what_is_kept_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

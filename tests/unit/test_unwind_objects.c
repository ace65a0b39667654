/* The unwinder of frames that are objects, on a make-believe interpreter in the test's own memory. */
#include "python/unwind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    FRAMES = 8,
    OBJECT_BYTES = 1024,
};

struct fake {
    struct python_layout layout;
    struct thread_reference thread;
    struct stack_hint hint;
    struct call_tree *tree;
    struct code_cache *codes;
    struct unwinder *unwinder;
    _Alignas(16) unsigned char interpreter[16 * OBJECT_BYTES];
    _Alignas(16) unsigned char thread_state[OBJECT_BYTES];
    _Alignas(16) unsigned char frame_type[OBJECT_BYTES];
    _Alignas(16) unsigned char code_type[OBJECT_BYTES];
    _Alignas(16) unsigned char bytecode[OBJECT_BYTES];
    _Alignas(16) unsigned char lines[OBJECT_BYTES];
    _Alignas(16) unsigned char names[FRAMES][OBJECT_BYTES];
    _Alignas(16) unsigned char codes_of[FRAMES][OBJECT_BYTES];
    _Alignas(16) unsigned char frames[FRAMES][OBJECT_BYTES];
};

static void put_u64(unsigned char *bytes, size_t offset, uint64_t value)
{
    memcpy(bytes + offset, &value, sizeof(value));
}

static void put_u32(unsigned char *bytes, size_t offset, uint32_t value)
{
    memcpy(bytes + offset, &value, sizeof(value));
}

static uint64_t address_of(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

static void make_name(struct fake *fake, size_t index)
{
    const struct python_layout *layout = &fake->layout;
    unsigned char *object = fake->names[index];
    char text[8];
    int length = snprintf(text, sizeof(text), "f%zu", index);

    put_u64(object, layout->unicode.length, (uint64_t)length);
    put_u32(object, layout->unicode.state,
            1U << layout->unicode.kind_shift | 1U << layout->unicode.compact_shift |
                1U << layout->unicode.ascii_shift);
    memcpy(object + layout->unicode.ascii_data, text, (size_t)length);
}

/* A frame that executes function `index`, called by the frame of function `back`; FRAMES: by nobody. */
static void set_frame(struct fake *fake, size_t index, size_t back)
{
    const struct python_layout *layout = &fake->layout;
    unsigned char *frame = fake->frames[index];

    put_u64(frame, layout->frame_object.reference_count, 1);
    put_u64(frame, layout->object.type, address_of(fake->frame_type));
    put_u64(frame, layout->frame_object.back, back < FRAMES ? address_of(fake->frames[back]) : 0);
    put_u64(frame, layout->frame_object.code, address_of(fake->codes_of[index]));
    put_u32(frame, layout->frame_object.last_instruction, 4);
    frame[layout->frame_object.state] = layout->frame_object.executing;
}

/* As the frame of a call that is over, which is kept for its code object. */
static void set_over(struct fake *fake, size_t index)
{
    put_u64(fake->frames[index], fake->layout.frame_object.reference_count, 0);
    fake->frames[index][fake->layout.frame_object.state] = 3;
}

/* As a generator that is suspended. */
static void set_suspended(struct fake *fake, size_t index)
{
    put_u64(fake->frames[index], fake->layout.frame_object.back, 0);
    fake->frames[index][fake->layout.frame_object.state] = (unsigned char)-1;
}

static void set_top(struct fake *fake, size_t index)
{
    put_u64(fake->thread_state, fake->layout.thread.frame_object,
            index < FRAMES ? address_of(fake->frames[index]) : 0);
}

static struct fake *fake_new(uint32_t version)
{
    struct fake *fake = aligned_alloc(16, (sizeof(*fake) + 15) / 16 * 16);

    memset(fake, 0, sizeof(*fake));
    assert_null(layout_from_version(&fake->layout, version));
    const struct python_layout *layout = &fake->layout;
    fake->thread = (struct thread_reference){
        .address = address_of(fake->thread_state),
        .interpreter = address_of(fake->interpreter),
        .thread_id = 4711,
        .native_id = 1,
    };
    put_u64(fake->thread_state, layout->thread.interpreter, fake->thread.interpreter);
    put_u64(fake->thread_state, layout->thread.thread_id, fake->thread.thread_id);
    put_u64(fake->frame_type, layout->object.type_name, address_of("frame"));
    put_u64(fake->code_type, layout->object.type_name, address_of("code"));
    put_u64(fake->bytecode, layout->bytes.length, 16);
    for (size_t i = 0; i < FRAMES; i++) {
        unsigned char *code = fake->codes_of[i];
        make_name(fake, i);
        put_u64(code, layout->object.type, address_of(fake->code_type));
        put_u64(code, layout->code.filename, address_of(fake->names[0]));
        put_u64(code, layout->code.name, address_of(fake->names[i]));
        put_u64(code, layout->code.linetable, address_of(fake->lines));
        put_u64(code, layout->code.bytecode, address_of(fake->bytecode));
        put_u32(code, layout->code.firstlineno, 1);
        set_frame(fake, i, i == 0 ? FRAMES : i - 1);
    }
    fake->tree = call_tree_new();
    fake->codes = code_cache_new(getpid(), layout, fake->tree);
    fake->unwinder = unwinder_new(getpid(), layout, fake->codes);
    return fake;
}

static void fake_free(struct fake *fake)
{
    stack_hint_free(&fake->hint);
    unwinder_free(fake->unwinder);
    code_cache_free(fake->codes);
    call_tree_free(fake->tree);
    free(fake);
}

static void assert_stack(struct fake *fake, enum stack_trust expected_trust, const char *expected)
{
    char names[256] = "";
    unwinder_begin_sample(fake->unwinder);
    struct stack stack = unwinder_read(fake->unwinder, &fake->thread, &fake->hint, NULL, false, 1000000);

    for (size_t i = 0; i < stack.count && i < FRAMES * 2; i++) {
        const struct code_object *code = code_cache_find(fake->codes, stack.frames[i].code);
        size_t length = strlen(names);
        snprintf(names + length, sizeof(names) - length, "%s%s", i > 0 ? " " : "",
                 call_tree_function(fake->tree, code->function)->name);
    }
    assert_string_equal(names, expected);
    assert_int_equal(stack.trust, expected_trust);
}

static const uint32_t versions[] = {0x030612f0, 0x030912f0, 0x030a0df0};

static void stack_is_what_the_links_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct fake *fake = fake_new(versions[i]);
        set_top(fake, 7);
        assert_stack(fake, STACK_WHOLE, "f7 f6 f5 f4 f3 f2 f1 f0");
        assert_stack(fake, STACK_WHOLE, "f7 f6 f5 f4 f3 f2 f1 f0");
        set_top(fake, 1);
        assert_stack(fake, STACK_WHOLE, "f1 f0");
        set_top(fake, FRAMES);
        assert_stack(fake, STACK_WHOLE, "");
        fake_free(fake);
    }
}

/* Calls that were over before their frames were copied: these still tell where they were called from. */
static void call_that_is_over_tells_who_called(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct fake *fake = fake_new(versions[i]);
        set_top(fake, 4);
        set_over(fake, 4);
        set_over(fake, 3);
        assert_stack(fake, STACK_WHOLE, "f4 f3 f2 f1 f0");
        fake_free(fake);
    }
}

/* A frame that went to the free list is linked to the next one there, by the field of the caller. */
static void frame_in_free_list_counts_where_it_was_called_last(void **state)
{
    (void)state;
    struct fake *fake = fake_new(versions[1]);

    set_top(fake, 2);
    assert_stack(fake, STACK_WHOLE, "f2 f1 f0");
    set_over(fake, 2);
    put_u64(fake->frames[2], fake->layout.frame_object.back, address_of(fake->frames[7]));
    set_over(fake, 7);
    put_u64(fake->frames[7], fake->layout.frame_object.back, 0);
    assert_stack(fake, STACK_WHOLE, "f2 f1 f0");
    fake_free(fake);
}

/* A generator does not tell who resumed it; that is known from the last time, if that frame still waits at that call. */
static void suspended_generator_counts_where_it_was_resumed_last(void **state)
{
    (void)state;
    struct fake *fake = fake_new(versions[1]);

    set_top(fake, 2);
    assert_stack(fake, STACK_WHOLE, "f2 f1 f0");
    set_suspended(fake, 2);
    assert_stack(fake, STACK_WHOLE, "f2 f1 f0");
    put_u32(fake->frames[1], fake->layout.frame_object.last_instruction, 8);
    assert_stack(fake, STACK_PARTIAL, "f1 f0");
    fake_free(fake);
}

/* Of a recursion whose frames were used again by another one, and lie in a circle now, the function on top keeps the sample, on
 * what it was called from. */
static void recursion_that_contradicts_itself_counts_as_it_was_seen_last(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct fake *fake = fake_new(versions[i]);
        size_t back = fake->layout.frame_object.back;
        size_t code = fake->layout.frame_object.code;
        for (size_t frame = 3; frame <= 5; frame++)
            put_u64(fake->frames[frame], code, address_of(fake->codes_of[2]));
        set_top(fake, 5);
        assert_stack(fake, STACK_WHOLE, "f2 f2 f2 f2 f1 f0");
        for (size_t frame = 2; frame <= 5; frame++)
            set_over(fake, frame);
        put_u64(fake->frames[4], code, address_of(fake->codes_of[3]));
        put_u64(fake->frames[3], back, address_of(fake->frames[5]));
        assert_stack(fake, STACK_WHOLE, "f2 f2 f2 f2 f1 f0");
        set_over(fake, 1);
        assert_stack(fake, STACK_PARTIAL, "f0");
        fake_free(fake);
    }
}

static void idle_frames_are_no_callers(void **state)
{
    (void)state;
    struct fake *fake = fake_new(versions[2]);

    set_top(fake, 3);
    set_over(fake, 1);
    set_over(fake, 0);
    assert_stack(fake, STACK_INVALID, "");
    set_frame(fake, 0, FRAMES);
    set_frame(fake, 1, 0);
    set_suspended(fake, 1);
    assert_stack(fake, STACK_PARTIAL, "f0");
    fake_free(fake);
}

static void circle_of_frames_is_no_stack(void **state)
{
    (void)state;
    struct fake *fake = fake_new(versions[1]);

    set_frame(fake, 0, 3);
    set_top(fake, 3);
    assert_stack(fake, STACK_INVALID, "");
    assert_stack(fake, STACK_INVALID, "");
    fake_free(fake);
}

static void wild_pointers_are_not_followed(void **state)
{
    (void)state;
    static const uint64_t wild[] = {1, 8, 0x1000, UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 55};
    struct fake *fake = fake_new(versions[1]);

    for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
        put_u64(fake->thread_state, fake->layout.thread.frame_object, wild[i]);
        assert_stack(fake, STACK_INVALID, "");
        set_top(fake, 2);
        put_u64(fake->frames[1], fake->layout.frame_object.back, wild[i]);
        assert_stack(fake, STACK_INVALID, "");
        set_frame(fake, 1, 0);
    }
    put_u32(fake->frames[2], fake->layout.frame_object.last_instruction, 1 << 30);
    assert_stack(fake, STACK_INVALID, "");
    fake_free(fake);
}

static void thread_that_has_gone_is_noticed(void **state)
{
    (void)state;
    struct fake *fake = fake_new(versions[1]);

    set_top(fake, 2);
    put_u64(fake->thread_state, fake->layout.thread.thread_id, 4712);
    assert_stack(fake, STACK_GONE, "");
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stack_is_what_the_links_say),
        cmocka_unit_test(call_that_is_over_tells_who_called),
        cmocka_unit_test(frame_in_free_list_counts_where_it_was_called_last),
        cmocka_unit_test(suspended_generator_counts_where_it_was_resumed_last),
        cmocka_unit_test(recursion_that_contradicts_itself_counts_as_it_was_seen_last),
        cmocka_unit_test(idle_frames_are_no_callers),
        cmocka_unit_test(circle_of_frames_is_no_stack),
        cmocka_unit_test(wild_pointers_are_not_followed),
        cmocka_unit_test(thread_that_has_gone_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

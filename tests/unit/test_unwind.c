/* Protects how a stack is made out of the copy of a data stack, above all where the copy and the thread's
 * frame pointer are of different moments, and that memory which lies is survived. */
#include "fake_interpreter.h"

#include "python/frame_links.h"
#include "python/interpreters.h"
#include "python/stack_copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    VERSION_3_11 = 0x030b0000,
    VERSION_3_12 = 0x030c0000,
    VERSION_3_14 = 0x030e0000,
    OWNED_BY_GENERATOR = 1,
    OWNED_BY_C_STACK = 3,
};

static const uint32_t versions[] = {VERSION_3_11, VERSION_3_12, VERSION_3_14};

/* The outermost frame is called through an entry frame from 3.12 on. */
static uint64_t push_outermost(struct fake_interpreter *fake)
{
    uint64_t entry = fake->layout.version < VERSION_3_12 ? 0 : fake_outside(fake, 7, 0, OWNED_BY_C_STACK);

    return fake_push(fake, 0, entry);
}

static void expect(struct fake_interpreter *fake, enum stack_trust expected_trust, const char *expected)
{
    char names[256];
    enum stack_trust trust = fake_read(fake, names);

    assert_string_equal(names, expected);
    assert_int_equal(trust, expected_trust);
}

static void test_a_resting_stack_is_read_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        uint64_t second = fake_push(&fake, 1, first);
        uint64_t third = fake_push(&fake, 2, second);
        fake_set_executing(&fake, third, true);
        fake_set_current(&fake, third);
        expect(&fake, STACK_WHOLE, "f2 f1 f0");
        fake_close(&fake);
    }
}

static void test_a_thread_without_frames_is_whole_and_empty(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        fake_set_current(&fake, 0);
        expect(&fake, STACK_WHOLE, "");
        fake_close(&fake);
    }
}

static void test_a_popped_frame_at_the_pointer_is_stepped_down_from(void **state)
{
    struct fake_interpreter fake;

    (void)state;
    fake_open(&fake, VERSION_3_14);
    uint64_t first = push_outermost(&fake);
    uint64_t second = fake_push(&fake, 1, first);
    fake_set_current(&fake, second);
    fake_clear_executable(&fake, second);
    expect(&fake, STACK_WHOLE, "f0");
    fake_close(&fake);
}

static void test_frames_pushed_after_the_pointer_are_stepped_up_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        uint64_t second = fake_push(&fake, 1, first);
        uint64_t third = fake_push(&fake, 2, second);
        fake_set_executing(&fake, third, true);
        fake_set_current(&fake, first);
        expect(&fake, STACK_WHOLE, "f2 f1 f0");
        fake_close(&fake);
    }
}

static void test_a_leftover_above_an_executing_frame_is_not_taken_for_its_callee(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        uint64_t second = fake_push(&fake, 1, first);
        uint64_t leftover = fake_push(&fake, 2, second);
        fake_set_executing(&fake, second, true);
        fake_set_current(&fake, leftover);
        expect(&fake, STACK_WHOLE, "f1 f0");
        fake_set_current(&fake, second);
        expect(&fake, STACK_WHOLE, "f1 f0");
        fake_close(&fake);
    }
}

/* A function that returns looks like one that waits for its callee, from when it has saved its stack until it is popped. */
static void test_a_leftover_above_a_frame_that_is_being_left_is_not_its_callee(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        uint64_t second = fake_push(&fake, 1, first);
        uint64_t leftover = fake_push(&fake, 2, second);
        fake_push(&fake, 3, leftover);
        fake_set_current(&fake, second);
        expect(&fake, STACK_WHOLE, "f1 f0");
        fake_close(&fake);
    }
}

static void test_a_place_that_held_no_frame_is_looked_at_again_when_it_changes(void **state)
{
    static const unsigned char no_code[LAYOUT_MAX_CODE_BYTES];
    uint64_t address = (uint64_t)(uintptr_t)no_code;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        size_t used = fake.used;
        uint64_t other = fake_push(&fake, 1, 1);
        memcpy((void *)(uintptr_t)(other + fake.layout.frame.executable), &address, sizeof(address));
        fake_set_current(&fake, first);
        for (size_t reads = 0; reads < 3; reads++)
            expect(&fake, STACK_WHOLE, "f0");
        fake.used = used;
        fake_set_current(&fake, fake_push(&fake, 2, first));
        expect(&fake, STACK_WHOLE, "f2 f0");
        fake_close(&fake);
    }
}

static void test_what_lies_in_older_chunks_is_seen_as_it_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        uint64_t second = fake_push(&fake, 1, first);
        unsigned char *newest = fake_push_chunk(&fake, NULL);
        fake_set_current(&fake, fake_push(&fake, 2, second));
        for (size_t reads = 0; reads < 3; reads++)
            expect(&fake, STACK_WHOLE, "f2 f1 f0");

        fake_pop_chunk(&fake); /* the same, but for who is called from f0 */
        first = push_outermost(&fake);
        second = fake_push(&fake, 3, first);
        fake_push_chunk(&fake, newest);
        fake_set_current(&fake, fake_push(&fake, 2, second));
        expect(&fake, STACK_WHOLE, "f2 f3 f0");

        fake_pop_chunk(&fake); /* more of the older one is used */
        first = push_outermost(&fake);
        second = fake_push(&fake, 4, fake_push(&fake, 3, first));
        fake_push_chunk(&fake, newest);
        fake_set_current(&fake, fake_push(&fake, 2, second));
        expect(&fake, STACK_WHOLE, "f2 f4 f3 f0");
        fake_close(&fake);
    }
}

static void test_older_chunks_that_come_and_go_are_followed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        unsigned char *middle = fake_push_chunk(&fake, NULL);
        uint64_t second = fake_push(&fake, 1, first);
        unsigned char *newest = fake_push_chunk(&fake, NULL);
        fake_set_current(&fake, fake_push(&fake, 2, second));
        expect(&fake, STACK_WHOLE, "f2 f1 f0");

        fake_pop_chunk(&fake); /* another chunk where the middle one was */
        fake_pop_chunk(&fake);
        first = push_outermost(&fake);
        fake_push_chunk(&fake, NULL);
        second = fake_push(&fake, 3, first);
        fake_push_chunk(&fake, newest);
        fake_set_current(&fake, fake_push(&fake, 2, second));
        munmap(middle, 4096);
        expect(&fake, STACK_WHOLE, "f2 f3 f0");
        expect(&fake, STACK_WHOLE, "f2 f3 f0");
        fake_close(&fake);
    }
}

static void test_a_frame_beyond_what_was_copied_of_its_chunk_is_of_another_moment(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        uint64_t second = fake_push(&fake, 1, first);
        uint64_t third = fake_push(&fake, 2, second);
        fake_set_executing(&fake, second, true);
        fake_set_current(&fake, third);
        fake_set_top(&fake, third);
        expect(&fake, STACK_WHOLE, "f1 f0");
        fake_close(&fake);
    }
}

static void test_a_chunk_that_was_in_use_lately_is_copied_with_the_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        unsigned char *newest = fake_push_chunk(&fake, NULL);
        fake_set_current(&fake, fake_push(&fake, 1, first));
        expect(&fake, STACK_WHOLE, "f1 f0");
        assert_int_equal(fake.hint.chunk_count, 2);

        fake_pop_chunk(&fake);
        first = push_outermost(&fake);
        fake_set_executing(&fake, first, true);
        fake_set_current(&fake, first);
        expect(&fake, STACK_WHOLE, "f0");
        assert_int_equal(fake.hint.newest, 0);
        assert_int_equal(fake.hint.chunk_count, 2);

        fake_set_executing(&fake, first, false);
        fake_push_chunk(&fake, newest);
        fake_set_current(&fake, fake_push(&fake, 1, first));
        expect(&fake, STACK_WHOLE, "f1 f0");
        assert_int_equal(fake.hint.newest, 1);
        fake_close(&fake);
    }
}

static void test_a_chunk_that_is_no_longer_in_use_is_forgotten(void **state)
{
    struct fake_interpreter fake;

    (void)state;
    fake_open(&fake, VERSION_3_14);
    uint64_t first = push_outermost(&fake);
    unsigned char *newest = fake_push_chunk(&fake, NULL);
    fake_set_current(&fake, fake_push(&fake, 1, first));
    expect(&fake, STACK_WHOLE, "f1 f0");
    fake_pop_chunk(&fake);
    first = push_outermost(&fake);
    fake_set_current(&fake, first);
    munmap(newest, 4096);
    for (size_t i = 0; i < 100; i++)
        expect(&fake, STACK_WHOLE, "f0");
    assert_int_equal(fake.hint.chunk_count, 1);
    fake_close(&fake);
}

/* From 3.13.13 and 3.14.4 on: the thread state was copied before. */
static void test_a_chunk_that_was_given_back_during_the_read_is_no_part_of_the_stack(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct fake_interpreter fake;
        bool was_expected = i >= 3;
        fake_open(&fake, versions[i % 3]);
        uint64_t second = fake_push(&fake, 1, push_outermost(&fake));
        fake_push_chunk(&fake, NULL);
        uint64_t third = fake_push(&fake, 2, second);
        fake_set_current(&fake, third);
        expect(&fake, STACK_WHOLE, "f2 f1 f0");
        unsigned char *newest = fake_push_chunk(&fake, NULL);
        fake_set_current(&fake, fake_push(&fake, 3, third));
        if (was_expected)
            expect(&fake, STACK_WHOLE, "f3 f2 f1 f0");
        memset(newest + fake.layout.chunk.previous, 0, sizeof(uint64_t));
        expect(&fake, STACK_WHOLE, "f2 f1 f0");
        fake_close(&fake);
    }
}

static void test_a_frame_in_a_chunk_that_came_during_the_read_is_of_another_moment(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t second = fake_push(&fake, 1, push_outermost(&fake));
        fake_set_current(&fake, second);
        expect(&fake, STACK_WHOLE, "f1 f0");
        fake_set_current(&fake, fake_outside(&fake, 2, second, FRAME_OWNED_BY_THREAD));
        expect(&fake, STACK_WHOLE, "f1 f0");
        assert_int_equal(fake.hint.outside_count, versions[i] >= VERSION_3_12); /* its entry frame */
        fake_close(&fake);
    }
}

/* It called the function that executes, but was read later. */
static void test_a_generator_that_was_suspended_lies_on_what_it_lay_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        uint64_t generator = fake_outside(&fake, 1, first, OWNED_BY_GENERATOR);
        uint64_t leaf = fake_push(&fake, 2, generator);
        fake_set_executing(&fake, leaf, true);
        fake_set_current(&fake, leaf);
        expect(&fake, STACK_WHOLE, "f2 f1 f0");
        fake_set_previous(&fake, generator, 0);
        expect(&fake, STACK_WHOLE, "f2 f1 f0");
        fake_set_previous(&fake, leaf, fake_outside(&fake, 3, 0, OWNED_BY_GENERATOR)); /* never seen */
        expect(&fake, STACK_PARTIAL, "f0");
        fake_close(&fake);
    }
}

/* RETURN_VALUE in 3.11 and 3.12. */
static void set_at_return(struct fake_interpreter *fake, size_t index)
{
    *(unsigned char *)(uintptr_t)(fake->codes[index] + fake->layout.code.instructions + 4) = 83;
}

/* The pointer is of a later moment than the copy: it names the next call at the same place. */
static void test_a_call_that_has_returned_is_over_whatever_the_pointer_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t second = fake_push(&fake, 1, push_outermost(&fake));
        uint64_t third = fake_push(&fake, 2, second);
        set_at_return(&fake, 2);
        set_at_return(&fake, 3);
        fake_set_current(&fake, third);
        expect(&fake, STACK_WHOLE, "f1 f0");
        fake_set_current(&fake, fake_push(&fake, 3, third));
        expect(&fake, STACK_WHOLE, "f1 f0");
        fake_set_executing(&fake, third, true);
        expect(&fake, STACK_WHOLE, "f2 f1 f0");
        fake_close(&fake);
    }
}

/* Which one is told by what was seen last. */
static void test_one_of_the_generators_executes_that_a_call_returned_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        uint64_t lower = fake_outside(&fake, 1, first, OWNED_BY_GENERATOR);
        uint64_t upper = fake_outside(&fake, 2, lower, OWNED_BY_GENERATOR);
        uint64_t leaf = fake_push(&fake, 3, upper);
        set_at_return(&fake, 3);
        fake_set_current(&fake, leaf);
        expect(&fake, STACK_WHOLE, "f2 f1 f0");
        fake_set_current(&fake, lower);
        expect(&fake, STACK_WHOLE, "f1 f0");
        fake_set_current(&fake, leaf);
        expect(&fake, STACK_WHOLE, "f1 f0");
        fake_set_current(&fake, upper);
        expect(&fake, STACK_WHOLE, "f2 f1 f0");
        fake_set_previous(&fake, upper, 0); /* they were suspended meanwhile */
        fake_set_previous(&fake, lower, 0);
        fake_set_current(&fake, first);
        expect(&fake, STACK_WHOLE, "f2 f1 f0");
        fake_close(&fake);
    }
}

static void test_links_of_many_frames_are_remembered_beside_one_another(void **state)
{
    static struct frame_links links;

    (void)state;
    for (uint64_t frame = 64; frame < 64 * 64; frame += 64)
        frame_links_learn(&links, &(struct frame_link){.frame = frame, .previous = frame + 8});
    for (uint64_t frame = 64; frame < 64 * 64; frame += 64) {
        const struct frame_link *link = frame_links_find(&links, frame, 0);
        assert_non_null(link);
        assert_int_equal(link->previous, frame + 8);
    }
    assert_null(frame_links_find(&links, 64, 1));
    assert_null(frame_links_find(&links, 0, 0));
}

/* Its frame on the data stack is left as it was when the generator was made. */
static void test_what_has_made_a_generator_is_not_on_the_stack(void **state)
{
    static const uint32_t co_generator = 0x20;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        unsigned char *code = (unsigned char *)(uintptr_t)fake.codes[1];
        memcpy(code + fake.layout.code.code_units + 4 * sizeof(uint64_t), &co_generator,
               sizeof(co_generator));
        uint64_t first = push_outermost(&fake);
        fake_push(&fake, 1, first);
        fake_set_current(&fake, first);
        expect(&fake, STACK_WHOLE, "f0");
        fake_close(&fake);
    }
}

/* The two copies of a read that proves; a frame that changed in between is in the first as it was. */
static void test_calls_are_proven_as_far_as_both_copies_are_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        uint64_t second = fake_push(&fake, 1, first);
        uint64_t third = fake_push(&fake, 2, second);
        fake_set_executing(&fake, third, true);
        fake_set_current(&fake, third);
        struct stack_copy copy = {.pid = getpid(), .layout = &fake.layout};
        struct stack_hint hint = {0};
        assert_int_equal(stack_copy_read(&copy, &fake.thread, &hint, NULL, true), COPY_DONE);
        assert_false(stack_copy_stood(&copy, first)); /* where it lies was not known before */
        stack_copy_remember(&copy, &hint);
        assert_int_equal(stack_copy_read(&copy, &fake.thread, &hint, NULL, true), COPY_DONE);
        assert_true(stack_copy_stood(&copy, first) && stack_copy_stood(&copy, second) &&
                    stack_copy_stood(&copy, third));
        copy.chunks[0].again[second - copy.chunks[0].address + fake.layout.frame.instruction] ^= 2;
        assert_true(stack_copy_stood(&copy, first) && !stack_copy_stood(&copy, second));
        stack_copy_release(&copy);

        unwinder_begin_sample(fake.unwinder);
        assert_int_equal(unwinder_read(fake.unwinder, &fake.thread, &fake.hint, NULL, false, 1).proven, 0);
        assert_int_equal(unwinder_read(fake.unwinder, &fake.thread, &fake.hint, NULL, true, 1).proven, 3);
        fake_close(&fake);
    }
}

static void test_an_entry_from_c_is_called_by_a_frame_that_executes(void **state)
{
    struct fake_interpreter fake;

    (void)state;
    fake_open(&fake, VERSION_3_11);
    uint64_t first = push_outermost(&fake);
    uint64_t second = fake_push(&fake, 1, first);
    fake_set_executing(&fake, first, true);
    fake_set_executing(&fake, second, true);
    fake_set_entry(&fake, second);
    fake_set_current(&fake, second);
    expect(&fake, STACK_WHOLE, "f1 f0");
    fake_close(&fake);
}

static void test_generators_show_and_entry_frames_do_not(void **state)
{
    struct fake_interpreter fake;

    (void)state;
    fake_open(&fake, VERSION_3_14);
    uint64_t first = push_outermost(&fake);
    uint64_t entry = fake_outside(&fake, 6, first, OWNED_BY_C_STACK);
    uint64_t generator = fake_outside(&fake, 3, entry, OWNED_BY_GENERATOR);
    uint64_t called = fake_push(&fake, 1, generator);
    fake_set_current(&fake, called);
    expect(&fake, STACK_WHOLE, "f1 f3 f0");
    fake_close(&fake);
}

static void test_a_generator_that_was_suspended_meanwhile_is_not_on_the_stack(void **state)
{
    struct fake_interpreter fake;

    (void)state;
    fake_open(&fake, VERSION_3_14);
    push_outermost(&fake);
    uint64_t generator = fake_outside(&fake, 3, 0, OWNED_BY_GENERATOR);
    fake_set_current(&fake, generator);
    expect(&fake, STACK_WHOLE, "f0");
    fake_close(&fake);
}

static void test_of_a_torn_copy_the_outermost_part_is_kept(void **state)
{
    struct fake_interpreter fake;

    (void)state;
    fake_open(&fake, VERSION_3_14);
    uint64_t first = push_outermost(&fake);
    uint64_t second = fake_push(&fake, 1, first);
    uint64_t third = fake_push(&fake, 2, second);
    fake_set_previous(&fake, third, 0xdeadbee8);
    fake_set_current(&fake, third);
    expect(&fake, STACK_PARTIAL, "f1 f0");
    fake_close(&fake);
}

static void test_a_circle_of_frames_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_interpreter fake;
        char names[256];
        fake_open(&fake, versions[i]);
        uint64_t first = push_outermost(&fake);
        uint64_t second = fake_push(&fake, 1, first);
        fake_set_previous(&fake, first, second);
        fake_set_current(&fake, second);
        assert_int_not_equal(fake_read(&fake, names), STACK_WHOLE);
        fake_close(&fake);
    }
}

static void test_a_circle_of_outside_frames_ends(void **state)
{
    struct fake_interpreter fake;
    char names[256];

    (void)state;
    fake_open(&fake, VERSION_3_14);
    uint64_t one = fake_outside(&fake, 1, 0, OWNED_BY_GENERATOR);
    uint64_t other = fake_outside(&fake, 2, one, OWNED_BY_GENERATOR);
    fake_set_previous(&fake, one, other);
    fake_set_current(&fake, one);
    fake_read(&fake, names);
    assert_string_equal(names, "");
    fake_close(&fake);
}

static void test_wild_pointers_and_sizes_are_invalid_not_fatal(void **state)
{
    static const uint64_t wild[] = {
        1, 8, 0x1000, UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 60, 0x7ffffffff000};

    (void)state;
    for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
        struct fake_interpreter fake;
        char names[256];
        fake_open(&fake, VERSION_3_14);
        uint64_t first = push_outermost(&fake);
        fake_set_current(&fake, wild[i]);
        fake_read(&fake, names);
        fake_set_current(&fake, first);
        fake_set_previous(&fake, first, wild[i]);
        fake_read(&fake, names);
        fake_set_top(&fake, wild[i]);
        fake_read(&fake, names);
        memcpy(fake.chunk + fake.layout.chunk.size, &wild[i], sizeof(wild[i]));
        memcpy(fake.chunk + fake.layout.chunk.previous, &wild[i], sizeof(wild[i]));
        memcpy(fake.chunk + fake.layout.chunk.top, &wild[i], sizeof(wild[i]));
        assert_int_not_equal(fake_read(&fake, names), STACK_WHOLE);
        memcpy(fake.thread_state + fake.layout.thread.datastack_chunk, &wild[i], sizeof(wild[i]));
        assert_int_not_equal(fake_read(&fake, names), STACK_WHOLE);
        fake_close(&fake);
    }
}

static void test_a_thread_state_that_is_another_ones_now_is_gone(void **state)
{
    struct fake_interpreter fake;
    char names[256];

    (void)state;
    fake_open(&fake, VERSION_3_12);
    fake_set_current(&fake, push_outermost(&fake));
    fake.thread.native_id++;
    assert_int_equal(fake_read(&fake, names), STACK_GONE);
    fake_close(&fake);
}

/* An interpreter that publishes its offsets may say that a GIL is as large as that. */
static void test_the_parts_of_a_gil_may_lie_far_apart(void **state)
{
    static uint64_t gil[LAYOUT_MAX_OBJECT_BYTES / 8];
    struct fake_interpreter fake;
    struct stack_hint hint = {0};
    struct interpreter_moment moment;

    (void)state;
    fake_open(&fake, VERSION_3_14);
    fake_set_current(&fake, push_outermost(&fake));
    fake.layout.gil.locked = 0;
    fake.layout.gil.last_holder = LAYOUT_MAX_OBJECT_BYTES - 8;
    fake.thread.gil = (uint64_t)(uintptr_t)gil;
    gil[0] = 1;
    gil[LAYOUT_MAX_OBJECT_BYTES / 8 - 1] = fake.thread.address;
    unwinder_begin_sample(fake.unwinder);
    assert_int_equal(unwinder_read(fake.unwinder, &fake.thread, &hint, &moment, false, 1).trust, STACK_WHOLE);
    assert_true(moment.known && moment.gil_known);
    assert_int_equal(moment.gil_holder, fake.thread.address);
    stack_hint_free(&hint);
    fake_close(&fake);
}

/* A program may list thread states for ever. */
static void test_a_circle_of_threads_or_interpreters_is_walked_a_few_times(void **state)
{
    struct fake_interpreter fake;
    struct listed_thread *threads = NULL;
    size_t capacity = 0, count = 0;
    static unsigned char runtime[1 << 20];

    (void)state;
    fake_open(&fake, VERSION_3_12);
    struct python_location location = {.runtime = (uint64_t)(uintptr_t)runtime, .layout = fake.layout};
    memcpy(runtime + fake.layout.runtime.interpreters_head, &fake.thread.interpreter, sizeof(uint64_t));
    memcpy(fake.interpreter + fake.layout.interpreter.threads_head, &fake.thread.address, sizeof(uint64_t));
    assert_int_equal(interpreters_list_threads(getpid(), &location, &threads, &capacity, &count),
                     LISTING_DONE);
    assert_int_equal(count, 1);

    memcpy(fake.interpreter + fake.layout.interpreter.next, &fake.thread.interpreter, sizeof(uint64_t));
    interpreters_list_threads(getpid(), &location, &threads, &capacity, &count);
    assert_in_range(count, 1, 4);
    memcpy(fake.thread_state + fake.layout.thread.next, &fake.thread.address, sizeof(uint64_t));
    interpreters_list_threads(getpid(), &location, &threads, &capacity, &count);
    assert_in_range(count, 1, 4);
    free(threads);
    fake_close(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_resting_stack_is_read_whole),
        cmocka_unit_test(test_a_thread_without_frames_is_whole_and_empty),
        cmocka_unit_test(test_a_popped_frame_at_the_pointer_is_stepped_down_from),
        cmocka_unit_test(test_frames_pushed_after_the_pointer_are_stepped_up_to),
        cmocka_unit_test(test_a_leftover_above_an_executing_frame_is_not_taken_for_its_callee),
        cmocka_unit_test(test_a_leftover_above_a_frame_that_is_being_left_is_not_its_callee),
        cmocka_unit_test(test_a_place_that_held_no_frame_is_looked_at_again_when_it_changes),
        cmocka_unit_test(test_what_lies_in_older_chunks_is_seen_as_it_changes),
        cmocka_unit_test(test_older_chunks_that_come_and_go_are_followed),
        cmocka_unit_test(test_a_frame_beyond_what_was_copied_of_its_chunk_is_of_another_moment),
        cmocka_unit_test(test_a_chunk_that_was_in_use_lately_is_copied_with_the_others),
        cmocka_unit_test(test_a_chunk_that_is_no_longer_in_use_is_forgotten),
        cmocka_unit_test(test_a_chunk_that_was_given_back_during_the_read_is_no_part_of_the_stack),
        cmocka_unit_test(test_a_generator_that_was_suspended_lies_on_what_it_lay_on),
        cmocka_unit_test(test_a_call_that_has_returned_is_over_whatever_the_pointer_names),
        cmocka_unit_test(test_one_of_the_generators_executes_that_a_call_returned_to),
        cmocka_unit_test(test_links_of_many_frames_are_remembered_beside_one_another),
        cmocka_unit_test(test_what_has_made_a_generator_is_not_on_the_stack),
        cmocka_unit_test(test_a_frame_in_a_chunk_that_came_during_the_read_is_of_another_moment),
        cmocka_unit_test(test_calls_are_proven_as_far_as_both_copies_are_the_same),
        cmocka_unit_test(test_an_entry_from_c_is_called_by_a_frame_that_executes),
        cmocka_unit_test(test_generators_show_and_entry_frames_do_not),
        cmocka_unit_test(test_a_generator_that_was_suspended_meanwhile_is_not_on_the_stack),
        cmocka_unit_test(test_of_a_torn_copy_the_outermost_part_is_kept),
        cmocka_unit_test(test_a_circle_of_frames_ends),
        cmocka_unit_test(test_a_circle_of_outside_frames_ends),
        cmocka_unit_test(test_wild_pointers_and_sizes_are_invalid_not_fatal),
        cmocka_unit_test(test_a_thread_state_that_is_another_ones_now_is_gone),
        cmocka_unit_test(test_the_parts_of_a_gil_may_lie_far_apart),
        cmocka_unit_test(test_a_circle_of_threads_or_interpreters_is_walked_a_few_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

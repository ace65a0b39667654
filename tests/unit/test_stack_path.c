/* Protects that a call which was never seen is believed only where it is proven, and that names follow the code objects. */
#include "fake_interpreter.h"
#include "sampler/stack_path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    VERSION_3_11 = 0x030b0000,
};

static const uint64_t now_ns = 1000000000;

struct fixture {
    struct fake_interpreter fake;
    struct stack_namer namer;
    struct stack_path path;
    char names[256]; /* outermost first */
};

static int open_fixture(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){0};
    fake_open(&fixture.fake, VERSION_3_11);
    fixture.namer = (struct stack_namer){.codes = fixture.fake.cache, .tree = fixture.fake.tree};
    *state = &fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;

    stack_path_release(&fixture->path);
    stack_namer_release(&fixture->namer);
    fake_close(&fixture->fake);
    return 0;
}

/* Put a stack of these functions, outermost first, into the make-believe thread. */
static void call(struct fixture *fixture, const char *functions)
{
    uint64_t frame = 0;

    fixture->fake.used = fixture->fake.layout.chunk.data + 8;
    for (const char *function = functions; *function != '\0'; function++)
        frame = fake_push(&fixture->fake, (size_t)(*function - '0'), frame);
    fake_set_executing(&fixture->fake, frame, true);
    fake_set_current(&fixture->fake, frame);
}

/* Name the stack, of which so many of the outermost calls are proven; `fixture->names` receives what was named. */
static size_t name_stack(struct fixture *fixture, size_t proven)
{
    struct fake_interpreter *fake = &fixture->fake;
    unwinder_begin_sample(fake->unwinder);
    struct stack stack = unwinder_read(fake->unwinder, &fake->thread, &fake->hint, NULL, false, now_ns);
    uint32_t path[8], node;
    size_t depth = 0;

    stack.proven = proven;
    stack.inner = stack.count;
    size_t named =
        stack_path_find_node(&fixture->path, &fixture->namer, CALL_TREE_ROOT, &stack, now_ns, &node);
    if (named < stack.count) {
        stack_namer_learn(&fixture->namer, CALL_TREE_ROOT, &stack, now_ns);
        named = stack_path_find_node(&fixture->path, &fixture->namer, CALL_TREE_ROOT, &stack, now_ns, &node);
    }
    for (; node != CALL_TREE_ROOT; node = call_tree_node(fake->tree, node)->parent)
        path[depth++] = node;
    fixture->names[0] = '\0';
    while (depth-- > 0)
        strcat(fixture->names,
               call_tree_function(fake->tree, call_tree_node(fake->tree, path[depth])->function)->name);
    return named;
}

static void test_a_call_that_was_never_seen_is_believed_when_it_is_proven(void **state)
{
    struct fixture *fixture = *state;

    call(fixture, "012");
    assert_int_equal(name_stack(fixture, 2), 2);
    assert_string_equal(fixture->names, "f0f1");
    assert_int_equal(name_stack(fixture, 3), 3);
    assert_string_equal(fixture->names, "f0f1f2");
}

static void test_a_call_that_is_seen_again_and_again_is_believed(void **state)
{
    struct fixture *fixture = *state;

    call(fixture, "01");
    name_stack(fixture, 2);
    call(fixture, "012");
    assert_int_equal(name_stack(fixture, 0), 2);
    assert_int_equal(name_stack(fixture, 0), 2);
    assert_int_equal(name_stack(fixture, 0), 3);
    assert_string_equal(fixture->names, "f0f1f2");
}

static void test_a_call_that_is_seen_again_much_later_is_as_new_as_before(void **state)
{
    struct fixture *fixture = *state;

    call(fixture, "01");
    name_stack(fixture, 2);
    for (size_t i = 0; i < 3; i++) {
        call(fixture, "012");
        assert_int_equal(name_stack(fixture, 0), 2);
        call(fixture, "01");
        for (size_t settled = 0; settled < 400; settled++)
            assert_int_equal(name_stack(fixture, 0), 2);
    }
}

static void test_what_was_proven_once_holds(void **state)
{
    struct fixture *fixture = *state;

    call(fixture, "012");
    name_stack(fixture, 3);
    call(fixture, "01");
    assert_int_equal(name_stack(fixture, 0), 2);
    call(fixture, "012");
    assert_int_equal(name_stack(fixture, 0), 3);
    assert_string_equal(fixture->names, "f0f1f2");
}

static void test_known_calls_in_another_order_need_no_proof(void **state)
{
    struct fixture *fixture = *state;

    call(fixture, "0122");
    name_stack(fixture, 4);
    call(fixture, "012222");
    assert_int_equal(name_stack(fixture, 0), 6);
    assert_string_equal(fixture->names, "f0f1f2f2f2f2");
}

static void test_two_functions_of_which_neither_calls_the_other_are_not_mixed(void **state)
{
    struct fixture *fixture = *state;

    call(fixture, "012");
    name_stack(fixture, 3);
    call(fixture, "034");
    name_stack(fixture, 3);
    call(fixture, "014");
    assert_int_equal(name_stack(fixture, 0), 2);
    assert_string_equal(fixture->names, "f0f1");
    call(fixture, "034");
    assert_int_equal(name_stack(fixture, 0), 3);
    assert_string_equal(fixture->names, "f0f3f4");
}

static void test_a_code_object_that_the_walk_found_replaced_has_its_new_name(void **state)
{
    struct fixture *fixture = *state;
    struct fake_interpreter *fake = &fixture->fake;
    uint64_t name;

    call(fixture, "012");
    name_stack(fixture, 3);
    memcpy(&name, (void *)(uintptr_t)(fake->codes[5] + fake->layout.code.qualname), sizeof(name));
    memcpy((void *)(uintptr_t)(fake->codes[1] + fake->layout.code.qualname), &name, sizeof(name));
    code_cache_verify(fake->cache, &fake->codes[1], 1, now_ns);
    assert_int_equal(name_stack(fixture, 3), 3);
    assert_string_equal(fixture->names, "f0f5f2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_call_that_was_never_seen_is_believed_when_it_is_proven,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_a_call_that_is_seen_again_and_again_is_believed, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_a_call_that_is_seen_again_much_later_is_as_new_as_before,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_what_was_proven_once_holds, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_known_calls_in_another_order_need_no_proof, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_two_functions_of_which_neither_calls_the_other_are_not_mixed,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_a_code_object_that_the_walk_found_replaced_has_its_new_name,
                                        open_fixture, close_fixture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Protects that functions and nodes are stored once, that ids stay what they were, and that the tree has
 * limits. */
#include "model/call_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_the_same_function_and_place_get_the_same_id(void **state)
{
    struct call_tree *tree = call_tree_new();

    (void)state;
    uint32_t one = call_tree_add_function(tree, "f", "a.py", 3);
    assert_int_equal(call_tree_add_function(tree, "f", "a.py", 3), one);
    assert_int_not_equal(call_tree_add_function(tree, "f", "a.py", 4), one);
    assert_int_not_equal(call_tree_add_function(tree, "f", "b.py", 3), one);
    uint32_t node = call_tree_add_node(tree, CALL_TREE_ROOT, one, 5);
    assert_int_equal(call_tree_add_node(tree, CALL_TREE_ROOT, one, 5), node);
    assert_int_not_equal(call_tree_add_node(tree, CALL_TREE_ROOT, one, 6), node);
    assert_int_not_equal(call_tree_add_node(tree, node, one, 5), node);
    call_tree_free(tree);
}

static void test_ids_stand_for_the_same_after_the_tree_has_grown(void **state)
{
    enum {
        COUNT = 20000
    };
    static uint32_t nodes[COUNT];
    struct call_tree *tree = call_tree_new();
    char name[16];

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "f%u", i);
        nodes[i] =
            call_tree_add_node(tree, CALL_TREE_ROOT, call_tree_add_function(tree, name, "a.py", i), i + 1);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        const struct call_node *node = call_tree_node(tree, nodes[i]);
        snprintf(name, sizeof(name), "f%u", i);
        assert_string_equal(call_tree_function(tree, node->function)->name, name);
        assert_int_equal(node->line, i + 1);
    }
    assert_int_equal(call_tree_node_count(tree), COUNT + 1);
    call_tree_free(tree);
}

static void test_a_stack_beyond_the_depth_limit_ends_there(void **state)
{
    struct call_tree *tree = call_tree_new();
    uint32_t function = call_tree_add_function(tree, "f", "a.py", 1);
    uint32_t node = CALL_TREE_ROOT;

    (void)state;
    for (size_t i = 0; i < CALL_TREE_MAX_DEPTH + 10; i++)
        node = call_tree_add_node(tree, node, function, 1);
    assert_int_equal(call_tree_node(tree, node)->depth, CALL_TREE_MAX_DEPTH);
    call_tree_free(tree);
}

static void test_the_texts_of_a_program_that_invents_names_are_bounded(void **state)
{
    enum {
        COUNT = 10000,
        NAME_BYTES = 16000,
    };
    static char name[NAME_BYTES + 1];
    struct call_tree *tree = call_tree_new();
    size_t others = 0;

    (void)state;
    memset(name, 'n', NAME_BYTES);
    for (uint32_t i = 0; i < COUNT; i++) {
        name[snprintf(name, sizeof(name), "%u", i)] = 'n';
        uint32_t function = call_tree_add_function(tree, name, "a.py", 1);
        others += strcmp(call_tree_function(tree, function)->name, "[other functions]") == 0;
    }
    assert_in_range(COUNT - others, 1000, (64U << 20) / NAME_BYTES);
    call_tree_free(tree);
}

static void test_an_id_that_is_none_is_harmless(void **state)
{
    struct call_tree *tree = call_tree_new();

    (void)state;
    assert_string_equal(call_tree_function(tree, UINT32_MAX)->name, "[unknown]");
    assert_string_equal(call_tree_function(tree, 4000)->name, "[unknown]");
    assert_int_equal(call_tree_node(tree, UINT32_MAX)->depth, 0);
    call_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_function_and_place_get_the_same_id),
        cmocka_unit_test(test_ids_stand_for_the_same_after_the_tree_has_grown),
        cmocka_unit_test(test_a_stack_beyond_the_depth_limit_ends_there),
        cmocka_unit_test(test_the_texts_of_a_program_that_invents_names_are_bounded),
        cmocka_unit_test(test_an_id_that_is_none_is_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

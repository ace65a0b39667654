/* Which instructions are calls of C code, by version. */
#include "python/call_sites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static void test_the_same_opcode_is_another_instruction_in_another_version(void **state)
{
    (void)state;
    /* 170: CALL_LEN in 3.13, no call in 3.12. 171: CALL in 3.11, CALL_LIST_APPEND in 3.13. */
    assert_int_equal(call_site_of_opcode(0x030d00f0, 170), CALL_SITE_NATIVE);
    assert_int_equal(call_site_of_opcode(0x030c01f0, 170), CALL_SITE_NONE);
    assert_int_equal(call_site_of_opcode(0x030b02f0, 171), CALL_SITE_ANY);
    assert_int_equal(call_site_of_opcode(0x030d00f0, 171), CALL_SITE_NATIVE);
}

static void test_calls_of_python_code_are_no_native_code(void **state)
{
    static const struct {
        uint32_t version;
        uint8_t opcode;
    } calls[] = {
        {0x030b02f0, 23},  {0x030b02f0, 143}, /* CALL_PY_EXACT_ARGS, PRECALL_PYFUNC */
        {0x030c01f0, 23},  {0x030c01f0, 24},  /* CALL_PY_EXACT_ARGS, CALL_PY_WITH_DEFAULTS */
        {0x030d00f0, 162}, {0x030d00f0, 177}, /* CALL_ALLOC_AND_ENTER_INIT, CALL_PY_EXACT_ARGS */
        {0x030e00f0, 153}, {0x030e00f0, 161}, /* CALL_KW_PY, CALL_PY_EXACT_ARGS */
        {0x030f00a7, 152}, {0x030f00a7, 164}, /* CALL_EX_PY, CALL_PY_EXACT_ARGS */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        assert_int_equal(call_site_of_opcode(calls[i].version, calls[i].opcode), CALL_SITE_NONE);
}

static void test_what_ends_a_call_is_told_as_far_as_a_stack_does_not_tell_it(void **state)
{
    (void)state;
    assert_int_equal(call_site_of_opcode(0x030b02f0, 83), CALL_SITE_RETURN);  /* RETURN_VALUE */
    assert_int_equal(call_site_of_opcode(0x030c01f0, 121), CALL_SITE_RETURN); /* RETURN_CONST */
    assert_int_equal(call_site_of_opcode(0x030d00f0, 36), CALL_SITE_RETURN);  /* RETURN_VALUE */
    assert_int_equal(call_site_of_opcode(0x030d00f0, 83), CALL_SITE_NONE);
}

static void test_a_version_that_is_not_known_has_no_calls(void **state)
{
    (void)state;
    for (int opcode = 0; opcode < 256; opcode++)
        assert_int_equal(call_site_of_opcode(0x031000a0, (uint8_t)opcode), CALL_SITE_NONE);
}

static void test_an_instruction_is_read_once_until_it_is_forgotten(void **state)
{
    static struct call_sites sites;
    struct python_layout layout = {.version = 0x030d00f0};
    volatile unsigned char opcode = 170;
    uint64_t instruction = (uint64_t)(uintptr_t)&opcode;

    (void)state;
    assert_int_equal(call_sites_find(&sites, getpid(), &layout, instruction), CALL_SITE_NATIVE);
    opcode = 0;
    assert_int_equal(call_sites_find(&sites, getpid(), &layout, instruction), CALL_SITE_NATIVE);
    call_sites_forget(&sites);
    assert_int_equal(call_sites_find(&sites, getpid(), &layout, instruction), CALL_SITE_NONE);
    assert_int_equal(call_sites_find(&sites, getpid(), &layout, 16), CALL_SITE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_opcode_is_another_instruction_in_another_version),
        cmocka_unit_test(test_calls_of_python_code_are_no_native_code),
        cmocka_unit_test(test_what_ends_a_call_is_told_as_far_as_a_stack_does_not_tell_it),
        cmocka_unit_test(test_a_version_that_is_not_known_has_no_calls),
        cmocka_unit_test(test_an_instruction_is_read_once_until_it_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

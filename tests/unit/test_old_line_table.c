/* Line tables to 3.10, each made by the compiler of that version from the same source:
 *
 *     def f(x):
 *         (300 empty lines)
 *         y = [
 *             x,
 *             2]
 *         for i in y:
 *             if i:
 *                 continue
 *             z(1,
 *               2)
 *         try:
 *             return x
 *         finally:
 *             z()
 *
 * and what dis.findlinestarts() or co_lines() of that version says of it. */
#include "python/line_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct old_table {
    const char *version;
    enum line_table_format format;
    size_t length;
    unsigned char bytes[48];
    uint32_t unit_bytes;
    uint32_t code_bytes;
    struct {
        uint32_t byte; /* of the bytecode, where the line begins */
        uint32_t line;
    } starts[20];
} old_tables[] = {
    {
        .version = "2.7.18",
        .format = LINES_AS_STEPS_UP,
        .length = 22,
        .bytes = {0, 255, 0, 47, 3, 1, 9, 1, 13, 1, 6, 1, 6, 1, 6, 1, 11, 1, 3, 1, 8, 2},
        .unit_bytes = 1,
        .code_bytes = 77,
        .starts = {{0, 303},
                   {3, 304},
                   {12, 305},
                   {25, 306},
                   {31, 307},
                   {37, 308},
                   {43, 309},
                   {54, 310},
                   {57, 311},
                   {65, 313}},
    },
    {
        .version = "3.6.15",
        .format = LINES_AS_STEPS,
        .length = 24,
        .bytes = {0, 127, 0, 127, 0, 48, 2, 1, 6, 1, 10, 1, 4, 1, 2, 1, 4, 1, 10, 1, 2, 1, 4, 2},
        .unit_bytes = 1,
        .code_bytes = 56,
        .starts = {{0, 303},
                   {2, 304},
                   {8, 305},
                   {18, 306},
                   {22, 307},
                   {24, 308},
                   {28, 309},
                   {38, 310},
                   {40, 311},
                   {44, 313}},
    },
    {
        .version = "3.9.18",
        .format = LINES_AS_STEPS,
        .length = 32,
        .bytes = {0, 127, 0, 127, 0, 48,  2, 1, 2, 254, 4, 3, 8, 1,   4, 1,
                  2, 1,   4, 1,   2, 255, 6, 2, 2, 1,   4, 2, 6, 254, 2, 2},
        .unit_bytes = 1,
        .code_bytes = 60,
        .starts = {{0, 303},
                   {2, 304},
                   {4, 302},
                   {8, 305},
                   {16, 306},
                   {20, 307},
                   {22, 308},
                   {26, 309},
                   {28, 308},
                   {34, 310},
                   {36, 311},
                   {40, 313},
                   {46, 311},
                   {48, 313}},
    },
    {
        .version = "3.10.13",
        .format = LINES_AS_RANGES,
        .length = 28,
        .bytes = {0, 127, 0, 127, 2, 48, 2, 1,   4, 254, 8, 3, 4,  1,
                  2, 1,   4, 1,   2, 1,  6, 255, 2, 2,   4, 1, 16, 2},
        .unit_bytes = 2,
        .code_bytes = 56,
        .starts = {{0, 303},
                   {2, 304},
                   {4, 302},
                   {8, 305},
                   {16, 306},
                   {20, 307},
                   {22, 308},
                   {26, 309},
                   {28, 308},
                   {34, 310},
                   {36, 311},
                   {40, 313}},
    },
};

static void lines_are_those_that_the_interpreter_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(old_tables) / sizeof(old_tables[0]); i++) {
        const struct old_table *old = &old_tables[i];
        struct line_table *table =
            line_table_decode(old->format, old->bytes, old->length, 1, old->code_bytes / old->unit_bytes);
        for (size_t start = 0; old->starts[start].line != 0; start++) {
            uint32_t end = old->starts[start + 1].line != 0 ? old->starts[start + 1].byte : old->code_bytes;
            for (uint32_t byte = old->starts[start].byte; byte < end; byte += old->unit_bytes) {
                if (line_table_find(table, byte / old->unit_bytes) != old->starts[start].line)
                    fail_msg("%s: byte %u is on line %u, not %u", old->version, byte, old->starts[start].line,
                             line_table_find(table, byte / old->unit_bytes));
            }
        }
        assert_int_equal(line_table_find(table, old->code_bytes / old->unit_bytes), 0);
        free(table);
    }
}

/* 3.10: -128 is no step but says that the range has no line. */
static void range_without_a_line_has_none(void **state)
{
    (void)state;
    const unsigned char bytes[] = {4, 2, 4, 128, 4, 1};
    struct line_table *table = line_table_decode(LINES_AS_RANGES, bytes, sizeof(bytes), 10, 6);

    assert_int_equal(line_table_find(table, 1), 12);
    assert_int_equal(line_table_find(table, 2), 0);
    assert_int_equal(line_table_find(table, 3), 0);
    assert_int_equal(line_table_find(table, 4), 13);
    free(table);
}

static void random_bytes_do_no_harm(void **state)
{
    (void)state;
    srandom(1);
    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)random() % 40;
        unsigned char *bytes = malloc(length + 1);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (unsigned char)(random() % 4 == 0 ? 0 : random());
        struct line_table *table = line_table_decode((enum line_table_format)(random() % 4), bytes, length,
                                                     (uint32_t)random(), (uint32_t)random() % 300);
        for (uint32_t unit = 0; unit < 310; unit += 3)
            assert_true(line_table_find(table, unit) <= INT32_MAX);
        free(table);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_those_that_the_interpreter_says),
        cmocka_unit_test(range_without_a_line_has_none),
        cmocka_unit_test(random_bytes_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

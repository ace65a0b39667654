#include "line_tables.h"

#include "python/line_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct line_table *decode(const char *bytes, size_t length, uint32_t first_line, uint32_t units)
{
    return line_table_decode(LINES_AS_LOCATIONS, (const unsigned char *)bytes, length, first_line, units);
}

static void lines_are_those_of_co_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(real_line_tables) / sizeof(real_line_tables[0]); i++) {
        const struct real_line_table *real = &real_line_tables[i];
        struct line_table *table = decode(real->bytes, real->length, real->first_line, real->code_units);
        uint32_t unit = 0;
        for (const struct line_run *run = real->runs; run->units > 0; run++) {
            for (uint32_t j = 0; j < run->units; j++, unit++) {
                if (line_table_find(table, unit) != run->line)
                    fail_msg("%s: unit %u is on line %u, not %u", real->name, unit, run->line,
                             line_table_find(table, unit));
            }
        }
        assert_int_equal(unit, real->code_units);
        assert_int_equal(line_table_find(table, unit), 0);
        assert_int_equal(line_table_find(table, UINT32_MAX), 0);
        free(table);
    }
}

static void neighbours_on_one_line_are_one_span(void **state)
{
    (void)state;
    struct line_table *table = decode("\x80\x00\x81\x00\xd8\x00\x00", 7, 10, 4);

    assert_int_equal(table->count, 3); /* line 10, line 11, the end */
    assert_int_equal(line_table_find(table, 2), 10);
    assert_int_equal(line_table_find(table, 3), 11);
    free(table);
}

static void entry_that_is_cut_short_counts_as_far_as_it_goes(void **state)
{
    (void)state;
    struct line_table *table = decode("\x80\x00\xe9", 3, 5, 3); /* the second entry's line is missing */

    assert_int_equal(line_table_find(table, 0), 5);
    assert_int_equal(line_table_find(table, 1), 5);
    free(table);
}

static void number_that_never_ends_stays_in_its_entry(void **state)
{
    (void)state;
    char bytes[64];
    memset(bytes, 0x7f, sizeof(bytes));
    bytes[0] = (char)0xe8; /* a line as a signed number */
    bytes[63] = (char)0x80;
    struct line_table *table = decode(bytes, sizeof(bytes), 100, 2);

    assert_int_equal(line_table_find(table, 0), 0); /* the line it gives cannot be */
    free(table);
}

static void bytes_before_the_first_entry_are_skipped(void **state)
{
    (void)state;
    struct line_table *table = decode("\x11\x22\x80\x00", 4, 9, 1);

    assert_int_equal(line_table_find(table, 0), 9);
    free(table);
}

static void table_without_entries_has_no_lines(void **state)
{
    (void)state;
    struct line_table *table = decode("", 0, 7, 10);

    assert_int_equal(line_table_find(table, 0), 0);
    free(table);
    table = decode("\x80\x00", 2, 7, 0);
    assert_int_equal(line_table_find(table, 0), 0);
    free(table);
}

static void entries_behind_the_bytecode_are_not_kept(void **state)
{
    (void)state;
    char bytes[4096];
    for (size_t i = 0; i < sizeof(bytes); i += 2)
        memcpy(bytes + i, i % 4 == 0 ? "\xd8\x00" : "\x80\x00", 2);
    struct line_table *table = decode(bytes, sizeof(bytes), 1, 3);

    assert_true(table->count <= 4);
    free(table);
}

/* Every table of random bytes ends, stays in its bounds (the sanitizers look) and gives sane lines. */
static void random_bytes_do_no_harm(void **state)
{
    (void)state;
    uint64_t seed = 1;
    unsigned char bytes[257];

    for (int round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            bytes[i] = (unsigned char)(seed >> 56);
        }
        size_t length = seed % sizeof(bytes);
        unsigned char *exact = malloc(length + (length == 0));
        memcpy(exact, bytes, length);
        struct line_table *table = line_table_decode(LINES_AS_LOCATIONS, exact, length, (uint32_t)seed, 1000);
        for (uint32_t unit = 0; unit < 1100; unit += 7)
            assert_true(line_table_find(table, unit) <= INT32_MAX);
        free(table);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_those_of_co_lines),
        cmocka_unit_test(neighbours_on_one_line_are_one_span),
        cmocka_unit_test(entry_that_is_cut_short_counts_as_far_as_it_goes),
        cmocka_unit_test(number_that_never_ends_stays_in_its_entry),
        cmocka_unit_test(bytes_before_the_first_entry_are_skipped),
        cmocka_unit_test(table_without_entries_has_no_lines),
        cmocka_unit_test(entries_behind_the_bytecode_are_not_kept),
        cmocka_unit_test(random_bytes_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

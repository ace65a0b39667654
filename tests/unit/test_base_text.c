/* Protects that text from outside can do no harm on a terminal, and that text is cut where a column ends. */
#include "base/text.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define REPLACED "\xef\xbf\xbd"

static void expect_clean(const char *bytes, size_t length, const char *expected)
{
    char output[64];

    size_t written = text_clean(output, sizeof(output), bytes, length);
    assert_string_equal(output, expected);
    assert_int_equal(written, strlen(expected));
}

static void test_good_text_stays_as_it_is(void **state)
{
    (void)state;
    expect_clean("plain", 5, "plain");
    expect_clean("größe 名前 🐍", strlen("größe 名前 🐍"), "größe 名前 🐍");
}

static void test_control_characters_and_escapes_are_replaced(void **state)
{
    (void)state;
    expect_clean("a\033[2Jb", 6, "a" REPLACED "[2Jb");
    expect_clean("a\nb\tc\x7f", 6, "a" REPLACED "b" REPLACED "c" REPLACED);
    expect_clean("\xc2\x9b", 2, REPLACED);     /* CSI as one C1 character */
    expect_clean("\xe2\x80\xae", 3, REPLACED); /* right-to-left override */
    expect_clean("a\0b", 3, "a" REPLACED "b");
}

static void test_bytes_that_are_not_utf8_are_replaced(void **state)
{
    (void)state;
    expect_clean("\xff\xfe", 2, REPLACED REPLACED);
    expect_clean("\xc0\xaf", 2, REPLACED REPLACED);                           /* overlong "/" */
    expect_clean("\xed\xa0\x80", 3, REPLACED REPLACED REPLACED);              /* a surrogate */
    expect_clean("\xf4\x90\x80\x80", 4, REPLACED REPLACED REPLACED REPLACED); /* above U+10FFFF */
    expect_clean("\xe5\x90", 2, REPLACED REPLACED);                           /* ends too early */
}

static void test_clean_text_is_never_cut_inside_a_character(void **state)
{
    char output[5];

    (void)state;
    assert_int_equal(text_clean(output, sizeof(output), "aé名", strlen("aé名")), 3);
    assert_string_equal(output, "aé");
}

static void test_widths_count_columns_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("名前"), 4);
    assert_int_equal(text_fit("名前", 3), strlen("名"));
    assert_string_equal(text_fit_end("x名前", 3), "前");
    assert_string_equal(text_fit_end("short", 10), "short");
}

static void expect_bytes(double bytes, const char *expected)
{
    char text[TEXT_AMOUNT_SIZE];

    text_format_bytes(text, bytes);
    assert_string_equal(text, expected);
}

static void test_amounts_take_five_columns_and_unknown_is_not_zero(void **state)
{
    (void)state;
    expect_bytes(0, "0B");
    expect_bytes(999, "999B");
    expect_bytes(1000, "1.0K");
    expect_bytes(1024, "1.0K");
    expect_bytes(12.34 * 1024 * 1024, "12.3M");
    expect_bytes(1023.0 * 1024 * 1024 * 1024, "1023G");
    expect_bytes(-1, "-");
    expect_bytes(NAN, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_text_stays_as_it_is),
        cmocka_unit_test(test_control_characters_and_escapes_are_replaced),
        cmocka_unit_test(test_bytes_that_are_not_utf8_are_replaced),
        cmocka_unit_test(test_clean_text_is_never_cut_inside_a_character),
        cmocka_unit_test(test_widths_count_columns_not_bytes),
        cmocka_unit_test(test_amounts_take_five_columns_and_unknown_is_not_zero),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

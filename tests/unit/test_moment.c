#include "base/clock.h"
#include "base/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static const int64_t begin_ns = 1700000000 * INT64_C(1000000000); /* 2023-11-14T22:13:20Z */

static int64_t seconds_of(const char *text)
{
    int64_t time_ns;
    struct error *error = moment_read(&time_ns, text, begin_ns);

    assert_null(error);
    return time_ns / (int64_t)NS_PER_SECOND;
}

static void test_moments_are_read_in_every_form(void **state)
{
    (void)state;
    assert_int_equal(seconds_of("+90"), 1700000090);
    assert_int_equal(seconds_of("+0.5"), 1700000000);
    assert_int_equal(seconds_of("2023-11-14T22:13:21Z"), 1700000001);
    assert_int_equal(seconds_of("2023-11-14T22:14Z"), 1700000040);
    assert_int_equal(seconds_of("2023-11-14 22:13:21"), 1700000001);
    assert_int_equal(seconds_of("22:14:20"), 1700000060);
    assert_int_equal(seconds_of("22:14"), 1700000040);
}

static void test_a_time_before_the_begin_is_of_the_next_day(void **state)
{
    (void)state;
    assert_int_equal(seconds_of("02:13:20"), 1700000000 + 4 * 3600);
    assert_int_equal(seconds_of("22:13"), 1699999980); /* the minute in which it began */
}

static void test_what_is_no_moment_is_an_error(void **state)
{
    static const char *const texts[] = {"",      "soon",   "+",          "+1x",   "-5",
                                        "25:00", "14:30 ", "2023-13-01", "+1e99", "+1.2.3"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t time_ns;
        struct error *error = moment_read(&time_ns, texts[i], begin_ns);
        assert_non_null(error);
        error_free(error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments_are_read_in_every_form),
        cmocka_unit_test(test_a_time_before_the_begin_is_of_the_next_day),
        cmocka_unit_test(test_what_is_no_moment_is_an_error),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

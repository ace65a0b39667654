/* Bounds on a difference: what is read, what is refused, and when one is broken. */
#include "analysis/bound.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_a_bound_that_is_wrong_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "speed(f) > 1",
        "own_cpu_seconds > 1x",
        "own_cpu_seconds() > 1x",
        "own_cpu_seconds(f > 1x",
        "own_cpu_seconds(f)",
        "own_cpu_seconds(f) 1x",
        "own_cpu_seconds(f) == 1x",
        "own_cpu_seconds(f) >",
        "own_cpu_seconds(f) > x",
        "own_cpu_seconds(f) > -1s",
        "own_cpu_seconds(f) > 1.2.3s",
        "own_cpu_seconds(f) > 1M",
        "own_cpu_seconds(f) > 1%",
        "own_cpu_seconds(f) > 1 x x",
        "own_percent(f) > 1s",
        "cpu_seconds(f) > 1",
        "peak_resident_bytes > 1MB",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct bound bound;
        struct error *error = bound_read(&bound, texts[i]);
        if (error == NULL)
            fail_msg("'%s' was accepted", texts[i]);
        assert_non_null(strstr(error_message(error), texts[i]));
        error_free(error);
    }
}

static void test_a_bound_is_read_with_and_without_spaces(void **state)
{
    struct bound bound;

    (void)state;
    assert_null(bound_read(&bound, "own_cpu_seconds(f)>=1.5x"));
    assert_string_equal(bound.function, "f");
    assert_int_equal(bound.comparison, BOUND_GREATER_EQUAL);
    assert_float_equal(bound.number, 1.5, 0);
    assert_true(bound.is_relative);
    bound_free(&bound);

    assert_null(bound_read(&bound, " total_percent ( C.<lambda>(x) ) < 20 % "));
    assert_string_equal(bound.function, "C.<lambda>(x)");
    assert_int_equal(bound.comparison, BOUND_LESS);
    assert_float_equal(bound.number, 20, 0);
    assert_false(bound.is_relative);
    bound_free(&bound);

    assert_null(bound_read(&bound, "peak_resident_bytes > 1.5M"));
    assert_null(bound.function);
    assert_float_equal(bound.number, 1.5 * 1024 * 1024, 0);
    bound_free(&bound);
}

/* f went from 1 to 2 seconds; there are two g. */
static struct diff_function functions[] = {
    {.name = "f",
     .file = "/srv/app/work.py",
     .side = {{.own_cpu_ns = NS_PER_SECOND, .own_percent = 50},
              {.own_cpu_ns = 2 * NS_PER_SECOND, .own_percent = 60}}},
    {.name = "g", .file = "/srv/app/work.py"},
    {.name = "g", .file = "/srv/app/other.py"},
};

static struct profile_diff diff = {
    .recordings =
        {
            {.real_seconds = 10, .cpu_seconds = 5, .peak_resident_bytes = UNKNOWN_COUNT},
            {.real_seconds = 20, .cpu_seconds = 6, .peak_resident_bytes = 4096},
        },
    .functions = functions,
    .function_count = 3,
};

/* Whether a bound is broken; -1 when that cannot be told. */
static int check(const char *text)
{
    struct bound bound;
    const struct diff_function *function;
    struct error *reason = NULL;

    assert_null(bound_read(&bound, text));
    assert_null(bound_find_function(&bound, &diff, &function));
    struct error *error = bound_check(&bound, &diff, function, &reason);
    int broken = error != NULL ? -1 : reason != NULL;
    error_free(error);
    error_free(reason);
    bound_free(&bound);
    return broken;
}

static void test_a_bound_is_broken_when_it_holds(void **state)
{
    (void)state;
    diff.per_second = false;
    assert_int_equal(check("own_cpu_seconds(f) > 1.9x"), 1);
    assert_int_equal(check("own_cpu_seconds(f) > 2x"), 0);
    assert_int_equal(check("own_cpu_seconds(f) >= 2x"), 1);
    assert_int_equal(check("own_cpu_seconds(f) < 2.1x"), 1);
    assert_int_equal(check("own_cpu_seconds(f) <= 1.9"), 0);
    assert_int_equal(check("own_cpu_seconds(f) > 1.5s"), 1);
    assert_int_equal(check("own_percent(f) > 55%"), 1);
    assert_int_equal(check("cpu_seconds > 1.3x"), 0);
    assert_int_equal(check("wall_seconds > 1.3x"), 1);
    assert_int_equal(check("peak_resident_bytes > 4K"), 0);
}

static void test_a_figure_that_is_not_known_breaks_no_bound_silently(void **state)
{
    (void)state;
    assert_int_equal(check("peak_resident_bytes > 2x"), -1);
}

static void test_seconds_of_recordings_of_different_length_are_made_comparable(void **state)
{
    (void)state;
    diff.per_second = true;
    assert_int_equal(check("own_cpu_seconds(f) > 1.1x"), 0);
    assert_int_equal(check("own_cpu_seconds(f) > 0.9x"), 1);
    assert_int_equal(check("own_percent(f) > 1.1x"), 1);
    diff.per_second = false;
}

static struct error *find(const char *text, const struct diff_function **function)
{
    struct bound bound;

    assert_null(bound_read(&bound, text));
    struct error *error = bound_find_function(&bound, &diff, function);
    bound_free(&bound);
    return error;
}

static void test_a_function_is_named_by_its_name_or_with_its_file(void **state)
{
    const struct diff_function *function;

    (void)state;
    assert_null(find("own_cpu_seconds(f) > 1", &function));
    assert_ptr_equal(function, &functions[0]);
    assert_null(find("own_cpu_seconds(other.py:g) > 1", &function));
    assert_ptr_equal(function, &functions[2]);
    assert_null(find("own_cpu_seconds(/srv/app/work.py:g) > 1", &function));
    assert_ptr_equal(function, &functions[1]);
}

static void test_a_function_that_is_not_there_or_not_clear_is_an_error(void **state)
{
    static const char *const texts[] = {"own_cpu_seconds(h) > 1", "own_cpu_seconds(g) > 1",
                                        "own_cpu_seconds(k.py:g) > 1", "own_cpu_seconds(er.py:g) > 1"};
    const struct diff_function *function;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error *error = find(texts[i], &function);
        if (error == NULL)
            fail_msg("'%s' was found", texts[i]);
        error_free(error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bound_that_is_wrong_is_refused),
        cmocka_unit_test(test_a_bound_is_read_with_and_without_spaces),
        cmocka_unit_test(test_a_bound_is_broken_when_it_holds),
        cmocka_unit_test(test_a_figure_that_is_not_known_breaks_no_bound_silently),
        cmocka_unit_test(test_seconds_of_recordings_of_different_length_are_made_comparable),
        cmocka_unit_test(test_a_function_is_named_by_its_name_or_with_its_file),
        cmocka_unit_test(test_a_function_that_is_not_there_or_not_clear_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

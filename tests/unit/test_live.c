/* The live source: when its ticks are due. */
#include "base/clock.h"
#include "source/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static const uint64_t interval_ns = 1000 * NS_PER_SECOND;

static struct source *open_source(void)
{
    struct live_options options = {.interval_ns = interval_ns, .budget_percent = UNKNOWN_REAL};
    struct source *source;

    assert_null(live_open(&source, &options));
    return source;
}

/* returns  how long after it the next one is due */
static uint64_t read_tick(struct source *source)
{
    struct tick *tick;

    assert_null(source_read_tick(source, &tick));
    uint64_t end_ns = tick->monotonic_ns;
    tick_free(tick);
    return source_due_ns(source) - end_ns;
}

static void first_tick_is_due_at_once_and_the_second_an_interval_later(void **state)
{
    struct source *source = open_source();

    (void)state;
    assert_true(source_due_ns(source) <= clock_monotonic_ns());
    assert_in_range(read_tick(source), interval_ns / 2, interval_ns);
    source_close(source);
}

static void tick_that_was_read_early_is_followed_by_a_whole_interval(void **state)
{
    struct source *source = open_source();

    (void)state;
    read_tick(source);
    for (int i = 0; i < 3; i++)
        assert_int_equal(read_tick(source), interval_ns);
    source_close(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_tick_is_due_at_once_and_the_second_an_interval_later),
        cmocka_unit_test(tick_that_was_read_early_is_followed_by_a_whole_interval),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

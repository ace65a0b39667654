/* The live source's last ticks: which are kept, and what can be asked of them. */
#include "fake_source.h"
#include "source/backlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

/* The fake source's ticks are a second apart at first; then its clock stands still. */
static struct source *open_backlog(uint64_t span_ns, size_t bytes, int ticks)
{
    const struct backlog_limits limits = {.span_ns = span_ns, .bytes = bytes};
    struct source *source = fake_source_open(&(struct fake_source_options){.cpu_count = 2, .repeats = true});

    backlog_open(&source, source, &limits);
    for (int i = 0; i < ticks; i++) {
        struct tick *tick;
        assert_null(source_read_tick(source, &tick));
        assert_int_equal(tick->sequence, i);
        tick_free(tick);
    }
    return source;
}

static struct tick_span span_of(struct source *source)
{
    struct tick_span span;

    assert_null(source_past_span(source, &span));
    return span;
}

static void ticks_that_are_too_old_are_dropped(void **state)
{
    struct source *source = open_backlog(1000000000, SIZE_MAX, FAKE_TICKS);
    struct tick *tick;

    (void)state;
    assert_int_equal(span_of(source).first, 1);
    assert_int_equal(span_of(source).end, FAKE_TICKS);
    assert_null(source_past_read(source, 0, &tick));
    assert_null(tick);
    source_close(source);
}

/* How many ticks are kept in so much memory, all of which can be read. */
static uint64_t ticks_in(size_t bytes)
{
    const int ticks = 8000;
    struct source *source = open_backlog(UINT64_MAX / 2, bytes, ticks);
    struct tick_span span = span_of(source);

    assert_int_equal(span.end, ticks);
    for (uint64_t sequence = span.first; sequence < span.end; sequence++) {
        struct tick *tick;
        assert_null(source_past_read(source, sequence, &tick));
        assert_int_equal(tick->sequence, sequence);
        assert_non_null(tick_find_process(tick, 4242)->profile);
        tick_free(tick);
    }
    source_close(source);
    return span.end - span.first;
}

static void ticks_take_no_more_memory_than_they_may(void **state)
{
    uint64_t few = ticks_in(96 << 10), many = ticks_in(192 << 10);

    (void)state;
    assert_in_range(few, 2, 4000);
    assert_in_range(many, 2 * few, 7999);
}

static void the_last_tick_is_kept_however_large_it_is(void **state)
{
    struct source *source = open_backlog(0, 1, 5);

    (void)state;
    assert_int_equal(span_of(source).first, 4);
    assert_int_equal(span_of(source).end, 5);
    source_close(source);
}

static void a_tick_outlives_the_backlog_in_its_readers_hands(void **state)
{
    struct source *source = open_backlog(UINT64_MAX / 2, SIZE_MAX, 2);
    struct tick *tick;

    (void)state;
    assert_null(source_past_read(source, 1, &tick));
    source_close(source);
    assert_non_null(tick_find_process(tick, 4242));
    tick_free(tick);
}

static void a_time_finds_the_last_tick_that_is_not_later(void **state)
{
    struct source *source = open_backlog(UINT64_MAX / 2, SIZE_MAX, 5);
    struct tick *tick;
    uint64_t sequence;

    (void)state;
    assert_null(source_past_read(source, 0, &tick));
    assert_null(source_past_find_time(source, tick->time_ns - 1, &sequence));
    assert_int_equal(sequence, 0);
    assert_null(source_past_find_time(source, tick->time_ns, &sequence));
    assert_int_equal(sequence, 4); /* they all say the same time */
    tick_free(tick);
    source_close(source);
}

static void count_samples(void *context, const struct tick *tick)
{
    *(uint64_t *)context += tick_find_process(tick, 4242)->profile->samples;
}

static void a_span_is_handed_over_with_both_of_its_ends(void **state)
{
    struct source *source = open_backlog(UINT64_MAX / 2, SIZE_MAX, 6);
    uint64_t samples = 0, wanted = 0;

    (void)state;
    for (uint64_t sequence = 2; sequence < 5; sequence++) {
        struct tick *tick;
        assert_null(source_past_read(source, sequence, &tick));
        count_samples(&wanted, tick);
        tick_free(tick);
    }
    assert_null(source_past_visit(source, (struct tick_span){2, 5}, 4242, count_samples, &samples));
    assert_int_equal(samples, wanted);
    assert_true(samples > 0);
    source_close(source);
}

static void a_series_says_of_each_tick_what_is_known(void **state)
{
    struct source *source = open_backlog(UINT64_MAX / 2, SIZE_MAX, 3);
    struct series_point *points;
    size_t count;

    (void)state;
    assert_null(source_past_series(source, (struct tick_span){1, 9}, 4242, &points, &count));
    assert_int_equal(count, 2);
    assert_int_equal(points[0].sequence, 1);
    assert_true(points[1].cpu_percent > 99 && points[1].memory_bytes == INT64_C(152) << 20);
    free(points);
    assert_null(source_past_series(source, (struct tick_span){0, 3}, 77, &points, &count));
    assert_int_equal(count, 3);
    assert_true(!real_is_known(points[0].cpu_percent) && !count_is_known(points[0].memory_bytes));
    free(points);
    assert_null(source_past_series(source, (struct tick_span){0, 1}, 0, &points, &count));
    assert_true(points[0].cpu_percent > 100 && points[0].cpu_percent < 110); /* 54.2 of two CPUs */
    free(points);
    source_close(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_that_are_too_old_are_dropped),
        cmocka_unit_test(ticks_take_no_more_memory_than_they_may),
        cmocka_unit_test(the_last_tick_is_kept_however_large_it_is),
        cmocka_unit_test(a_tick_outlives_the_backlog_in_its_readers_hands),
        cmocka_unit_test(a_time_finds_the_last_tick_that_is_not_later),
        cmocka_unit_test(a_span_is_handed_over_with_both_of_its_ends),
        cmocka_unit_test(a_series_says_of_each_tick_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

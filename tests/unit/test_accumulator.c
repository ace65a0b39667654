/* Protects that a thread's CPU time goes to its samples, all of it, and to the right ones. */
#include "sampler/accumulator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct profile_counter *find(const struct accumulator *accumulator, pid_t tid, uint32_t node,
                                          enum thread_state state)
{
    for (size_t i = 0; i < accumulator->count; i++) {
        const struct profile_counter *counter = &accumulator->counters[i];
        if (counter->tid == tid && counter->node == node && counter->state == state)
            return counter;
    }
    return NULL;
}

static void test_samples_of_one_place_add_up(void **state)
{
    struct accumulator accumulator = {0};

    (void)state;
    accumulator_add(&accumulator, 0, 10, 7, THREAD_RUNNING, 1, 100, 0);
    accumulator_add(&accumulator, 0, 10, 7, THREAD_RUNNING, 1, 50, 0);
    accumulator_add(&accumulator, 0, 10, 7, THREAD_SLEEP, 1, 30, 0);
    accumulator_add(&accumulator, 1, 11, 7, THREAD_RUNNING, 1, 20, 0);
    assert_int_equal(accumulator.count, 3);
    assert_int_equal(find(&accumulator, 10, 7, THREAD_RUNNING)->samples, 2);
    assert_int_equal(find(&accumulator, 10, 7, THREAD_RUNNING)->wall_ns, 150);
    accumulator_free(&accumulator);
}

static void test_cpu_time_is_spread_over_running_samples_by_their_time(void **state)
{
    struct accumulator accumulator = {0};

    (void)state;
    accumulator_add(&accumulator, 0, 10, 1, THREAD_RUNNING, 1, 300, 0);
    accumulator_add(&accumulator, 0, 10, 2, THREAD_NATIVE, 1, 100, 400);
    accumulator_add(&accumulator, 0, 10, 3, THREAD_SLEEP, 1, 600, 0);
    accumulator_add(&accumulator, 1, 11, 4, THREAD_RUNNING, 1, 100, 0);
    assert_true(accumulator_spread_cpu(&accumulator, (const pid_t[]){10}, 1, 4000));
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNING)->cpu_ns, 3000);
    assert_int_equal(find(&accumulator, 10, 2, THREAD_NATIVE)->cpu_ns, 1000);
    assert_int_equal(find(&accumulator, 10, 3, THREAD_SLEEP)->cpu_ns, 0);
    assert_int_equal(find(&accumulator, 11, 4, THREAD_RUNNING)->cpu_ns, 0);
    accumulator_free(&accumulator);
}

static void test_cpu_time_without_samples_is_not_taken(void **state)
{
    struct accumulator accumulator = {0};

    (void)state;
    accumulator_add(&accumulator, 1, 11, 4, THREAD_RUNNING, 1, 100, 0);
    accumulator_add(&accumulator, 0, 10, 4, THREAD_SLEEP, 1, 100, 0);
    assert_false(accumulator_spread_cpu(&accumulator, (const pid_t[]){10}, 1, 4000));
    accumulator_free(&accumulator);
}

static void test_a_thread_never_seen_running_gives_its_time_to_where_it_had_run(void **state)
{
    struct accumulator accumulator = {0};

    (void)state;
    accumulator_add(&accumulator, 0, 10, 1, THREAD_SLEEP, 1, 500, 0);
    accumulator_add(&accumulator, 0, 10, 2, THREAD_NETWORK, 1, 500, 20);
    accumulator_spread_cpu(&accumulator, (const pid_t[]){10}, 1, 30);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_SLEEP)->cpu_ns, 0);
    assert_int_equal(find(&accumulator, 10, 2, THREAD_NETWORK)->cpu_ns, 30);
    accumulator_free(&accumulator);
}

static void test_several_threads_share_what_is_known_of_them_together(void **state)
{
    const pid_t tids[] = {10, 12};
    struct accumulator accumulator = {0};

    (void)state;
    accumulator_add(&accumulator, 0, 10, 1, THREAD_RUNNING, 1, 100, 0);
    accumulator_add(&accumulator, 1, 11, 1, THREAD_RUNNING, 1, 100, 0);
    accumulator_add(&accumulator, 2, 12, 2, THREAD_RUNNING, 3, 300, 0);
    accumulator_add(&accumulator, 2, 12, 3, THREAD_SLEEP, 1, 900, 0);
    assert_int_equal(accumulator_running_ns(&accumulator, tids, 2), 400);
    accumulator_spread_cpu(&accumulator, tids, 2, 200);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNING)->cpu_ns, 50);
    assert_int_equal(find(&accumulator, 11, 1, THREAD_RUNNING)->cpu_ns, 0);
    assert_int_equal(find(&accumulator, 12, 2, THREAD_RUNNING)->cpu_ns, 150);
    assert_int_equal(find(&accumulator, 12, 3, THREAD_SLEEP)->cpu_ns, 0);
    accumulator_spread_cpu(&accumulator, tids, 0, 200);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNING)->cpu_ns, 50);
    accumulator_free(&accumulator);
}

static void test_time_without_a_cpu_is_taken_from_time_on_it(void **state)
{
    struct accumulator accumulator = {0};

    (void)state;
    accumulator_add(&accumulator, 0, 10, 1, THREAD_RUNNING, 60, 600, 0);
    accumulator_add(&accumulator, 0, 10, 2, THREAD_NATIVE, 20, 200, 0);
    accumulator_add(&accumulator, 0, 10, 3, THREAD_SLEEP, 20, 200, 0);
    accumulator_add(&accumulator, 1, 11, 1, THREAD_RUNNING, 10, 100, 0);
    accumulator_spread_delay(&accumulator, 0, 10, 400, 400);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNING)->wall_ns, 300);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNING)->samples, 30);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNABLE)->wall_ns, 300);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNABLE)->samples, 30);
    assert_int_equal(find(&accumulator, 10, 2, THREAD_RUNNABLE)->wall_ns, 100);
    assert_int_equal(find(&accumulator, 10, 3, THREAD_SLEEP)->wall_ns, 200);
    assert_int_equal(find(&accumulator, 11, 1, THREAD_RUNNING)->wall_ns, 100);
    assert_null(find(&accumulator, 11, 1, THREAD_RUNNABLE));
    accumulator_free(&accumulator);
}

static void test_what_samples_saw_waiting_for_a_cpu_counts_already(void **state)
{
    struct accumulator accumulator = {0};

    (void)state;
    accumulator_add(&accumulator, 0, 10, 1, THREAD_RUNNING, 6, 600, 0);
    accumulator_add(&accumulator, 0, 10, 1, THREAD_RUNNABLE, 3, 300, 0);
    accumulator_spread_delay(&accumulator, 0, 10, 500, 300);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNABLE)->wall_ns, 300);
    accumulator_spread_delay(&accumulator, 0, 10, 500, 400);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNABLE)->wall_ns, 400);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNING)->wall_ns, 500);
    accumulator_free(&accumulator);
}

static void test_a_delay_beyond_what_samples_saw_is_a_share_of_it(void **state)
{
    struct accumulator accumulator = {0};

    (void)state;
    accumulator_add(&accumulator, 0, 10, 1, THREAD_RUNNING, 4, 400, 0);
    accumulator_add(&accumulator, 0, 10, 2, THREAD_SLEEP, 4, 400, 0);
    accumulator_spread_delay(&accumulator, 0, 10, 1000, 3000);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNABLE)->wall_ns, 300);
    assert_int_equal(find(&accumulator, 10, 1, THREAD_RUNNING)->wall_ns, 100);
    assert_null(find(&accumulator, 10, 2, THREAD_RUNNABLE));
    accumulator_free(&accumulator);
}

static void test_a_cleared_accumulator_starts_from_nothing(void **state)
{
    struct accumulator accumulator = {0};

    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        accumulator_add(&accumulator, 0, 10, i, THREAD_RUNNING, 1, 1, 1);
    accumulator_clear(&accumulator);
    accumulator_add(&accumulator, 0, 10, 5, THREAD_RUNNING, 1, 3, 1);
    assert_int_equal(accumulator.count, 1);
    assert_int_equal(find(&accumulator, 10, 5, THREAD_RUNNING)->wall_ns, 3);
    assert_int_equal(find(&accumulator, 10, 5, THREAD_RUNNING)->samples, 1);
    accumulator_free(&accumulator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_of_one_place_add_up),
        cmocka_unit_test(test_cpu_time_is_spread_over_running_samples_by_their_time),
        cmocka_unit_test(test_cpu_time_without_samples_is_not_taken),
        cmocka_unit_test(test_a_thread_never_seen_running_gives_its_time_to_where_it_had_run),
        cmocka_unit_test(test_several_threads_share_what_is_known_of_them_together),
        cmocka_unit_test(test_time_without_a_cpu_is_taken_from_time_on_it),
        cmocka_unit_test(test_what_samples_saw_waiting_for_a_cpu_counts_already),
        cmocka_unit_test(test_a_delay_beyond_what_samples_saw_is_a_share_of_it),
        cmocka_unit_test(test_a_cleared_accumulator_starts_from_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

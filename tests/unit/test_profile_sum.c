#include "analysis/profile_sum.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct profile_counter first_counters[] = {
    {.node = 7, .tid = 10, .state = THREAD_RUNNING, .samples = 3, .wall_ns = 30, .cpu_ns = 20},
    {.node = 7, .tid = 10, .state = THREAD_SLEEP, .samples = 1, .wall_ns = 10},
    {.node = 8, .tid = 11, .state = THREAD_RUNNING, .samples = 2, .wall_ns = 20, .memory_growth_bytes = 5},
};

static const struct thread threads[] = {{.tid = 10, .name = "MainThread"}, {.tid = 11, .name = "worker"}};

static const struct profile first_profile = {.counters = first_counters, .counter_count = 3};

static struct process process_of(uint64_t start_ticks)
{
    return (struct process){
        .pid = 10,
        .start_ticks = start_ticks,
        .command = "python3 app.py",
        .profile = &first_profile,
        .threads = threads,
        .thread_detail_count = 2,
    };
}

static void add(struct profile_sum *sum, const struct process *process, int64_t second)
{
    struct tick tick = {
        .time_ns = second * (int64_t)NS_PER_SECOND,
        .interval_ns = NS_PER_SECOND,
        .processes = process,
        .process_count = 1,
    };

    profile_sum_add(sum, &tick);
}

static void test_ticks_add_up_by_thread_node_and_state(void **state)
{
    struct profile_sum *sum = profile_sum_new(&(struct profile_selection){0});
    struct process process = process_of(1);
    size_t count;
    int64_t begin_ns, end_ns;

    (void)state;
    add(sum, &process, 5);
    add(sum, &process, 6);
    const struct profile_entry *entries = profile_sum_entries(sum, &count);
    assert_int_equal(count, 3);
    assert_int_equal(entries[0].samples, 6);
    assert_int_equal(profile_entry_weight(&entries[0], WEIGHT_CPU), 40);
    assert_int_equal(profile_entry_weight(&entries[1], WEIGHT_WALL), 20);
    assert_int_equal(profile_entry_weight(&entries[2], WEIGHT_MEMORY), 10);
    const struct profile_thread *found = profile_sum_threads(sum, &count);
    assert_int_equal(count, 2);
    assert_string_equal(found[entries[2].thread].name, "worker");
    assert_string_equal(found[0].command, "python3 app.py");
    profile_sum_span(sum, &begin_ns, &end_ns);
    assert_int_equal(begin_ns, 4 * NS_PER_SECOND);
    assert_int_equal(end_ns, 6 * NS_PER_SECOND);
    profile_sum_free(sum);
}

static int64_t weigh_growth(int64_t growth_bytes)
{
    const struct profile_counter counter = {.memory_growth_bytes = growth_bytes};

    return profile_counter_weight(&counter, WEIGHT_MEMORY);
}

/* Otherwise a sum would depend on what is added up first: threads, ticks, or lines of a function. */
static void test_memory_that_was_given_back_weighs_nothing(void **state)
{
    (void)state;
    assert_int_equal(weigh_growth(4096), 4096);
    assert_int_equal(weigh_growth(0), 0);
    assert_int_equal(weigh_growth(-4096), 0);
}

static void test_a_pid_that_was_used_again_is_another_thread(void **state)
{
    struct profile_sum *sum = profile_sum_new(&(struct profile_selection){0});
    struct process process = process_of(1), other = process_of(2);
    size_t count;

    (void)state;
    add(sum, &process, 5);
    add(sum, &other, 6);
    profile_sum_threads(sum, &count);
    assert_int_equal(count, 4);
    profile_sum_entries(sum, &count);
    assert_int_equal(count, 6);
    profile_sum_free(sum);
}

/* Such threads come before any that was sampled, so the list of threads grows for them. */
static void test_threads_that_were_not_sampled_have_names(void **state)
{
    struct profile_sum *sum = profile_sum_new(&(struct profile_selection){0});
    const struct profile nothing = {0};
    struct process process = process_of(1);
    size_t count;

    (void)state;
    process.profile = &nothing;
    add(sum, &process, 5);
    const struct profile_thread *found = profile_sum_threads(sum, &count);
    assert_int_equal(count, 2);
    assert_string_equal(found[0].name, "MainThread");
    assert_string_equal(found[1].name, "worker");
    profile_sum_free(sum);
}

static uint64_t samples_of(struct profile_selection selection)
{
    struct profile_sum *sum = profile_sum_new(&selection);
    struct process process = process_of(1);
    size_t count;
    uint64_t samples = 0;

    add(sum, &process, 5);
    add(sum, &process, 6);
    const struct profile_entry *entries = profile_sum_entries(sum, &count);
    for (size_t i = 0; i < count; i++)
        samples += entries[i].samples;
    profile_sum_free(sum);
    return samples;
}

static void test_only_what_is_selected_counts(void **state)
{
    (void)state;
    assert_int_equal(samples_of((struct profile_selection){0}), 12);
    assert_int_equal(samples_of((struct profile_selection){.from_ns = 5 * NS_PER_SECOND}), 6);
    assert_int_equal(samples_of((struct profile_selection){.to_ns = 5 * NS_PER_SECOND}), 6);
    assert_int_equal(samples_of((struct profile_selection){.pid = 11}), 0);
    assert_int_equal(samples_of((struct profile_selection){.pid = 10, .tid = 11}), 4);
    assert_int_equal(samples_of((struct profile_selection){.states = 1 << THREAD_SLEEP}), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ticks_add_up_by_thread_node_and_state),
        cmocka_unit_test(test_memory_that_was_given_back_weighs_nothing),
        cmocka_unit_test(test_a_pid_that_was_used_again_is_another_thread),
        cmocka_unit_test(test_threads_that_were_not_sampled_have_names),
        cmocka_unit_test(test_only_what_is_selected_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

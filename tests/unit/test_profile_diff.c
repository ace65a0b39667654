/* Which functions of two recordings are the same, and which changes are more than noise. */
#include "analysis/profile_diff.h"

#include "base/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_COUNTERS = 16,
};

/* A recording whose counters the test writes down one by one, at 100 samples a second. */
struct side {
    struct call_tree *tree;
    struct profile_counter counters[MAX_COUNTERS];
    struct profile profile;
    struct process process;
    struct tick tick;
    struct diff_recording recording;
};

static void begin_side(struct side *side)
{
    *side = (struct side){.tree = call_tree_new()};
    side->profile.counters = side->counters;
    side->process.profile = &side->profile;
    side->tick.processes = &side->process;
    side->tick.process_count = 1;
    side->recording =
        (struct diff_recording){.whole = &side->tick, .tree = side->tree, .is_run = true, .real_seconds = 10};
}

static void add(struct side *side, const char *name, const char *file, uint32_t line, uint32_t samples)
{
    uint32_t function = call_tree_add_function(side->tree, name, file, line);

    assert_true(side->profile.counter_count < MAX_COUNTERS);
    side->counters[side->profile.counter_count++] = (struct profile_counter){
        .node = call_tree_add_node(side->tree, CALL_TREE_ROOT, function, line + 1),
        .tid = 1,
        .state = THREAD_RUNNING,
        .samples = samples,
        .cpu_ns = samples * NS_PER_SECOND / 100,
        .wall_ns = samples * NS_PER_SECOND / 100,
    };
}

static void end_sides(struct profile_diff *diff, struct side *old, struct side *new)
{
    profile_diff_free(diff);
    call_tree_free(old->tree);
    call_tree_free(new->tree);
}

static const struct diff_function *find(const struct profile_diff *diff, const char *name)
{
    for (size_t i = 0; i < diff->function_count; i++) {
        if (strcmp(diff->functions[i].name, name) == 0)
            return &diff->functions[i];
    }
    fail_msg("there is no function %s", name);
    return NULL;
}

static void test_a_function_is_the_same_when_its_line_moved(void **state)
{
    struct side old, new;

    (void)state;
    begin_side(&old), begin_side(&new);
    add(&old, "f", "app.py", 10, 100);
    add(&new, "f", "app.py", 90, 200);
    struct profile_diff diff = profile_diff_new(&old.recording, &new.recording, RANKING_CPU);
    assert_int_equal(diff.function_count, 1);
    assert_true(diff.functions[0].is_in[DIFF_OLD] && diff.functions[0].is_in[DIFF_NEW]);
    assert_float_equal(diff.functions[0].own.seconds, 1, 1e-9);
    end_sides(&diff, &old, &new);
}

static void test_several_functions_of_one_name_are_matched_by_line_and_then_in_order(void **state)
{
    struct side old, new;

    (void)state;
    begin_side(&old), begin_side(&new);
    add(&old, "<lambda>", "app.py", 10, 1);
    add(&old, "<lambda>", "app.py", 20, 2);
    add(&new, "<lambda>", "app.py", 20, 200);
    add(&new, "<lambda>", "app.py", 30, 100);
    struct profile_diff diff = profile_diff_new(&old.recording, &new.recording, RANKING_CPU);
    assert_int_equal(diff.function_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(diff.functions[i].side[DIFF_NEW].samples,
                         100 * diff.functions[i].side[DIFF_OLD].samples);
    end_sides(&diff, &old, &new);
}

static void test_a_file_in_another_directory_is_the_same_only_when_there_is_no_doubt(void **state)
{
    struct side old, new;

    (void)state;
    begin_side(&old), begin_side(&new);
    add(&old, "f", "/old/app.py", 10, 100);
    add(&new, "f", "/new/app.py", 10, 100);
    add(&old, "g", "/old/app.py", 20, 100);
    add(&new, "g", "/new/app.py", 20, 100);
    add(&new, "g", "/new/more/app.py", 20, 100);
    struct profile_diff diff = profile_diff_new(&old.recording, &new.recording, RANKING_CPU);
    assert_int_equal(diff.function_count, 4);
    assert_true(find(&diff, "f")->is_in[DIFF_OLD] && find(&diff, "f")->is_in[DIFF_NEW]);
    assert_false(find(&diff, "g")->is_in[DIFF_OLD] && find(&diff, "g")->is_in[DIFF_NEW]);
    end_sides(&diff, &old, &new);
}

static void test_a_change_within_three_standard_errors_is_noise(void **state)
{
    struct side old, new;

    (void)state;
    begin_side(&old), begin_side(&new);
    /* The errors are 10 samples in each, so 14 in the difference, and three of those are 43. */
    add(&old, "within", "app.py", 10, 100);
    add(&new, "within", "app.py", 10, 130);
    add(&old, "beyond", "app.py", 20, 100);
    add(&new, "beyond", "app.py", 20, 160);
    add(&new, "once", "app.py", 30, 1);
    struct profile_diff diff = profile_diff_new(&old.recording, &new.recording, RANKING_CPU);
    assert_string_equal(diff.functions[0].name, "beyond");
    assert_false(diff.functions[0].own.is_noise);
    assert_true(find(&diff, "within")->own.is_noise);
    assert_true(find(&diff, "once")->own.is_noise);
    assert_float_equal(find(&diff, "within")->own.noise, 3 * sqrt(0.01 * (1 + 1.3 + 2 * 0.01)), 1e-9);
    end_sides(&diff, &old, &new);
}

static void test_recordings_of_different_length_are_compared_by_second(void **state)
{
    struct side old, new;

    (void)state;
    begin_side(&old), begin_side(&new);
    old.recording.is_run = new.recording.is_run = false;
    new.recording.real_seconds = 20;
    add(&old, "f", "app.py", 10, 500);
    add(&new, "f", "app.py", 10, 1000);
    struct profile_diff diff = profile_diff_new(&old.recording, &new.recording, RANKING_CPU);
    assert_true(diff.per_second);
    assert_float_equal(diff.functions[0].own.seconds, 0, 1e-9);
    end_sides(&diff, &old, &new);
}

static void test_states_are_compared_by_the_time_of_all_threads(void **state)
{
    struct side old, new;

    (void)state;
    begin_side(&old), begin_side(&new);
    add(&old, "f", "app.py", 10, 100);
    add(&new, "f", "app.py", 10, 100);
    add(&new, "g", "app.py", 20, 300);
    new.counters[1].state = THREAD_DISK;
    struct profile_diff diff = profile_diff_new(&old.recording, &new.recording, RANKING_CPU);
    assert_int_equal(diff.states[0].state, THREAD_DISK);
    assert_float_equal(diff.states[0].change.seconds, 3, 1e-9);
    assert_float_equal(diff.states[0].percent[DIFF_NEW], 75, 1e-9);
    assert_false(diff.states[0].change.is_noise);
    assert_true(diff.states[1].change.is_noise);
    end_sides(&diff, &old, &new);
}

static void test_recordings_without_samples_differ_in_nothing(void **state)
{
    struct side old, new;

    (void)state;
    begin_side(&old), begin_side(&new);
    struct profile_diff diff = profile_diff_new(&old.recording, &new.recording, RANKING_WALL);
    assert_int_equal(diff.function_count, 0);
    for (size_t i = 0; i < THREAD_STATES; i++)
        assert_true(diff.states[i].change.is_noise);
    end_sides(&diff, &old, &new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_function_is_the_same_when_its_line_moved),
        cmocka_unit_test(test_several_functions_of_one_name_are_matched_by_line_and_then_in_order),
        cmocka_unit_test(test_a_file_in_another_directory_is_the_same_only_when_there_is_no_doubt),
        cmocka_unit_test(test_a_change_within_three_standard_errors_is_noise),
        cmocka_unit_test(test_recordings_of_different_length_are_compared_by_second),
        cmocka_unit_test(test_states_are_compared_by_the_time_of_all_threads),
        cmocka_unit_test(test_recordings_without_samples_differ_in_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

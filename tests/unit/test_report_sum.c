/* What a recording says of processes over time, on ticks made by hand. */
#include "analysis/report_sum.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int64_t second_ns = (int64_t)NS_PER_SECOND;

struct scene {
    struct call_tree *tree;
    uint32_t node;
    struct report_sum sum;
};

static int set_up(void **state)
{
    struct scene *scene = test_calloc(1, sizeof(*scene));

    scene->tree = call_tree_new();
    scene->node = call_tree_add_node(scene->tree, CALL_TREE_ROOT,
                                     call_tree_add_function(scene->tree, "f", "a.py", 1), 2);
    report_sum_init(&scene->sum, &(struct profile_selection){0});
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    report_sum_free(&scene->sum);
    call_tree_free(scene->tree);
    test_free(scene);
    return 0;
}

/* A process that did one thing for a second. */
struct second {
    struct profile_counter counter;
    struct profile profile;
    struct process process;
};

static void fill(struct second *second, const struct scene *scene, pid_t pid, enum thread_state state)
{
    bool runs = state == THREAD_RUNNING;

    *second = (struct second){
        .counter = {.node = scene->node, .tid = pid, .state = state, .samples = 100},
        .profile = {.rate_hz = 100, .samples = 100, .late = 1, .counter_count = 1},
        .process = {.pid = pid,
                    .start_ticks = 7,
                    .command = "python3 a.py",
                    .cpu_percent = runs ? 100 : 0,
                    .cpu_seconds = runs ? 40 : 0,
                    .resident_bytes = 1000,
                    .open_file_count = 3,
                    .open_file_limit = 1024,
                    .growth_bytes_per_second = 0,
                    .open_file_growth_per_second = 0,
                    .runnable_percent = 0,
                    .throttled_percent = UNKNOWN_REAL,
                    .is_python = true},
    };
    second->counter.wall_ns = NS_PER_SECOND;
    second->counter.cpu_ns = runs ? NS_PER_SECOND : 0;
    second->profile.counters = &second->counter;
    second->process.profile = &second->profile;
}

static void add(struct scene *scene, int64_t at, const struct process *processes, size_t count)
{
    struct tick tick = {
        .sequence = (uint64_t)at,
        .time_ns = (1000 + at) * second_ns,
        .monotonic_ns = (uint64_t)(5000 + at) * NS_PER_SECOND,
        .interval_ns = NS_PER_SECOND,
        .processes = processes,
        .process_count = count,
    };

    report_sum_add(&scene->sum, &tick, scene->tree);
}

static void add_second(struct scene *scene, int64_t at, enum thread_state state)
{
    struct second second;

    fill(&second, scene, 10, state);
    add(scene, at, &second.process, 1);
}

static void test_neighbours_with_the_same_verdict_are_one_span(void **state)
{
    struct scene *scene = *state;

    for (int64_t at = 1; at <= 30; at++)
        add_second(scene, at, at <= 20 ? THREAD_RUNNING : THREAD_SLEEP);
    report_sum_finish(&scene->sum, scene->tree);
    assert_int_equal(scene->sum.process_count, 1);
    const struct report_process *process = &scene->sum.processes[0];
    assert_int_equal(process->span_count, 2);
    assert_int_equal(process->spans[0].cause.kind, VERDICT_PYTHON_CPU);
    assert_int_equal(process->spans[0].begin_ns, 1000 * second_ns);
    assert_int_equal(process->spans[0].end_ns, 1020 * second_ns);
    assert_float_equal(process->spans[0].cause.percent, 100, 0.1);
    assert_int_equal(process->spans[1].cause.kind, VERDICT_SLEEP);
    assert_int_equal(process->spans[1].end_ns, 1030 * second_ns);
}

static void test_a_verdict_that_changes_all_the_time_keeps_within_bounds(void **state)
{
    struct scene *scene = *state;

    for (int64_t at = 0; at < 2000; at++)
        add_second(scene, at + 1, at / 5 % 2 == 0 ? THREAD_RUNNING : THREAD_SLEEP);
    report_sum_finish(&scene->sum, scene->tree);
    const struct report_process *process = &scene->sum.processes[0];
    assert_in_range(process->span_count, 1, REPORT_MAX_SPANS);
    assert_int_equal(process->spans[0].begin_ns, 1000 * second_ns);
    assert_int_equal(process->spans[process->span_count - 1].end_ns, 3000 * second_ns);
    for (size_t i = 1; i < process->span_count; i++)
        assert_int_equal(process->spans[i].begin_ns, process->spans[i - 1].end_ns);
}

static void test_a_child_comes_and_goes(void **state)
{
    struct scene *scene = *state;
    struct second parent, child;

    for (int64_t at = 1; at <= 6; at++) {
        fill(&parent, scene, 10, THREAD_CHILD);
        fill(&child, scene, 11, THREAD_RUNNING);
        const struct process processes[] = {parent.process, child.process};
        add(scene, at, processes, at == 3 || at == 4 ? 2 : 1);
    }
    report_sum_finish(&scene->sum, scene->tree);
    assert_int_equal(scene->sum.process_count, 2);
    assert_false(scene->sum.processes[0].came || scene->sum.processes[0].went);
    const struct report_process *gone = &scene->sum.processes[1];
    assert_true(gone->came && gone->went);
    assert_int_equal(gone->first_ns, 1003 * second_ns);
    assert_int_equal(gone->last_ns, 1004 * second_ns);
    /* All that it used before it was first seen counts: 40 s, then 1 s. */
    assert_float_equal(gone->cpu_seconds, 41, 1e-9);
    assert_int_equal(gone->span_count, 1);
    assert_null(gone->window);
}

static void test_memory_and_files_have_a_first_a_greatest_and_a_last(void **state)
{
    static const int64_t amounts[] = {1000, 5000, UNKNOWN_COUNT, 2000};
    struct scene *scene = *state;
    struct second second;

    for (int64_t at = 0; at < 4; at++) {
        fill(&second, scene, 10, THREAD_RUNNING);
        second.process.resident_bytes = amounts[at];
        second.process.open_file_count = amounts[at];
        add(scene, at + 1, &second.process, 1);
    }
    second.process.state = 'Z';
    second.process.resident_bytes = 0;
    second.process.command = "[python3]";
    add(scene, 5, &second.process, 1);
    report_sum_finish(&scene->sum, scene->tree);
    const struct report_process *process = &scene->sum.processes[0];
    assert_int_equal(process->resident_bytes.first, 1000);
    assert_int_equal(process->resident_bytes.peak, 5000);
    assert_int_equal(process->resident_bytes.last, 2000);
    assert_int_equal(process->open_files.peak, 5000);
    assert_int_equal(scene->sum.peak_resident_bytes, 5000);
    assert_string_equal(process->command, "python3 a.py");
}

static void test_only_the_selected_time_and_process_count(void **state)
{
    struct scene *scene = *state;
    struct second one, other;

    scene->sum.selection =
        (struct profile_selection){.from_ns = 1002 * second_ns, .to_ns = 1004 * second_ns, .pid = 11};
    for (int64_t at = 1; at <= 6; at++) {
        fill(&one, scene, 10, THREAD_RUNNING);
        fill(&other, scene, 11, THREAD_RUNNING);
        const struct process processes[] = {one.process, other.process};
        add(scene, at, processes, 2);
    }
    report_sum_finish(&scene->sum, scene->tree);
    assert_int_equal(scene->sum.ticks, 2);
    assert_int_equal(scene->sum.first_sequence, 3);
    assert_int_equal(scene->sum.last_sequence, 4);
    assert_int_equal(scene->sum.process_count, 1);
    assert_int_equal(scene->sum.processes[0].pid, 11);
    assert_int_equal(scene->sum.samples, 200);
    assert_int_equal(scene->sum.late, 2);
    assert_float_equal(report_sum_rate_hz(&scene->sum), 100, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_neighbours_with_the_same_verdict_are_one_span, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_verdict_that_changes_all_the_time_keeps_within_bounds, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_child_comes_and_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_and_files_have_a_first_a_greatest_and_a_last, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_only_the_selected_time_and_process_count, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

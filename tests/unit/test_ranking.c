/* Own and total time by function and line, on call trees made by hand. */
#include "analysis/ranking.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_COUNTERS = 32,
};

/* A process whose counters the test writes down one by one. */
struct scene {
    struct call_tree *tree;
    uint32_t main_function, work_function, helper_function;
    struct profile_counter counters[MAX_COUNTERS];
    struct profile profile;
    struct process process;
    struct tick tick;
};

static int set_up(void **state)
{
    struct scene *scene = test_calloc(1, sizeof(*scene));

    scene->tree = call_tree_new();
    scene->main_function = call_tree_add_function(scene->tree, "main", "app.py", 1);
    scene->work_function = call_tree_add_function(scene->tree, "work", "app.py", 10);
    scene->helper_function = call_tree_add_function(scene->tree, "helper", "app.py", 20);
    scene->profile.counters = scene->counters;
    scene->process.profile = &scene->profile;
    scene->tick.interval_ns = NS_PER_SECOND;
    scene->tick.monotonic_ns = 100 * NS_PER_SECOND;
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    call_tree_free(scene->tree);
    test_free(scene);
    return 0;
}

static void add_counter(struct scene *scene, uint32_t node, uint64_t cpu_ns, uint64_t wall_ns)
{
    assert_true(scene->profile.counter_count < MAX_COUNTERS);
    scene->counters[scene->profile.counter_count++] = (struct profile_counter){
        .node = node,
        .tid = 1,
        .state = THREAD_RUNNING,
        .samples = 1,
        .cpu_ns = cpu_ns,
        .wall_ns = wall_ns,
        .memory_growth_bytes = 7,
    };
}

static struct ranking rank(const struct scene *scene, enum ranking_mode mode, enum ranking_level level)
{
    return ranking_of_process(&scene->tick, &scene->process, scene->tree, mode, level);
}

static const struct ranking_row *find_row(const struct ranking *ranking, uint32_t function, uint32_t line)
{
    for (size_t i = 0; i < ranking->count; i++) {
        if (ranking->rows[i].function == function && ranking->rows[i].line == line)
            return &ranking->rows[i];
    }
    fail_msg("function %u line %u has no row", function, line);
    return NULL;
}

static void test_own_time_is_the_innermost_frames_and_total_time_every_frames(void **state)
{
    struct scene *scene = *state;
    uint32_t in_main = call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 2);
    uint32_t in_work = call_tree_add_node(scene->tree, in_main, scene->work_function, 11);
    uint32_t in_helper = call_tree_add_node(scene->tree, in_main, scene->helper_function, 21);

    add_counter(scene, in_main, 10, 20);
    add_counter(scene, in_work, 60, 60);
    add_counter(scene, in_helper, 30, 120);
    struct ranking ranking = rank(scene, RANKING_CPU, RANKING_FUNCTIONS);

    assert_int_equal(ranking.count, 3);
    assert_int_equal(ranking.cpu_ns, 100);
    assert_int_equal(ranking.wall_ns, 200);
    assert_int_equal(ranking.samples, 3);
    assert_int_equal(ranking.span_ns, NS_PER_SECOND);
    assert_int_equal(ranking.rows[0].function, scene->work_function);
    const struct ranking_row *row = find_row(&ranking, scene->main_function, 0);
    assert_int_equal(row->own_cpu_ns, 10);
    assert_int_equal(row->total_cpu_ns, 100);
    assert_int_equal(row->total_wall_ns, 200);
    assert_int_equal(row->own_growth_bytes, 7);
    assert_int_equal(row->total_growth_bytes, 21);
    assert_float_equal(row->own_percent, 10, 1e-9);
    assert_float_equal(row->total_percent, 100, 1e-9);
    ranking_free(&ranking);
}

static void test_wall_mode_ranks_and_shares_by_wall_time(void **state)
{
    struct scene *scene = *state;
    uint32_t in_main = call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 2);
    uint32_t in_helper = call_tree_add_node(scene->tree, in_main, scene->helper_function, 21);

    add_counter(scene, in_main, 90, 100);
    add_counter(scene, in_helper, 10, 300);
    struct ranking ranking = rank(scene, RANKING_WALL, RANKING_FUNCTIONS);

    assert_int_equal(ranking.rows[0].function, scene->helper_function);
    assert_float_equal(ranking.rows[0].own_percent, 75, 1e-9);
    ranking_free(&ranking);
}

static void test_a_recursive_function_counts_once_a_sample(void **state)
{
    struct scene *scene = *state;
    uint32_t node = call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 2);

    for (uint32_t depth = 0; depth < 5; depth++) {
        node = call_tree_add_node(scene->tree, node, scene->work_function, 11);
        add_counter(scene, node, 10, 10);
    }
    struct ranking ranking = rank(scene, RANKING_CPU, RANKING_FUNCTIONS);

    const struct ranking_row *row = find_row(&ranking, scene->work_function, 0);
    assert_int_equal(row->own_cpu_ns, 50);
    assert_int_equal(row->total_cpu_ns, 50);
    assert_int_equal(find_row(&ranking, scene->main_function, 0)->total_cpu_ns, 50);
    ranking_free(&ranking);
}

static void test_mutual_recursion_counts_each_function_once_a_sample(void **state)
{
    struct scene *scene = *state;
    uint32_t node = CALL_TREE_ROOT;

    for (uint32_t depth = 0; depth < 6; depth++)
        node = call_tree_add_node(scene->tree, node,
                                  depth % 2 ? scene->helper_function : scene->work_function, 11);
    add_counter(scene, node, 10, 10);
    add_counter(scene, call_tree_node(scene->tree, node)->parent, 5, 5);
    struct ranking ranking = rank(scene, RANKING_CPU, RANKING_FUNCTIONS);

    assert_int_equal(find_row(&ranking, scene->work_function, 0)->total_cpu_ns, 15);
    assert_int_equal(find_row(&ranking, scene->work_function, 0)->own_cpu_ns, 5);
    assert_int_equal(find_row(&ranking, scene->helper_function, 0)->total_cpu_ns, 15);
    assert_int_equal(find_row(&ranking, scene->helper_function, 0)->own_cpu_ns, 10);
    ranking_free(&ranking);
}

static void test_lines_of_one_function_have_their_own_rows(void **state)
{
    struct scene *scene = *state;
    uint32_t at_2 = call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 2);
    uint32_t at_3 = call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 3);
    uint32_t from_2 = call_tree_add_node(scene->tree, at_2, scene->work_function, 11);
    uint32_t from_3 = call_tree_add_node(scene->tree, at_3, scene->work_function, 11);

    add_counter(scene, at_2, 1, 1);
    add_counter(scene, at_3, 2, 2);
    add_counter(scene, from_2, 10, 10);
    add_counter(scene, from_3, 20, 20);
    struct ranking ranking = rank(scene, RANKING_CPU, RANKING_LINES);

    assert_int_equal(ranking.count, 3);
    assert_int_equal(find_row(&ranking, scene->main_function, 2)->own_cpu_ns, 1);
    assert_int_equal(find_row(&ranking, scene->main_function, 2)->total_cpu_ns, 11);
    assert_int_equal(find_row(&ranking, scene->main_function, 3)->total_cpu_ns, 22);
    assert_int_equal(find_row(&ranking, scene->work_function, 11)->own_cpu_ns, 30);
    ranking_free(&ranking);
}

static void test_time_without_a_python_frame_counts_in_the_whole_but_has_no_row(void **state)
{
    struct scene *scene = *state;
    uint32_t in_main = call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 2);

    add_counter(scene, CALL_TREE_ROOT, 75, 75);
    add_counter(scene, in_main, 25, 25);
    struct ranking ranking = rank(scene, RANKING_CPU, RANKING_FUNCTIONS);

    assert_int_equal(ranking.count, 1);
    assert_int_equal(ranking.cpu_ns, 100);
    assert_float_equal(ranking.rows[0].own_percent, 25, 1e-9);
    ranking_free(&ranking);
}

static void test_shares_of_no_time_are_unknown_and_not_zero(void **state)
{
    struct scene *scene = *state;
    uint32_t in_main = call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 2);

    add_counter(scene, in_main, 0, 50);
    struct ranking ranking = rank(scene, RANKING_CPU, RANKING_FUNCTIONS);

    assert_int_equal(ranking.count, 1);
    assert_false(real_is_known(ranking.rows[0].own_percent));
    ranking_free(&ranking);
}

static void test_a_process_that_was_not_sampled_has_an_empty_ranking(void **state)
{
    struct scene *scene = *state;

    struct ranking empty = rank(scene, RANKING_CPU, RANKING_FUNCTIONS);
    assert_int_equal(empty.count, 0);
    ranking_free(&empty);

    scene->process.profile = NULL;
    struct ranking none = rank(scene, RANKING_CPU, RANKING_FUNCTIONS);
    assert_int_equal(none.count, 0);
    assert_int_equal(none.span_ns, 0);
    ranking_free(&none);
}

static void test_an_id_that_is_no_node_counts_as_time_without_a_frame(void **state)
{
    struct scene *scene = *state;

    add_counter(scene, 123456, 10, 10);
    add_counter(scene, UINT32_MAX, 10, 10);
    struct ranking ranking = rank(scene, RANKING_CPU, RANKING_FUNCTIONS);

    assert_int_equal(ranking.count, 0);
    assert_int_equal(ranking.cpu_ns, 20);
    ranking_free(&ranking);
}

static void test_equal_rows_are_ordered_by_name(void **state)
{
    struct scene *scene = *state;

    add_counter(scene, call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->work_function, 1), 10, 10);
    add_counter(scene, call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 1), 10, 10);
    add_counter(scene, call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->helper_function, 1), 10, 10);
    struct ranking ranking = rank(scene, RANKING_CPU, RANKING_FUNCTIONS);

    assert_int_equal(ranking.rows[0].function, scene->helper_function);
    assert_int_equal(ranking.rows[1].function, scene->main_function);
    assert_int_equal(ranking.rows[2].function, scene->work_function);
    ranking_free(&ranking);
}

static void test_the_deepest_stack_is_summed_up(void **state)
{
    struct scene *scene = *state;
    uint32_t node = CALL_TREE_ROOT;

    for (uint32_t depth = 0; depth < CALL_TREE_MAX_DEPTH + 10; depth++)
        node = call_tree_add_node(scene->tree, node, scene->work_function, depth);
    add_counter(scene, node, 10, 10);
    struct ranking ranking = rank(scene, RANKING_CPU, RANKING_LINES);

    assert_int_equal(ranking.count, CALL_TREE_MAX_DEPTH);
    assert_int_equal(find_row(&ranking, scene->work_function, 0)->total_cpu_ns, 10);
    ranking_free(&ranking);
}

/* One second passes in which `node` uses 1 ns of CPU. */
static void pass_second(struct scene *scene, struct window *window, uint32_t node)
{
    scene->tick.monotonic_ns += NS_PER_SECOND;
    scene->profile.counter_count = 0;
    add_counter(scene, node, 1, 1);
    window_add(window, &scene->tick, &scene->process);
}

static uint64_t window_cpu_ns(const struct scene *scene, const struct window *window, uint64_t *span_ns)
{
    struct ranking ranking = window_rank(window, scene->tree, RANKING_CPU, RANKING_FUNCTIONS);
    uint64_t cpu_ns = ranking.cpu_ns;

    *span_ns = ranking.span_ns;
    ranking_free(&ranking);
    return cpu_ns;
}

static void test_a_window_keeps_what_its_span_says(void **state)
{
    static const struct {
        uint64_t span_ns;
        uint64_t seconds_kept;
    } cases[] = {{0, 1}, {10 * NS_PER_SECOND, 10}, {UINT64_MAX, 30}};
    struct scene *scene = *state;
    uint32_t in_main = call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 2);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct window *window = window_new(cases[i].span_ns);
        uint64_t span_ns;
        for (int second = 0; second < 30; second++)
            pass_second(scene, window, in_main);
        assert_int_equal(window_cpu_ns(scene, window, &span_ns), cases[i].seconds_kept);
        assert_int_equal(span_ns, cases[i].seconds_kept * NS_PER_SECOND);
        window_free(window);
    }
}

static void test_ticks_that_come_early_or_late_do_not_change_a_windows_length(void **state)
{
    struct scene *scene = *state;
    struct window *window = window_new(10 * NS_PER_SECOND);
    uint32_t in_main = call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 2);
    uint64_t span_ns;

    for (int second = 0; second < 40; second++) {
        uint64_t true_time_ns = scene->tick.monotonic_ns;
        scene->tick.monotonic_ns += second % 3 * (NS_PER_SECOND / 20);
        pass_second(scene, window, in_main);
        scene->tick.monotonic_ns = true_time_ns + NS_PER_SECOND;
        if (second >= 10)
            assert_int_equal(window_cpu_ns(scene, window, &span_ns), 10);
    }
    window_free(window);
}

static void test_a_window_without_a_profile_goes_on_forgetting(void **state)
{
    struct scene *scene = *state;
    struct window *window = window_new(3 * NS_PER_SECOND);
    uint32_t in_main = call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 2);
    uint64_t span_ns;

    pass_second(scene, window, in_main);
    scene->process.profile = NULL;
    scene->tick.monotonic_ns += 4 * NS_PER_SECOND;
    window_add(window, &scene->tick, &scene->process);
    assert_int_equal(window_cpu_ns(scene, window, &span_ns), 0);
    assert_int_equal(span_ns, 0);
    window_free(window);
}

static void test_a_cleared_window_is_empty_and_goes_on(void **state)
{
    struct scene *scene = *state;
    struct window *window = window_new(UINT64_MAX);
    uint32_t in_main = call_tree_add_node(scene->tree, CALL_TREE_ROOT, scene->main_function, 2);
    uint32_t in_work = call_tree_add_node(scene->tree, in_main, scene->work_function, 11);
    uint64_t span_ns;

    pass_second(scene, window, in_main);
    pass_second(scene, window, in_work);
    window_clear(window);
    assert_int_equal(window_cpu_ns(scene, window, &span_ns), 0);
    pass_second(scene, window, in_work);
    assert_int_equal(window_cpu_ns(scene, window, &span_ns), 1);
    window_free(window);
}

static void test_the_busiest_thread_has_a_stack(void **state)
{
    struct scene *scene = *state;
    const struct thread threads[] = {
        {.tid = 1, .cpu_percent = 90, .has_stack = false},
        {.tid = 2, .cpu_percent = UNKNOWN_REAL, .has_stack = true, .stack_node = 5},
        {.tid = 3, .cpu_percent = 20, .has_stack = true, .stack_node = 5},
        {.tid = 4, .cpu_percent = 30, .has_stack = true, .stack_node = 6},
        {.tid = 5, .cpu_percent = 99, .has_stack = true, .stack_node = CALL_TREE_ROOT},
    };

    assert_null(process_busiest_thread(&scene->process));
    scene->process.threads = threads;
    scene->process.thread_detail_count = 2;
    assert_int_equal(process_busiest_thread(&scene->process)->tid, 2);
    scene->process.thread_detail_count = 5;
    assert_int_equal(process_busiest_thread(&scene->process)->tid, 4);
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_own_time_is_the_innermost_frames_and_total_time_every_frames),
        SCENE_TEST(test_wall_mode_ranks_and_shares_by_wall_time),
        SCENE_TEST(test_a_recursive_function_counts_once_a_sample),
        SCENE_TEST(test_mutual_recursion_counts_each_function_once_a_sample),
        SCENE_TEST(test_lines_of_one_function_have_their_own_rows),
        SCENE_TEST(test_time_without_a_python_frame_counts_in_the_whole_but_has_no_row),
        SCENE_TEST(test_shares_of_no_time_are_unknown_and_not_zero),
        SCENE_TEST(test_a_process_that_was_not_sampled_has_an_empty_ranking),
        SCENE_TEST(test_an_id_that_is_no_node_counts_as_time_without_a_frame),
        SCENE_TEST(test_equal_rows_are_ordered_by_name),
        SCENE_TEST(test_the_deepest_stack_is_summed_up),
        SCENE_TEST(test_a_window_keeps_what_its_span_says),
        SCENE_TEST(test_ticks_that_come_early_or_late_do_not_change_a_windows_length),
        SCENE_TEST(test_a_window_without_a_profile_goes_on_forgetting),
        SCENE_TEST(test_a_cleared_window_is_empty_and_goes_on),
        SCENE_TEST(test_the_busiest_thread_has_a_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

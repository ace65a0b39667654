/* Conditions that a recording is searched for. */
#include "ui/condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define MEBIBYTE (INT64_C(1) << 20)

enum {
    PID = 7,
};

struct moment {
    struct process process;
    struct tick tick;
};

static void make_moment(struct moment *moment, double cpu_percent, int64_t mebibytes)
{
    moment->process = (struct process){.pid = PID,
                                       .cpu_percent = cpu_percent,
                                       .resident_bytes = mebibytes < 0 ? UNKNOWN_COUNT : mebibytes * MEBIBYTE,
                                       .read_bytes_per_second = 100,
                                       .write_bytes_per_second = 1000};
    moment->tick = (struct tick){.processes = &moment->process, .process_count = 1};
}

/* Whether it holds where a process goes from 10 % of a CPU and 100 MiB to 50 % and `mebibytes`. */
static bool holds_with(const char *text, int64_t mebibytes)
{
    struct condition condition;
    struct moment before, now;
    struct call_tree *tree = call_tree_new();

    make_moment(&before, 10, 100);
    make_moment(&now, 50, mebibytes);
    assert_null(condition_read(&condition, text));
    bool holds = condition_holds(&condition, &before.tick, &now.tick, PID, tree);
    call_tree_free(tree);
    return holds;
}

static void a_figure_is_compared_in_its_unit(void **state)
{
    (void)state;
    assert_true(holds_with("cpu>49.9", 100));
    assert_false(holds_with("cpu>50", 100));
    assert_true(holds_with("mem>99M", 100));
    assert_false(holds_with("mem>1G", 100));
    assert_true(holds_with("mem>1000", 100));
    assert_true(holds_with("io>1K", 100));
    assert_false(holds_with("io>1.1K", 100));
}

static void growth_is_from_one_tick_to_the_next(void **state)
{
    (void)state;
    assert_true(holds_with("mem+50M", 150));
    assert_false(holds_with("mem+51M", 150));
    assert_false(holds_with("mem+1", 99));
}

static void what_is_unknown_is_no_match(void **state)
{
    (void)state;
    assert_false(holds_with("mem>0", -1));
    assert_false(holds_with("mem+0", -1));
    assert_false(holds_with("verdict", 100));
    assert_false(holds_with("verdict=gil", 100));
    assert_false(holds_with("top=f", 100));
}

static void the_function_on_top_is_the_one_with_most_cpu_time(void **state)
{
    struct call_tree *tree = call_tree_new();
    uint32_t parse = call_tree_add_function(tree, "Reader.parse", "a.py", 1);
    uint32_t sort = call_tree_add_function(tree, "sort", "a.py", 9);
    struct profile_counter counters[] = {
        {.node = call_tree_add_node(tree, CALL_TREE_ROOT, parse, 2),
         .samples = 3,
         .cpu_ns = 30,
         .wall_ns = 30},
        {.node = call_tree_add_node(tree, CALL_TREE_ROOT, sort, 10),
         .samples = 1,
         .cpu_ns = 10,
         .wall_ns = 90},
    };
    struct profile profile = {.counters = counters, .counter_count = 2};
    struct condition condition;
    struct moment now;

    (void)state;
    make_moment(&now, 50, 100);
    now.process.profile = &profile;
    assert_null(condition_read(&condition, "top=parse"));
    assert_true(condition_holds(&condition, &now.tick, &now.tick, PID, tree));
    assert_false(condition_holds(&condition, &now.tick, &now.tick, PID + 1, tree));
    assert_null(condition_read(&condition, "top=sort"));
    assert_false(condition_holds(&condition, &now.tick, &now.tick, PID, tree));
    call_tree_free(tree);
}

static void what_is_no_condition_is_refused_with_the_forms(void **state)
{
    static const char *const wrong[] = {
        "",        "cpu",     "cpu>",     "cpu>x",        "cpu>5M", "cpu>-1",   "mem>",
        "mem>1MB", "mem+inf", "verdict=", "verdict=slow", "top=",   "verdicts", "nothing"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct condition condition;
        struct error *error = condition_read(&condition, wrong[i]);
        if (error == NULL)
            fail_msg("'%s' was taken for a condition", wrong[i]);
        assert_non_null(strstr(error_message(error), CONDITION_FORMS));
        error_free(error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_figure_is_compared_in_its_unit),
        cmocka_unit_test(growth_is_from_one_tick_to_the_next),
        cmocka_unit_test(what_is_unknown_is_no_match),
        cmocka_unit_test(the_function_on_top_is_the_one_with_most_cpu_time),
        cmocka_unit_test(what_is_no_condition_is_refused_with_the_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

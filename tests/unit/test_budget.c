/* The sampler stays inside its budget, and gives up samples in the right order. */
#include "base/clock.h"
#include "model/number.h"
#include "sampler/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    CHECKS = 64, /* more than it takes to come to rest */
    PERIOD_NS = NS_PER_MILLISECOND,
    TICK_NS = 200 * NS_PER_MILLISECOND,
};

struct use {
    struct budget budget;
    uint64_t now_ns;
    uint64_t cpu_ns;
};

static struct use begin(double percent)
{
    struct use use = {0};

    budget_begin(&use.budget, percent, 0);
    budget_set_interval(&use.budget, TICK_NS, PERIOD_NS);
    return use;
}

/* Time goes by in which the sampler uses so much of a core. */
static void spend(struct use *use, double percent, bool has_others)
{
    use->now_ns += TICK_NS;
    use->cpu_ns += (uint64_t)(TICK_NS * percent / 100);
    assert_true(budget_is_due(&use->budget, use->now_ns));
    budget_keep(&use->budget, use->now_ns, use->cpu_ns, has_others);
}

/* Turns that a process has in a tick, whatever its phase. */
static uint64_t turns_in_tick(uint32_t divisor)
{
    return TICK_NS / PERIOD_NS / divisor;
}

static void within_the_budget_everything_has_its_turn(void **state)
{
    struct use use = begin(5);

    (void)state;
    for (int i = 0; i < CHECKS; i++)
        spend(&use, 4.9, true);
    assert_int_equal(use.budget.focus_divisor, 1);
    assert_int_equal(use.budget.other_divisor, 1);
}

static void a_process_alone_keeps_a_sample_in_every_tick(void **state)
{
    struct use use = begin(5);

    (void)state;
    for (int i = 0; i < CHECKS; i++)
        spend(&use, 50, false);
    assert_true(use.budget.focus_divisor > 1);
    assert_true(turns_in_tick(use.budget.focus_divisor) >= 1);
    budget_set_interval(&use.budget, TICK_NS / 20, PERIOD_NS); /* the user wants more ticks */
    assert_true(TICK_NS / 20 / PERIOD_NS / use.budget.focus_divisor >= 1);
}

static void even_a_tick_shorter_than_a_period_leaves_a_divisor(void **state)
{
    struct use use = begin(5);

    (void)state;
    budget_set_interval(&use.budget, PERIOD_NS / 10, PERIOD_NS);
    spend(&use, 50, false);
    assert_int_equal(use.budget.focus_divisor, 1);
}

/* First the others down to a sample a tick, then the focus down to that, then the others to less. */
static void what_is_not_in_focus_gives_way_first_and_no_further_than_needed(void **state)
{
    struct use use = begin(5);

    (void)state;
    while (use.budget.focus_divisor == 1)
        spend(&use, 50, true);
    uint32_t first = use.budget.other_divisor;
    assert_true(first > 1 && turns_in_tick(first) >= 1);
    while (use.budget.other_divisor == first)
        spend(&use, 50, true);
    assert_true(turns_in_tick(use.budget.focus_divisor) >= 1);
    assert_true(use.budget.focus_divisor > turns_in_tick(1) / 8);
    for (int i = 0; i < CHECKS; i++)
        spend(&use, 50, true);
    assert_int_equal(turns_in_tick(use.budget.other_divisor), 0);
}

static void all_comes_back_when_there_is_room(void **state)
{
    struct use use = begin(5);

    (void)state;
    for (int i = 0; i < CHECKS; i++)
        spend(&use, 50, true);
    uint32_t focus_divisor = use.budget.focus_divisor;
    while (turns_in_tick(use.budget.other_divisor) == 0)
        spend(&use, 1, true);
    assert_int_equal(use.budget.focus_divisor, focus_divisor);
    for (int i = 0; i < CHECKS; i++)
        spend(&use, 1, true);
    assert_int_equal(use.budget.focus_divisor, 1);
    assert_int_equal(use.budget.other_divisor, 1);
}

static void without_a_budget_nothing_gives_way(void **state)
{
    struct use use = begin(UNKNOWN_REAL);

    (void)state;
    for (int i = 0; i < CHECKS; i++)
        spend(&use, 100, true);
    assert_int_equal(use.budget.focus_divisor, 1);
    assert_int_equal(use.budget.other_divisor, 1);
}

static void a_turn_comes_once_in_every_so_many_slots(void **state)
{
    static const uint32_t divisors[] = {1, 2, 7, 100, 4096};

    (void)state;
    for (size_t i = 0; i < sizeof(divisors) / sizeof(divisors[0]); i++) {
        for (uint32_t phase = 0; phase < 9; phase++) {
            uint64_t turn = budget_next_turn(1000, divisors[i], phase);
            assert_in_range(turn, 1000, 1000 + divisors[i] - 1);
            assert_int_equal(budget_next_turn(turn, divisors[i], phase), turn);
            assert_int_equal(budget_next_turn(turn + 1, divisors[i], phase), turn + divisors[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(within_the_budget_everything_has_its_turn),
        cmocka_unit_test(a_process_alone_keeps_a_sample_in_every_tick),
        cmocka_unit_test(even_a_tick_shorter_than_a_period_leaves_a_divisor),
        cmocka_unit_test(what_is_not_in_focus_gives_way_first_and_no_further_than_needed),
        cmocka_unit_test(all_comes_back_when_there_is_room),
        cmocka_unit_test(without_a_budget_nothing_gives_way),
        cmocka_unit_test(a_turn_comes_once_in_every_so_many_slots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

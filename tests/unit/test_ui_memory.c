/* What the memory, threads and files panes show: a history of bounded size, its graph, bars of states, and waits. */
#include "analysis/state_shares.h"
#include "base/clock.h"
#include "ui/file_rows.h"
#include "ui/memory_graph.h"
#include "ui/memory_history.h"
#include "ui/state_bar.h"
#include "ui/thread_rows.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MEBIBYTE (INT64_C(1) << 20)

/* ---- the history ---- */

/* Add tick number `second` with a process of that many MiB, which grew at a node. */
static void add_second(struct memory_history *history, uint64_t second, int64_t mebibytes, uint32_t node,
                       int64_t growth_mebibytes)
{
    const struct profile_counter counters[] = {
        {.node = CALL_TREE_ROOT, .memory_growth_bytes = MEBIBYTE / 2},
        {.node = node, .memory_growth_bytes = growth_mebibytes * MEBIBYTE},
        {.node = 8, .memory_growth_bytes = -5 * MEBIBYTE},
    };
    const struct profile profile = {.growth_measured = true, .counters = counters, .counter_count = 3};
    const struct process process = {.resident_bytes = mebibytes * MEBIBYTE, .profile = &profile};
    const struct tick tick = {.monotonic_ns = (second + 1) * NS_PER_SECOND, .interval_ns = NS_PER_SECOND};

    memory_history_add(history, &tick, &process);
}

static void a_history_is_bounded_and_keeps_its_peak_and_its_largest_growth(void **state)
{
    struct memory_history history = {0};
    bool peak = false, growth = false;

    (void)state;
    for (uint64_t second = 0; second < 100000; second++)
        add_second(&history, second, second == 40001 ? 900 : 100, second == 30003 ? 3 : 2,
                   second == 30003 ? 5000 : 1);
    assert_in_range(history.count, MEMORY_POINTS / 2, MEMORY_POINTS);
    assert_true(history.points[0].begin_ns == 0);
    assert_true(history.points[history.count - 1].end_ns == 100000 * NS_PER_SECOND);
    for (size_t i = 0; i < history.count; i++) {
        peak = peak || history.points[i].resident_bytes == 900 * MEBIBYTE;
        growth = growth || history.points[i].node == 3;
        if (i > 0)
            assert_true(history.points[i].begin_ns == history.points[i - 1].end_ns);
    }
    assert_true(peak && growth);
    memory_history_free(&history);
}

static void what_is_not_known_is_no_point(void **state)
{
    struct memory_history history = {0};
    const struct process process = {.resident_bytes = UNKNOWN_COUNT};
    const struct tick tick = {.monotonic_ns = NS_PER_SECOND};

    (void)state;
    memory_history_add(&history, &tick, &process);
    assert_int_equal(history.count, 0);
    memory_history_free(&history);
}

/* ---- drawing ---- */

/* The row as text; every character here is one cell of ASCII or a block, which becomes '#'. */
static void read_row(const struct canvas *canvas, int row, char text[static 256])
{
    int length = 0;

    for (int column = 0; column < canvas->columns && length < 255; column++) {
        uint32_t character = canvas->cells[row * canvas->columns + column].character;
        text[length++] = character < 0x80 ? (char)character : '#';
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    text[length] = '\0';
}

static void assert_row(const struct canvas *canvas, int row, const char *expected)
{
    char text[256];

    read_row(canvas, row, text);
    assert_string_equal(text, expected);
}

static void a_graph_marks_where_it_grew_and_names_the_function(void **state)
{
    struct canvas canvas = {0};
    struct memory_history history = {0};
    struct call_tree *tree = call_tree_new();
    uint32_t load = call_tree_add_function(tree, "load", "/app.py", 3);
    uint32_t node = call_tree_add_node(tree, CALL_TREE_ROOT, load, 5);

    (void)state;
    canvas_resize(&canvas, 4, 40);
    struct region region = canvas_region(&canvas);
    memory_graph_draw(&region, &history, tree); /* nothing is known: nothing is drawn */
    assert_row(&canvas, 0, "");
    add_second(&history, 0, 100, node, 0);
    add_second(&history, 1, 200, node, 100);
    memory_graph_draw(&region, &history, tree);
    assert_row(&canvas, 0, " 200M  #");
    assert_row(&canvas, 1, "    0 ##");
    assert_row(&canvas, 2, "       1                           2.00s");
    assert_row(&canvas, 3, "      1 +100M load:5");
    memory_history_free(&history);
    call_tree_free(tree);
    canvas_free(&canvas);
}

static void a_graph_fits_every_size(void **state)
{
    struct canvas canvas = {0};
    struct memory_history history = {0};
    struct call_tree *tree = call_tree_new();

    (void)state;
    for (uint64_t second = 0; second < 1000; second++)
        add_second(&history, second, (int64_t)(second % 90), CALL_TREE_ROOT, 1);
    for (int rows = 1; rows < 12; rows++) {
        for (int columns = 1; columns < 200; columns += 7) {
            canvas_resize(&canvas, rows, columns);
            struct region region = canvas_region(&canvas);
            memory_graph_draw(&region, &history, tree);
        }
    }
    memory_history_free(&history);
    call_tree_free(tree);
    canvas_free(&canvas);
}

static void a_bar_of_states_is_full_and_in_one_order(void **state)
{
    struct canvas canvas = {0};
    const struct profile_counter counters[] = {
        {.state = THREAD_SLEEP, .wall_ns = 250},
        {.state = THREAD_GIL, .wall_ns = 250},
        {.state = THREAD_RUNNING, .wall_ns = 499},
        {.state = THREAD_OTHER, .wall_ns = 1},
    };
    const struct profile profile = {.counters = counters, .counter_count = 4};
    struct state_shares shares = {0};

    (void)state;
    canvas_resize(&canvas, 3, 40);
    struct region region = canvas_region(&canvas);
    state_bar_draw(&region, 0, 0, 20, &shares);
    assert_row(&canvas, 0, "");
    assert_true(isnan(state_shares_percent(&shares, THREAD_GIL)));
    state_shares_add_profile(&shares, NULL);
    state_shares_add_profile(&shares, &profile);
    assert_float_equal(state_shares_percent(&shares, THREAD_GIL), 25, 1e-9);
    state_bar_draw(&region, 0, 0, 20, &shares);
    assert_row(&canvas, 0, "RRRRRRRRRRgggggsssss");
    state_bar_draw_legend(&region, 1, 0, 40, &shares);
    assert_row(&canvas, 1, "R running 50%  g gil 25%  s sleep 25%");
    state_bar_draw_legend(&region, 2, 0, 30, &shares); /* what does not fit is left out whole */
    assert_row(&canvas, 2, "R running 50%  g gil 25%");
    canvas_free(&canvas);
}

static void each_thread_has_its_own_states_and_the_process_those_of_all(void **state)
{
    struct thread_rows rows = {0};
    struct call_tree *tree = call_tree_new();
    const struct thread threads[] = {{.tid = 11, .has_stack = true}, {.tid = 12}};
    const struct profile_counter counters[] = {
        {.tid = 11, .state = THREAD_RUNNING, .wall_ns = 30},
        {.tid = 12, .state = THREAD_LOCK, .wall_ns = 50},
        {.tid = 13, .state = THREAD_DISK, .wall_ns = 20}, /* it has ended */
    };
    const struct profile profile = {.counters = counters, .counter_count = 3};
    const struct process process = {.threads = threads, .thread_detail_count = 2, .profile = &profile};
    const struct tick ticks[] = {{.monotonic_ns = 1000, .interval_ns = 100},
                                 {.monotonic_ns = 1100, .interval_ns = 100}};
    struct window *window = window_new(1000);

    (void)state;
    window_add(window, &ticks[0], &process);
    thread_rows_collect(&rows, &process, window, tree);
    assert_int_equal(rows.count, 2);
    assert_null(rows.rows[0].function);
    assert_int_equal(rows.rows[0].shares.wall_ns[THREAD_RUNNING], 30);
    assert_int_equal(rows.rows[0].shares.total_ns, 30);
    assert_int_equal(rows.rows[1].shares.wall_ns[THREAD_LOCK], 50);
    assert_int_equal(rows.shares.total_ns, 100);
    window_add(window, &ticks[1], &process); /* not the last interval alone */
    thread_rows_collect(&rows, &process, window, tree);
    assert_int_equal(rows.rows[0].shares.total_ns, 60);
    assert_int_equal(rows.shares.total_ns, 200);
    window_clear(window);
    thread_rows_collect(&rows, &process, window, tree);
    assert_int_equal(rows.shares.total_ns, 0);
    thread_rows_collect(&rows, NULL, NULL, tree);
    assert_int_equal(rows.count, 0);
    assert_int_equal(rows.shares.total_ns, 0);
    window_free(window);
    thread_rows_free(&rows);
    call_tree_free(tree);
}

static void sum_times(void *context, const struct thread_time *time)
{
    uint64_t *sums = context;

    sums[0] += time->wall_ns;
    sums[1] += time->tid == 1 ? time->wall_ns : 0;
    sums[2]++;
}

static void the_time_of_threads_that_come_and_go_stays_in_bounds_and_whole(void **state)
{
    const struct thread lasting = {.tid = 1};
    struct window *window = window_new(UINT64_MAX);
    uint64_t sums[3] = {0};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        const struct tick tick = {.monotonic_ns = (uint64_t)i * 100, .interval_ns = 100};
        const struct profile_counter counters[] = {
            {.tid = 1, .state = THREAD_RUNNING, .wall_ns = 10},
            {.tid = 2 + i, .state = THREAD_NETWORK, .wall_ns = 5},
        };
        const struct profile profile = {.counters = counters, .counter_count = 2};
        const struct process process = {.threads = &lasting, .thread_detail_count = 1, .profile = &profile};
        window_add(window, &tick, &process);
    }
    window_visit_times(window, sum_times, sums);
    assert_int_equal(sums[0], 1000 * 15);
    assert_int_equal(sums[1], 1000 * 10);
    assert_in_range(sums[2], 2, 60);
    window_free(window);
}

static void waits_for_a_descriptor_add_up_until_it_is_something_else(void **state)
{
    struct call_tree *tree = call_tree_new();
    uint32_t receive = call_tree_add_function(tree, "receive", "/app.py", 3);
    uint32_t connect = call_tree_add_function(tree, "connect", "/app.py", 9);
    uint32_t receiving = call_tree_add_node(tree, CALL_TREE_ROOT, receive, 5);
    uint32_t connecting = call_tree_add_node(tree, CALL_TREE_ROOT, connect, 10);
    struct profile_wait interval[] = {
        {.node = receiving, .fd = 7, .description = "tcp a", .wall_ns = 40},
        {.node = connecting, .fd = 7, .description = "tcp a", .wall_ns = 10},
        {.node = receiving, .fd = -1, .lock_address = 64, .wall_ns = 1000},
        {.node = connecting, .fd = 9, .wall_ns = 3}, /* closed meanwhile */
    };
    const struct profile profile = {.waits = interval, .wait_count = 4};
    struct open_file files[] = {{.fd = 3}, {.fd = 7, .path = "socket:[1]"}};
    const struct process unlisted = {.profile = &profile};
    const struct process process = {.profile = &profile, .open_files = files, .open_file_detail_count = 2};
    struct file_waits waits = {0};
    struct file_rows rows = {0};

    (void)state;
    file_waits_add(&waits, &(struct process){.pid = 1});
    file_waits_add(&waits, &unlisted);
    file_waits_add(&waits, &process);
    file_rows_collect(&rows, &process, &waits, tree);
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.rows[0].waited_ns, 0);
    assert_null(rows.rows[0].function);
    assert_int_equal(rows.rows[1].waited_ns, 100);
    assert_string_equal(rows.rows[1].function->name, "receive");
    assert_int_equal(rows.rows[1].line, 5);
    files[1].path = "socket:[2]";
    file_waits_add(&waits, &process);
    file_rows_collect(&rows, &process, &waits, tree);
    assert_int_equal(rows.rows[1].waited_ns, 50);
    file_waits_clear(&waits);
    file_rows_collect(&rows, &process, &waits, tree);
    assert_int_equal(rows.rows[1].waited_ns, 0);
    for (int fd = 0; fd < 100000; fd++) {
        interval[0].fd = fd;
        file_waits_add(&waits, &unlisted);
    }
    assert_in_range(waits.count, 1, 1024); /* bounded however many there are */
    file_rows_free(&rows);
    file_waits_free(&waits);
    call_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_history_is_bounded_and_keeps_its_peak_and_its_largest_growth),
        cmocka_unit_test(what_is_not_known_is_no_point),
        cmocka_unit_test(a_graph_marks_where_it_grew_and_names_the_function),
        cmocka_unit_test(a_graph_fits_every_size),
        cmocka_unit_test(a_bar_of_states_is_full_and_in_one_order),
        cmocka_unit_test(waits_for_a_descriptor_add_up_until_it_is_something_else),
        cmocka_unit_test(the_time_of_threads_that_come_and_go_stays_in_bounds_and_whole),
        cmocka_unit_test(each_thread_has_its_own_states_and_the_process_those_of_all),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

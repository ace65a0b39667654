/* What the panes do with ticks, without a terminal: order, selection, filter, tree, history, layout. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fake_source.h"
#include "ui/actions.h"
#include "ui/draw.h"
#include "ui/empty.h"
#include "ui/keys.h"
#include "ui/layout.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct screen_options screen_options = {.delay_ns = NS_PER_SECOND};

struct fixture {
    struct source *source;
    struct state state;
};

static void take_tick(struct fixture *fixture)
{
    struct tick *tick = NULL;

    assert_null(source_read_tick(fixture->source, &tick));
    state_take_tick(&fixture->state, tick);
}

static void open_screen(struct fixture *fixture, const struct fake_source_options *options)
{
    fixture->source = fake_source_open(options);
    state_init(&fixture->state, fixture->source, &screen_options, false);
    for (int i = 0; i < FAKE_TICKS; i++)
        take_tick(fixture);
}

static void close_screen(struct fixture *fixture)
{
    state_free(&fixture->state);
    source_close(fixture->source);
}

static pid_t selected_pid(const struct fixture *fixture)
{
    const struct process *process = state_selected_process(&fixture->state);

    return process != NULL ? process->pid : 0;
}

static pid_t pid_at(const struct fixture *fixture, size_t index)
{
    const struct process_row *row = fixture->state.tables[PANE_PROCESSES].rows[index];

    return row->process->pid;
}

static void set_filter(struct fixture *fixture, enum pane_id pane, const char *filter)
{
    snprintf(fixture->state.tables[pane].filter, TABLE_FILTER_SIZE, "%s", filter);
    state_update_all(&fixture->state);
    state_selection_moved(&fixture->state);
}

static void the_busiest_process_is_selected_at_first(void **unused)
{
    struct fixture fixture;

    (void)unused;
    open_screen(&fixture, &(struct fake_source_options){.cpu_count = 2});
    assert_int_equal(selected_pid(&fixture), 4242);
    assert_int_equal(fixture.state.tables[PANE_PROCESSES].count, 7);
    assert_int_equal(fixture.state.tables[PANE_FILES].count, 10);
    close_screen(&fixture);
}

static void the_selection_follows_its_process(void **unused)
{
    struct fixture fixture;
    struct table *table = &fixture.state.tables[PANE_PROCESSES];

    (void)unused;
    open_screen(&fixture, &(struct fake_source_options){.cpu_count = 2});
    action_move(&fixture.state, 2);
    assert_int_equal(selected_pid(&fixture), 902);
    action_invert(&fixture.state, 0);
    assert_int_equal(selected_pid(&fixture), 902);
    assert_int_equal(table->selected, 4);
    take_tick(&fixture);
    assert_int_equal(selected_pid(&fixture), 902);
    set_filter(&fixture, PANE_PROCESSES, "primes|gunicorn");
    assert_int_equal(selected_pid(&fixture), 902);
    set_filter(&fixture, PANE_PROCESSES, "PRIMES"); /* it has gone: the next best is selected */
    assert_int_equal(selected_pid(&fixture), 4242);
    assert_int_equal(table->count, 1);
    assert_int_equal(table->total, 7);
    set_filter(&fixture, PANE_PROCESSES, "matches nothing");
    assert_int_equal(selected_pid(&fixture), 0);
    assert_int_equal(fixture.state.tables[PANE_FUNCTIONS].count, 0);
    assert_int_equal(fixture.state.tables[PANE_FILES].count, 0);
    close_screen(&fixture);
}

static void unknown_values_come_last(void **unused)
{
    struct fixture fixture;

    (void)unused;
    open_screen(&fixture, &(struct fake_source_options){.cpu_count = 2});
    for (size_t column = 0; column < process_table.column_count; column++)
        if (strcmp(process_table.columns[column].title, "READ/s") == 0)
            table_sort_by(&fixture.state.tables[PANE_PROCESSES], column);
    assert_int_equal(pid_at(&fixture, 0), 4242);
    assert_int_equal(pid_at(&fixture, 1), 901);
    assert_int_equal(pid_at(&fixture, 6), 31337);
    close_screen(&fixture);
}

static void children_stand_under_their_parents(void **unused)
{
    struct fixture fixture;
    static const struct {
        pid_t pid;
        int depth;
    } wanted[] = {{900, 0}, {901, 1}, {902, 1}, {1200, 0}, {4242, 1}, {4300, 2}, {31337, 0}, {31400, 0}};

    (void)unused;
    open_screen(&fixture, &(struct fake_source_options){.cpu_count = 2});
    action_all(&fixture.state, 0);
    take_tick(&fixture);
    table_sort_by(&fixture.state.tables[PANE_PROCESSES], 0); /* PID */
    action_tree(&fixture.state, 0);
    assert_int_equal(fixture.state.tables[PANE_PROCESSES].count, 8);
    for (size_t i = 0; i < 8; i++) {
        const struct process_row *row = fixture.state.tables[PANE_PROCESSES].rows[i];
        assert_int_equal(row->process->pid, wanted[i].pid);
        assert_int_equal(row->depth, wanted[i].depth);
    }
    set_filter(&fixture, PANE_PROCESSES, "bash|4300"); /* 4242 between them is left out */
    assert_int_equal(fixture.state.tables[PANE_PROCESSES].count, 2);
    assert_int_equal(pid_at(&fixture, 1), 4300);
    assert_int_equal(((const struct process_row *)fixture.state.tables[PANE_PROCESSES].rows[1])->depth, 1);
    close_screen(&fixture);
}

/* Three processes that name each other as parents, as pids that were used again can do. */
static void a_circle_of_parents_loses_no_process(void **unused)
{
    static const struct process circle[] = {
        {.pid = 1, .parent_pid = 3, .start_ticks = 5, .name = "a", .command = "a"},
        {.pid = 2, .parent_pid = 1, .start_ticks = 5, .name = "b", .command = "b"},
        {.pid = 3, .parent_pid = 2, .start_ticks = 5, .name = "c", .command = "c"},
        {.pid = 4, .parent_pid = 4, .start_ticks = 5, .name = "d", .command = "d"},
    };
    struct process_rows rows = {0};
    struct history history = {0};
    struct tick *tick = tick_new();
    struct table table;

    (void)unused;
    tick->processes = circle;
    tick->process_count = 4;
    table_init(&table, &process_table, NULL);
    process_rows_collect(&rows, tick, NULL, &history, NULL);
    process_rows_fill(&rows, tick, &table, true);
    assert_int_equal(table.count, 4);
    table_free(&table);
    process_rows_free(&rows);
    tick_free(tick);
}

static void functions_are_there_at_once_when_another_process_is_selected(void **unused)
{
    struct fixture fixture;
    const struct function_row *row;

    (void)unused;
    open_screen(&fixture, &(struct fake_source_options){.cpu_count = 2});
    table_search(&fixture.state.tables[PANE_PROCESSES], "4300", true);
    state_selection_moved(&fixture.state);
    row = table_selected_row(&fixture.state.tables[PANE_FUNCTIONS]);
    assert_non_null(row);
    assert_string_equal(row->function->name, "JSONDecoder.raw_decode");
    assert_int_equal(fixture.state.focus_pid, 4300);
    assert_true(fixture.state.refresh_ns > 0); /* its files are fetched before the next tick is due */
    close_screen(&fixture);
}

static void wall_time_lines_and_windows_rank_differently(void **unused)
{
    struct fixture fixture;
    const struct table *table = &fixture.state.tables[PANE_FUNCTIONS];
    const struct function_row *row;

    (void)unused;
    open_screen(&fixture, &(struct fake_source_options){.cpu_count = 2});
    row = table->rows[0];
    assert_string_equal(row->function->name, "is_prime");
    size_t functions = table->count;
    action_level(&fixture.state, 0);
    assert_true(table->count > functions); /* is_prime works at two lines */
    action_level(&fixture.state, 0);
    action_mode(&fixture.state, 0);
    row = table->rows[0];
    assert_string_equal(row->function->name, "Connection.recv_bytes");
    action_mode(&fixture.state, 0);
    fixture.state.window = WINDOW_LAST;
    state_update_details(&fixture.state);
    row = table->rows[0];
    assert_string_equal(row->function->name, "Sieve.primes_up_to.<locals>.cross_out_multiples_of");
    action_reset(&fixture.state, 0);
    assert_int_equal(table->count, 0);
    close_screen(&fixture);
}

static void a_share_that_moved_is_marked_once(void **unused)
{
    struct fixture fixture;
    const struct function_row *row;

    (void)unused;
    open_screen(&fixture, &(struct fake_source_options){.cpu_count = 2});
    row = fixture.state.tables[PANE_FUNCTIONS].rows[1];
    assert_int_equal(row->moved, 1);
    action_mode(&fixture.state, 0); /* another question: nothing to compare with */
    row = fixture.state.tables[PANE_FUNCTIONS].rows[0];
    assert_int_equal(row->moved, 0);
    action_mode(&fixture.state, 0);
    take_tick(&fixture);
    row = fixture.state.tables[PANE_FUNCTIONS].rows[1];
    assert_int_equal(row->moved, 0);
    close_screen(&fixture);
}

static void history_of_vanished_processes_is_dropped(void **unused)
{
    static const struct profile profile = {.samples = 1};
    struct history history = {0};
    struct tick *tick = tick_new();
    struct process *processes = arena_allocate(tick->arena, 1000, sizeof(*processes));

    (void)unused;
    for (size_t i = 0; i < 1000; i++)
        processes[i] = (struct process){.pid = (pid_t)i + 1, .start_ticks = 7, .profile = &profile};
    tick->processes = processes;
    tick->process_count = 1000;
    tick->monotonic_ns = 1000 * NS_PER_SECOND;
    history_add(&history, tick, 0);
    assert_in_range(history.count, 1, 512); /* bounded however many there are */
    assert_non_null(history_find(&history, &processes[0]));
    assert_null(history_find(&history, &processes[999]));
    history_add(&history, tick, 999);
    assert_non_null(history_find(&history, &processes[998])); /* the selected one has its place */
    assert_in_range(history.count, 1, 512);
    tick->processes = processes + 999; /* what has gone makes room */
    tick->process_count = 1;
    tick->monotonic_ns += 30 * NS_PER_SECOND;
    history_add(&history, tick, 0);
    assert_non_null(history_find(&history, &processes[999]));
    tick->process_count = 0;
    tick->monotonic_ns += 30 * NS_PER_SECOND;
    history_add(&history, tick, 0);
    assert_non_null(history_find(&history, &processes[999]));
    tick->monotonic_ns += 31 * NS_PER_SECOND;
    history_add(&history, tick, 0);
    assert_int_equal(history.count, 0);
    history_free(&history);
    tick_free(tick);
}

static bool overlap(const struct region *one, const struct region *other)
{
    return one->rows > 0 && other->rows > 0 && one->top < other->top + other->rows &&
           other->top < one->top + one->rows && one->left < other->left + other->columns &&
           other->left < one->left + one->columns;
}

static void panes_never_overlap_and_the_focused_one_is_shown(void **unused)
{
    struct canvas canvas = {0};

    (void)unused;
    for (int rows = 1; rows <= 70; rows++) {
        for (int columns = 1; columns <= 200; columns += 13) {
            canvas_resize(&canvas, rows, columns);
            struct region screen = canvas_region(&canvas);
            for (int focus = 0; focus < PANES; focus++) {
                struct layout_wishes wishes = {
                    .header_rows = rows / 5, .process_rows = rows % 9, .focus = focus, .lower = PANE_FILES};
                struct layout layout = layout_make(&screen, &wishes);
                assert_true(layout.panes[focus].rows > 0);
                for (int pane = 0; pane < PANES; pane++) {
                    struct region *region = &layout.panes[pane];
                    assert_true(region->rows == 0 || region->top + region->rows <= rows);
                    assert_false(overlap(region, &layout.bar) || overlap(region, &layout.header));
                    for (int other = 0; other < pane; other++)
                        assert_false(overlap(region, &layout.panes[other]));
                }
            }
        }
    }
    canvas_free(&canvas);
}

/* Every size, every pane in focus, with and without rows, and with each dialog on top. */
static void every_size_can_be_drawn(void **unused)
{
    static void (*const dialogs[])(struct state *) = {NULL,        help_open, search_open,
                                                      filter_open, user_open, sort_open};
    struct fixture fixture;
    struct state *state = &fixture.state;

    (void)unused;
    open_screen(&fixture,
                &(struct fake_source_options){.cpu_count = 9, .many_processes = 40, .notice = true});
    for (int rows = 1; rows <= 60; rows += rows < 12 ? 1 : 7) {
        for (int columns = 1; columns <= 220; columns += columns < 24 ? 1 : 23) {
            canvas_resize(&state->canvas, rows, columns);
            for (size_t dialog = 0; dialog < sizeof(dialogs) / sizeof(dialogs[0]); dialog++) {
                state->focus = (enum pane_id)(dialog % PANES);
                state->tree = dialog % 2 == 0;
                if (dialogs[dialog] != NULL)
                    dialogs[dialog](state);
                state_update_all(state);
                draw_screen(state);
                dialog_close(state);
            }
        }
    }
    close_screen(&fixture);
}

/* What is drawn in place of a pane's rows. */
static void assert_reason(struct fixture *fixture, enum pane_id pane, const char *reason)
{
    struct canvas canvas = {.ascii = true};
    char drawn[201];

    canvas_resize(&canvas, 1, 200);
    struct region body = canvas_region(&canvas);
    empty_draw(&fixture->state, pane, &body);
    for (int column = 0; column < 200; column++)
        drawn[column] = (char)canvas.cells[column].character;
    drawn[strlen(reason)] = '\0';
    assert_string_equal(drawn, reason);
    canvas_free(&canvas);
}

static void all_panes_ask_in_one_order_why_they_are_empty(void **unused)
{
    static const enum pane_id of_interpreter[] = {PANE_FUNCTIONS, PANE_THREADS, PANE_MEMORY};
    struct fixture fixture;

    (void)unused;
    open_screen(&fixture, &(struct fake_source_options){.cpu_count = 2});
    for (size_t i = 0; i < sizeof(of_interpreter) / sizeof(of_interpreter[0]); i++)
        set_filter(&fixture, of_interpreter[i], "none is called like this");
    assert_reason(&fixture, PANE_FUNCTIONS, "No function matches the filter");
    assert_reason(&fixture, PANE_THREADS, "No thread matches the filter");
    assert_reason(&fixture, PANE_MEMORY, "No function matches the filter");
    set_filter(&fixture, PANE_PROCESSES, "31400");
    assert_int_equal(selected_pid(&fixture), 31400);
    for (size_t i = 0; i < sizeof(of_interpreter) / sizeof(of_interpreter[0]); i++)
        assert_reason(&fixture, of_interpreter[i], "Python 3.8: not readable yet");
    set_filter(&fixture, PANE_PROCESSES, "none is called like this");
    for (size_t i = 0; i < sizeof(of_interpreter) / sizeof(of_interpreter[0]); i++)
        assert_reason(&fixture, of_interpreter[i], "No process is selected");
    assert_reason(&fixture, PANE_FILES, "No process is selected");
    assert_reason(&fixture, PANE_PROCESSES, "No process matches the filter");
    close_screen(&fixture);
}

static void no_key_means_two_things(void **unused)
{
    size_t count = 0;
    const struct key_binding *bindings = key_bindings(&count);

    (void)unused;
    for (size_t i = 0; i < count; i++) {
        assert_non_null(bindings[i].run);
        assert_true(strlen(bindings[i].help) > 0 && strlen(bindings[i].shown) > 0);
        for (int key = 0; key < KEYS_PER_BINDING; key++) {
            for (size_t j = 0; j < i * KEYS_PER_BINDING; j++) {
                unsigned int other = bindings[j / KEYS_PER_BINDING].keys[j % KEYS_PER_BINDING];
                assert_true(bindings[i].keys[key] == KEY_NONE || bindings[i].keys[key] != other);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_busiest_process_is_selected_at_first),
        cmocka_unit_test(the_selection_follows_its_process),
        cmocka_unit_test(unknown_values_come_last),
        cmocka_unit_test(children_stand_under_their_parents),
        cmocka_unit_test(a_circle_of_parents_loses_no_process),
        cmocka_unit_test(functions_are_there_at_once_when_another_process_is_selected),
        cmocka_unit_test(wall_time_lines_and_windows_rank_differently),
        cmocka_unit_test(a_share_that_moved_is_marked_once),
        cmocka_unit_test(history_of_vanished_processes_is_dropped),
        cmocka_unit_test(panes_never_overlap_and_the_focused_one_is_shown),
        cmocka_unit_test(every_size_can_be_drawn),
        cmocka_unit_test(all_panes_ask_in_one_order_why_they_are_empty),
        cmocka_unit_test(no_key_means_two_things),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the timeline shows of a source's past, and how it is drawn. */
#include "fake_source.h"
#include "source/backlog.h"
#include "ui/timeline.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

enum {
    COLUMNS = 11 + 32, /* the labels, and what is drawn */
};

static struct source *open_source(int ticks)
{
    const struct backlog_limits limits = {.span_ns = UINT64_MAX / 2, .bytes = SIZE_MAX};
    struct source *source = fake_source_open(&(struct fake_source_options){.cpu_count = 2, .repeats = true});

    backlog_open(&source, source, &limits);
    for (int i = 0; i < ticks; i++) {
        struct tick *tick;
        assert_null(source_read_tick(source, &tick));
        tick_free(tick);
    }
    return source;
}

/* A row as text, in ASCII. */
static void read_row(const struct canvas *canvas, int row, char text[static 256])
{
    int length = 0;

    for (int column = 0; column < canvas->columns && length < 255; column++)
        text[length++] = (char)canvas->cells[row * canvas->columns + column].character;
    text[length] = '\0';
}

static void draw(struct canvas *canvas, struct timeline *timeline, uint64_t position, int rows)
{
    const struct timeline_marks marks = {.position = position, .marks = {3, 12}, .mark_count = 2};

    canvas->ascii = true;
    canvas_resize(canvas, rows, COLUMNS);
    struct region region = canvas_region(canvas);
    timeline_draw(&region, timeline, &marks);
}

static void columns_stand_for_ticks_and_marks_stand_below_them(void **state)
{
    struct source *source = open_source(32);
    struct timeline timeline = {0};
    struct canvas canvas = {0};
    char text[256];

    (void)state;
    assert_null(timeline_update(&timeline, source, 4242, 31));
    draw(&canvas, &timeline, 31, 4);
    read_row(&canvas, 0, text);
    assert_string_equal(text, "CPU%   100  @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@");
    read_row(&canvas, 1, text);
    assert_memory_equal(text, "Mem   152M ", 11);
    assert_string_equal(text + 11 + 2, "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@");
    read_row(&canvas, 3, text);
    assert_true(text[11 + 3] == '[' && text[11 + 12] == ']' && text[11 + 31] == '^');
    draw(&canvas, &timeline, 8, 2);
    read_row(&canvas, 1, text);
    assert_true(text[11 + 8] == '^' && text[11 + 31] != '^');
    canvas_free(&canvas);
    timeline_free(&timeline);
    source_close(source);
}

static void a_process_that_was_not_there_leaves_a_blank(void **state)
{
    struct source *source = open_source(32);
    struct timeline timeline = {0};
    struct canvas canvas = {0};
    char text[256];

    (void)state;
    assert_null(timeline_update(&timeline, source, 77, 5));
    draw(&canvas, &timeline, 5, 2);
    read_row(&canvas, 0, text);
    assert_null(strpbrk(text + 11, "_.:-=+*#@"));
    canvas_free(&canvas);
    timeline_free(&timeline);
    source_close(source);
}

static void every_column_gets_a_verdict_and_then_there_is_no_more_to_do(void **state)
{
    struct source *source = open_source(32);
    struct timeline timeline = {0};
    struct canvas canvas = {0};
    int steps = 0;

    (void)state;
    assert_null(timeline_update(&timeline, source, 4242, 31));
    assert_false(timeline_judge(&timeline, source)); /* not drawn: there are no columns */
    draw(&canvas, &timeline, 31, 4);
    while (timeline_judge(&timeline, source))
        assert_true(++steps <= 32);
    assert_int_equal(steps, 32);
    for (int column = 2; column < 32; column++) /* the first tick has no interval */
        assert_true(timeline.verdicts[column].kind < VERDICT_KINDS);
    assert_null(timeline_update(&timeline, source, 4242, 3));
    assert_false(timeline_judge(&timeline, source));
    assert_null(timeline_update(&timeline, source, 901, 3)); /* another process: all anew */
    assert_true(timeline_judge(&timeline, source));
    canvas_free(&canvas);
    timeline_free(&timeline);
    source_close(source);
}

static void only_a_part_is_shown_when_zoomed_and_it_has_the_position_in_it(void **state)
{
    struct source *source = open_source(500);
    struct timeline timeline = {.zoom = TIMELINE_ZOOMS - 1};

    (void)state;
    for (uint64_t position = 0; position < 500; position += 7) {
        assert_null(timeline_update(&timeline, source, 0, position));
        assert_int_equal(timeline.shown.end - timeline.shown.first, 60);
        assert_in_range(position, timeline.shown.first, timeline.shown.end - 1);
        assert_true(timeline.count <= 60);
    }
    timeline_free(&timeline);
    source_close(source);
}

/* Else every tick that comes would cost all verdicts. */
static void columns_keep_their_ticks_while_more_come(void **state)
{
    struct source *source = open_source(300);
    struct timeline timeline = {0};
    int changes = 0;

    (void)state;
    assert_null(timeline_update(&timeline, source, 0, 3));
    for (int i = 0; i < 300; i++) {
        struct tick_span before = timeline.shown;
        struct tick *tick;
        assert_null(source_read_tick(source, &tick));
        tick_free(tick);
        assert_null(timeline_update(&timeline, source, 0, 3));
        assert_true(timeline.shown.end >= timeline.all.end);
        changes += before.first != timeline.shown.first || before.end != timeline.shown.end;
    }
    assert_in_range(changes, 1, 12);
    timeline_free(&timeline);
    source_close(source);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_for_ticks_and_marks_stand_below_them),
        cmocka_unit_test(a_process_that_was_not_there_leaves_a_blank),
        cmocka_unit_test(every_column_gets_a_verdict_and_then_there_is_no_more_to_do),
        cmocka_unit_test(only_a_part_is_shown_when_zoomed_and_it_has_the_position_in_it),
        cmocka_unit_test(columns_keep_their_ticks_while_more_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

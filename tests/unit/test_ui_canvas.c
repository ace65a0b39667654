/* The canvas: text is cut by its width on the screen and never leaves its region. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "ui/canvas.h"

#include <locale.h>
#include <string.h>

struct fixture {
    struct canvas canvas;
    struct region region;
    char text[256];
};

static void open_canvas(struct fixture *fixture, int columns, bool ascii)
{
    *fixture = (struct fixture){.canvas.ascii = ascii};
    canvas_resize(&fixture->canvas, 4, columns);
    fixture->region = canvas_region(&fixture->canvas);
}

/* A row as UTF-8, blanks and all. */
static const char *row_text(struct fixture *fixture, int row)
{
    char *end = fixture->text;

    for (int column = 0; column < fixture->canvas.columns; column++) {
        const struct cell *cell = &fixture->canvas.cells[row * fixture->canvas.columns + column];
        uint32_t character = cell->character;
        if (cell->columns == 0)
            continue;
        if (character < 0x80) {
            *end++ = (char)character;
        } else if (character < 0x800) {
            *end++ = (char)(0xc0 | character >> 6);
            *end++ = (char)(0x80 | (character & 0x3f));
        } else {
            *end++ = (char)(0xe0 | character >> 12);
            *end++ = (char)(0x80 | (character >> 6 & 0x3f));
            *end++ = (char)(0x80 | (character & 0x3f));
        }
    }
    *end = '\0';
    return fixture->text;
}

static void text_that_does_not_fit_is_cut_with_a_mark(void **unused)
{
    struct fixture fixture;

    (void)unused;
    open_canvas(&fixture, 8, false);
    region_text(&fixture.region, 0, 0, 8, STYLE_TEXT, "fits now");
    assert_string_equal(row_text(&fixture, 0), "fits now");
    region_text(&fixture.region, 1, 0, 8, STYLE_TEXT, "fits not.");
    assert_string_equal(row_text(&fixture, 1), "fits no…");
    region_text_end(&fixture.region, 2, 0, 8, STYLE_TEXT, "/srv/app/main.py");
    assert_string_equal(row_text(&fixture, 2), "…main.py");
    region_text_right(&fixture.region, 3, 0, 8, STYLE_TEXT, "12.5");
    assert_string_equal(row_text(&fixture, 3), "    12.5");
    canvas_free(&fixture.canvas);
}

static void a_wide_character_is_never_cut_in_half(void **unused)
{
    struct fixture fixture;

    (void)unused;
    open_canvas(&fixture, 6, false);
    assert_int_equal(region_text(&fixture.region, 0, 0, 6, STYLE_TEXT, "行を読む"), 5);
    assert_string_equal(row_text(&fixture, 0), "行を… ");
    assert_int_equal(region_text(&fixture.region, 1, 0, 6, STYLE_TEXT, "行を読"), 6);
    region_text(&fixture.region, 1, 1, 1, STYLE_TEXT, "x"); /* over the right half of the first */
    assert_string_equal(row_text(&fixture, 1), " xを読");
    region_text(&fixture.region, 1, 2, 1, STYLE_TEXT, "y"); /* over the left half of the second */
    assert_string_equal(row_text(&fixture, 1), " xy 読");
    canvas_free(&fixture.canvas);
}

static void a_combining_character_joins_its_base(void **unused)
{
    struct fixture fixture;

    (void)unused;
    open_canvas(&fixture, 4, false);
    region_text(&fixture.region, 0, 0, 4, STYLE_TEXT, "e\xcc\x81\xcc\xa3\xcc\xa4x");
    assert_int_equal(fixture.canvas.cells[0].character, 'e');
    assert_int_equal(fixture.canvas.cells[0].combining[0], 0x301);
    assert_int_equal(fixture.canvas.cells[0].combining[1], 0x323);
    assert_int_equal(fixture.canvas.cells[1].character, 'x');
    region_text(&fixture.region, 1, 0, 4, STYLE_TEXT, "\xcc\x81y"); /* nothing to join */
    assert_int_equal(fixture.canvas.cells[4].character, 'y');
    canvas_free(&fixture.canvas);
}

static void only_ascii_gets_onto_an_ascii_canvas(void **unused)
{
    struct fixture fixture;

    (void)unused;
    open_canvas(&fixture, 10, true);
    region_text(&fixture.region, 0, 0, 10, STYLE_TEXT, "a行b→c");
    assert_string_equal(row_text(&fixture, 0), "a??b?c    ");
    region_text(&fixture.region, 1, 0, 4, STYLE_TEXT, "abcdef");
    assert_string_equal(row_text(&fixture, 1), "abc>      ");
    for (int glyph = 0; glyph < GLYPHS; glyph++)
        assert_in_range(region_glyph(&fixture.region, (enum glyph)glyph), ' ', '~');
    for (int level = -1; level <= 9; level++)
        assert_in_range(region_level_glyph(&fixture.region, level / 8.0), ' ', '~');
    canvas_free(&fixture.canvas);
}

static void nothing_is_drawn_outside_a_region(void **unused)
{
    struct fixture fixture;

    (void)unused;
    open_canvas(&fixture, 10, false);
    struct region part = region_part(&fixture.region, 1, 3, 2, 4);
    for (int row = -2; row < 6; row++) {
        region_text(&part, row, -1, 20, STYLE_TEXT, "行行行行行行行行");
        region_fill(&part, row, 2, 20, STYLE_TEXT, '#');
    }
    struct region outside = region_part(&part, 7, 9, 3, 3);
    region_text(&outside, 0, 0, 5, STYLE_TEXT, "no");
    region_restyle(&outside, 0, STYLE_HOT);
    assert_string_equal(row_text(&fixture, 0), "          ");
    assert_string_equal(row_text(&fixture, 3), "          ");
    const char *row = row_text(&fixture, 1);
    assert_memory_equal(row, "   ", 3);
    assert_string_equal(row + strlen(row) - 5, "##   ");
    canvas_free(&fixture.canvas);
}

static void a_long_sentence_is_broken_at_spaces(void **unused)
{
    struct fixture fixture;

    (void)unused;
    open_canvas(&fixture, 12, false);
    assert_int_equal(region_wrap(&fixture.region, 0, 0, 12, STYLE_TEXT, "be root, or the same user"), 3);
    assert_string_equal(row_text(&fixture, 0), "be root, or ");
    assert_string_equal(row_text(&fixture, 1), "the same    ");
    assert_string_equal(row_text(&fixture, 2), "user        ");
    canvas_free(&fixture.canvas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_does_not_fit_is_cut_with_a_mark),
        cmocka_unit_test(a_wide_character_is_never_cut_in_half),
        cmocka_unit_test(a_combining_character_joins_its_base),
        cmocka_unit_test(only_ascii_gets_onto_an_ascii_canvas),
        cmocka_unit_test(nothing_is_drawn_outside_a_region),
        cmocka_unit_test(a_long_sentence_is_broken_at_spaces),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

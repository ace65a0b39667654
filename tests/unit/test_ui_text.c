/* Short texts: numbers for columns, and command lines of which the telling part stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "model/number.h"
#include "ui/format.h"
#include "ui/shorten.h"

#include <locale.h>
#include <string.h>

static void unknown_is_a_dash_and_never_zero(void **unused)
{
    char text[FORMAT_SIZE];

    (void)unused;
    format_percent(text, UNKNOWN_REAL);
    assert_string_equal(text, "-");
    format_count(text, UNKNOWN_COUNT);
    assert_string_equal(text, "-");
    format_bytes(text, UNKNOWN_REAL);
    assert_string_equal(text, "-");
    format_seconds(text, UNKNOWN_REAL);
    assert_string_equal(text, "-");
    format_uptime(text, UNKNOWN_REAL);
    assert_string_equal(text, "-");
}

static void times_keep_to_seven_columns(void **unused)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        {0, "0"},          {0.0123, "12ms"},   {0.9994, "999ms"},    {0.9996, "1.00s"},
        {59.99, "59.99s"}, {59.996, "1:00.0"}, {3599.96, "1:00:00"}, {62.34, "1:02.3"},
        {3723, "1:02:03"}, {86400, "1d00h"},   {1e6, "11d13h"},
    };
    char text[FORMAT_SIZE];

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        format_seconds(text, cases[i].seconds);
        assert_string_equal(text, cases[i].text);
        assert_true(strlen(text) <= 8);
    }
}

static void shares_and_counts_keep_to_their_columns(void **unused)
{
    char text[FORMAT_SIZE];

    (void)unused;
    format_percent(text, 99.94);
    assert_string_equal(text, "99.9");
    format_percent(text, 99.96);
    assert_string_equal(text, "100");
    format_percent(text, 1599.6);
    assert_string_equal(text, "1600");
    format_count(text, 9999);
    assert_string_equal(text, "9999");
    format_count(text, 50000);
    assert_string_equal(text, "50k");
    format_count(text, 1234567);
    assert_string_equal(text, "1.2M");
    format_delay(text, 500 * NS_PER_MILLISECOND);
    assert_string_equal(text, "0.5 s");
    format_uptime(text, 3 * 86400 + 4 * 3600 + 12 * 60 + 33);
    assert_string_equal(text, "3d 04:12:33");
}

static void the_script_stays_when_a_command_is_shortened(void **unused)
{
    static const struct {
        const char *command;
        size_t columns;
        const char *text;
    } cases[] = {
        {"/usr/bin/python3 app.py", 40, "/usr/bin/python3 app.py"},
        {"/usr/bin/python3 /srv/app/server.py --port 80", 40, "/srv/app/server.py --port 80"},
        {"/usr/bin/python3 /srv/app/server.py --port 80", 26, "…/app/server.py --port 80"},
        {"/usr/bin/python3 /srv/app/server.py --port 80", 19, "server.py --port 80"},
        {"/usr/bin/python3 /srv/app/server.py --port 80", 10, "server.py --port 80"},
        {"python3 -u -X dev -W error -m http.server 8000", 20, "-m http.server 8000"},
        {"python3 -c print(1)", 10, "-c print(1)"},
        {"/usr/local/bin/python3.13", 10, "python3.13"},
        {"/usr/sbin/nginx -g daemon", 20, "…/nginx -g daemon"},
        {"uwsgi --ini /etc/uwsgi/app.ini", 12, "uwsgi --ini /etc/uwsgi/app.ini"},
        {"", 5, ""},
    };
    char text[256];

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        shorten_command(text, sizeof(text), cases[i].command, cases[i].columns, false);
        assert_string_equal(text, cases[i].text);
    }
    shorten_command(text, sizeof(text), "python3 /srv/app/server.py", 17, true);
    assert_string_equal(text, "</app/server.py");
}

static void a_program_has_a_short_name(void **unused)
{
    char text[64];

    (void)unused;
    shorten_to_program(text, sizeof(text), "/usr/bin/python3 -u /srv/app/server.py --port 80");
    assert_string_equal(text, "server.py");
    shorten_to_program(text, sizeof(text), "python3 -m http.server 80");
    assert_string_equal(text, "-m http.server");
    shorten_to_program(text, sizeof(text), "/usr/sbin/nginx -g x");
    assert_string_equal(text, "nginx");
    shorten_to_program(text, sizeof(text), "python3");
    assert_string_equal(text, "python3");
    shorten_to_program(text, sizeof(text), "");
    assert_string_equal(text, "");
}

static void a_nested_function_keeps_its_outer_ones_name(void **unused)
{
    char text[64];

    (void)unused;
    shorten_function(text, sizeof(text), "load.<locals>.<listcomp>", 24);
    assert_string_equal(text, "load.<locals>.<listcomp>");
    shorten_function(text, sizeof(text), "load.<locals>.<listcomp>", 23);
    assert_string_equal(text, "load.<listcomp>");
    shorten_function(text, 8, "load.<locals>.<listcomp>", 30);
    assert_string_equal(text, "load.<l");
}

static void a_place_keeps_the_files_name_and_the_line(void **unused)
{
    char text[64];

    (void)unused;
    shorten_place(text, sizeof(text), "/srv/app/server.py", 12, 21);
    assert_string_equal(text, "/srv/app/server.py:12");
    shorten_place(text, sizeof(text), "/srv/app/server.py", 12, 20);
    assert_string_equal(text, "/srv/app/server.py:12"); /* to be cut: "…rv/app/server.py:12" */
    shorten_place(text, sizeof(text), "/srv/app/server.py", 12, 13);
    assert_string_equal(text, "server.py:12");
    shorten_place(text, sizeof(text), "/srv/app/server.py", 0, 9);
    assert_string_equal(text, "server.py");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_is_a_dash_and_never_zero),
        cmocka_unit_test(times_keep_to_seven_columns),
        cmocka_unit_test(shares_and_counts_keep_to_their_columns),
        cmocka_unit_test(the_script_stays_when_a_command_is_shortened),
        cmocka_unit_test(a_program_has_a_short_name),
        cmocka_unit_test(a_nested_function_keeps_its_outer_ones_name),
        cmocka_unit_test(a_place_keeps_the_files_name_and_the_line),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

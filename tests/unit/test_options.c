/* The command line: what is accepted, what is refused, and what the refusal says. */
#include "cmd/options.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_ARGUMENTS = 24,
};

/* Arguments as a shell would hand them over, and what became of them. */
struct line {
    char words[256];
    char *argv[MAX_ARGUMENTS + 1];
    struct options options;
};

static struct error *read_line(struct line *line, enum command_id command, const char *text)
{
    int argc = 0;
    char *rest = NULL;

    *line = (struct line){0};
    line->argv[argc++] = "pyneck";
    snprintf(line->words, sizeof(line->words), "%s", text);
    for (char *word = strtok_r(line->words, " ", &rest); word != NULL && argc < MAX_ARGUMENTS;
         word = strtok_r(NULL, " ", &rest))
        line->argv[argc++] = word;
    return options_read(&line->options, command, argc, line->argv);
}

static void test_defaults(void **state)
{
    struct line line;

    (void)state;
    assert_null(read_line(&line, COMMAND_SNAPSHOT, ""));
    assert_int_equal(line.options.delay_ns, NS_PER_SECOND);
    assert_float_equal(line.options.rate_hz, 100, 0);
    assert_float_equal(line.options.budget_percent, 5, 0);
    assert_int_equal(line.options.time_ns, 0);
    assert_int_equal(line.options.count, 0);
    assert_int_equal(line.options.mode, RANKING_CPU);
    assert_ptr_equal(line.options.format, &format_text);
    assert_null(line.options.output);
    assert_null(line.options.command);
    assert_int_equal(line.options.pid_count, 0);
    options_free(&line.options);
}

static void test_long_and_short_names_mean_the_same(void **state)
{
    static const char *const lines[] = {
        "-d 0.25 -r 1000 -t 2.5 -n 3 -u root -f python.*app -a -o out.txt",
        "--delay=0.25 --rate 1000 --time 2.5 --count=3 --user root --filter python.*app --all --output "
        "out.txt",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct line line;
        assert_null(read_line(&line, COMMAND_SNAPSHOT, lines[i]));
        assert_int_equal(line.options.delay_ns, NS_PER_SECOND / 4);
        assert_float_equal(line.options.rate_hz, 1000, 0);
        assert_int_equal(line.options.time_ns, 2500 * NS_PER_MILLISECOND);
        assert_int_equal(line.options.count, 3);
        assert_string_equal(line.options.user, "root");
        assert_string_equal(line.options.filter, "python.*app");
        assert_true(line.options.all_processes);
        assert_string_equal(line.options.output, "out.txt");
        options_free(&line.options);
    }
}

static void test_process_ids_may_stand_anywhere_and_count_once(void **state)
{
    struct line line;

    (void)state;
    assert_null(read_line(&line, COMMAND_MONITOR, "17 --no-children 4 --ascii -C 17"));
    assert_int_equal(line.options.pid_count, 2);
    assert_int_equal(line.options.pids[0], 17);
    assert_int_equal(line.options.pids[1], 4);
    assert_true(line.options.no_children && line.options.ascii && line.options.no_color);
    options_free(&line.options);
}

static void test_what_stands_after_two_dashes_is_the_command_with_its_own_options(void **state)
{
    struct line line;

    (void)state;
    assert_null(read_line(&line, COMMAND_SNAPSHOT, "-n 2 -- python3 -n 5 -d x"));
    assert_string_equal(line.options.command[0], "python3");
    assert_int_equal(line.options.count, 2);
    assert_int_equal(line.options.pid_count, 0);
    options_free(&line.options);
}

static void test_a_budget_of_0_is_no_limit(void **state)
{
    struct line line;

    (void)state;
    assert_null(read_line(&line, COMMAND_MONITOR, "--budget 0"));
    assert_false(real_is_known(line.options.budget_percent));
    options_free(&line.options);
}

static void test_wrong_usage_is_named(void **state)
{
    static const struct {
        enum command_id command;
        const char *line;
        const char *message;
    } cases[] = {
        {COMMAND_MONITOR, "-d 0.05", "--delay: 0.05 is not between 0.1 and 86400"},
        {COMMAND_MONITOR, "-d 1s", "--delay: '1s' is not a decimal number"},
        {COMMAND_MONITOR, "-d 1e1", "--delay: '1e1' is not a decimal number"},
        {COMMAND_MONITOR, "-d 1.2.3", "--delay: '1.2.3' is not a decimal number"},
        {COMMAND_MONITOR, "-d -1", "--delay: '-1' is not a decimal number"},
        {COMMAND_MONITOR, "-d nan", "--delay: 'nan' is not a decimal number"},
        {COMMAND_MONITOR, "-d .", "--delay: '.' is not a decimal number"},
        {COMMAND_MONITOR, "-r 1000001", "--rate: 1000001 is not between 0 and 1000000"},
        {COMMAND_SNAPSHOT, "-n 0", "--count: 0 is not 1 or more"},
        {COMMAND_SNAPSHOT, "-n 1.5", "--count: '1.5' is not a whole number"},
        {COMMAND_SNAPSHOT, "-n 99999999999999999999", "--count: 99999999999999999999 is not 1 or more"},
        {COMMAND_SNAPSHOT, "-n", "--count needs an argument, N"},
        {COMMAND_SNAPSHOT, "--delay", "--delay needs an argument, SECONDS"},
        {COMMAND_SNAPSHOT, "--all=yes", "--all takes no argument"},
        {COMMAND_SNAPSHOT, "--mode gpu", "--mode: 'gpu' is none of cpu, wall"},
        {COMMAND_SNAPSHOT, "--format xml", "--format: 'xml' is none of text, json, csv, openmetrics"},
        {COMMAND_DUMP, "--format csv 1", "--format: 'csv' is none of text, json"},
        {COMMAND_SNAPSHOT, "--frobnicate", "unknown or ambiguous option '--frobnicate'"},
        {COMMAND_SNAPSHOT, "-x", "unknown option '-x'"},
        {COMMAND_SNAPSHOT, "--ascii", "--ascii is no option of this command"},
        {COMMAND_MONITOR, "-o file", "--output is no option of this command"},
        {COMMAND_MONITOR, "recrod", "'recrod' is neither a command nor a process ID"},
        {COMMAND_MONITOR, "0", "0 cannot be a process ID"},
        {COMMAND_MONITOR, "99999999999999999999999", "99999999999999999999999 cannot be a process ID"},
        {COMMAND_MONITOR, "12 -- true", "process IDs and '-- COMMAND' cannot be given together"},
        {COMMAND_MONITOR, "--", "nothing stands after '--'"},
        {COMMAND_DUMP, "", "no process ID is given"},
        {COMMAND_DUMP, "-- true", "this command takes nothing after '--'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct line line;
        struct error *error = read_line(&line, cases[i].command, cases[i].line);
        if (error == NULL)
            fail_msg("'%s' was accepted", cases[i].line);
        assert_string_equal(error_message(error), cases[i].message);
        error_free(error);
        options_free(&line.options);
    }
}

static void test_a_wrong_expression_is_wrong_usage(void **state)
{
    struct line line;
    struct error *error = NULL;

    (void)state;
    error = read_line(&line, COMMAND_MONITOR, "-f a(b");
    assert_non_null(error);
    assert_non_null(strstr(error_message(error), "--filter: 'a(b' is no regular expression"));
    error_free(error);
    options_free(&line.options);
}

static void test_help_asks_for_nothing_else(void **state)
{
    struct line line;

    (void)state;
    assert_null(read_line(&line, COMMAND_DUMP, "--help"));
    assert_true(line.options.help);
    options_free(&line.options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_long_and_short_names_mean_the_same),
        cmocka_unit_test(test_process_ids_may_stand_anywhere_and_count_once),
        cmocka_unit_test(test_what_stands_after_two_dashes_is_the_command_with_its_own_options),
        cmocka_unit_test(test_a_budget_of_0_is_no_limit),
        cmocka_unit_test(test_wrong_usage_is_named),
        cmocka_unit_test(test_a_wrong_expression_is_wrong_usage),
        cmocka_unit_test(test_help_asks_for_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

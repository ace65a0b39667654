/* The text formats: what a person, a spreadsheet or a collector of metrics gets to read. */
#include "sample_tick.h"

#include "base/text.h"
#include "export/text_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void test_a_snapshot_shows_the_machine_the_processes_and_their_details(void **state)
{
    static const char *const parts[] = {
        "\n  Verdict: python-cpu: runs Python code 60 % of the time in main (app.py:4): look for a better "
        "algorithm there\n"
        "  and cpu-starved: waits 30 % of the time for a CPU in ",
        "2023-11-14T22:15:00.250Z  machine  interval 1.00 s  own CPU 1.2%\n",
        "  18.0 user",
        "1 process is not permitted\n",
        "    100 alice     60.1   1.2  10.0M     0B    4.0K    3    3 3.13.1  R python3 app.py --name=a,b\n",
        "    200 -            -     -      -      -       -    -    - -       - -\n",
        "Process 100, CPython 3.13.1: python3 app.py",
        "30 samples at 100 Hz: 1 partial, 2 invalid, 3 late; watching cost 0.75% of a core\n",
        "    50.0    83.3     0.300s     0.500s  main (/srv/app.py:3)\n",
        "    33.3    33.3     0.200s     0.200s  Worker.work (/srv/app.py)\n",
        "Worker.work (/srv/app.py:12)\n",
        "tcp 192.0.2.7:5000 -> 192.0.2.1:443 ESTABLISHED\n",
        "/var/log/a \"quoted\" name (deleted)\n",
        "pipe:[78] <-> 300 (sort) fd 0\n",
        "     0.500s  network   Worker.work (/srv/app.py:12), fd 5 tcp 192.0.2.7:5000 -> 192.0.2.1:443\n",
        "(no Python code), fd 5 tcp 192.0.2.7:5000 -> 192.0.2.1:443\n",
        "  not permitted: run pyneck as root\n",
    };
    char *text = print_sample_tick(format_text.write_tick, RANKING_CPU, 0);

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_contains(text, parts[i]);
    free(text);
}

static void test_a_line_that_is_too_long_ends_with_a_whole_character(void **state)
{
    static struct text_line line;
    char *text = NULL;
    size_t length;

    (void)state;
    for (size_t lead = 0; lead < 3; lead++) {
        line = (struct text_line){.stream = open_memstream(&text, &length)};
        line_add(&line, "%.*s", (int)lead, "ab");
        for (size_t i = 0; i < sizeof(line.text); i++)
            line_add(&line, "\xef\xbf\xbd");
        line_end(&line);
        fclose(line.stream);
        assert_in_range(length, sizeof(line.text) - 16, sizeof(line.text));
        assert_memory_equal(text + length - 4, "\xef\xbf\xbd\n", 4);
        free(text);
    }
}

static void test_lines_are_cut_to_the_columns_of_a_terminal(void **state)
{
    char *text = print_sample_tick(format_text.write_tick, RANKING_CPU, 40);
    char *rest = NULL;
    size_t widest = 0;

    (void)state;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        size_t width = text_width(line);
        widest = width > widest ? width : widest;
    }
    assert_int_equal(widest, 40);
    free(text);
}

static void test_a_dump_reads_like_a_traceback(void **state)
{
    char *text = print_sample_tick(format_text.write_dump, RANKING_CPU, 0);

    (void)state;
    assert_contains(text, "Process 100, CPython 3.13.1: python3 app.py --name=a,b\n"
                          "\n"
                          "Thread 100 (MainThread) running, holds the GIL\n"
                          "  Worker.work (/srv/app.py:12)\n"
                          "  main (/srv/app.py:4)\n"
                          "\n"
                          "Thread 101 network: fd 5 tcp 192.0.2.7:5000 -> 192.0.2.1:443\n"
                          "  (runs no Python code)\n"
                          "\n"
                          "Thread 102 (worker) other\n"
                          "  (its stack could not be read)\n");
    free(text);
}

static void test_csv_has_a_row_for_each_process_and_nothing_for_what_is_not_known(void **state)
{
    char *text = print_sample_tick(format_csv.write_tick, RANKING_CPU, 0);

    (void)state;
    assert_string_equal(
        text, "2023-11-14T22:15:00.250Z,1.000000,100,1,alice,R,60.123,10485760,20971520,1.250,0.000,"
              "4096.000,3,3,1024,3.13.1,30,main,/srv/app.py,3,50.000,python-cpu,60.000,"
              "runs Python code 60 % of the time in main (app.py:4): look for a better algorithm there,"
              "\"python3 app.py --name=a,b\",,\r\n"
              "2023-11-14T22:15:00.250Z,1.000000,200,1,,,,,,,,,,,,,,,,,,,,,,"
              "not permitted: run pyneck as root,\r\n");
    free(text);
}

static void test_csv_has_a_name_for_each_column(void **state)
{
    char *header = NULL;
    size_t length;
    FILE *stream = open_memstream(&header, &length);
    size_t names = 1;
    size_t cells = 1;

    (void)state;
    format_csv.write_header(stream);
    fclose(stream);
    for (const char *comma = header; (comma = strchr(comma, ',')) != NULL; comma++)
        names++;
    char *text = print_sample_tick(format_csv.write_tick, RANKING_CPU, 0);
    for (const char *comma = strstr(text, "\r\n"); (comma = strchr(comma, ',')) != NULL; comma++)
        cells++;
    assert_int_equal(names, cells);
    free(header);
    free(text);
}

static void test_openmetrics_is_in_base_units_and_ends_with_eof(void **state)
{
    static const char *const parts[] = {
        "# TYPE pyneck_process_cpu_ratio gauge\n# UNIT pyneck_process_cpu_ratio ratio\n",
        "\npyneck_process_cpu_ratio{pid=\"100\"} 0.6012345\n",
        "\npyneck_system_pressure_ratio{resource=\"io\"} 0.0225\n",
        "\npyneck_process_info{pid=\"100\",parent_pid=\"1\",user=\"alice\",command=\"python3 app.py "
        "--name=a,b\","
        "python_version=\"3.13.1\"} 1\n",
        "\npyneck_process_info{pid=\"200\",parent_pid=\"1\"} 1\n",
        "\npyneck_process_verdict_ratio{pid=\"100\",kind=\"python-cpu\"} 0.6\n",
        "\npyneck_function_own_cpu_seconds{pid=\"100\",function=\"main\",",
        "file=\"/srv/app.py\",line=\"3\"} 0.3\n",
    };
    static const char eof[] = "\n# EOF\n";
    char *text = print_sample_tick(format_openmetrics.write_tick, RANKING_CPU, 0);

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_contains(text, parts[i]);
    assert_string_equal(text + strlen(text) - strlen(eof), eof);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "pyneck_process_cpu_ratio{pid=\"200\"}"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_snapshot_shows_the_machine_the_processes_and_their_details),
        cmocka_unit_test(test_a_line_that_is_too_long_ends_with_a_whole_character),
        cmocka_unit_test(test_lines_are_cut_to_the_columns_of_a_terminal),
        cmocka_unit_test(test_a_dump_reads_like_a_traceback),
        cmocka_unit_test(test_csv_has_a_row_for_each_process_and_nothing_for_what_is_not_known),
        cmocka_unit_test(test_csv_has_a_name_for_each_column),
        cmocka_unit_test(test_openmetrics_is_in_base_units_and_ends_with_eof),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The JSON formats: the names and types that scripts depend on, and null for what is not known. */
#include "export/json_value.h"
#include "sample_tick.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* A field is named by its path, as in "processes.0.functions.1.file". */
static json_t *find(json_t *value, const char *path)
{
    char names[128];
    char *rest = NULL;

    snprintf(names, sizeof(names), "%s", path);
    for (char *name = strtok_r(names, ".", &rest); name != NULL; name = strtok_r(NULL, ".", &rest)) {
        value =
            json_is_array(value) ? json_array_get(value, (size_t)atoi(name)) : json_object_get(value, name);
        if (value == NULL)
            fail_msg("no '%s' on the way to '%s'", name, path);
    }
    return value;
}

static json_t *parse(print_tick *print, enum ranking_mode mode)
{
    char *text = print_sample_tick(print, mode, 0);
    json_error_t error;
    json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    if (document == NULL)
        fail_msg("no JSON: %s in %s", error.text, text);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
    return document;
}

static int set_up(void **state)
{
    *state = parse(format_json.write_tick, RANKING_CPU);
    return 0;
}

static int tear_down(void **state)
{
    json_decref(*state);
    return 0;
}

/* Exactly these members, in this order. */
static void assert_members(json_t *object, const char *expected)
{
    char names[512] = "";
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        size_t length = strlen(names);
        snprintf(names + length, sizeof(names) - length, "%s%s", length > 0 ? " " : "", name);
    }
    assert_string_equal(names, expected);
}

static void test_objects_have_the_documented_members(void **state)
{
    static const struct {
        const char *path;
        const char *members;
    } objects[] = {
        {"", "schema time interval_seconds mode system processes"},
        {"system", "hostname uptime_seconds load_average cpus memory pressure disks networks"},
        {"system.cpus.0",
         "id user_percent system_percent nice_percent iowait_percent irq_percent steal_percent "
         "idle_percent"},
        {"system.memory",
         "total_bytes used_bytes available_bytes buffers_bytes cached_bytes swap_total_bytes "
         "swap_used_bytes"},
        {"system.pressure", "cpu_percent memory_percent io_percent"},
        {"system.disks.0", "name read_bytes_per_second write_bytes_per_second busy_percent"},
        {"system.networks.0", "name receive_bytes_per_second transmit_bytes_per_second"},
        {"processes.0",
         "pid parent_pid user command state start_time cpu_percent runnable_percent throttled_percent "
         "resident_bytes virtual_bytes "
         "memory_percent "
         "read_bytes_per_second write_bytes_per_second thread_count open_file_count open_file_limit "
         "open_file_growth_per_second open_file_growth_by_kind error phase memory "
         "python sampling verdict states waits functions lines threads open_files"},
        {"processes.0.memory",
         "anonymous_bytes file_bytes shared_memory_bytes swap_bytes growth_bytes_per_second "
         "minor_faults_per_second major_faults_per_second functions"},
        {"processes.0.memory.functions.0", "function file line own_growth_bytes total_growth_bytes"},
        {"processes.0.python", "implementation version free_threaded collector"},
        {"processes.0.python.collector", "collections collecting_seconds tracked_objects"},
        {"processes.0.sampling", "rate_hz samples partial invalid late cpu_percent"},
        {"processes.0.verdict", "kind percent summary second"},
        {"processes.0.verdict.second", "kind percent summary"},
        {"processes.0.functions.0", "function file line own_cpu_seconds total_cpu_seconds own_wall_seconds "
                                    "total_wall_seconds own_percent "
                                    "total_percent memory_growth_bytes total_memory_growth_bytes samples"},
        {"processes.0.lines.0", "function file line own_cpu_seconds total_cpu_seconds own_wall_seconds "
                                "total_wall_seconds own_percent "
                                "total_percent memory_growth_bytes total_memory_growth_bytes samples"},
        {"processes.0.threads.0", "tid name state cpu_percent holds_gil gil_percent waiting stack"},
        {"processes.0.threads.0.stack.0", "function file line"},
        {"processes.0.threads.1.waiting", "kind fd lock_address description seconds"},
        {"processes.0.states",
         "running runnable gil lock sleep disk network pipe poll child gc native other"},
        {"processes.0.waits.0", "function file line kind fd lock_address description seconds samples"},
        {"processes.0.open_files.0",
         "fd kind access path peer position_bytes size_bytes bytes_per_second deleted socket"},
        {"processes.0.open_files.1.socket",
         "protocol state local remote receive_queue_bytes send_queue_bytes"},
    };

    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
        assert_members(find(*state, objects[i].path), objects[i].members);
}

static void test_values_are_rounded_base_units(void **state)
{
    static const struct {
        const char *path;
        const char *text;
    } values[] = {
        {"schema", "\"pyneck.snapshot/1\""},
        {"time", "\"2023-11-14T22:15:00.250Z\""},
        {"interval_seconds", "1.0"},
        {"mode", "\"cpu\""},
        {"system.load_average.1", "0.5"},
        {"system.cpus.0.user_percent", "18.0"},
        {"system.disks.0.read_bytes_per_second", "1024.0"},
        {"processes.0.start_time", "\"2023-11-14T22:13:20.000Z\""},
        {"processes.0.cpu_percent", "60.123"},
        {"processes.0.state", "\"R\""},
        {"processes.0.sampling.rate_hz", "100.0"},
        {"processes.0.verdict.kind", "\"python-cpu\""},
        {"processes.0.verdict.percent", "60.0"},
        {"processes.0.verdict.second.kind", "\"cpu-starved\""},
        {"processes.0.functions.0.function", "\"main\""},
        {"processes.0.functions.0.own_cpu_seconds", "0.3"},
        {"processes.0.functions.0.total_cpu_seconds", "0.5"},
        {"processes.0.functions.0.own_percent", "50.0"},
        {"processes.0.functions.0.total_percent", "83.333"},
        {"processes.0.functions.0.line", "3"},
        {"processes.0.functions.0.memory_growth_bytes", "4096"},
        {"processes.0.functions.0.total_memory_growth_bytes", "4096"},
        {"processes.0.memory.anonymous_bytes", "8388608"},
        {"processes.0.memory.growth_bytes_per_second", "-4096.5"},
        {"processes.0.python.collector.collections", "[7, 2, 1]"},
        {"processes.0.python.collector.collecting_seconds", "0.25"},
        {"processes.0.open_file_growth_by_kind", "{\"socket\": 2.0}"},
        {"processes.0.lines.0.line", "4"},
        {"processes.0.threads.0.holds_gil", "true"},
        {"processes.0.threads.1.holds_gil", "false"},
        {"processes.0.runnable_percent", "0.0"},
        {"processes.0.threads.0.gil_percent", "62.5"},
        {"processes.0.threads.1.waiting.fd", "5"},
        {"processes.0.threads.1.waiting.seconds", "1.25"},
        {"processes.0.states.running", "100.0"},
        {"processes.0.waits.0.function", "\"Worker.work\""},
        {"processes.0.waits.0.line", "12"},
        {"processes.0.waits.0.kind", "\"network\""},
        {"processes.0.waits.0.fd", "5"},
        {"processes.0.waits.0.seconds", "0.5"},
        {"processes.0.waits.0.samples", "20"},
        {"processes.0.waits.1.lock_address", "\"0x7f0000001000\""},
        {"processes.0.threads.1.stack", "[]"},
        {"processes.0.open_files.0.deleted", "true"},
        {"processes.0.open_files.0.path", "\"/var/log/a \\\"quoted\\\" name\""},
        {"processes.0.open_files.2.peer", "\"300 (sort) fd 0\""},
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char *text = json_dumps(find(*state, values[i].path), JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        assert_string_equal(text, values[i].text);
        free(text);
    }
}

static void test_what_is_not_known_is_null(void **state)
{
    static const char *const paths[] = {
        "system.load_average.2",
        "system.memory.buffers_bytes",
        "system.networks.0.transmit_bytes_per_second",
        "processes.0.error",
        "processes.1.verdict",
        "processes.0.functions.1.line",
        "processes.0.python.collector.tracked_objects",
        "processes.0.threads.0.waiting",
        "processes.0.threads.1.name",
        "processes.0.threads.2.cpu_percent",
        "processes.0.threads.2.holds_gil",
        "processes.0.throttled_percent",
        "processes.0.threads.2.gil_percent",
        "processes.0.waits.0.lock_address",
        "processes.0.waits.1.fd",
        "processes.0.threads.2.stack",
        "processes.0.open_files.1.access",
        "processes.0.open_files.1.position_bytes",
        "processes.0.open_files.1.bytes_per_second",
        "processes.0.open_files.0.socket",
        "processes.1.user",
        "processes.1.command",
        "processes.1.state",
        "processes.1.start_time",
        "processes.1.cpu_percent",
        "processes.1.resident_bytes",
        "processes.1.virtual_bytes",
        "processes.1.memory_percent",
        "processes.1.read_bytes_per_second",
        "processes.1.write_bytes_per_second",
        "processes.1.thread_count",
        "processes.1.open_file_count",
        "processes.1.open_file_limit",
        "processes.1.open_file_growth_per_second",
        "processes.1.open_file_growth_by_kind",
        "processes.1.memory.swap_bytes",
        "processes.1.memory.growth_bytes_per_second",
        "processes.1.memory.functions",
        "processes.1.python",
        "processes.1.sampling",
        "processes.1.functions",
        "processes.1.lines",
        "processes.1.threads",
        "processes.1.open_files",
    };

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (!json_is_null(find(*state, paths[i])))
            fail_msg("%s is not null", paths[i]);
    }
}

static void test_a_stack_is_innermost_first(void **state)
{
    json_t *stack = find(*state, "processes.0.threads.0.stack");

    assert_int_equal(json_array_size(stack), 2);
    assert_string_equal(json_string_value(find(stack, "0.function")), "Worker.work");
    assert_int_equal(json_integer_value(find(stack, "0.line")), 12);
    assert_string_equal(json_string_value(find(stack, "1.function")), "main");
}

static void test_the_mode_decides_what_shares_are_of(void **state)
{
    json_t *document = parse(format_json.write_tick, RANKING_WALL);

    (void)state;
    assert_string_equal(json_string_value(find(document, "mode")), "wall");
    double percent = json_real_value(find(document, "processes.0.functions.0.own_percent"));
    assert_float_equal(percent, 33.333, 1e-9);
    json_decref(document);
}

static void test_a_dump_has_the_threads_of_a_snapshot(void **state)
{
    json_t *dump = parse(format_json.write_dump, RANKING_CPU);

    assert_members(dump, "schema time processes");
    assert_string_equal(json_string_value(find(dump, "schema")), "pyneck.dump/1");
    assert_members(find(dump, "processes.0"), "pid command error phase python threads");
    assert_true(json_equal(find(dump, "processes.0.threads"), find(*state, "processes.0.threads")));
    assert_true(json_is_null(find(dump, "processes.1.threads")));
    json_decref(dump);
}

#define SNAPSHOT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void a_number_has_the_decimals_that_it_needs_and_at_least_one(void **unused)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    struct json json = {.stream = stream};

    (void)unused;
    json_begin_array(&json, NULL);
    put_real(&json, NULL, 0, DECIMALS_PERCENT);
    put_real(&json, NULL, -0.0004, DECIMALS_PERCENT);
    put_real(&json, NULL, 100, DECIMALS_PERCENT);
    put_real(&json, NULL, -0.25, DECIMALS_PERCENT);
    put_real(&json, NULL, 1.0005, DECIMALS_RATE);
    put_real(&json, NULL, 0.000001, DECIMALS_SECONDS);
    put_real(&json, NULL, 86400.060708, DECIMALS_SECONDS);
    put_real(&json, NULL, 12.6, 0);
    put_real(&json, NULL, 1e300, DECIMALS_SECONDS);
    put_real(&json, NULL, UNKNOWN_REAL, DECIMALS_SECONDS);
    put_real(&json, NULL, INFINITY, DECIMALS_SECONDS);
    json_begin_object(&json, NULL);
    put_text(&json, "text", "\"\\");
    json_end_object(&json);
    json_end_array(&json);
    fclose(stream);
    assert_string_equal(text, "[0.0,0.0,100.0,-0.25,1.0,0.000001,86400.060708,13.0,1e+300,null,null,"
                              "{\"text\":\"\\u0022\\u005c\"}]");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_has_the_decimals_that_it_needs_and_at_least_one),
        SNAPSHOT_TEST(test_objects_have_the_documented_members),
        SNAPSHOT_TEST(test_values_are_rounded_base_units),
        SNAPSHOT_TEST(test_what_is_not_known_is_null),
        SNAPSHOT_TEST(test_a_stack_is_innermost_first),
        cmocka_unit_test(test_the_mode_decides_what_shares_are_of),
        SNAPSHOT_TEST(test_a_dump_has_the_threads_of_a_snapshot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

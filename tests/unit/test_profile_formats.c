#include "base/memory.h"
#include "export/profile_exporter.h"
#include "sample_tick.h"

#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    TEXT_SIZE = 1 << 16,
};

/* What a format makes of the sample tick, given twice: a text to free(). */
static char *export_sample(const char *format, struct export_options options)
{
    char path[] = "/tmp/pyneck-export-XXXXXX";
    char *text = memory_allocate(TEXT_SIZE, 1);
    struct call_tree *tree;
    struct tick *tick = sample_tick(&tree);
    struct output *output;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_null(output_open(&output, path, OUTPUT_DOCUMENT));
    struct sink *sink = profile_exporter_open(profile_format_find(format), output, &options);
    assert_null(sink_write_tick(sink, tick, tree));
    assert_null(sink_write_tick(sink, tick, tree));
    assert_null(sink_close(sink));
    assert_null(output_close(output));
    assert_true(read(fd, text, TEXT_SIZE - 1) >= 0);
    close(fd);
    unlink(path);
    tick_free(tick);
    call_tree_free(tree);
    return text;
}

/* The sum of the numbers at the ends of the lines. */
static int64_t sum_of_lines(const char *text)
{
    int64_t sum = 0;

    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        const char *end = strchr(line, '\n');
        const char *number = end;
        while (number[-1] != ' ')
            number--;
        sum += strtoll(number, NULL, 10);
    }
    return sum;
}

static void test_collapsed_stacks_add_up_to_the_profile(void **state)
{
    (void)state;
    char *text = export_sample("collapsed", (struct export_options){.weight = WEIGHT_SAMPLES});
    assert_int_equal(sum_of_lines(text), 60);
    free(text);
    text = export_sample("collapsed", (struct export_options){.weight = WEIGHT_CPU});
    assert_int_equal(sum_of_lines(text), 1200000000);
    free(text);
}

static void test_collapsed_stacks_leave_out_what_is_not_selected(void **state)
{
    (void)state;
    char *text = export_sample("collapsed", (struct export_options){.selection = {.pid = 4711}});
    assert_string_equal(text, "");
    free(text);
}

/* "weights" of all threads, added up. */
static int64_t sum_of_speedscope(const char *text)
{
    json_t *file = json_loads(text, 0, NULL);
    json_t *profile, *weight;
    size_t i, j;
    int64_t sum = 0;

    assert_non_null(file);
    json_array_foreach(json_object_get(file, "profiles"), i, profile)
    {
        json_t *weights = json_object_get(profile, "weights");
        json_array_foreach(weights, j, weight) sum += json_integer_value(weight);
        assert_int_equal(json_array_size(weights), json_array_size(json_object_get(profile, "samples")));
    }
    json_decref(file);
    return sum;
}

static void test_speedscope_adds_up_to_the_profile(void **state)
{
    (void)state;
    char *text =
        export_sample("speedscope", (struct export_options){.weight = WEIGHT_CPU, .title = "sample"});
    assert_int_equal(sum_of_speedscope(text), 1200000000);
    free(text);
}

static void test_speedscope_without_samples_is_still_a_file(void **state)
{
    const struct export_options nothing = {.selection = {.pid = 4711}, .title = "sample"};

    (void)state;
    char *text = export_sample("speedscope", nothing);
    assert_int_equal(sum_of_speedscope(text), 0);
    free(text);
}

/* What the lines of functions cost themselves: not what they called. */
static int64_t sum_of_callgrind(const char *text)
{
    bool is_call = false;
    int64_t sum = 0;

    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (line[0] >= '0' && line[0] <= '9' && !is_call)
            sum += strtoll(strchr(line, ' '), NULL, 10);
        is_call = strncmp(line, "calls=", strlen("calls=")) == 0;
    }
    return sum;
}

static void test_callgrind_adds_up_to_the_profile_and_to_its_own_summary(void **state)
{
    (void)state;
    char *text = export_sample("callgrind", (struct export_options){.weight = WEIGHT_CPU, .title = "sample"});
    assert_int_equal(sum_of_callgrind(text), 1200000000);
    assert_non_null(strstr(text, "\nsummary: 1200000000\n"));
    free(text);
}

static void test_pstats_is_a_whole_dict(void **state)
{
    (void)state;
    char *text = export_sample("pstats", (struct export_options){.weight = WEIGHT_CPU, .title = "sample"});
    assert_memory_equal(text, "{(\3\0\0\0u", 6);
    free(text);
}

static void test_a_flame_graph_is_a_whole_page_with_the_profile_in_it(void **state)
{
    const struct export_options options = {.weight = WEIGHT_CPU, .title = "</script><b>"};

    (void)state;
    char *text = export_sample("flamegraph", options);
    assert_non_null(strstr(text, "<!DOCTYPE html>\n"));
    assert_non_null(strstr(text, "\n</html>\n"));
    assert_non_null(strstr(text, "\"Worker.work\""));
    assert_non_null(strstr(text, "\"title\":\"\\u003c/script>\\u003cb>\""));
    assert_null(strstr(text, "@PROFILE@"));
    free(text);
}

static void test_a_trace_ends_every_frame_that_it_begins(void **state)
{
    json_t *event;
    size_t i;
    int depth = 0, frames = 0, counters = 0;

    (void)state;
    char *text = export_sample("chrome", (struct export_options){.title = "sample"});
    json_t *file = json_loads(text, 0, NULL);
    assert_non_null(file);
    json_array_foreach(json_object_get(file, "traceEvents"), i, event)
    {
        const char *phase = json_string_value(json_object_get(event, "ph"));
        depth += (phase[0] == 'B') - (phase[0] == 'E');
        frames += phase[0] == 'B';
        counters += phase[0] == 'C';
        assert_true(depth >= 0);
    }
    assert_int_equal(depth, 0);
    assert_true(frames > 0);
    assert_true(counters >= 2);
    json_decref(file);
    free(text);
}

static void test_pprof_is_gzipped(void **state)
{
    (void)state;
    char *text = export_sample("pprof", (struct export_options){.weight = WEIGHT_CPU, .title = "sample"});
    assert_memory_equal(text, "\x1f\x8b\x08", 3);
    free(text);
}

/* "weight" of all samples, added up, in nanoseconds. */
static int64_t sum_of_gecko(const char *text)
{
    json_t *file = json_loads(text, 0, NULL);
    json_t *thread, *weight;
    size_t i, j;
    double sum_ms = 0;

    assert_non_null(file);
    json_array_foreach(json_object_get(file, "threads"), i, thread)
    {
        json_t *samples = json_object_get(thread, "samples");
        json_array_foreach(json_object_get(samples, "weight"), j, weight) sum_ms += json_number_value(weight);
        assert_int_equal(json_array_size(json_object_get(samples, "stack")),
                         json_integer_value(json_object_get(samples, "length")));
    }
    json_decref(file);
    return (int64_t)(sum_ms * 1e6 + 0.5);
}

static void test_gecko_adds_up_to_the_profile(void **state)
{
    (void)state;
    char *text = export_sample("gecko", (struct export_options){.weight = WEIGHT_CPU, .title = "sample"});
    assert_int_equal(sum_of_gecko(text), 1200000000);
    free(text);
}

static void test_gecko_without_samples_is_still_a_file(void **state)
{
    const struct export_options nothing = {.selection = {.pid = 4711}, .title = "sample"};

    (void)state;
    char *text = export_sample("gecko", nothing);
    assert_int_equal(sum_of_gecko(text), 0);
    free(text);
}

static void test_every_format_that_is_listed_is_found(void **state)
{
    char names[256];
    char *rest = names;

    (void)state;
    profile_format_list_names(names, sizeof(names));
    for (const char *name = strtok_r(names, ", ", &rest); name != NULL; name = strtok_r(NULL, ", ", &rest))
        assert_non_null(profile_format_find(name));
    assert_null(profile_format_find("nonsense"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collapsed_stacks_add_up_to_the_profile),
        cmocka_unit_test(test_collapsed_stacks_leave_out_what_is_not_selected),
        cmocka_unit_test(test_speedscope_adds_up_to_the_profile),
        cmocka_unit_test(test_speedscope_without_samples_is_still_a_file),
        cmocka_unit_test(test_callgrind_adds_up_to_the_profile_and_to_its_own_summary),
        cmocka_unit_test(test_pstats_is_a_whole_dict),
        cmocka_unit_test(test_a_flame_graph_is_a_whole_page_with_the_profile_in_it),
        cmocka_unit_test(test_a_trace_ends_every_frame_that_it_begins),
        cmocka_unit_test(test_pprof_is_gzipped),
        cmocka_unit_test(test_gecko_adds_up_to_the_profile),
        cmocka_unit_test(test_gecko_without_samples_is_still_a_file),
        cmocka_unit_test(test_every_format_that_is_listed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A recording that is written and read back in one program. */
#include "base/clock.h"
#include "base/memory.h"
#include "record/names.h"
#include "record/reader.h"
#include "record/writer.h"
#include "sample_tick.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

enum {
    TICKS = 150, /* two segments that are packed, and one that is not */
    FIRST_TIME_SECONDS = 1700000100,
};

static char directory[] = "/tmp/pyneck-test-recording-XXXXXX";
static char path[sizeof(directory) + 16];

static int make_directory(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    strcat(strcpy(path, directory), "/recording.db");
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static void assert_no_error(struct error *error)
{
    if (error != NULL)
        fail_msg("%s", error_message(error));
}

static struct writer *open_writer(void)
{
    const struct writer_options options = {
        .path = path, .replace = true, .version = "1", .rate_hz = 100, .interval_ns = NS_PER_SECOND};
    struct writer *writer;

    assert_no_error(writer_open(&writer, &options));
    return writer;
}

/* The sample tick, a second later each, with counters that tell it from the others. Its tree is made anew, always
 * alike. */
static struct tick *numbered_tick(uint64_t number, struct call_tree **tree)
{
    struct tick *tick = sample_tick(tree);
    const struct profile *profile = tick->processes[0].profile;
    struct profile_counter *counters = (struct profile_counter *)profile->counters;

    struct process *unknown = (struct process *)&tick->processes[1];

    unknown->user = unknown->name = unknown->command = "root"; /* which every process has */
    tick->sequence = number;
    tick->monotonic_ns = (100 + number) * NS_PER_SECOND;
    tick->time_ns = (int64_t)((FIRST_TIME_SECONDS + number) * NS_PER_SECOND);
    counters[0].samples = (uint32_t)number + 1;
    counters[0].wall_ns = (number + 1) * 10 * NS_PER_MILLISECOND;
    counters[1].wall_ns +=
        NS_PER_MILLISECOND; /* no two places are alike: a recording does not keep their order */
    counters[2].wall_ns -= NS_PER_MILLISECOND;
    return tick;
}

static void append_numbered(struct writer *writer, uint64_t number)
{
    struct call_tree *tree;
    struct tick *tick = numbered_tick(number, &tree);

    assert_no_error(writer_append(writer, tick, tree));
    tick_free(tick);
    call_tree_free(tree);
}

static void write_recording(void)
{
    struct writer *writer = open_writer();

    for (uint64_t i = 0; i < TICKS; i++)
        append_numbered(writer, i);
    assert_no_error(writer_close(writer, NULL));
}

static struct reader *open_reader(void)
{
    struct reader *reader;

    assert_no_error(reader_open(&reader, path));
    return reader;
}

static char *print(const struct tick *tick, const struct call_tree *tree)
{
    const struct print_options options = {.mode = RANKING_CPU, .columns = 200};
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    format_json.write_tick(stream, tick, tree, &options);
    fclose(stream);
    return text;
}

static void a_tick_prints_the_same_live_and_recorded(void **state)
{
    const uint64_t looked_at[] = {0, 59, 60, 149, 3};
    (void)state;

    write_recording();
    struct reader *reader = open_reader();
    for (size_t i = 0; i < sizeof(looked_at) / sizeof(looked_at[0]); i++) {
        struct call_tree *tree;
        struct tick *live = numbered_tick(looked_at[i], &tree), *recorded;
        assert_no_error(reader_read_tick(reader, looked_at[i], &recorded));
        assert_non_null(recorded);
        char *expected = print(live, tree), *found = print(recorded, reader_call_tree(reader));
        for (size_t at = 0; strcmp(found, expected) != 0; at++) {
            if (found[at] != expected[at])
                fail_msg("at %zu: recorded %.60s, live %.60s", at, found + at, expected + at);
        }
        assert_int_equal(recorded->sequence, looked_at[i]);
        free(expected);
        free(found);
        tick_free(live);
        tick_free(recorded);
        call_tree_free(tree);
    }
    reader_close(reader);
}

static void assert_sum(struct reader *reader, struct tick_span span)
{
    struct tick *sum;
    uint64_t samples = 0, wall_ns = 0;

    assert_no_error(reader_sum(reader, span, 0, &sum));
    for (uint64_t i = span.first; i < span.end; i++)
        samples += i + 1 + 20;
    assert_int_equal(sum->process_count, 1);
    assert_int_equal(sum->processes[0].profile->samples, samples);
    assert_int_equal(sum->processes[0].profile->counter_count, 3);
    assert_int_equal(sum->interval_ns, (span.end - span.first) * NS_PER_SECOND);
    for (size_t i = 0; i < 3; i++)
        wall_ns += sum->processes[0].profile->counters[i].wall_ns;
    assert_int_equal(wall_ns, (samples - 20 * (span.end - span.first)) * 10 * NS_PER_MILLISECOND +
                                  (span.end - span.first) * 600 * NS_PER_MILLISECOND);
    assert_string_equal(sum->processes[0].command, "python3 app.py --name=a,b");
    assert_true(sum->processes[0].cpu_percent > 60.1 && sum->processes[0].cpu_percent < 60.14);
    tick_free(sum);
}

static void a_span_sums_up_the_same_however_it_lies_to_the_segments(void **state)
{
    static const struct tick_span spans[] = {{0, 150},  {0, 60},   {0, 1},     {59, 60},   {59, 61},
                                             {60, 120}, {30, 130}, {120, 150}, {130, 140}, {1, 149}};
    (void)state;

    write_recording();
    struct reader *reader = open_reader();
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
        assert_sum(reader, spans[i]);
    reader_close(reader);
}

static void the_sum_of_what_is_still_written_is_right_too(void **state)
{
    (void)state;
    struct writer *writer = open_writer();
    struct reader *reader = open_reader();

    assert_int_equal(reader_ticks(reader).end, 0);
    for (uint64_t i = 0; i < 70; i++) {
        struct tick *read;
        append_numbered(writer, i);
        assert_no_error(reader_refresh(reader));
        assert_int_equal(reader_ticks(reader).end, i + 1);
        assert_no_error(reader_read_tick(reader, i, &read));
        assert_non_null(read);
        tick_free(read);
    }
    assert_sum(reader, (struct tick_span){0, 70});
    assert_sum(reader, (struct tick_span){50, 65});
    assert_false(count_is_known(reader_info(reader)->end_time_ns));
    reader_close(reader);
    assert_no_error(writer_close(writer, NULL));
}

static void what_comes_after_a_sum_of_segments_is_seen(void **state)
{
    (void)state;
    struct writer *writer = open_writer();

    for (uint64_t i = 0; i < 60; i++)
        append_numbered(writer, i);
    struct reader *reader = open_reader();
    assert_sum(reader, (struct tick_span){0, 60});
    append_numbered(writer, 60);
    assert_no_error(reader_refresh(reader));
    assert_int_equal(reader_ticks(reader).end, 61);
    reader_close(reader);
    assert_no_error(writer_close(writer, NULL));
}

static void what_the_waits_and_the_memory_of_a_process_say_is_kept(void **state)
{
    struct writer *writer = open_writer();
    struct reader *reader;
    struct call_tree *tree;
    struct tick *live = numbered_tick(0, &tree), *recorded;
    struct process *process = (struct process *)&live->processes[0];

    (void)state;
    process->proportional_bytes = 9437184;
    process->throttled_percent = 12.5;
    process->runnable_percent = 37.25;
    assert_no_error(writer_append(writer, live, tree));
    assert_no_error(writer_close(writer, NULL));
    reader = open_reader();
    assert_no_error(reader_read_tick(reader, 0, &recorded));
    const struct process *read = &recorded->processes[0];
    assert_int_equal(read->proportional_bytes, 9437184);
    assert_true(read->throttled_percent == 12.5 && read->runnable_percent == 37.25);
    assert_memory_equal(read->open_file_growth_by_kind, process->open_file_growth_by_kind,
                        OPEN_FILE_KINDS * sizeof(double));
    assert_int_equal(read->collector->generation_count, process->collector->generation_count);
    assert_memory_equal(read->collector->collections, process->collector->collections,
                        sizeof(read->collector->collections));
    assert_true(read->collector->collecting_seconds == process->collector->collecting_seconds);
    assert_int_equal(read->collector->tracked_objects, process->collector->tracked_objects);
    assert_true(read->profile->growth_measured);
    assert_true(read->threads[0].gil_percent == process->threads[0].gil_percent);
    assert_int_equal(read->threads[1].waiting->waited_ns, process->threads[1].waiting->waited_ns);
    assert_int_equal(read->profile->wait_count, process->profile->wait_count);
    for (size_t i = 0; i < process->profile->wait_count; i++) {
        const struct profile_wait *kept = &read->profile->waits[i], *wait = &process->profile->waits[i];
        assert_int_equal(kept->lock_address, wait->lock_address);
        assert_int_equal(kept->fd, wait->fd);
        assert_int_equal(kept->samples, wait->samples);
        assert_int_equal(kept->wall_ns, wait->wall_ns);
        assert_string_equal(kept->description, wait->description);
    }
    tick_free(live);
    tick_free(recorded);
    call_tree_free(tree);
    reader_close(reader);
}

static void a_time_finds_its_tick(void **state)
{
    (void)state;
    write_recording();
    struct reader *reader = open_reader();
    const struct {
        int64_t ms;
        uint64_t tick;
    } cases[] = {{-5000, 0}, {0, 0}, {999, 0}, {1000, 1}, {77500, 77}, {149000, 149}, {900000, 149}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t found;
        int64_t time_ns = (INT64_C(1000) * FIRST_TIME_SECONDS + cases[i].ms) * (int64_t)NS_PER_MILLISECOND;
        assert_no_error(reader_find_time(reader, time_ns, &found));
        assert_int_equal(found, cases[i].tick);
    }
    reader_close(reader);
}

/* Two threads that take turns, with samples that come late at one place. */
static void the_order_of_samples_is_kept_within_one_sample(void **state)
{
    enum {
        RUNS = 100,
    };
    struct profile_run runs[RUNS];
    struct call_tree *tree;
    struct tick *tick = numbered_tick(0, &tree), *read;
    struct profile *profile = (struct profile *)tick->processes[0].profile;
    struct profile_counter *counters = (struct profile_counter *)profile->counters;
    uint64_t begin_ns = tick->monotonic_ns - tick->interval_ns;
    (void)state;

    for (size_t i = 0; i < 3; i++)
        counters[i].samples = 0, counters[i].wall_ns = 0;
    counters[2].tid = 101;
    for (size_t i = 0; i < RUNS; i++) {
        uint32_t samples = 1 + (uint32_t)i % 3;
        runs[i] =
            (struct profile_run){(uint32_t)i % 2 * 2, samples, begin_ns, samples * 10 * NS_PER_MILLISECOND};
        begin_ns += runs[i].wall_ns + (i == 50 ? 200 * NS_PER_MILLISECOND : 0);
        counters[runs[i].counter].samples += samples;
        counters[runs[i].counter].wall_ns += runs[i].wall_ns;
    }
    profile->runs = runs;
    profile->run_count = RUNS;
    struct writer *writer = open_writer();
    assert_no_error(writer_append(writer, tick, tree));
    assert_no_error(writer_close(writer, NULL));

    struct reader *reader = open_reader();
    assert_no_error(reader_read_tick(reader, 0, &read));
    const struct profile *found = read->processes[0].profile;
    assert_int_equal(found->run_count, RUNS);
    for (size_t i = 0; i < RUNS; i++) {
        int64_t off_ns = (int64_t)(found->runs[i].begin_ns - runs[i].begin_ns);
        const struct profile_counter *counter = &found->counters[found->runs[i].counter];
        assert_int_equal(counter->tid, counters[runs[i].counter].tid);
        assert_int_equal(found->runs[i].samples, runs[i].samples);
        assert_true(llabs(off_ns) <= 11 * (int64_t)NS_PER_MILLISECOND);
    }
    tick_free(tick);
    tick_free(read);
    call_tree_free(tree);
    reader_close(reader);
}

/* Write ticks with limits; every so often the file is read meanwhile. */
static void write_much(struct writer_options options, uint64_t ticks)
{
    struct writer *writer;
    struct reader *reader = NULL;

    options.path = path;
    options.replace = true;
    options.version = "1";
    assert_no_error(writer_open(&writer, &options));
    for (uint64_t i = 0; i < ticks; i++) {
        struct tick *tick;
        append_numbered(writer, i);
        if (i % 500 != 499)
            continue;
        reader = open_reader();
        struct tick_span span = reader_ticks(reader);
        assert_int_equal(span.end, i + 1);
        assert_no_error(reader_read_tick(reader, span.first, &tick));
        assert_non_null(tick);
        tick_free(tick);
        reader_close(reader);
    }
    assert_no_error(writer_close(writer, NULL));
}

static void old_ticks_are_dropped_and_the_rest_is_whole(void **state)
{
    const struct writer_options options = {.keep_ns = 300 * NS_PER_SECOND};
    (void)state;

    write_much(options, 2000);
    struct reader *reader = open_reader();
    struct tick_span span = reader_ticks(reader);
    assert_int_equal(span.end, 2000);
    assert_true(span.end - span.first >= 300 && span.end - span.first < 300 + 3 * 60);
    assert_sum(reader, span);
    assert_sum(reader, (struct tick_span){span.first + 7, span.end - 7});
    reader_close(reader);
}

static void a_recording_stays_below_its_size(void **state)
{
    const struct writer_options options = {.max_size_bytes = 300 << 10};
    struct stat status;
    (void)state;

    write_much(options, 6000);
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size <= 300 << 10);
    struct reader *reader = open_reader();
    struct tick_span span = reader_ticks(reader);
    assert_int_equal(span.end, 6000);
    assert_true(span.first > 0);
    assert_sum(reader, span);
    reader_close(reader);
}

/* A function, a node, a command line, a thread and its name for each tick. */
static void append_new_names(struct writer *writer, uint64_t number, struct call_tree *tree)
{
    char name[1000];
    struct call_tree *unused;
    struct tick *tick = numbered_tick(number, &unused);
    struct process *process = (struct process *)&tick->processes[0];
    struct profile_counter *counters = (struct profile_counter *)process->profile->counters;

    memset(name, 'x', sizeof(name));
    snprintf(name + sizeof(name) - 20, 20, "%llu", (unsigned long long)number);
    uint32_t function = call_tree_add_function(tree, name, "/srv/app.py", 1);
    for (int i = 0; i < 3; i++)
        counters[i].node = CALL_TREE_ROOT;
    counters[1].node =
        call_tree_add_node(tree, call_tree_add_node(tree, CALL_TREE_ROOT, function, 2), function, 3);
    counters[1].tid = 1000 + (pid_t)number;
    process->start_ticks = number;
    process->command = name;
    process->threads = &(struct thread){.tid = counters[1].tid, .name = name, .stack_node = counters[1].node};
    process->thread_detail_count = 1;
    assert_no_error(writer_append(writer, tick, tree));
    tick_free(tick);
    call_tree_free(unused);
}

static void assert_new_names(struct reader *reader, uint64_t number)
{
    char ending[20];
    struct tick *tick;

    snprintf(ending, sizeof(ending), "xx%llu", (unsigned long long)number);
    assert_no_error(reader_read_tick(reader, number, &tick));
    const struct process *process = &tick->processes[0];
    const struct call_tree *tree = reader_call_tree(reader);
    const struct call_node *node = call_tree_node(tree, process->threads[0].stack_node);
    assert_int_equal(node->depth, 2);
    assert_non_null(strstr(call_tree_function(tree, node->function)->name, ending + 2));
    assert_non_null(strstr(process->command, ending + 2));
    assert_string_equal(process->threads[0].name, process->command);
    tick_free(tick);
}

/* On a machine where programs come and go, names are most of a recording. */
static void names_are_dropped_with_the_last_tick_that_uses_them(void **state)
{
    enum {
        TICKS_WITH_NAMES = 1500,
        LIMIT_BYTES = 600 << 10,
    };
    const struct writer_options options = {
        .path = path, .replace = true, .version = "1", .max_size_bytes = LIMIT_BYTES};
    struct call_tree *tree = call_tree_new();
    struct reader *follower = NULL;
    struct writer *writer;
    struct stat status;
    (void)state;

    assert_no_error(writer_open(&writer, &options));
    for (uint64_t i = 0; i < TICKS_WITH_NAMES; i++) {
        append_new_names(writer, i, tree);
        if (follower == NULL)
            follower = open_reader();
        assert_no_error(reader_refresh(follower));
        if (i % 100 == 99) {
            assert_new_names(follower, i);
            assert_new_names(follower, reader_ticks(follower).first);
        }
    }
    reader_close(follower);
    assert_no_error(writer_close(writer, NULL));
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size <= LIMIT_BYTES);
    struct reader *reader = open_reader();
    struct tick_span span = reader_ticks(reader);
    assert_true(span.first > 0 && span.end == TICKS_WITH_NAMES && span.end - span.first >= 60);
    for (uint64_t i = span.first; i < span.end; i++)
        assert_new_names(reader, i);
    reader_close(reader);
    call_tree_free(tree);
}

/* Texts that come again after they were forgotten are written again, and the ids of those that stay hold. */
static void what_is_forgotten_can_come_again(void **state)
{
    enum {
        NAMES = 1 << 16,
        STAYS = 7,
    };
    struct name_table table = {0};
    bool is_first;
    (void)state;

    for (uint64_t key = 0; key < NAMES; key++)
        assert_int_equal(name_table_add(&table, key, 1), key + 1);
    assert_int_equal(name_table_use(&table, STAYS, 2, &is_first), STAYS + 1);
    assert_true(is_first);
    name_table_forget(&table, 1);
    assert_int_equal(table.count, 1);
    assert_int_equal(name_table_use(&table, STAYS, 2, &is_first), STAYS + 1);
    assert_false(is_first);
    assert_int_equal(name_table_use(&table, STAYS + 1, 2, NULL), 0);
    assert_int_equal(name_table_add(&table, STAYS + 1, 2), NAMES + 1);
    assert_int_equal(name_table_use(&table, STAYS + 1, 3, NULL), NAMES + 1);
    name_table_forget(&table, 3);
    assert_int_equal(table.count, 2); /* few: there is no need */
    name_table_free(&table);
}

static void a_file_that_is_there_is_not_overwritten_unasked(void **state)
{
    const struct writer_options options = {.path = path, .version = "1"};
    struct writer *writer;
    (void)state;

    write_recording();
    struct error *error = writer_open(&writer, &options);
    assert_non_null(error);
    assert_non_null(strstr(error_message(error), "--force"));
    error_free(error);
    reader_close(open_reader());
}

static void nothing_is_left_of_a_recording_that_could_not_begin(void **state)
{
    const struct writer_options options = {.path = path, .replace = true, .version = "1"};
    struct writer *writer;
    struct rlimit limit, small;
    (void)state;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = 512, .rlim_max = limit.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct error *error = writer_open(&writer, &options);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_non_null(error);
    error_free(error);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tick_prints_the_same_live_and_recorded),
        cmocka_unit_test(what_the_waits_and_the_memory_of_a_process_say_is_kept),
        cmocka_unit_test(a_span_sums_up_the_same_however_it_lies_to_the_segments),
        cmocka_unit_test(the_sum_of_what_is_still_written_is_right_too),
        cmocka_unit_test(what_comes_after_a_sum_of_segments_is_seen),
        cmocka_unit_test(a_time_finds_its_tick),
        cmocka_unit_test(the_order_of_samples_is_kept_within_one_sample),
        cmocka_unit_test(old_ticks_are_dropped_and_the_rest_is_whole),
        cmocka_unit_test(a_recording_stays_below_its_size),
        cmocka_unit_test(names_are_dropped_with_the_last_tick_that_uses_them),
        cmocka_unit_test(what_is_forgotten_can_come_again),
        cmocka_unit_test(a_file_that_is_there_is_not_overwritten_unasked),
        cmocka_unit_test(nothing_is_left_of_a_recording_that_could_not_begin),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

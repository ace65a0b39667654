/* A recording that is written by a thread of its own. */
#include "base/clock.h"
#include "record/file_name.h"
#include "record/reader.h"
#include "record/writer_thread.h"
#include "sample_tick.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

enum {
    LIMIT_SECONDS = 60, /* then the test gives up */
};

static char directory[] = "/tmp/pyneck-test-writer-XXXXXX";
static char path[sizeof(directory) + 16];
static struct call_tree *tree;

static int make_directory(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL || chdir(directory) != 0)
        return -1;
    strcat(strcpy(path, directory), "/recording.db");
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static int remove_recording(void **state)
{
    (void)state;
    unlink(path);
    call_tree_free(tree);
    tree = NULL;
    return 0;
}

static struct writer_thread *start(const char *name)
{
    const struct writer_options options = {
        .path = name, .version = "1", .rate_hz = 100, .interval_ns = NS_PER_SECOND};
    struct writer_thread *thread;

    assert_null(writer_thread_start(&thread, &options));
    return thread;
}

/* Hand over a tick whose other owner has it no longer: the thread's share keeps it alive. */
static void append(struct writer_thread *thread, uint64_t sequence)
{
    struct call_tree *own_tree;
    struct tick *tick = sample_tick(&own_tree);
    struct process *unknown = (struct process *)&tick->processes[1];

    unknown->user = unknown->name = unknown->command = "root"; /* which every process has */
    if (tree == NULL)
        tree = own_tree;
    else
        call_tree_free(own_tree); /* it is like the first */
    tick->sequence = sequence;
    tick->time_ns += (int64_t)(sequence * NS_PER_SECOND);
    writer_thread_append(thread, tick, tree);
    tick_free(tick);
}

static void wait_for_phase(struct writer_thread *thread, enum writer_phase phase)
{
    uint64_t end_ns = clock_monotonic_ns() + LIMIT_SECONDS * NS_PER_SECOND;

    while (writer_thread_status(thread).phase != phase && clock_monotonic_ns() < end_ns)
        usleep(1000);
    assert_int_equal(writer_thread_status(thread).phase, phase);
}

static uint64_t count_ticks(void)
{
    struct reader *reader;

    assert_null(reader_open(&reader, path));
    struct tick_span span = reader_ticks(reader);
    reader_close(reader);
    return span.end - span.first;
}

static void test_all_ticks_are_in_the_file_when_it_is_joined(void **state)
{
    struct writer_thread *thread = start(path);
    struct writer_status status;

    (void)state;
    wait_for_phase(thread, WRITER_WRITING);
    for (uint64_t i = 0; i < WRITER_THREAD_QUEUE; i++)
        append(thread, i);
    assert_null(writer_thread_join(thread, &status));
    assert_int_equal(status.phase, WRITER_ENDED);
    assert_int_equal(status.ticks, WRITER_THREAD_QUEUE);
    assert_int_equal(status.lost, 0);
    assert_true(status.created && status.size_bytes > 0);
    assert_int_equal(count_ticks(), WRITER_THREAD_QUEUE);
}

static void test_to_finish_waits_for_nothing_and_the_file_is_closed(void **state)
{
    struct writer_thread *thread = start(path);
    struct writer_status status;

    (void)state;
    append(thread, 0);
    writer_thread_finish(thread);
    wait_for_phase(thread, WRITER_ENDED);
    assert_int_equal(count_ticks(), 1);
    assert_null(writer_thread_join(thread, &status));
}

static void test_a_file_that_cannot_be_made_is_an_error(void **state)
{
    struct writer_thread *thread = start("no-such-directory/recording.db");
    struct writer_status status;

    (void)state;
    wait_for_phase(thread, WRITER_ENDED);
    append(thread, 0); /* is dropped */
    struct error *error = writer_thread_join(thread, &status);
    assert_non_null(error);
    assert_non_null(strstr(error_message(error), "no-such-directory/recording.db"));
    assert_false(status.created);
    assert_int_equal(status.ticks, 0);
    error_free(error);
}

/* Somebody who writes into the file stands for a disk that does not answer. */
static void test_nobody_waits_for_a_disk_that_does_not_answer(void **state)
{
    enum {
        MORE = 10
    };
    struct writer_thread *thread = start(path);
    struct writer_status status;
    sqlite3 *other;

    (void)state;
    wait_for_phase(thread, WRITER_WRITING);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    for (uint64_t i = 0; i < WRITER_THREAD_QUEUE + MORE; i++)
        append(thread, i);
    assert_int_equal(writer_thread_status(thread).lost, MORE);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    assert_null(writer_thread_join(thread, &status));
    assert_int_equal(status.ticks, WRITER_THREAD_QUEUE);
    assert_int_equal(count_ticks(), WRITER_THREAD_QUEUE);
}

static void test_a_name_by_time_is_one_that_is_free(void **state)
{
    char first[RECORDING_NAME_SIZE], second[RECORDING_NAME_SIZE];

    (void)state;
    recording_name_by_time(first);
    fclose(fopen(first, "w"));
    recording_name_by_time(second);
    assert_string_not_equal(first, second);
    assert_memory_equal(first, "pyneck-20", 9);
    assert_string_equal(second + strlen(second) - 3, ".db");
    unlink(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_all_ticks_are_in_the_file_when_it_is_joined, remove_recording),
        cmocka_unit_test_teardown(test_to_finish_waits_for_nothing_and_the_file_is_closed, remove_recording),
        cmocka_unit_test_teardown(test_a_file_that_cannot_be_made_is_an_error, remove_recording),
        cmocka_unit_test_teardown(test_nobody_waits_for_a_disk_that_does_not_answer, remove_recording),
        cmocka_unit_test(test_a_name_by_time_is_one_that_is_free),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

/* What the kernel's files say of a thread, on files made for it. */
#include "sampler/thread_probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    PATH_SIZE = 64,
};

/* A thread's directory; files are added by write_file(). */
static int make_directory(void **state)
{
    char *directory = malloc(PATH_SIZE);

    snprintf(directory, PATH_SIZE, "/tmp/pyneck-probe-XXXXXX");
    *state = directory;
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    static const char *const names[] = {"schedstat", "stat", "syscall"};
    char path[2 * PATH_SIZE];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", (char *)*state, names[i]);
        unlink(path);
    }
    rmdir(*state);
    free(*state);
    return 0;
}

static void write_file(const char *directory, const char *name, const char *text)
{
    char path[2 * PATH_SIZE];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const char stat_line[] =
    "71 (a) b (c d) S 1 71 71 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 3 0 5000 1 2 3 "
    "4 5 6 7 8 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

static void test_schedstat_is_in_nanoseconds(void **state)
{
    struct schedule_counters counters;
    struct thread_probe probe;

    write_file(*state, "schedstat", "1234567890 4242 17\n");
    write_file(*state, "stat", stat_line);
    assert_true(thread_probe_open_directory(&probe, *state));
    assert_true(thread_probe_schedule(&probe, &counters));
    assert_int_equal(counters.cpu_ns, 1234567890);
    assert_int_equal(counters.wait_ns, 4242);
    assert_int_equal(counters.turns, 17);
    thread_probe_close(&probe);
}

/* Turns are 0 then: the sampler takes that as "it may have run" each time. */
static void test_without_schedstat_cpu_time_is_of_stat(void **state)
{
    struct schedule_counters counters = {.cpu_ns = 1, .wait_ns = 1, .turns = 1};
    struct thread_probe probe;

    write_file(*state, "stat", stat_line);
    assert_true(thread_probe_open_directory(&probe, *state));
    assert_true(thread_probe_schedule(&probe, &counters));
    assert_int_equal(counters.cpu_ns, 175 * (UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK)));
    assert_int_equal(counters.wait_ns, 0);
    assert_int_equal(counters.turns, 0);
    thread_probe_close(&probe);
}

static void test_a_stat_without_its_fields_is_no_time(void **state)
{
    static const char *const broken[] = {"", "71 (a", "71 (a) S 1 2", ")"};

    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct schedule_counters counters = {.cpu_ns = 1};
        struct thread_probe probe;
        write_file(*state, "stat", broken[i]);
        assert_true(thread_probe_open_directory(&probe, *state));
        assert_true(thread_probe_schedule(&probe, &counters));
        assert_int_equal(counters.cpu_ns, 0);
        thread_probe_close(&probe);
    }
}

static void test_page_faults_are_those_that_needed_no_storage(void **state)
{
    struct thread_probe probe;
    uint64_t faults = 0;

    write_file(*state, "stat", stat_line);
    assert_true(thread_probe_open_directory(&probe, *state));
    assert_true(thread_probe_minor_faults(&probe, 0, 0, &faults));
    assert_int_equal(faults, 100);
    write_file(*state, "stat", "71 (a) S 1 71 71 0 -1 41");
    assert_false(thread_probe_minor_faults(&probe, 0, 0, &faults));
    thread_probe_close(&probe);
}

static void test_page_faults_are_of_one_thread_with_and_without_a_kept_file(void **state)
{
    struct thread_probe probe = {.schedstat_fd = -1, .stat_fd = -1, .syscall_fd = -1};
    uint64_t before = 0, after = 0;

    (void)state;
    assert_true(thread_probe_minor_faults(&probe, getpid(), gettid(), &before));
    char *block = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(block, MAP_FAILED);
    block[0] = 1;
    munmap(block, 1 << 20);
    thread_probe_keep_stat(&probe, getpid(), gettid());
    assert_true(probe.stat_fd >= 0);
    assert_true(thread_probe_minor_faults(&probe, getpid(), gettid(), &after));
    assert_true(after > before);
    thread_probe_close(&probe);
    assert_int_equal(probe.stat_fd, -1);
}

static void test_a_thread_without_files_is_gone(void **state)
{
    struct thread_probe probe;

    assert_false(thread_probe_open_directory(&probe, *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_schedstat_is_in_nanoseconds, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(test_without_schedstat_cpu_time_is_of_stat, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(test_a_stat_without_its_fields_is_no_time, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(test_page_faults_are_those_that_needed_no_storage, make_directory,
                                        remove_directory),
        cmocka_unit_test(test_page_faults_are_of_one_thread_with_and_without_a_kept_file),
        cmocka_unit_test_setup_teardown(test_a_thread_without_files_is_gone, make_directory,
                                        remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Protects that a system call and its descriptor are read as the right kind of wait. */
#include "sampler/thread_ids.h"
#include "sampler/thread_probe.h"
#include "sampler/wait_kind.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static struct wait_reason find(long number, uint64_t first_argument, uint64_t gil)
{
    struct wait_finder finder = {.pid = getpid()};
    struct kernel_activity activity = {.known = true, .number = number, .arguments = {first_argument}};

    return wait_reason_find(&finder, &activity, gil);
}

static void expect_read_from(int fd, enum thread_state expected)
{
    struct wait_reason reason = find(SYS_read, (uint64_t)fd, 0);

    assert_string_equal(thread_state_name(reason.state), thread_state_name(expected));
    assert_int_equal(reason.fd, fd);
    assert_string_equal(reason.call, "read");
}

static void test_a_descriptor_tells_what_a_read_waits_for(void **state)
{
    int pipe_fds[2], unix_fds[2];
    int network_fd = socket(AF_INET, SOCK_STREAM, 0);
    int file_fd = open("/etc/passwd", O_RDONLY);
    int event_fd = eventfd(0, 0);

    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, unix_fds), 0);
    expect_read_from(pipe_fds[0], THREAD_PIPE);
    expect_read_from(unix_fds[0], THREAD_PIPE);
    expect_read_from(network_fd, THREAD_NETWORK);
    expect_read_from(file_fd, THREAD_DISK);
    expect_read_from(event_fd, THREAD_LOCK);
    expect_read_from(9999, THREAD_OTHER);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    close(unix_fds[0]);
    close(unix_fds[1]);
    close(network_fd);
    close(file_fd);
    close(event_fd);
}

static void test_a_futex_inside_the_gil_is_the_gil_and_another_is_a_lock(void **state)
{
    const uint64_t gil = 0x7f0000001000;

    (void)state;
    assert_int_equal(find(SYS_futex, gil + 40, gil).state, THREAD_GIL);
    assert_int_equal(find(SYS_futex, gil - 40, gil).state, THREAD_LOCK);
    assert_int_equal(find(SYS_futex, gil + 4096, gil).state, THREAD_LOCK);
    assert_int_equal(find(SYS_futex, gil + 40, 0).state, THREAD_LOCK);
}

static void test_calls_that_name_their_reason(void **state)
{
    static const struct {
        long number;
        enum thread_state state;
    } cases[] = {
        {SYS_clock_nanosleep, THREAD_SLEEP},
        {SYS_ppoll, THREAD_POLL},
        {SYS_wait4, THREAD_CHILD},
        {SYS_fsync, THREAD_DISK},
        {SYS_flock, THREAD_LOCK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(find(cases[i].number, 3, 0).state, cases[i].state);
    assert_int_equal(find(SYS_fsync, 3, 0).fd, 3);
    assert_int_equal(find(SYS_wait4, 3, 0).fd, -1);
}

static void test_what_is_not_known_is_other(void **state)
{
    struct wait_finder finder = {.pid = getpid()};
    struct kernel_activity unknown = {.known = false, .number = -1};

    (void)state;
    assert_int_equal(wait_reason_find(&finder, &unknown, 0).state, THREAD_OTHER);
    assert_int_equal(find(-1, 0, 0).state, THREAD_OTHER);
    assert_int_equal(find(99999, 0, 0).state, THREAD_OTHER);
}

static void test_the_own_thread_can_be_probed(void **state)
{
    struct thread_probe probe;
    struct schedule_counters counters;
    struct kernel_activity activity;

    (void)state;
    assert_true(thread_probe_open(&probe, getpid(), gettid()));
    assert_true(thread_probe_schedule(&probe, &counters));
    assert_true(thread_probe_activity(&probe, &activity));
    struct thread_ids ids = {.pid = getpid()};
    assert_int_equal(thread_ids_find(&ids, (uint64_t)gettid()), gettid());
    assert_int_equal(thread_ids_find(&ids, 0), 0);
    assert_int_equal(thread_ids_find(&ids, UINT64_MAX), 0);
    thread_ids_free(&ids);
    thread_probe_close(&probe);
    assert_false(thread_probe_open(&probe, getpid(), 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_descriptor_tells_what_a_read_waits_for),
        cmocka_unit_test(test_a_futex_inside_the_gil_is_the_gil_and_another_is_a_lock),
        cmocka_unit_test(test_calls_that_name_their_reason),
        cmocka_unit_test(test_what_is_not_known_is_other),
        cmocka_unit_test(test_the_own_thread_can_be_probed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

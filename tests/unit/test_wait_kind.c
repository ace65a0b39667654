/* Protects that a system call and its descriptor are read as the right kind of wait. */
#include "sampler/thread_ids.h"
#include "sampler/thread_probe.h"
#include "sampler/wait_counts.h"
#include "sampler/wait_kind.h"

#include <fcntl.h>
#include <poll.h>
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

static const struct python_layout layout_3_11 = {
    .version = 0x030b02f0,
    .runtime.gil_pointer = LAYOUT_NONE,
    .thread.attachment = LAYOUT_NONE,
};

static struct wait_reason find_activity(const struct python_layout *layout,
                                        const struct kernel_activity *activity, uint64_t gil)
{
    struct wait_finder finder = wait_finder_of(getpid(), layout);
    struct thread_reference thread = {.address = 0x7f0000100000, .gil = gil};

    return wait_reason_find(&finder, &thread, 0, activity);
}

static struct wait_reason find(long number, uint64_t first_argument, uint64_t gil)
{
    struct kernel_activity activity = {.known = true, .number = number, .arguments = {first_argument}};

    return find_activity(&layout_3_11, &activity, gil);
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
        {SYS_epoll_pwait, THREAD_POLL},
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

static void test_a_lock_has_an_address_and_the_gil_one(void **state)
{
    const uint64_t gil = 0x7f0000001000;

    (void)state;
    assert_int_equal(find(SYS_futex, gil + 40, gil).lock_address, gil);
    assert_int_equal(find(SYS_futex, 0x7f0000009000, gil).lock_address, 0x7f0000009000);
}

/* As Python/parking_lot.c has it: the futex is in `semaphore`. */
struct parked {
    void *argument;
    uint64_t address;
    unsigned int semaphore;
};

static void test_a_parked_thread_waits_for_the_lock_and_not_for_its_own_semaphore(void **state)
{
    struct python_layout layout = layout_3_11;
    unsigned char lock = 3;
    struct parked parked = {.address = (uintptr_t)&lock};
    struct kernel_activity activity = {
        .known = true, .number = SYS_futex, .arguments = {(uintptr_t)&parked.semaphore}};

    (void)state;
    assert_int_equal(find_activity(&layout, &activity, 0).lock_address, (uintptr_t)&parked.semaphore);
    layout.version = 0x030e00f0;
    assert_int_equal(find_activity(&layout, &activity, 0).lock_address, (uintptr_t)&lock);
    lock = 1; /* nobody is parked there */
    assert_int_equal(find_activity(&layout, &activity, 0).lock_address, (uintptr_t)&parked.semaphore);
    parked.address = 8;
    assert_int_equal(find_activity(&layout, &activity, 0).lock_address, (uintptr_t)&parked.semaphore);
}

static struct wait_reason find_poll(const struct pollfd *list, uint64_t count, uint64_t stack_pointer)
{
    struct kernel_activity activity = {
        .known = true,
        .number = SYS_ppoll,
        .arguments = {(uintptr_t)list, count},
        .stack_pointer = stack_pointer,
    };

    return find_activity(&layout_3_11, &activity, 0);
}

static void test_a_poll_is_what_it_watches(void **state)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    const struct pollfd list[] = {{.fd = -1}, {.fd = fd, .events = POLLIN}, {.fd = 0}, {.fd = 7}};

    (void)state;
    assert_int_equal(find_poll(NULL, 0, 0).state, THREAD_SLEEP);
    assert_int_equal(find_poll(list, 1, 0).state, THREAD_SLEEP);
    struct wait_reason kept = find_poll(list, 2, 0);
    assert_int_equal(kept.state, THREAD_POLL);
    assert_int_equal(kept.fd, fd);
    struct wait_reason in_a_call = find_poll(list, 2, (uintptr_t)list - 64);
    assert_int_equal(in_a_call.state, THREAD_NETWORK);
    assert_int_equal(in_a_call.fd, fd);
    struct wait_reason several = find_poll(list, 4, (uintptr_t)list - 64);
    assert_int_equal(several.state, THREAD_POLL);
    assert_int_equal(several.fd, -1);
    assert_int_equal(several.watched_count, 3);
    assert_int_equal(several.watched_fds[1], 0);
    assert_int_equal(several.watched_fds[2], 7);
    assert_int_equal(find_poll(list, UINT64_MAX, 0).state, THREAD_POLL);
    assert_int_equal(find_poll((const struct pollfd *)8, 2, 0).state, THREAD_POLL);
    close(fd);
}

static void test_a_select_is_what_is_in_its_sets(void **state)
{
    uint64_t read_set[16] = {1 << 5}, write_set[16] = {0, 1};
    struct kernel_activity activity = {
        .known = true, .number = SYS_pselect6, .arguments = {6, (uintptr_t)read_set, 0, 0}};

    (void)state;
    assert_int_equal(find_activity(&layout_3_11, &activity, 0).fd, 5);
    activity.arguments[0] = 1024;
    activity.arguments[2] = (uintptr_t)write_set;
    assert_int_equal(find_activity(&layout_3_11, &activity, 0).watched_count, 2);
    assert_int_equal(find_activity(&layout_3_11, &activity, 0).watched_fds[1], 64);
    activity.arguments[0] = UINT64_MAX;
    assert_int_equal(find_activity(&layout_3_11, &activity, 0).state, THREAD_POLL);
    assert_int_equal(find_activity(&layout_3_11, &activity, 0).watched_count, 0);
    activity.arguments[0] = 0;
    assert_int_equal(find_activity(&layout_3_11, &activity, 0).state, THREAD_SLEEP);
}

static void test_waits_for_one_thing_add_up(void **state)
{
    struct wait_counts waits = {0};
    struct wait_reason on_fd = wait_reason_of_state(THREAD_NETWORK);
    struct wait_reason on_lock = wait_reason_of_state(THREAD_LOCK);

    (void)state;
    on_fd.fd = 5;
    on_lock.lock_address = 5;
    wait_counts_add(&waits, 0, 7, 10, &on_fd, 1, 100);
    wait_counts_add(&waits, 0, 7, 10, &on_fd, 1, 50);
    wait_counts_add(&waits, 1, 7, 10, &on_lock, 1, 20);
    wait_counts_add(&waits, 2, 8, 10, &on_fd, 1, 30);
    on_fd.fd = 6;
    wait_counts_add(&waits, 0, 7, 10, &on_fd, 1, 70);
    assert_int_equal(waits.count, 4);
    assert_int_equal(waits.records[0].samples, 2);
    assert_int_equal(waits.records[0].wall_ns, 150);
    assert_int_equal(waits.records[1].reason.lock_address, 5);
    assert_int_equal(waits.records[2].node, 8);
    assert_int_equal(waits.records[3].reason.fd, 6);
    wait_counts_clear(&waits);
    wait_counts_add(&waits, 0, 9, 11, &on_lock, 1, 1);
    assert_int_equal(waits.count, 1);
    assert_int_equal(waits.records[0].node, 9);
    assert_int_equal(waits.records[0].wall_ns, 1);
    wait_counts_free(&waits);
}

static void test_what_is_not_known_is_other(void **state)
{
    struct kernel_activity unknown = {.known = false, .number = -1};

    (void)state;
    assert_int_equal(find_activity(&layout_3_11, &unknown, 0).state, THREAD_OTHER);
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
        cmocka_unit_test(test_a_lock_has_an_address_and_the_gil_one),
        cmocka_unit_test(test_a_parked_thread_waits_for_the_lock_and_not_for_its_own_semaphore),
        cmocka_unit_test(test_a_poll_is_what_it_watches),
        cmocka_unit_test(test_a_select_is_what_is_in_its_sets),
        cmocka_unit_test(test_waits_for_one_thing_add_up),
        cmocka_unit_test(test_what_is_not_known_is_other),
        cmocka_unit_test(test_the_own_thread_can_be_probed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

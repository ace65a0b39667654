/* Growth of memory is measured, given to who ran, and adds up. The process that is looked at is this one. */
#include "base/clock.h"
#include "base/memory.h"
#include "sampler/growth_share.h"
#include "sampler/sampled_state.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    BLOCK_BYTES = 64 << 20,
    HOLDER = 0x2000, /* address of a thread state */
};

static char *take_memory(void)
{
    char *block = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(block, MAP_FAILED);
    madvise(block, BLOCK_BYTES, MADV_NOHUGEPAGE); /* many faults, whatever the machine's setting */
    memset(block, 1, BLOCK_BYTES);
    return block;
}

/* Whether this is the size of a block, but for what the test itself needs and the kernel's imprecision. */
static void assert_is_block(int64_t bytes, int64_t blocks)
{
    assert_in_range(bytes - blocks * BLOCK_BYTES + BLOCK_BYTES / 8, 0, BLOCK_BYTES / 4);
}

static void what_is_taken_and_given_back_is_measured(void **state)
{
    struct memory_growth growth;
    int64_t bytes = 0;

    (void)state;
    memory_growth_open(&growth, getpid());
    assert_false(memory_growth_read(&growth, 1, &bytes)); /* since when? */
    char *block = take_memory();
    assert_true(memory_growth_read(&growth, 2, &bytes));
    assert_is_block(bytes, 1);
    munmap(block, BLOCK_BYTES);
    assert_true(memory_growth_read(&growth, 3, &bytes));
    assert_is_block(bytes, -1);
    memory_growth_close(&growth);
    assert_false(memory_growth_read(&growth, 4, &bytes));
}

/* ---- who gets it ---- */

struct fixture {
    struct sampled_thread threads[3];
    struct sampled_process process;
};

static int set_up(void **state)
{
    struct fixture *fixture = memory_allocate(1, sizeof(*fixture));
    struct sampled_process *process = &fixture->process;

    *process = (struct sampled_process){.pid = getpid(), .threads = fixture->threads, .thread_count = 3};
    memory_growth_open(&process->growth, getpid());
    assert_false(growth_share_close(process, 1)); /* the first interval had no beginning */
    accumulator_clear(&process->accumulator);
    for (uint16_t i = 0; i < 3; i++) {
        fixture->threads[i].tid = 10 + i;
        fixture->threads[i].probe =
            (struct thread_probe){.schedstat_fd = -1, .stat_fd = -1, .syscall_fd = -1};
        fixture->threads[i].reference.address = 0x1000 * (uint64_t)(i + 1);
    }
    process->moment_ns = NS_PER_SECOND;
    process->moments = 1;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    memory_growth_close(&fixture->process.growth);
    accumulator_free(&fixture->process.accumulator);
    free(fixture);
    return 0;
}

/* The thread is sampled at the moment at a node, and ran before or did not. */
static void sample(struct fixture *fixture, uint16_t place, bool ran)
{
    struct sampled_thread *thread = &fixture->threads[place];

    thread->counter = accumulator_add(&fixture->process.accumulator, place, thread->tid, 100u + place,
                                      THREAD_RUNNING, 1, 1000, 0);
    thread->look.has_run = ran;
    thread->sampled_ns = fixture->process.moment_ns;
}

static int64_t growth_of(const struct fixture *fixture, pid_t tid, uint32_t node)
{
    const struct accumulator *accumulator = &fixture->process.accumulator;
    int64_t bytes = 0;

    for (size_t i = 0; i < accumulator->count; i++)
        if (accumulator->counters[i].tid == tid && accumulator->counters[i].node == node)
            bytes += accumulator->counters[i].memory_growth_bytes;
    return bytes;
}

static void the_holder_of_the_gil_gets_all_of_it(void **state)
{
    struct fixture *fixture = *state;

    fixture->process.moment =
        (struct interpreter_moment){.known = true, .gil_known = true, .gil_holder = HOLDER};
    for (uint16_t i = 0; i < 3; i++)
        sample(fixture, i, true);
    char *block = take_memory();
    growth_share_sample(&fixture->process, fixture->process.moment_ns);
    munmap(block, BLOCK_BYTES);
    assert_is_block(growth_of(fixture, 11, 101), 1);
    assert_int_equal(growth_of(fixture, 10, 100), 0);
    assert_int_equal(growth_of(fixture, 12, 102), 0);
}

static void without_a_holder_all_that_ran_share_it(void **state)
{
    struct fixture *fixture = *state;

    sample(fixture, 0, true);
    sample(fixture, 1, false);
    sample(fixture, 2, true);
    char *first = take_memory();
    char *second = take_memory();
    growth_share_sample(&fixture->process, fixture->process.moment_ns);
    munmap(first, BLOCK_BYTES);
    munmap(second, BLOCK_BYTES);
    assert_is_block(growth_of(fixture, 10, 100), 1);
    assert_int_equal(growth_of(fixture, 11, 101), 0);
    assert_is_block(growth_of(fixture, 12, 102), 1);
}

static void what_grew_while_nobody_ran_is_nobodys_and_all_adds_up(void **state)
{
    struct fixture *fixture = *state;
    int64_t sum = 0;

    sample(fixture, 0, false);
    int64_t before_pages = fixture->process.growth.resident_pages;
    char *block = take_memory();
    growth_share_sample(&fixture->process, fixture->process.moment_ns);
    assert_int_equal(growth_of(fixture, 10, 100), 0);
    assert_true(growth_share_close(&fixture->process, 2 * NS_PER_SECOND));
    munmap(block, BLOCK_BYTES);
    assert_int_equal(growth_of(fixture, 10, 100), 0);
    assert_is_block(growth_of(fixture, getpid(), CALL_TREE_ROOT), 1);
    for (size_t i = 0; i < fixture->process.accumulator.count; i++)
        sum += fixture->process.accumulator.counters[i].memory_growth_bytes;
    assert_int_equal(sum, (fixture->process.growth.resident_pages - before_pages) * sysconf(_SC_PAGESIZE));
}

static void what_is_left_at_the_hand_over_goes_to_the_last_that_ran(void **state)
{
    struct fixture *fixture = *state;

    sample(fixture, 0, true);
    growth_share_sample(&fixture->process, fixture->process.moment_ns);
    char *block = take_memory();
    assert_true(growth_share_close(&fixture->process, 2 * NS_PER_SECOND));
    munmap(block, BLOCK_BYTES);
    assert_is_block(growth_of(fixture, 10, 100), 1);
}

static void at_high_rates_not_every_sample_reads(void **state)
{
    struct fixture *fixture = *state;

    sample(fixture, 0, true);
    growth_share_sample(&fixture->process, NS_PER_SECOND);
    int64_t given = growth_of(fixture, 10, 100);
    char *block = take_memory();
    growth_share_sample(&fixture->process, NS_PER_SECOND + NS_PER_MILLISECOND / 10);
    assert_int_equal(growth_of(fixture, 10, 100), given);
    growth_share_sample(&fixture->process, NS_PER_SECOND + NS_PER_MILLISECOND);
    munmap(block, BLOCK_BYTES);
    assert_is_block(growth_of(fixture, 10, 100) - given, 1);
}

/* ---- by page faults ---- */

/* A thread of this process that takes memory when it is told to. */
struct taker {
    pthread_t thread;
    pthread_barrier_t barrier;
    pid_t tid;
    char *block;
};

static void *take_when_told(void *context)
{
    struct taker *taker = context;

    taker->tid = gettid();
    pthread_barrier_wait(&taker->barrier); /* it has started */
    pthread_barrier_wait(&taker->barrier); /* it is told */
    taker->block = take_memory();
    pthread_barrier_wait(&taker->barrier); /* it has done it */
    pthread_barrier_wait(&taker->barrier); /* it may end */
    return NULL;
}

static void start_taker(struct taker *taker)
{
    assert_int_equal(pthread_barrier_init(&taker->barrier, NULL, 2), 0);
    assert_int_equal(pthread_create(&taker->thread, NULL, take_when_told, taker), 0);
    pthread_barrier_wait(&taker->barrier);
}

static void let_it_take(struct taker *taker)
{
    pthread_barrier_wait(&taker->barrier);
    pthread_barrier_wait(&taker->barrier);
}

static void stop_taker(struct taker *taker)
{
    pthread_barrier_wait(&taker->barrier);
    pthread_join(taker->thread, NULL);
    pthread_barrier_destroy(&taker->barrier);
    munmap(taker->block, BLOCK_BYTES);
}

/* A thread whose faults can be counted, from now on. */
static void sample_of(struct fixture *fixture, uint16_t place, pid_t tid)
{
    struct sampled_thread *thread = &fixture->threads[place];

    thread->tid = tid;
    thread->faults_known = thread_probe_minor_faults(&thread->probe, getpid(), tid, &thread->minor_faults);
    assert_true(thread->faults_known);
    sample(fixture, place, true);
}

static void close_probes(struct fixture *fixture, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++)
        thread_probe_close(&fixture->threads[i].probe);
}

/* The second thread of the fixture holds the GIL whenever it is looked at. */
static void let_second_hold_gil(struct fixture *fixture)
{
    fixture->process.moment =
        (struct interpreter_moment){.known = true, .gil_known = true, .gil_holder = HOLDER};
}

static void who_touched_the_memory_gets_it_and_not_the_holder_of_the_gil(void **state)
{
    struct fixture *fixture = *state;
    struct taker taker;

    start_taker(&taker);
    fixture->process.thread_count = 2;
    let_second_hold_gil(fixture);
    sample_of(fixture, 0, taker.tid);
    sample_of(fixture, 1, gettid());
    int64_t before_pages = fixture->process.growth.resident_pages;
    let_it_take(&taker);
    growth_share_sample(&fixture->process, fixture->process.moment_ns);
    stop_taker(&taker);
    assert_is_block(growth_of(fixture, taker.tid, 100), 1);
    assert_is_block(growth_of(fixture, gettid(), 101), 0);
    assert_int_equal(growth_of(fixture, taker.tid, 100) + growth_of(fixture, gettid(), 101),
                     (fixture->process.growth.resident_pages - before_pages) * sysconf(_SC_PAGESIZE));
    close_probes(fixture, 2);
}

static void a_thread_that_took_memory_between_two_readings_gets_it_at_the_next(void **state)
{
    struct fixture *fixture = *state;
    struct taker taker;

    start_taker(&taker);
    fixture->process.thread_count = 2;
    let_second_hold_gil(fixture);
    sample_of(fixture, 0, taker.tid);
    sample_of(fixture, 1, gettid());
    growth_share_sample(&fixture->process, NS_PER_SECOND);
    let_it_take(&taker);
    sample(fixture, 0, true); /* its run is seen at a sample that is too soon to read the memory */
    growth_share_sample(&fixture->process, NS_PER_SECOND + NS_PER_MILLISECOND / 10);
    sample(fixture, 0, false);
    growth_share_sample(&fixture->process, NS_PER_SECOND + NS_PER_MILLISECOND);
    stop_taker(&taker);
    assert_is_block(growth_of(fixture, taker.tid, 100), 1);
    close_probes(fixture, 2);
}

static void what_was_freed_goes_to_the_holder_of_the_gil(void **state)
{
    struct fixture *fixture = *state;
    struct taker taker;

    start_taker(&taker);
    char *block = take_memory();
    assert_true(growth_share_close(&fixture->process, NS_PER_SECOND));
    accumulator_clear(&fixture->process.accumulator);
    fixture->process.thread_count = 2;
    let_second_hold_gil(fixture);
    sample_of(fixture, 0, taker.tid);
    sample_of(fixture, 1, gettid());
    munmap(block, BLOCK_BYTES);
    growth_share_sample(&fixture->process, 2 * NS_PER_SECOND);
    let_it_take(&taker);
    stop_taker(&taker);
    assert_int_equal(growth_of(fixture, taker.tid, 100), 0);
    assert_is_block(growth_of(fixture, gettid(), 101), -1);
    close_probes(fixture, 2);
}

static void faults_of_an_earlier_change_do_not_weigh_again(void **state)
{
    struct fixture *fixture = *state;
    struct taker taker;

    start_taker(&taker);
    fixture->process.thread_count = 2;
    sample_of(fixture, 0, taker.tid);
    sample_of(fixture, 1, gettid());
    let_it_take(&taker);
    growth_share_sample(&fixture->process, NS_PER_SECOND);
    char *block = take_memory();
    growth_share_sample(&fixture->process, NS_PER_SECOND + NS_PER_MILLISECOND);
    munmap(block, BLOCK_BYTES);
    stop_taker(&taker);
    assert_is_block(growth_of(fixture, taker.tid, 100), 1);
    assert_is_block(growth_of(fixture, gettid(), 101), 1);
    close_probes(fixture, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_and_given_back_is_measured),
        cmocka_unit_test_setup_teardown(the_holder_of_the_gil_gets_all_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_holder_all_that_ran_share_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_grew_while_nobody_ran_is_nobodys_and_all_adds_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_left_at_the_hand_over_goes_to_the_last_that_ran, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(at_high_rates_not_every_sample_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_touched_the_memory_gets_it_and_not_the_holder_of_the_gil, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_thread_that_took_memory_between_two_readings_gets_it_at_the_next,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_freed_goes_to_the_holder_of_the_gil, set_up, tear_down),
        cmocka_unit_test_setup_teardown(faults_of_an_earlier_change_do_not_weigh_again, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

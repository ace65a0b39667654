/* What tells of many blocked threads at once that none of them has run, on threads of this process. */
#include "base/clock.h"
#include "sampler/sampled_state.h"
#include "sampler/thread_sample.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    THREADS = 12, /* besides the main one */
};

/* A thread that does nothing but wait; each time that it is let go, it answers and waits again. */
struct waiter {
    pthread_t thread;
    pid_t tid;
    sem_t go;
    sem_t answer;
    bool ends;
};

struct fixture {
    struct waiter waiters[THREADS];
    struct sampled_thread threads[THREADS + 1];
    struct sampled_process process;
};

static void *wait_always(void *context)
{
    struct waiter *waiter = context;

    waiter->tid = gettid();
    do {
        sem_post(&waiter->answer);
        sem_wait(&waiter->go);
    } while (!waiter->ends);
    return NULL;
}

static void let_go(struct waiter *waiter)
{
    sem_post(&waiter->go);
    sem_wait(&waiter->answer);
}

/* Wait until a thread is blocked, as the sampler sees it. */
static void settle(struct sampled_thread *thread)
{
    struct kernel_activity activity;

    do {
        assert_true(thread_probe_activity(&thread->probe, &activity));
    } while (!activity.known || activity.running);
    assert_true(thread_probe_schedule(&thread->probe, &thread->schedule));
    thread->look.schedule = thread->schedule;
    thread->blocked = true;
}

static int begin(void **state)
{
    static struct fixture fixture;

    memset(&fixture, 0, sizeof(fixture));
    fixture.process.pid = getpid();
    fixture.process.threads = fixture.threads;
    fixture.process.thread_count = THREADS + 1;
    fixture.process.moment_ns = NS_PER_SECOND;
    fixture.process.sleepers.counter = turn_counter_new();
    for (size_t i = 0; i < THREADS; i++) {
        struct waiter *waiter = &fixture.waiters[i];
        sem_init(&waiter->go, 0, 0);
        sem_init(&waiter->answer, 0, 0);
        pthread_create(&waiter->thread, NULL, wait_always, waiter);
        sem_wait(&waiter->answer);
        fixture.threads[i].tid = waiter->tid;
    }
    fixture.threads[THREADS].tid = gettid();
    for (size_t i = 0; i <= THREADS; i++)
        thread_probe_open(&fixture.threads[i].probe, getpid(), fixture.threads[i].tid);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < THREADS; i++) {
        fixture->waiters[i].ends = true;
        sem_post(&fixture->waiters[i].go);
        pthread_join(fixture->waiters[i].thread, NULL);
    }
    for (size_t i = 0; i <= THREADS; i++)
        thread_probe_close(&fixture->threads[i].probe);
    turn_counter_free(fixture->process.sleepers.counter);
    sleepers_free(&fixture->process.sleepers);
    return 0;
}

/* Look at the thread that runs the test. */
static void look_at_main(struct fixture *fixture)
{
    struct sampled_thread *thread = &fixture->threads[THREADS];

    assert_true(thread_probe_schedule(&thread->probe, &thread->look.schedule));
}

static void note_sleepers(struct fixture *fixture)
{
    uint64_t turns;

    fixture->process.sleepers.patience = 0;
    assert_true(sleepers_begin(&fixture->process, &turns));
    for (size_t i = 0; i < THREADS; i++)
        settle(&fixture->threads[i]);
    look_at_main(fixture);
    sleepers_note(&fixture->process, turns);
}

static bool ask_whether_they_rest(struct fixture *fixture)
{
    look_at_main(fixture);
    return sleepers_rest(&fixture->process);
}

static void skip_without_counter(const struct fixture *fixture)
{
    if (fixture->process.sleepers.counter == NULL)
        skip();
}

static void the_turns_of_a_process_are_those_of_its_threads(void **state)
{
    struct fixture *fixture = *state;
    uint64_t before, after, sum = 0;

    skip_without_counter(fixture);
    for (size_t i = 0; i < THREADS; i++)
        settle(&fixture->threads[i]);
    assert_true(turn_counter_read(fixture->process.sleepers.counter, getpid(), &before));
    look_at_main(fixture);
    for (size_t i = 0; i <= THREADS; i++)
        sum += fixture->threads[i].look.schedule.turns;
    assert_true(turn_counter_read(fixture->process.sleepers.counter, getpid(), &after));
    assert_true(sum <= after);
    assert_false(turn_counter_read(fixture->process.sleepers.counter, 0, &after));
}

/* The thread of the test may be displaced between two reads, which looks as if a sleeper had run; so it is tried again. */
static void sleepers_that_do_not_run_rest(void **state)
{
    struct fixture *fixture = *state;

    skip_without_counter(fixture);
    do
        note_sleepers(fixture);
    while (!ask_whether_they_rest(fixture));
    assert_int_equal(fixture->process.sleepers.other_count, 1);
    assert_true(fixture->process.sleepers.known);
}

static void one_that_has_run_and_is_blocked_again_is_noticed(void **state)
{
    struct fixture *fixture = *state;

    skip_without_counter(fixture);
    for (size_t i = 0; i < THREADS; i++) {
        note_sleepers(fixture);
        let_go(&fixture->waiters[i]);
        assert_false(ask_whether_they_rest(fixture));
        assert_false(fixture->process.sleepers.known);
    }
}

static void those_that_wake_up_often_are_asked_one_by_one_for_a_while(void **state)
{
    struct fixture *fixture = *state;
    uint64_t turns;
    size_t moments = 0;

    skip_without_counter(fixture);
    for (size_t i = 0; i < 3; i++) {
        note_sleepers(fixture);
        let_go(&fixture->waiters[0]);
        assert_false(ask_whether_they_rest(fixture));
    }
    while (!sleepers_begin(&fixture->process, &turns))
        moments++;
    assert_int_equal(moments, 3);
}

static void one_that_has_just_been_blocked_is_no_sleeper(void **state)
{
    struct fixture *fixture = *state;

    skip_without_counter(fixture);
    fixture->threads[3].waiting_since_ns = fixture->process.moment_ns;
    note_sleepers(fixture);
    assert_int_equal(fixture->process.sleepers.other_count, 2);
    assert_int_equal(fixture->process.sleepers.others[0], 3);
}

static void a_thread_with_several_states_makes_all_be_asked(void **state)
{
    struct fixture *fixture = *state;

    skip_without_counter(fixture);
    fixture->threads[3].is_shared = true;
    note_sleepers(fixture);
    assert_false(fixture->process.sleepers.known);
}

static void the_moments_that_a_thread_was_blocked_are_counted_together(void **state)
{
    struct fixture *fixture = *state;
    struct sampled_process *process = &fixture->process;
    struct sampled_thread *thread = &fixture->threads[0];

    thread->blocked = true;
    thread->reason = wait_reason_of_state(THREAD_LOCK);
    thread->sampled_ns = NS_PER_SECOND;
    thread->moment_number = 5;
    process->moment_number = 9;
    process->moment_ns = 3 * NS_PER_SECOND;
    thread_sample_catch_up(process, thread);
    thread_sample_catch_up(process, thread);
    assert_int_equal(process->samples, 4);
    assert_int_equal(process->accumulator.count, 1);
    assert_int_equal(process->accumulator.counters[0].samples, 4);
    assert_int_equal(process->accumulator.counters[0].wall_ns, 2 * NS_PER_SECOND);
    assert_int_equal(process->wait_counts.records[0].samples, 4);
    assert_int_equal(process->wait_counts.records[0].wall_ns, 2 * NS_PER_SECOND);
    accumulator_free(&process->accumulator);
    wait_counts_free(&process->wait_counts);
}

static void a_thread_that_was_not_blocked_has_no_samples_but_its_own(void **state)
{
    struct fixture *fixture = *state;

    fixture->process.moment_number = 9;
    thread_sample_catch_up(&fixture->process, &fixture->threads[0]);
    assert_int_equal(fixture->process.samples, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_turns_of_a_process_are_those_of_its_threads, begin, end),
        cmocka_unit_test_setup_teardown(sleepers_that_do_not_run_rest, begin, end),
        cmocka_unit_test_setup_teardown(one_that_has_run_and_is_blocked_again_is_noticed, begin, end),
        cmocka_unit_test_setup_teardown(those_that_wake_up_often_are_asked_one_by_one_for_a_while, begin,
                                        end),
        cmocka_unit_test_setup_teardown(one_that_has_just_been_blocked_is_no_sleeper, begin, end),
        cmocka_unit_test_setup_teardown(a_thread_with_several_states_makes_all_be_asked, begin, end),
        cmocka_unit_test_setup_teardown(the_moments_that_a_thread_was_blocked_are_counted_together, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_thread_that_was_not_blocked_has_no_samples_but_its_own, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

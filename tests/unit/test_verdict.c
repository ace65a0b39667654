/* Verdicts on ticks made by hand. */
#include "analysis/verdict.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_COUNTERS = 64,
    MAX_WAITS = 8,
};

enum place {
    PLACE_MAIN,
    PLACE_WORK,       /* called by main */
    PLACE_QUEUE_GET,  /* the library's, called by work */
    PLACE_SEMAPHORE,  /* the library's wait, by its acquire, called by work */
    PLACE_ACCEPT,     /* the library's, called by main */
    PLACE_EVENT_LOOP, /* a handler that asyncio called */
    PLACES,
};

/* A process in an interval of 10 seconds, in which the test writes down what its threads did. */
struct scene {
    struct call_tree *tree;
    uint32_t nodes[PLACES];
    struct profile_counter counters[MAX_COUNTERS];
    struct profile_wait waits[MAX_WAITS];
    struct profile profile;
    struct process process;
    struct tick tick;
    struct verdict verdict;
};

static uint32_t add_node(struct scene *scene, uint32_t parent, const char *name, const char *file,
                         uint32_t line)
{
    return call_tree_add_node(scene->tree, parent, call_tree_add_function(scene->tree, name, file, 1), line);
}

static void add_nodes(struct scene *scene)
{
    static const char threading[] = "/usr/lib/python3.11/threading.py";
    uint32_t *nodes = scene->nodes;

    nodes[PLACE_MAIN] = add_node(scene, CALL_TREE_ROOT, "main", "/srv/app.py", 5);
    nodes[PLACE_WORK] = add_node(scene, nodes[PLACE_MAIN], "Worker.work", "/srv/app.py", 41);
    uint32_t get = add_node(scene, nodes[PLACE_WORK], "Queue.get", "/usr/lib/python3.11/queue.py", 171);
    nodes[PLACE_QUEUE_GET] = add_node(scene, get, "Condition.wait", threading, 320);
    uint32_t acquire = add_node(scene, nodes[PLACE_WORK], "Semaphore.acquire", threading, 507);
    nodes[PLACE_SEMAPHORE] = add_node(scene, acquire, "Condition.wait", threading, 320);
    nodes[PLACE_ACCEPT] =
        add_node(scene, nodes[PLACE_MAIN], "socket.accept", "/usr/lib/python3.11/socket.py", 293);
    uint32_t loop = add_node(scene, nodes[PLACE_MAIN], "BaseEventLoop._run_once",
                             "/usr/lib/python3.11/asyncio/base_events.py", 1922);
    nodes[PLACE_EVENT_LOOP] = add_node(scene, loop, "handler", "/srv/app.py", 77);
}

static int set_up(void **state)
{
    struct scene *scene = test_calloc(1, sizeof(*scene));

    scene->tree = call_tree_new();
    add_nodes(scene);
    scene->profile.counters = scene->counters;
    scene->profile.waits = scene->waits;
    scene->process = (struct process){
        .pid = 100,
        .profile = &scene->profile,
        .growth_bytes_per_second = UNKNOWN_REAL,
        .major_faults_per_second = UNKNOWN_REAL,
        .runnable_percent = UNKNOWN_REAL,
        .throttled_percent = UNKNOWN_REAL,
        .open_file_growth_per_second = UNKNOWN_REAL,
        .open_file_count = 100,
        .open_file_limit = 1000,
        .swap_bytes = UNKNOWN_COUNT,
    };
    scene->tick = (struct tick){
        .interval_ns = 10 * NS_PER_SECOND,
        .monotonic_ns = 100 * NS_PER_SECOND,
        .system.memory.available_bytes = INT64_C(1) << 30,
    };
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    call_tree_free(scene->tree);
    test_free(scene);
    return 0;
}

/* A thread spends a part of the interval in a state, with CPU time as the state has it. */
static void spend(struct scene *scene, pid_t tid, enum thread_state thread_state, enum place place,
                  double percent)
{
    uint64_t wall_ns = (uint64_t)(percent / 100 * (double)scene->tick.interval_ns);

    assert_true(scene->profile.counter_count < MAX_COUNTERS);
    scene->counters[scene->profile.counter_count++] = (struct profile_counter){
        .node = scene->nodes[place],
        .tid = tid,
        .state = thread_state,
        .samples = (uint32_t)(10 * percent),
        .wall_ns = wall_ns,
        .cpu_ns = thread_state_on_cpu(thread_state) ? wall_ns : 0,
    };
}

/* Of the last spend(), a part was for one descriptor. */
static void wait_for(struct scene *scene, int fd, const char *description, double percent)
{
    const struct profile_counter *counter = &scene->counters[scene->profile.counter_count - 1];

    assert_true(scene->profile.wait_count < MAX_WAITS);
    scene->waits[scene->profile.wait_count++] = (struct profile_wait){
        .node = counter->node,
        .tid = counter->tid,
        .state = counter->state,
        .fd = fd,
        .description = description,
        .wall_ns = (uint64_t)(percent / 100 * (double)scene->tick.interval_ns),
    };
}

static bool judge(struct scene *scene)
{
    return verdict_of_process(&scene->tick, &scene->process, scene->tree, &scene->verdict);
}

static void assert_cause(const struct verdict_cause *cause, enum verdict_kind kind, double percent)
{
    assert_string_equal(verdict_kind_name(cause->kind), verdict_kind_name(kind));
    assert_float_equal(cause->percent, percent, 0.1);
}

static void assert_first(struct scene *scene, enum verdict_kind kind, double percent)
{
    assert_true(judge(scene));
    assert_cause(&scene->verdict.first, kind, percent);
}

static void assert_only(struct scene *scene, enum verdict_kind kind, double percent)
{
    assert_first(scene, kind, percent);
    assert_false(scene->verdict.has_second);
}

static void assert_second(const struct scene *scene, enum verdict_kind kind, double percent)
{
    assert_true(scene->verdict.has_second);
    assert_cause(&scene->verdict.second, kind, percent);
}

static void assert_sentence(const struct scene *scene, size_t columns, const char *expected)
{
    char text[VERDICT_SUMMARY_SIZE];

    verdict_format(text, &scene->verdict.first, columns);
    assert_string_equal(text, expected);
}

/* ---- one thread */

static void test_each_state_of_a_single_thread_has_its_kind(void **state)
{
    static const struct {
        enum thread_state state;
        enum verdict_kind kind;
    } kinds[] = {
        {THREAD_RUNNING, VERDICT_PYTHON_CPU},
        {THREAD_NATIVE, VERDICT_NATIVE_CPU},
        {THREAD_GC, VERDICT_GC},
        {THREAD_RUNNABLE, VERDICT_CPU_STARVED},
        {THREAD_GIL, VERDICT_GIL},
        {THREAD_LOCK, VERDICT_LOCK},
        {THREAD_SLEEP, VERDICT_SLEEP},
        {THREAD_DISK, VERDICT_DISK},
        {THREAD_NETWORK, VERDICT_NETWORK},
        {THREAD_PIPE, VERDICT_PIPE},
        {THREAD_POLL, VERDICT_IDLE},
        {THREAD_CHILD, VERDICT_IDLE},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        scene->profile.counter_count = 0;
        spend(scene, 100, kinds[i].state, PLACE_WORK, 80);
        spend(scene, 100, THREAD_RUNNING, PLACE_MAIN, 20);
        assert_first(scene, kinds[i].kind, kinds[i].state == THREAD_RUNNING ? 100 : 80);
        assert_false(scene->verdict.has_second);
        if (kinds[i].kind != VERDICT_IDLE && kinds[i].kind != VERDICT_GIL &&
            kinds[i].kind != VERDICT_CPU_STARVED)
            assert_string_equal(scene->verdict.first.function->name, "Worker.work");
    }
}

static void test_a_second_cause_needs_more_than_a_quarter(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_NETWORK, PLACE_WORK, 75);
    spend(scene, 100, THREAD_RUNNING, PLACE_MAIN, 25);
    assert_only(scene, VERDICT_NETWORK, 75);
    scene->profile.counter_count = 0;
    spend(scene, 100, THREAD_NETWORK, PLACE_WORK, 74);
    spend(scene, 100, THREAD_RUNNING, PLACE_MAIN, 26);
    assert_first(scene, VERDICT_NETWORK, 74);
    assert_second(scene, VERDICT_PYTHON_CPU, 26);
}

static void test_no_cause_of_forty_percent_is_mixed(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_NETWORK, PLACE_WORK, 39);
    spend(scene, 100, THREAD_DISK, PLACE_MAIN, 31);
    spend(scene, 100, THREAD_RUNNING, PLACE_MAIN, 30);
    assert_first(scene, VERDICT_MIXED, 39);
    assert_string_equal(scene->verdict.first.subject, "network 39 %, disk 31 %, python-cpu 30 %");
    assert_second(scene, VERDICT_DISK, 31);
}

static void test_a_thread_that_wants_a_cpu_waits_for_it(void **state)
{
    struct scene *scene = *state;

    /* It looks as if it ran all the time, but the kernel gave it 40 %. */
    spend(scene, 100, THREAD_RUNNING, PLACE_WORK, 100);
    scene->counters[0].cpu_ns = 4 * NS_PER_SECOND;
    assert_first(scene, VERDICT_CPU_STARVED, 60);
    assert_second(scene, VERDICT_PYTHON_CPU, 40);
    assert_string_equal(scene->verdict.first.function->name, "Worker.work");

    /* The kernel counts such a wait when it is over. */
    scene->process.runnable_percent = 30;
    assert_first(scene, VERDICT_CPU_STARVED, 60);
    assert_string_equal(scene->verdict.first.subject, "a CPU");
    scene->process.throttled_percent = 45;
    assert_first(scene, VERDICT_CPU_STARVED, 60);
    assert_non_null(strstr(scene->verdict.first.advice, "cpu.max"));
}

static void test_cpu_time_is_the_kernels_and_waits_get_the_rest(void **state)
{
    struct scene *scene = *state;

    /* Samples say 60 to 40, but there were only 20 % of CPU time and nothing kept it from the thread. */
    spend(scene, 100, THREAD_RUNNING, PLACE_WORK, 60);
    scene->counters[0].cpu_ns = 2 * NS_PER_SECOND;
    spend(scene, 100, THREAD_DISK, PLACE_MAIN, 40);
    scene->process.runnable_percent = 0;
    assert_only(scene, VERDICT_DISK, 80);
}

static void test_without_cpu_times_samples_stand(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_RUNNING, PLACE_WORK, 70);
    scene->counters[0].cpu_ns = 0;
    spend(scene, 100, THREAD_DISK, PLACE_MAIN, 30);
    assert_first(scene, VERDICT_PYTHON_CPU, 70);
    assert_second(scene, VERDICT_DISK, 30);
}

/* ---- many threads */

static void test_idle_threads_do_not_outvote_the_busy_one(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_POLL, PLACE_MAIN, 100);
    spend(scene, 101, THREAD_NETWORK, PLACE_ACCEPT, 99);
    spend(scene, 101, THREAD_RUNNING, PLACE_ACCEPT, 1);
    for (pid_t tid = 110; tid < 120; tid++)
        spend(scene, tid, THREAD_LOCK, PLACE_QUEUE_GET, 100);
    spend(scene, 120, THREAD_SLEEP, PLACE_MAIN, 100);
    spend(scene, 130, THREAD_RUNNING, PLACE_WORK, 90);
    spend(scene, 130, THREAD_LOCK, PLACE_QUEUE_GET, 10);
    assert_only(scene, VERDICT_PYTHON_CPU, 91);
    assert_string_equal(scene->verdict.first.function->name, "Worker.work");
}

static void test_parked_threads_count_only_where_nobody_works(void **state)
{
    struct scene *scene = *state;

    /* Connections that are kept open, each with a thread, and one that is served. */
    for (pid_t tid = 110; tid < 120; tid++)
        spend(scene, tid, THREAD_NETWORK, PLACE_WORK, 100);
    spend(scene, 100, THREAD_RUNNING, PLACE_MAIN, 60);
    spend(scene, 100, THREAD_POLL, PLACE_MAIN, 40);
    assert_first(scene, VERDICT_PYTHON_CPU, 60);
    assert_second(scene, VERDICT_IDLE, 40);

    /* One long question, and a thread that wakes now and then. */
    scene->profile.counter_count = 0;
    spend(scene, 100, THREAD_NETWORK, PLACE_WORK, 100);
    wait_for(scene, 12, "tcp 10.0.0.5:5432", 100);
    spend(scene, 101, THREAD_SLEEP, PLACE_MAIN, 99);
    spend(scene, 101, THREAD_RUNNING, PLACE_MAIN, 1);
    assert_only(scene, VERDICT_NETWORK, 99);
    assert_string_equal(scene->verdict.first.subject, "tcp 10.0.0.5:5432 (fd 12)");
}

static void test_threads_that_lock_each_other_out_are_no_idle_ones(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_LOCK, PLACE_MAIN, 100);
    spend(scene, 101, THREAD_LOCK, PLACE_WORK, 100);
    assert_only(scene, VERDICT_LOCK, 100);
    assert_string_equal(scene->verdict.first.subject, "locks that 2 threads want");
}

static void test_a_semaphore_is_a_lock_and_a_queue_is_none(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_LOCK, PLACE_SEMAPHORE, 90);
    spend(scene, 100, THREAD_RUNNING, PLACE_WORK, 10);
    assert_only(scene, VERDICT_LOCK, 90);
    assert_string_equal(scene->verdict.first.function->name, "Worker.work");
    scene->profile.counter_count = 0;
    spend(scene, 100, THREAD_LOCK, PLACE_QUEUE_GET, 90);
    spend(scene, 100, THREAD_RUNNING, PLACE_WORK, 10);
    assert_only(scene, VERDICT_IDLE, 90);
    assert_string_equal(scene->verdict.first.subject, "its own threads");
}

static void test_threads_in_turns_wait_for_the_gil(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_LOCK, PLACE_QUEUE_GET, 100);
    for (pid_t tid = 101; tid < 109; tid++) {
        spend(scene, tid, THREAD_RUNNING, PLACE_WORK, 12.5);
        spend(scene, tid, THREAD_GIL, PLACE_WORK, 87.5);
    }
    assert_only(scene, VERDICT_GIL, 87.5);
    assert_string_equal(scene->verdict.first.subject, "the GIL, which 8 threads want");
}

static void test_threads_that_come_and_go_are_busy_together(void **state)
{
    struct scene *scene = *state;

    spend(scene, 10, THREAD_POLL, PLACE_ACCEPT, 100);
    for (pid_t tid = 11; tid < 21; tid++)
        spend(scene, tid, THREAD_NATIVE, PLACE_WORK, 7);
    assert_first(scene, VERDICT_NATIVE_CPU, 70);
}

static void test_short_work_of_many_threads_adds_up_under_the_gil(void **state)
{
    static const struct python_info free_threaded = {"CPython", "3.14.0", true};
    struct scene *scene = *state;

    for (pid_t tid = 100; tid < 110; tid++) {
        spend(scene, tid, THREAD_RUNNING, PLACE_WORK, 8);
        spend(scene, tid, THREAD_LOCK, PLACE_QUEUE_GET, 92);
    }
    assert_only(scene, VERDICT_PYTHON_CPU, 80);
    scene->process.python = &free_threaded;
    assert_only(scene, VERDICT_IDLE, 92);
}

static void test_a_parent_waits_for_its_children(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_CHILD, PLACE_MAIN, 100);
    assert_only(scene, VERDICT_IDLE, 100);
    assert_string_equal(scene->verdict.first.subject, "its child processes");
}

static void test_what_sleeps_in_an_event_loop_stops_it(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_SLEEP, PLACE_EVENT_LOOP, 80);
    spend(scene, 100, THREAD_POLL, PLACE_MAIN, 20);
    assert_only(scene, VERDICT_SLEEP, 80);
    assert_non_null(strstr(scene->verdict.first.advice, "event loop"));
}

/* ---- memory and descriptors */

static void test_growth_that_lasts_comes_first(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_SLEEP, PLACE_MAIN, 90);
    spend(scene, 100, THREAD_RUNNING, PLACE_WORK, 10);
    scene->counters[1].memory_growth_bytes = 30 << 20;
    scene->process.growth_bytes_per_second = 3 << 20;
    assert_first(scene, VERDICT_MEMORY_GROWTH, 100);
    assert_second(scene, VERDICT_SLEEP, 90);
    assert_sentence(
        scene, 0,
        "grows by 3.0M a second, full in 6 min in Worker.work (app.py:41): look at what keeps these objects");

    scene->process.growth_bytes_per_second = 200 << 10;
    assert_first(scene, VERDICT_SLEEP, 90);
    scene->process.growth_bytes_per_second = 3 << 20;
    scene->tick.system.memory.available_bytes = INT64_C(100) << 30;
    assert_first(scene, VERDICT_SLEEP, 90);
    scene->tick.system.memory.available_bytes = UNKNOWN_COUNT;
    assert_first(scene, VERDICT_SLEEP, 90);
}

static void test_a_short_interval_shows_no_growth(void **state)
{
    struct scene *scene = *state;

    scene->tick.interval_ns = NS_PER_SECOND;
    spend(scene, 100, THREAD_SLEEP, PLACE_MAIN, 100);
    scene->process.growth_bytes_per_second = 100 << 20;
    assert_only(scene, VERDICT_SLEEP, 100);
}

static void test_descriptors_that_run_out_are_a_leak(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_SLEEP, PLACE_MAIN, 100);
    scene->process.open_file_growth_per_second = 2;
    assert_first(scene, VERDICT_FD_LEAK, 100);
    assert_string_equal(scene->verdict.first.subject, "2.0 a second, full in 8 min");
    assert_second(scene, VERDICT_SLEEP, 100);
    scene->process.open_file_limit = 1 << 20;
    assert_only(scene, VERDICT_SLEEP, 100);
    scene->process.open_file_limit = UNKNOWN_COUNT;
    assert_only(scene, VERDICT_SLEEP, 100);
}

static void test_time_blocked_by_faults_is_swap_or_disk(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_OTHER, PLACE_WORK, 80);
    spend(scene, 100, THREAD_RUNNING, PLACE_WORK, 20);
    scene->process.major_faults_per_second = 500;
    scene->process.swap_bytes = 1 << 20;
    assert_only(scene, VERDICT_SWAP, 80);
    scene->process.swap_bytes = 0;
    assert_only(scene, VERDICT_DISK, 80);

    /* The same where the sampler has seen what it waits in. */
    scene->profile.counter_count = 0;
    spend(scene, 100, THREAD_RUNNING, PLACE_WORK, 20);
    spend(scene, 100, THREAD_DISK, PLACE_WORK, 80);
    wait_for(scene, -1, "page fault", 80);
    assert_only(scene, VERDICT_DISK, 80);
    scene->process.swap_bytes = 1 << 20;
    assert_only(scene, VERDICT_SWAP, 80);
    scene->process.major_faults_per_second = 0;
    assert_only(scene, VERDICT_DISK, 80);
}

/* ---- what is not known */

static void test_too_little_knowledge_gives_no_verdict(void **state)
{
    struct scene *scene = *state;

    assert_false(judge(scene));
    spend(scene, 100, THREAD_OTHER, PLACE_WORK, 80);
    spend(scene, 100, THREAD_RUNNING, PLACE_WORK, 20);
    assert_false(judge(scene));
    scene->process.profile = NULL;
    assert_false(judge(scene));
    scene->process.profile = &scene->profile;
    scene->counters[0].state = THREAD_DISK;
    assert_true(judge(scene));
    scene->tick.interval_ns = 0;
    assert_false(judge(scene));
}

static void test_time_without_a_frame_has_a_kind_and_no_function(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_NATIVE, PLACE_WORK, 100);
    scene->counters[0].node = CALL_TREE_ROOT;
    assert_only(scene, VERDICT_NATIVE_CPU, 100);
    assert_null(scene->verdict.first.function);
    assert_sentence(scene, 0, "runs native code 100 % of the time: call it less often, or in more threads");
}

/* ---- the sentence */

static void test_the_sentence_names_what_carries_most(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_RUNNING, PLACE_MAIN, 22);
    spend(scene, 100, THREAD_NETWORK, PLACE_MAIN, 20);
    wait_for(scene, 3, "tcp 10.0.0.1:80", 20);
    spend(scene, 100, THREAD_NETWORK, PLACE_WORK, 58);
    wait_for(scene, 12, "tcp 10.0.0.5:5432", 58);
    assert_only(scene, VERDICT_NETWORK, 78);
    assert_sentence(
        scene, 0,
        "waits 78 % of the time for tcp 10.0.0.5:5432 (fd 12) in Worker.work (app.py:41): look at the other "
        "side, or batch the calls");
}

static void test_a_sentence_is_shortened_from_the_right_place(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_DISK, PLACE_WORK, 100);
    wait_for(scene, 3, "/srv/data/journal.db", 100);
    assert_only(scene, VERDICT_DISK, 100);
    assert_sentence(scene, 120,
                    "waits 100 % of the time for /srv/data/journal.db (fd 3) in Worker.work (app.py:41)");
    assert_sentence(scene, 72, "waits 100 % of the time for journal.db (fd 3) in work (app.py:41)");
}

static void test_a_short_sentence_names_the_other_side_of_a_connection(void **state)
{
    struct scene *scene = *state;

    spend(scene, 100, THREAD_NETWORK, PLACE_WORK, 100);
    wait_for(scene, 12, "tcp 10.0.0.7:40112 -> 10.0.0.5:5432", 100);
    assert_only(scene, VERDICT_NETWORK, 100);
    assert_sentence(scene, 80, "waits 100 % of the time for tcp 10.0.0.5:5432 (fd 12) in work (app.py:41)");
}

static void test_names_without_end_do_not_make_a_sentence_without_end(void **state)
{
    struct scene *scene = *state;
    char name[4000];
    char text[VERDICT_SUMMARY_SIZE];

    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    uint32_t node = add_node(scene, CALL_TREE_ROOT, name, name, UINT32_MAX);
    spend(scene, 100, THREAD_DISK, PLACE_WORK, 100);
    scene->counters[0].node = node;
    wait_for(scene, 3, name, 100);
    assert_only(scene, VERDICT_DISK, 100);
    verdict_format(text, &scene->verdict.first, 0);
    assert_true(strlen(text) < VERDICT_SUMMARY_SIZE - 1);
    assert_non_null(strstr(text, "(fd 3) in xxx"));
}

/* ---- windows */

static void test_a_window_judges_what_it_holds(void **state)
{
    struct scene *scene = *state;
    struct verdict_window *window = verdict_window_new(20 * NS_PER_SECOND);

    assert_false(verdict_window_judge(window, scene->tree, &scene->verdict));
    spend(scene, 100, THREAD_NETWORK, PLACE_WORK, 100);
    char description[] = "tcp 10.0.0.5:5432";
    wait_for(scene, 12, description, 100);
    verdict_window_add(window, &scene->tick, &scene->process);
    memset(description, '?', strlen(description)); /* the tick may be freed */

    scene->profile.counter_count = scene->profile.wait_count = 0;
    spend(scene, 100, THREAD_RUNNING, PLACE_WORK, 40);
    spend(scene, 100, THREAD_NETWORK, PLACE_WORK, 60);
    scene->tick.monotonic_ns += 10 * NS_PER_SECOND;
    verdict_window_add(window, &scene->tick, &scene->process);
    assert_true(verdict_window_judge(window, scene->tree, &scene->verdict));
    assert_cause(&scene->verdict.first, VERDICT_NETWORK, 80);
    assert_string_equal(scene->verdict.first.subject, "tcp 10.0.0.5:5432 (fd 12)");

    scene->tick.monotonic_ns += 10 * NS_PER_SECOND;
    verdict_window_add(window, &scene->tick, &scene->process);
    assert_true(verdict_window_judge(window, scene->tree, &scene->verdict));
    assert_cause(&scene->verdict.first, VERDICT_NETWORK, 60);
    scene->process.profile = NULL;
    scene->tick.monotonic_ns += 100 * NS_PER_SECOND;
    verdict_window_add(window, &scene->tick, &scene->process);
    assert_false(verdict_window_judge(window, scene->tree, &scene->verdict));
    verdict_window_free(window);
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_each_state_of_a_single_thread_has_its_kind),
        SCENE_TEST(test_a_second_cause_needs_more_than_a_quarter),
        SCENE_TEST(test_no_cause_of_forty_percent_is_mixed),
        SCENE_TEST(test_a_thread_that_wants_a_cpu_waits_for_it),
        SCENE_TEST(test_cpu_time_is_the_kernels_and_waits_get_the_rest),
        SCENE_TEST(test_without_cpu_times_samples_stand),
        SCENE_TEST(test_idle_threads_do_not_outvote_the_busy_one),
        SCENE_TEST(test_parked_threads_count_only_where_nobody_works),
        SCENE_TEST(test_threads_that_lock_each_other_out_are_no_idle_ones),
        SCENE_TEST(test_a_semaphore_is_a_lock_and_a_queue_is_none),
        SCENE_TEST(test_threads_in_turns_wait_for_the_gil),
        SCENE_TEST(test_threads_that_come_and_go_are_busy_together),
        SCENE_TEST(test_short_work_of_many_threads_adds_up_under_the_gil),
        SCENE_TEST(test_a_parent_waits_for_its_children),
        SCENE_TEST(test_what_sleeps_in_an_event_loop_stops_it),
        SCENE_TEST(test_growth_that_lasts_comes_first),
        SCENE_TEST(test_a_short_interval_shows_no_growth),
        SCENE_TEST(test_descriptors_that_run_out_are_a_leak),
        SCENE_TEST(test_time_blocked_by_faults_is_swap_or_disk),
        SCENE_TEST(test_too_little_knowledge_gives_no_verdict),
        SCENE_TEST(test_time_without_a_frame_has_a_kind_and_no_function),
        SCENE_TEST(test_the_sentence_names_what_carries_most),
        SCENE_TEST(test_a_sentence_is_shortened_from_the_right_place),
        SCENE_TEST(test_a_short_sentence_names_the_other_side_of_a_connection),
        SCENE_TEST(test_names_without_end_do_not_make_a_sentence_without_end),
        SCENE_TEST(test_a_window_judges_what_it_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

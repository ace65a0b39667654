/* Ticks that were made to bytes and packed are the same when they are read again. */
#include "full_tick.h"
#include "source/packed_ticks.h"
#include "source/tick_tracks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    TICKS = 40,
    MOST_PROCESSES = 30,
};

/* ---- everything comes back ---- */

static void all_that_a_tick_holds_comes_back(void **state)
{
    struct call_tree *tree = call_tree_new();
    uint32_t function = call_tree_add_function(tree, "work", "/srv/all.py", 3);
    uint32_t outer = call_tree_add_node(tree, CALL_TREE_ROOT, function, 4);
    const uint32_t nodes[] = {outer, call_tree_add_node(tree, outer, function, 5)};
    struct tick *tick = full_tick_make(nodes);
    struct tick_tracks tracks = {0}, unpacked = {0};
    struct packed_ticks packed;
    (void)state;

    tick_tracks_add(&tracks, tick, NULL);
    struct tick *read = tick_tracks_read(&tracks, 0, TRACKS_ALL);
    full_tick_assert_same(tick, tree, read, tree);
    tick_free(read);
    packed_ticks_make(&packed, &tracks);
    assert_true(packed_ticks_unpack(&packed, &unpacked));
    read = tick_tracks_read(&unpacked, 0, TRACKS_ALL);
    full_tick_assert_same(tick, tree, read, tree);
    tick_free(read);
    packed_ticks_free(&packed);
    tick_tracks_free(&tracks);
    tick_tracks_free(&unpacked);
    tick_free(tick);
    call_tree_free(tree);
}

/* ---- processes that come, go and change ---- */

static uint32_t draw(uint32_t below)
{
    static uint32_t seed = 1;

    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

/* What becomes of a process from one tick to the next; most stay as they are. */
enum event {
    VANISHES,
    IS_ANOTHER, /* with the same pid */
    GROWS,
    RUNS_ANOTHER_PROGRAM,
    EVENTS = 20,
};

static struct process begin_process(pid_t pid)
{
    return (struct process){
        .pid = pid, .start_ticks = 1 + draw(1000), .user = "u", .name = "n", .command = "begun"};
}

/* The process a tick later; false: it is not there. */
static bool follow_process(struct process *process, const struct process *last, pid_t pid,
                           struct arena *arena)
{
    enum event event = draw(EVENTS);

    if (last == NULL ? draw(3) > 0 : event == VANISHES)
        return false;
    *process = last == NULL || event == IS_ANOTHER ? begin_process(pid) : *last;
    if (event == GROWS)
        process->resident_bytes = 1024 * (int64_t)draw(100);
    process->command = event == RUNS_ANOTHER_PROGRAM
                           ? arena_format(arena, "command %u", draw(9))
                           : arena_copy_text(arena, process->command, strlen(process->command));
    return true;
}

static struct tick *make_tick(const struct tick *before, uint64_t sequence)
{
    struct tick *tick = tick_new();
    struct process *processes = arena_allocate(tick->arena, MOST_PROCESSES, sizeof(*processes));

    tick->time_ns = 1;
    tick->monotonic_ns = (sequence + 1) * 1000000000;
    tick->system.task_count = (int64_t)sequence;
    tick->processes = processes;
    for (pid_t pid = 1; pid <= MOST_PROCESSES; pid++) {
        const struct process *last = before != NULL ? tick_find_process(before, pid) : NULL;
        tick->process_count += follow_process(&processes[tick->process_count], last, pid, tick->arena);
    }
    return tick;
}

static void assert_same_process(const struct process *process, const struct process *read)
{
    assert_int_equal(read->pid, process->pid);
    assert_int_equal(read->start_ticks, process->start_ticks);
    assert_int_equal(read->resident_bytes, process->resident_bytes);
    assert_string_equal(read->command, process->command);
}

static void assert_same_ticks(struct tick *const *ticks, const struct tick_tracks *tracks)
{
    assert_int_equal(tracks->tick_count, TICKS);
    for (uint32_t i = TICKS; i-- > 0;) {
        struct tick *read = tick_tracks_read(tracks, i, TRACKS_ALL);
        assert_int_equal(read->monotonic_ns, ticks[i]->monotonic_ns);
        assert_int_equal(read->system.task_count, ticks[i]->system.task_count);
        assert_int_equal(read->process_count, ticks[i]->process_count);
        for (size_t j = 0; j < read->process_count; j++)
            assert_same_process(&ticks[i]->processes[j], &read->processes[j]);
        tick_free(read);
    }
}

static void processes_are_as_they_were_at_each_tick(void **state)
{
    struct tick *ticks[TICKS];
    struct tick_tracks tracks = {0}, unpacked = {0};
    struct packed_ticks packed;
    (void)state;

    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < TICKS; i++) {
            ticks[i] = make_tick(i > 0 ? ticks[i - 1] : NULL, i);
            tick_tracks_add(&tracks, ticks[i], i > 0 ? ticks[i - 1] : NULL);
        }
        assert_same_ticks(ticks, &tracks);
        packed_ticks_make(&packed, &tracks);
        assert_true(packed_ticks_unpack(&packed, &unpacked));
        assert_same_ticks(ticks, &unpacked);
        packed_ticks_free(&packed);
        tick_tracks_clear(&unpacked);
        for (uint32_t i = 0; i < TICKS; i++)
            tick_free(ticks[i]);
    }
    tick_tracks_free(&tracks);
    tick_tracks_free(&unpacked);
}

static void one_process_is_read_without_the_others(void **state)
{
    struct tick *tick = make_tick(NULL, 0);
    struct tick_tracks tracks = {0};
    pid_t pid = tick->processes[tick->process_count - 1].pid;
    (void)state;

    tick_tracks_add(&tracks, tick, NULL);
    struct tick *one = tick_tracks_read(&tracks, 0, pid);
    struct tick *none = tick_tracks_read(&tracks, 0, TRACKS_MACHINE_ONLY);
    assert_int_equal(one->process_count, 1);
    assert_same_process(tick_find_process(tick, pid), &one->processes[0]);
    assert_int_equal(none->process_count, 0);
    assert_int_equal(none->monotonic_ns, tick->monotonic_ns);
    tick_free(one);
    tick_free(none);
    tick_free(tick);
    tick_tracks_free(&tracks);
}

/* ---- bytes that are damaged ---- */

static void what_cannot_be_unpacked_is_said_to_be(void **state)
{
    struct tick *tick = make_tick(NULL, 0);
    struct tick_tracks tracks = {0}, unpacked = {0};
    struct packed_ticks packed;
    (void)state;

    tick_tracks_add(&tracks, tick, NULL);
    packed_ticks_make(&packed, &tracks);
    packed.length /= 2;
    assert_false(packed_ticks_unpack(&packed, &unpacked));
    assert_null(tick_tracks_read(&unpacked, 0, TRACKS_ALL));
    packed_ticks_free(&packed);
    tick_tracks_free(&tracks);
    tick_tracks_free(&unpacked);
    tick_free(tick);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_a_tick_holds_comes_back),
        cmocka_unit_test(processes_are_as_they_were_at_each_tick),
        cmocka_unit_test(one_process_is_read_without_the_others),
        cmocka_unit_test(what_cannot_be_unpacked_is_said_to_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

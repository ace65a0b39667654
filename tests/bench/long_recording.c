/* Makes a long recording, to measure how the replay and the exports of one behave.
 *
 * usage: long_recording FILE MEBIBYTES
 *
 * Four processes of some hundred places each, of which some fifty are seen in a tick of a second, one after
 * the other as samples at 100 Hz find them. It ends when the file is as large as that, and prints how many ticks are in it. */
#include "base/clock.h"
#include "record/writer.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PROCESSES = 4,
    FUNCTIONS = 200,
    COUNTERS = 50,
    RUNS = 100,
};

static const uint64_t run_ns = NS_PER_SECOND / RUNS;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void grow_tree(struct call_tree *tree, uint32_t nodes[FUNCTIONS])
{
    char name[32];

    for (int i = 0; i < FUNCTIONS; i++) {
        snprintf(name, sizeof(name), "function_%d", i);
        uint32_t function = call_tree_add_function(tree, name, "/srv/program.py", (uint32_t)i * 10 + 1);
        uint32_t parent = i >= 8 ? nodes[i / 2] : CALL_TREE_ROOT;
        nodes[i] = call_tree_add_node(tree, parent, function, (uint32_t)i * 10 + 5);
    }
}

/* One sample after the other, each at another place: the longest order that there can be. */
static const struct profile_run *make_runs(const struct tick *tick, uint64_t *state)
{
    struct profile_run *runs = arena_allocate(tick->arena, RUNS, sizeof(*runs));

    for (uint32_t i = 0; i < RUNS; i++) {
        runs[i] = (struct profile_run){
            .counter = (uint32_t)(next_random(state) % COUNTERS),
            .samples = 1,
            .begin_ns = tick->monotonic_ns - tick->interval_ns + i * run_ns,
            .wall_ns = run_ns,
        };
    }
    return runs;
}

static const struct profile *make_profile(struct tick *tick, pid_t pid, const uint32_t nodes[FUNCTIONS],
                                          uint64_t *state)
{
    struct profile_counter *counters = arena_allocate(tick->arena, COUNTERS, sizeof(*counters));
    struct profile *profile = arena_allocate(tick->arena, 1, sizeof(*profile));

    for (int i = 0; i < COUNTERS; i++) {
        uint64_t random = next_random(state);
        counters[i] = (struct profile_counter){
            .node = nodes[(random % 4 + (uint64_t)i * 4) % FUNCTIONS],
            .tid = pid,
            .state = random / 7 % 3 == 0 ? THREAD_NETWORK : THREAD_RUNNING,
            .samples = 1 + (uint32_t)(random / 64 % 7),
            .wall_ns = random / 512 % (50 * NS_PER_MILLISECOND),
            .cpu_ns = random / 512 % (50 * NS_PER_MILLISECOND),
        };
    }
    *profile = (struct profile){.rate_hz = RUNS,
                                .samples = 200,
                                .counters = counters,
                                .counter_count = COUNTERS,
                                .runs = make_runs(tick, state),
                                .run_count = RUNS};
    return profile;
}

static struct tick *make_tick(uint64_t number, const uint32_t nodes[FUNCTIONS], uint64_t *state)
{
    struct tick *tick = tick_new();
    struct process *processes = arena_allocate(tick->arena, PROCESSES, sizeof(*processes));

    tick->sequence = number;
    tick->interval_ns = NS_PER_SECOND;
    tick->monotonic_ns = (1000 + number) * NS_PER_SECOND;
    tick->time_ns = (int64_t)((1700000000 + number) * NS_PER_SECOND);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = 1000 + i;
        double busy = (double)(next_random(state) % 1000) / 10;
        struct thread *thread = arena_allocate(tick->arena, 1, sizeof(*thread));
        *thread = (struct thread){.tid = pid, .state = THREAD_RUNNING, .cpu_percent = busy, .holds_gil = -1};
        processes[i] = (struct process){
            .pid = pid,
            .start_ticks = 5,
            .user = "ada",
            .name = "python3",
            .command = "python3 program.py",
            .state = 'R',
            .cpu_percent = busy,
            .resident_bytes = (int64_t)(50 + next_random(state) % 100) << 20,
            .thread_count = 1,
            .is_python = true,
            .profile = make_profile(tick, pid, nodes, state),
            .threads = thread,
            .thread_detail_count = 1,
        };
    }
    tick->system = (struct system_usage){.hostname = "long"};
    tick->processes = processes;
    tick->process_count = PROCESSES;
    return tick;
}

static struct error *write_recording(struct writer *writer, int64_t bytes, uint64_t *number)
{
    struct call_tree *tree = call_tree_new();
    uint32_t nodes[FUNCTIONS];
    uint64_t state = 88172645463325252;
    struct error *error = NULL;

    grow_tree(tree, nodes);
    for (*number = 0; error == NULL && writer_size_bytes(writer) < bytes; (*number)++) {
        struct tick *tick = make_tick(*number, nodes, &state);
        error = writer_append(writer, tick, tree);
        tick_free(tick);
    }
    struct error *close_error = writer_close(writer, NULL);
    call_tree_free(tree);
    if (error == NULL)
        return close_error;
    error_free(close_error);
    return error;
}

int main(int argc, char **argv)
{
    struct writer *writer;
    uint64_t number = 0;

    if (argc != 3) {
        fprintf(stderr, "usage: long_recording FILE MEBIBYTES\n");
        return 2;
    }
    const struct writer_options options = {
        .path = argv[1], .version = "1", .rate_hz = 100, .interval_ns = NS_PER_SECOND};
    struct error *error = writer_open(&writer, &options);
    if (error == NULL)
        error = write_recording(writer, strtoll(argv[2], NULL, 10) << 20, &number);
    if (error != NULL) {
        fprintf(stderr, "long_recording: %s\n", error_message(error));
        error_free(error);
        return 1;
    }
    printf("%llu ticks\n", (unsigned long long)number);
    return 0;
}

#include "sample_tick.h"

#include "base/clock.h"

#include <stdlib.h>

static const struct cpu_usage cpu = {
    .id = 0,
    .user_percent = 10,
    .system_percent = 5,
    .nice_percent = 1,
    .iowait_percent = 2,
    .irq_percent = 1,
    .steal_percent = 3,
    .guest_percent = 8,
    .idle_percent = 70,
};
static const struct pressure pressure = {.cpu_percent = 1.5, .memory_percent = 0, .io_percent = 2.25};
static const struct disk_usage disk = {"sda", 1024.04, 2048, 12.5};
static const struct network_usage network = {"eth0", 100, UNKNOWN_REAL};
static const struct python_info python = {"CPython", "3.13.1", false};
static const struct waiting waiting = {
    .kind = "network",
    .fd = 5,
    .description = "tcp 192.0.2.7:5000 -> 192.0.2.1:443",
    .waited_ns = 1250 * NS_PER_MILLISECOND,
};
static const struct socket_info tcp_socket = {"tcp", "ESTABLISHED", "192.0.2.7:5000", "192.0.2.1:443", 0, 12};

static const struct open_file open_files[] = {
    {
        .fd = 0,
        .kind = OPEN_FILE_FILE,
        .access = ACCESS_READ,
        .path = "/var/log/a \"quoted\" name",
        .position_bytes = 512,
        .size_bytes = 1024,
        .bytes_per_second = 12.34,
        .deleted = true,
    },
    {
        .fd = 5,
        .kind = OPEN_FILE_SOCKET,
        .access = ACCESS_UNKNOWN,
        .path = "socket:[77]",
        .position_bytes = UNKNOWN_COUNT,
        .size_bytes = UNKNOWN_COUNT,
        .bytes_per_second = UNKNOWN_REAL,
        .socket = &tcp_socket,
    },
    {
        .fd = 6,
        .kind = OPEN_FILE_PIPE,
        .access = ACCESS_WRITE,
        .path = "pipe:[78]",
        .peer = "300 (sort) fd 0",
        .position_bytes = UNKNOWN_COUNT,
        .size_bytes = UNKNOWN_COUNT,
        .bytes_per_second = UNKNOWN_REAL,
    },
};

static const struct collector_usage collector = {
    .generation_count = 3,
    .collections = {7, 2, 1},
    .collecting_seconds = 0.25,
    .tracked_objects = UNKNOWN_COUNT,
};

static const double files_growth[OPEN_FILE_KINDS] = {[OPEN_FILE_SOCKET] = 2};

static const struct process unknown_process = {
    .pid = 200,
    .parent_pid = 1,
    .cpu_percent = UNKNOWN_REAL,
    .runnable_percent = UNKNOWN_REAL,
    .throttled_percent = UNKNOWN_REAL,
    .resident_bytes = UNKNOWN_COUNT,
    .virtual_bytes = UNKNOWN_COUNT,
    .memory_percent = UNKNOWN_REAL,
    .read_bytes_per_second = UNKNOWN_REAL,
    .write_bytes_per_second = UNKNOWN_REAL,
    .thread_count = UNKNOWN_COUNT,
    .open_file_count = UNKNOWN_COUNT,
    .open_file_limit = UNKNOWN_COUNT,
    .open_file_growth_per_second = UNKNOWN_REAL,
    .anonymous_bytes = UNKNOWN_COUNT,
    .file_bytes = UNKNOWN_COUNT,
    .shared_memory_bytes = UNKNOWN_COUNT,
    .swap_bytes = UNKNOWN_COUNT,
    .growth_bytes_per_second = UNKNOWN_REAL,
    .error = "not permitted: run pyneck as root",
};

static struct profile *sample_profile(struct arena *arena, const uint32_t nodes[3])
{
    struct profile_counter *counters = arena_allocate(arena, 3, sizeof(*counters));
    struct profile *profile = arena_allocate(arena, 1, sizeof(*profile));

    for (size_t i = 0; i < 3; i++)
        counters[i] = (struct profile_counter){
            .node = nodes[i],
            .tid = 100,
            .samples = 10,
            .wall_ns = 300 * NS_PER_MILLISECOND,
            .cpu_ns = 100 * NS_PER_MILLISECOND * (i + 1),
            .memory_growth_bytes = 4096 * ((int64_t)i - 1),
        };
    struct profile_wait *waits = arena_allocate(arena, 3, sizeof(*waits));
    for (size_t i = 0; i < 3; i++)
        waits[i] = (struct profile_wait){
            .node = nodes[1],
            .tid = 100,
            .state = i == 0 ? THREAD_LOCK : THREAD_NETWORK,
            .fd = i == 0 ? -1 : 5,
            .lock_address = i == 0 ? 0x7f0000001000 : 0,
            .description = i == 0 ? "lock 0x7f0000001000" : "tcp 192.0.2.7:5000 -> 192.0.2.1:443",
            .samples = 10,
            .wall_ns = 100 * NS_PER_MILLISECOND * (i + 1),
        };
    *profile = (struct profile){
        .rate_hz = 99.96,
        .samples = 30,
        .partial = 1,
        .invalid = 2,
        .late = 3,
        .cpu_percent = 0.75,
        .growth_measured = true,
        .counters = counters,
        .counter_count = 3,
        .waits = waits,
        .wait_count = 3,
    };
    return profile;
}

static struct thread *sample_threads(struct arena *arena, uint32_t node)
{
    struct thread *threads = arena_allocate(arena, 3, sizeof(*threads));

    threads[0] = (struct thread){
        .tid = 100,
        .name = "MainThread",
        .state = THREAD_RUNNING,
        .cpu_percent = 60,
        .holds_gil = 1,
        .gil_percent = 62.5,
        .has_stack = true,
        .stack_node = node,
    };
    threads[1] = (struct thread){
        .tid = 101,
        .state = THREAD_NETWORK,
        .cpu_percent = 0,
        .has_stack = true,
        .stack_node = CALL_TREE_ROOT,
        .waiting = &waiting,
    };
    threads[2] = (struct thread){
        .tid = 102,
        .name = "worker",
        .state = THREAD_OTHER,
        .cpu_percent = UNKNOWN_REAL,
        .holds_gil = -1,
        .gil_percent = UNKNOWN_REAL,
    };
    return threads;
}

static struct process known_process(struct arena *arena, const uint32_t nodes[3])
{
    return (struct process){
        .pid = 100,
        .parent_pid = 1,
        .start_time_ns = INT64_C(1700000000) * (int64_t)NS_PER_SECOND,
        .user = "alice",
        .name = "python3",
        .command = "python3 app.py --name=a,b",
        .state = 'R',
        .cpu_percent = 60.12345,
        .runnable_percent = 0,
        .throttled_percent = UNKNOWN_REAL,
        .resident_bytes = 10485760,
        .virtual_bytes = 20971520,
        .memory_percent = 1.25,
        .read_bytes_per_second = 0,
        .write_bytes_per_second = 4096,
        .thread_count = 3,
        .open_file_count = 3,
        .open_file_limit = 1024,
        .open_file_growth_by_kind = files_growth,
        .collector = &collector,
        .anonymous_bytes = 8388608,
        .growth_bytes_per_second = -4096.5,
        .is_python = true,
        .selected = true,
        .python = &python,
        .profile = sample_profile(arena, nodes),
        .threads = sample_threads(arena, nodes[1]),
        .thread_detail_count = 3,
        .open_files = open_files,
        .open_file_detail_count = 3,
        .open_files_listed = true,
        .open_files_complete = true,
    };
}

struct tick *sample_tick(struct call_tree **tree)
{
    struct tick *tick = tick_new();
    struct process *processes = arena_allocate(tick->arena, 2, sizeof(*processes));

    *tree = call_tree_new();
    uint32_t main_function = call_tree_add_function(*tree, "main", "/srv/app.py", 3);
    uint32_t work_function = call_tree_add_function(*tree, "Worker.work", "/srv/app.py", 0);
    uint32_t in_main = call_tree_add_node(*tree, CALL_TREE_ROOT, main_function, 4);
    uint32_t in_work = call_tree_add_node(*tree, in_main, work_function, 12);
    processes[0] = known_process(tick->arena, (const uint32_t[]){CALL_TREE_ROOT, in_work, in_main});
    processes[1] = unknown_process;
    tick->sequence = 1;
    tick->time_ns = INT64_C(1700000100250) * (int64_t)NS_PER_MILLISECOND;
    tick->interval_ns = 1000 * NS_PER_MILLISECOND;
    tick->system = (struct system_usage){
        .hostname = "machine",
        .uptime_seconds = 1234.5,
        .load_average = {0.25, 0.5, UNKNOWN_REAL},
        .cpus = &cpu,
        .cpu_count = 1,
        .all_cpus = cpu,
        .memory = {8192, 4096, 4096, UNKNOWN_COUNT, 1024, 0, 0},
        .pressure = &pressure,
        .disks = &disk,
        .disk_count = 1,
        .networks = &network,
        .network_count = 1,
        .task_count = 120,
        .running_task_count = 2,
    };
    tick->processes = processes;
    tick->process_count = 2;
    tick->own_cpu_percent = 1.25;
    tick->budget_percent = 5;
    tick->notice = "1 process is not permitted";
    return tick;
}

char *print_sample_tick(print_tick *print, enum ranking_mode mode, size_t columns)
{
    const struct print_options options = {.mode = mode, .columns = columns};
    struct call_tree *tree;
    struct tick *tick = sample_tick(&tree);
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    if (stream == NULL)
        abort();
    print(stream, tick, tree, &options);
    fclose(stream);
    tick_free(tick);
    call_tree_free(tree);
    return text;
}

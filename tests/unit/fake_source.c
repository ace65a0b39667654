#include "fake_source.h"

#include "base/clock.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define MEBIBYTE        (INT64_C(1) << 20)

struct fake_source {
    struct source source;
    struct fake_source_options options;
    struct call_tree *tree;
    uint32_t nodes[8];
    struct source_focus focus;
    uint64_t sequence;
    uint64_t due_ns;
};

enum {
    NODE_MODULE,
    NODE_WORK,
    NODE_IS_PRIME,
    NODE_SIEVE,
    NODE_READ_ROWS,
    NODE_DECODE,
    NODE_RECV,
    NODE_RECURSE,
};

static void grow_tree(struct fake_source *fake)
{
    struct call_tree *tree = fake->tree;
    uint32_t module = call_tree_add_function(tree, "<module>", "/srv/app/primes.py", 0);
    uint32_t work = call_tree_add_function(tree, "Worker.run", "/srv/app/primes.py", 40);
    uint32_t is_prime = call_tree_add_function(tree, "is_prime", "/srv/app/primes.py", 10);
    uint32_t sieve = call_tree_add_function(tree, "Sieve.primes_up_to.<locals>.cross_out_multiples_of",
                                            "/srv/app/primes.py", 22);
    uint32_t rows = call_tree_add_function(tree, "行を読む", "/srv/データ/読み込み.py", 7);
    uint32_t decode =
        call_tree_add_function(tree, "JSONDecoder.raw_decode", "/usr/lib/python3.11/json/decoder.py", 343);
    uint32_t recv = call_tree_add_function(tree, "Connection.recv_bytes",
                                           "/usr/lib/python3.11/multiprocessing/connection.py", 208);

    fake->nodes[NODE_MODULE] = call_tree_add_node(tree, CALL_TREE_ROOT, module, 61);
    fake->nodes[NODE_WORK] = call_tree_add_node(tree, fake->nodes[NODE_MODULE], work, 44);
    fake->nodes[NODE_IS_PRIME] = call_tree_add_node(tree, fake->nodes[NODE_WORK], is_prime, 13);
    fake->nodes[NODE_SIEVE] = call_tree_add_node(tree, fake->nodes[NODE_WORK], sieve, 27);
    fake->nodes[NODE_READ_ROWS] = call_tree_add_node(tree, fake->nodes[NODE_MODULE], rows, 9);
    fake->nodes[NODE_DECODE] = call_tree_add_node(tree, fake->nodes[NODE_READ_ROWS], decode, 353);
    fake->nodes[NODE_RECV] = call_tree_add_node(tree, fake->nodes[NODE_WORK], recv, 216);
    fake->nodes[NODE_RECURSE] = call_tree_add_node(tree, fake->nodes[NODE_IS_PRIME], is_prime, 15);
}

/* ---- the machine ---- */

static struct cpu_usage make_cpu(int id, double busy)
{
    return (struct cpu_usage){
        .id = id,
        .user_percent = busy * 0.7,
        .system_percent = busy * 0.2,
        .nice_percent = busy * 0.1,
        .iowait_percent = (100 - busy) * 0.2,
        .idle_percent = (100 - busy) * 0.8,
    };
}

static void fill_system(const struct fake_source *fake, struct tick *tick)
{
    static const struct disk_usage disks[] = {{"vda", 1.2e6, 31.5e6, 42}, {"vdb", 0, 0, 0}};
    static const struct network_usage networks[] = {{"eth0", 12.3e6, 250e3}};
    static const struct pressure pressure = {3.2, 0, 12.7};
    size_t cpu_count = fake->options.cpu_count;
    struct cpu_usage *cpus = arena_allocate(tick->arena, cpu_count, sizeof(*cpus));

    for (size_t i = 0; i < cpu_count; i++)
        cpus[i] = make_cpu((int)i, i % 8 == 0 ? 97.3 : (double)(i * 37 % 100) * 0.6);
    tick->system = (struct system_usage){
        .hostname = "frozen",
        .uptime_seconds = 3 * 86400 + 4 * 3600 + 12 * 60 + 33,
        .load_average = {1.02, 0.8, 10.61},
        .cpus = cpus,
        .cpu_count = cpu_count,
        .all_cpus = make_cpu(-1, 54.2),
        .memory = {.total_bytes = 7944 * MEBIBYTE,
                   .used_bytes = 2365 * MEBIBYTE,
                   .available_bytes = 5579 * MEBIBYTE,
                   .buffers_bytes = 300 * MEBIBYTE,
                   .cached_bytes = 2900 * MEBIBYTE,
                   .swap_total_bytes = 2048 * MEBIBYTE,
                   .swap_used_bytes = 102 * MEBIBYTE},
        .pressure = &pressure,
        .disks = disks,
        .disk_count = COUNT_OF(disks),
        .networks = networks,
        .network_count = COUNT_OF(networks),
        .task_count = 214,
        .running_task_count = 3,
    };
}

/* ---- processes ---- */

static const struct python_info python_3_11 = {"CPython", "3.11.2", false};
static const struct python_info python_3_13t = {"CPython", "3.13.1", true};
static const struct python_info python_3_8 = {"CPython", "3.8.20", false};

static const struct process invented[] = {
    {.pid = 900,
     .start_ticks = 100,
     .parent_pid = 1,
     .uid = 33,
     .user = "www-data",
     .name = "gunicorn",
     .command = "/usr/bin/python3 /usr/bin/gunicorn --workers 2 --bind 127.0.0.1:8000 shop.wsgi:application",
     .state = 'S',
     .cpu_percent = 0.1,
     .resident_bytes = 31 * MEBIBYTE,
     .memory_percent = 0.4,
     .thread_count = 1,
     .open_file_count = 9,
     .open_file_limit = 1024,
     .is_python = true,
     .python = &python_3_11},
    {.pid = 901,
     .start_ticks = 110,
     .parent_pid = 900,
     .uid = 33,
     .user = "www-data",
     .name = "gunicorn",
     .command = "/usr/bin/python3 /usr/bin/gunicorn --workers 2 --bind 127.0.0.1:8000 shop.wsgi:application",
     .state = 'S',
     .cpu_percent = 12.4,
     .resident_bytes = 88 * MEBIBYTE,
     .memory_percent = 1.1,
     .read_bytes_per_second = 4096,
     .thread_count = 4,
     .open_file_count = 23,
     .open_file_limit = 1024,
     .is_python = true,
     .python = &python_3_11},
    {.pid = 902,
     .start_ticks = 111,
     .parent_pid = 900,
     .uid = 33,
     .user = "www-data",
     .name = "gunicorn",
     .command = "/usr/bin/python3 /usr/bin/gunicorn --workers 2 --bind 127.0.0.1:8000 shop.wsgi:application",
     .state = 'D',
     .cpu_percent = 8.9,
     .resident_bytes = 86 * MEBIBYTE,
     .memory_percent = 1.1,
     .write_bytes_per_second = 5.4e6,
     .thread_count = 4,
     .open_file_count = 1000,
     .open_file_limit = 1024,
     .is_python = true,
     .python = &python_3_11},
    {.pid = 4242,
     .start_ticks = 5000,
     .parent_pid = 1200,
     .uid = 1000,
     .user = "ada",
     .name = "python3",
     .command = "/usr/bin/python3 -u /srv/app/primes.py --up-to 100000",
     .state = 'R',
     .cpu_percent = 99.7,
     .resident_bytes = 152 * MEBIBYTE,
     .memory_percent = 1.9,
     .read_bytes_per_second = 1.2e6,
     .write_bytes_per_second = 31.5e6,
     .thread_count = 3,
     .open_file_count = 12,
     .open_file_limit = 1024,
     .is_python = true,
     .selected = true,
     .python = &python_3_11},
    {.pid = 4300,
     .start_ticks = 5100,
     .parent_pid = 4242,
     .uid = 1000,
     .user = "ada",
     .name = "python3.13t",
     .command = "python3.13t -m データ処理 --入力 /srv/データ",
     .state = 'S',
     .nice = 5,
     .cpu_percent = 3.5,
     .resident_bytes = 45 * MEBIBYTE,
     .memory_percent = 0.6,
     .thread_count = 9,
     .open_file_count = 15,
     .open_file_limit = 1024,
     .is_python = true,
     .python = &python_3_13t},
    {.pid = 31337,
     .start_ticks = 9000,
     .parent_pid = 1,
     .uid = 0,
     .user = "root",
     .name = "python3",
     .command = "/usr/bin/python3 /usr/bin/networkd-dispatcher --run-startup-triggers",
     .state = 'S',
     .cpu_percent = 0,
     .resident_bytes = 19 * MEBIBYTE,
     .memory_percent = 0.2,
     .read_bytes_per_second = UNKNOWN_REAL,
     .write_bytes_per_second = UNKNOWN_REAL,
     .thread_count = 1,
     .open_file_count = UNKNOWN_COUNT,
     .open_file_limit = UNKNOWN_COUNT,
     .is_python = true,
     .error = "not permitted to read its memory: be the same user or root, or give pyneck CAP_SYS_PTRACE"},
    {.pid = 31400,
     .start_ticks = 9100,
     .parent_pid = 1,
     .uid = 1000,
     .user = "ada",
     .name = "python3.8",
     .command = "python3.8 legacy.py",
     .state = 'S',
     .cpu_percent = 1.5,
     .resident_bytes = 12 * MEBIBYTE,
     .memory_percent = 0.2,
     .thread_count = 1,
     .open_file_count = 5,
     .open_file_limit = 1024,
     .is_python = true,
     .error = "Python 3.8: not readable yet",
     .python = &python_3_8},
};

static const struct process not_python = {
    .pid = 1200,
    .start_ticks = 90,
    .parent_pid = 1,
    .uid = 1000,
    .user = "ada",
    .name = "bash",
    .command = "-bash",
    .state = 'S',
    .resident_bytes = 5 * MEBIBYTE,
    .memory_percent = 0.1,
    .thread_count = 1,
    .open_file_count = 4,
    .open_file_limit = 1024,
};

/* What each invented process is found doing. */
static const struct {
    pid_t pid;
    enum thread_state state;
    int node; /* of fake->nodes */
} doing[] = {
    {901, THREAD_NETWORK, NODE_RECV},
    {902, THREAD_DISK, NODE_READ_ROWS},
    {4242, THREAD_RUNNING, NODE_RECURSE},
    {4300, THREAD_GIL, NODE_DECODE},
};

/* Samples of 10 ms of each node in the three ticks; later ticks add none. */
static const struct {
    pid_t pid;
    int node;
    uint32_t cpu_samples[FAKE_TICKS];
    uint32_t waiting_samples[FAKE_TICKS];
    int growth_mebibytes; /* in each tick */
} work[] = {
    {4242, NODE_IS_PRIME, {20, 30, 10}, {0, 0, 0}, 0}, {4242, NODE_RECURSE, {0, 20, 20}, {0, 0, 0}, 0},
    {4242, NODE_SIEVE, {10, 20, 50}, {0, 0, 0}, 40},   {4242, NODE_DECODE, {2, 15, 10}, {0, 0, 0}, 9},
    {4242, NODE_READ_ROWS, {1, 10, 6}, {5, 5, 5}, -1}, {4242, NODE_RECV, {0, 1, 1}, {30, 90, 90}, 0},
    {4242, NODE_MODULE, {0, 1, 0}, {0, 0, 0}, 0},      {901, NODE_RECV, {1, 10, 10}, {20, 80, 80}, 0},
    {4300, NODE_DECODE, {1, 3, 3}, {10, 50, 50}, 0},
};

static void add_waits(const struct fake_source *fake, struct tick *tick, struct profile *profile)
{
    struct profile_wait *waits = arena_allocate(tick->arena, 1, sizeof(*waits));

    waits[0] = (struct profile_wait){.node = fake->nodes[NODE_RECV],
                                     .tid = 4243,
                                     .state = THREAD_NETWORK,
                                     .fd = 7,
                                     .description = "tcp6 [2001:db8::2]:51234",
                                     .samples = 70,
                                     .wall_ns = 700 * NS_PER_MILLISECOND};
    profile->waits = waits;
    profile->wait_count = 1;
}

static const struct profile *make_profile(const struct fake_source *fake, struct tick *tick, pid_t pid)
{
    struct profile_counter *counters = arena_allocate(tick->arena, 2 * COUNT_OF(work), sizeof(*counters));
    struct profile *profile = arena_allocate(tick->arena, 1, sizeof(*profile));

    *profile =
        (struct profile){.rate_hz = 100, .cpu_percent = 0.6, .growth_measured = true, .counters = counters};
    bool works = tick->sequence < FAKE_TICKS || fake->options.repeats;
    for (size_t i = 0; i < COUNT_OF(work) && works; i++) {
        uint32_t cpu = work[i].cpu_samples[tick->sequence % FAKE_TICKS];
        uint32_t waiting = work[i].waiting_samples[tick->sequence % FAKE_TICKS];
        if (work[i].pid != pid)
            continue;
        counters[profile->counter_count++] =
            (struct profile_counter){.node = fake->nodes[work[i].node],
                                     .tid = waiting > cpu ? pid + 1 : pid,
                                     .state = waiting > 0 ? THREAD_NETWORK : THREAD_RUNNING,
                                     .samples = cpu + waiting,
                                     .wall_ns = (cpu + waiting) * 10 * NS_PER_MILLISECOND,
                                     .cpu_ns = cpu * 10 * NS_PER_MILLISECOND,
                                     .memory_growth_bytes = work[i].growth_mebibytes * MEBIBYTE};
        profile->samples += cpu + waiting;
    }
    if (pid == 4242 && tick->sequence < FAKE_TICKS)
        add_waits(fake, tick, profile);
    profile->partial = pid == 4242 ? tick->sequence == 1 ? 12 : 0 : 0;
    profile->late = pid == 4242 ? tick->sequence == 2 ? 3 : 0 : 0;
    return profile;
}

static const struct waiting waiting_for_peer = {.kind = "network",
                                                .fd = 7,
                                                .description = "tcp6 [2001:db8::2]:51234",
                                                .waited_ns = 12345 * INT64_C(1000000)};
static const struct waiting waiting_for_gil = {
    .kind = "gil", .fd = -1, .description = "futex", .waited_ns = UNKNOWN_COUNT};

/* More threads of the process that most tests look at. */
static const struct thread workers[] = {
    {.tid = 4243,
     .name = "receiver",
     .state = THREAD_NETWORK,
     .cpu_percent = 1.2,
     .gil_percent = 0.4,
     .has_stack = true,
     .waiting = &waiting_for_peer},
    {.tid = 4244,
     .name = "データ-1",
     .state = THREAD_GIL,
     .cpu_percent = 12,
     .gil_percent = 10.5,
     .has_stack = true,
     .waiting = &waiting_for_gil},
};

static void add_workers(const struct fake_source *fake, struct tick *tick, struct process *process)
{
    struct thread *threads = arena_allocate(tick->arena, 1 + COUNT_OF(workers), sizeof(*threads));

    threads[0] = process->threads[0];
    threads[0].name = "MainThread";
    threads[0].holds_gil = 1;
    threads[0].gil_percent = 88;
    for (size_t i = 0; i < COUNT_OF(workers); i++)
        threads[1 + i] = workers[i];
    threads[1].stack_node = fake->nodes[NODE_RECV];
    threads[2].stack_node = fake->nodes[NODE_DECODE];
    process->threads = threads;
    process->thread_detail_count = 1 + COUNT_OF(workers);
}

static const struct thread *make_thread(const struct fake_source *fake, struct tick *tick, pid_t pid)
{
    for (size_t i = 0; i < COUNT_OF(doing); i++) {
        if (doing[i].pid != pid)
            continue;
        struct thread *thread = arena_allocate(tick->arena, 1, sizeof(*thread));
        *thread = (struct thread){.tid = pid,
                                  .state = doing[i].state,
                                  .cpu_percent = 50,
                                  .holds_gil = -1,
                                  .gil_percent = UNKNOWN_REAL,
                                  .has_stack = true,
                                  .stack_node = fake->nodes[doing[i].node]};
        return thread;
    }
    return NULL;
}

/* ---- open files ---- */

static const struct socket_info listening = {"tcp", "LISTEN", "127.0.0.1:8000", NULL, 0, 0};
static const struct socket_info connected = {
    "tcp6", "ESTABLISHED", "[2001:db8::1]:8000", "[2001:db8::2]:51234", 12345, 0};
static const struct socket_info local = {"unix", NULL, "/run/app.sock", NULL, 0, 0};

static const struct open_file files[] = {
    {.fd = 0, .kind = OPEN_FILE_TTY, .access = ACCESS_READ_WRITE, .path = "/dev/pts/3"},
    {.fd = 1,
     .kind = OPEN_FILE_PIPE,
     .access = ACCESS_WRITE,
     .path = "pipe:[48151]",
     .peer = "1623 (sort) fd 0"},
    {.fd = 3,
     .kind = OPEN_FILE_FILE,
     .access = ACCESS_READ,
     .path = "/srv/データ/とても長い名前のディレクトリ/さらに長い名前のファイル一覧表.csv",
     .position_bytes = 23 * MEBIBYTE,
     .size_bytes = 160 * MEBIBYTE,
     .bytes_per_second = 1.2e6},
    {.fd = 4,
     .kind = OPEN_FILE_FILE,
     .access = ACCESS_WRITE,
     .path = "/srv/app/very/deeply/nested/directories/that/do/not/fit/anywhere/results.jsonl",
     .position_bytes = 999 * MEBIBYTE,
     .size_bytes = 999 * MEBIBYTE,
     .bytes_per_second = 31.5e6},
    {.fd = 5,
     .kind = OPEN_FILE_FILE,
     .access = ACCESS_READ_WRITE,
     .path = "/tmp/tmp8z1_work",
     .position_bytes = 0,
     .size_bytes = 4096,
     .deleted = true},
    {.fd = 6,
     .kind = OPEN_FILE_SOCKET,
     .access = ACCESS_READ_WRITE,
     .path = "socket:[1]",
     .socket = &listening},
    {.fd = 7,
     .kind = OPEN_FILE_SOCKET,
     .access = ACCESS_READ_WRITE,
     .path = "socket:[2]",
     .socket = &connected},
    {.fd = 8,
     .kind = OPEN_FILE_SOCKET,
     .access = ACCESS_READ_WRITE,
     .path = "socket:[3]",
     .peer = "77 (dbus-daemon) fd 12",
     .socket = &local},
    {.fd = 9, .kind = OPEN_FILE_EPOLL, .access = ACCESS_READ_WRITE, .path = "anon_inode:[eventpoll]"},
    {.fd = 10, .kind = OPEN_FILE_SOCKET, .access = ACCESS_READ_WRITE, .path = "socket:[4]"},
};

static void add_files(struct tick *tick, struct process *process)
{
    size_t count = process->pid == 4242 ? COUNT_OF(files) : 1;
    struct open_file *copies = arena_allocate(tick->arena, count, sizeof(*copies));

    for (size_t i = 0; i < count; i++) {
        copies[i] = files[i];
        if (files[i].kind != OPEN_FILE_FILE) {
            copies[i].position_bytes = copies[i].size_bytes = UNKNOWN_COUNT;
            copies[i].bytes_per_second = UNKNOWN_REAL;
        }
    }
    process->open_files = copies;
    process->open_file_detail_count = count;
    process->open_files_listed = process->pid != 31337;
    process->open_files_complete = process->pid != 4242;
}

/* ---- ticks ---- */

static const struct collector_usage collector = {
    .generation_count = 3,
    .collections = {812, 73, 2},
    .collecting_seconds = 0.418,
    .tracked_objects = 123456,
};

static void complete_memory(const struct tick *tick, struct process *process)
{
    bool detailed = process->is_python && process->error == NULL;

    process->anonymous_bytes = detailed ? process->resident_bytes * 3 / 4 : UNKNOWN_COUNT;
    process->file_bytes = detailed ? process->resident_bytes / 4 : UNKNOWN_COUNT;
    process->shared_memory_bytes = detailed ? 0 : UNKNOWN_COUNT;
    process->swap_bytes = detailed ? 0 : UNKNOWN_COUNT;
    process->proportional_bytes = UNKNOWN_COUNT;
    process->growth_bytes_per_second = tick->sequence > 0 ? 0 : UNKNOWN_REAL;
    process->minor_faults_per_second = tick->sequence > 0 ? 1234 : UNKNOWN_REAL;
    process->major_faults_per_second = tick->sequence > 0 ? 0 : UNKNOWN_REAL;
    process->open_file_growth_per_second = tick->sequence > 0 ? 0 : UNKNOWN_REAL;
    if (process->pid != 4242)
        return;
    uint64_t behind = tick->sequence < FAKE_TICKS ? FAKE_TICKS - 1 - tick->sequence : 0;
    process->resident_bytes -= (int64_t)behind * 48 * MEBIBYTE;
    process->growth_bytes_per_second = tick->sequence > 0 ? 48 * MEBIBYTE : UNKNOWN_REAL;
    process->open_file_growth_per_second = tick->sequence > 0 ? 2 : UNKNOWN_REAL;
    process->collector = &collector;
}

static void complete_process(const struct fake_source *fake, struct tick *tick, struct process *process)
{
    if (tick->sequence == 0) {
        process->cpu_percent = UNKNOWN_REAL;
        process->read_bytes_per_second = UNKNOWN_REAL;
        process->write_bytes_per_second = UNKNOWN_REAL;
    }
    process->threads = make_thread(fake, tick, process->pid);
    process->thread_detail_count = process->threads != NULL;
    if (process->pid == 4242)
        add_workers(fake, tick, process);
    complete_memory(tick, process);
    if (process->is_python && process->error == NULL)
        process->profile = make_profile(fake, tick, process->pid);
    if (process->pid == fake->focus.pid)
        add_files(tick, process);
}

/* When a process was started, by /proc/PID/stat (its name holds no ')' in these tests). */
static uint64_t read_start_ticks(pid_t pid)
{
    char path[64];
    unsigned long long ticks = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *stream = fopen(path, "r");
    if (stream == NULL)
        return 0;
    if (fscanf(
            stream,
            "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %llu",
            &ticks) != 1)
        ticks = 0;
    fclose(stream);
    return ticks;
}

static int compare_pid(const void *left, const void *right)
{
    pid_t one = ((const struct process *)left)->pid;
    pid_t other = ((const struct process *)right)->pid;

    return (one > other) - (one < other);
}

static void fill_processes(const struct fake_source *fake, struct tick *tick)
{
    size_t most = COUNT_OF(invented) + 2 + fake->options.many_processes;
    struct process *processes = arena_allocate(tick->arena, most, sizeof(*processes));
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(invented); i++)
        processes[count++] = invented[i];
    if (fake->focus.all_processes)
        processes[count++] = not_python;
    for (size_t i = 0; i < fake->options.many_processes; i++) {
        processes[count] = invented[0];
        processes[count].pid = 50000 + (pid_t)i;
        processes[count].cpu_percent = 0;
        processes[count++].command = arena_format(tick->arena, "python3 small%zu.py", i);
    }
    if (fake->options.real_pid != 0) {
        processes[count] = invented[0];
        processes[count].pid = fake->options.real_pid;
        processes[count].command = "python3 real.py";
        processes[count].cpu_percent = 77.7;
        processes[count++].start_ticks = read_start_ticks(fake->options.real_pid);
    }
    qsort(processes, count, sizeof(*processes), compare_pid);
    for (size_t i = 0; i < count; i++)
        complete_process(fake, tick, &processes[i]);
    tick->processes = processes;
    tick->process_count = count;
}

static void set_interval(struct source *source, uint64_t interval_ns)
{
    (void)source;
    (void)interval_ns;
}

static void set_focus(struct source *source, const struct source_focus *focus)
{
    ((struct fake_source *)source)->focus = *focus;
}

static uint64_t due_ns(const struct source *source)
{
    return ((const struct fake_source *)source)->due_ns;
}

static struct error *read_tick(struct source *source, struct tick **result)
{
    struct fake_source *fake = (struct fake_source *)source;
    struct tick *tick;

    *result = NULL;
    if (fake->options.end_after != 0 && fake->sequence >= fake->options.end_after)
        return fake->options.fail_at_end ? error_new("cannot read the fake: it is at its end") : NULL;
    tick = tick_new();
    uint64_t frozen = fake->sequence < FAKE_TICKS ? fake->sequence : FAKE_TICKS - 1;
    tick->sequence = fake->sequence++;
    tick->time_ns = INT64_C(1767225600) * (int64_t)NS_PER_SECOND;
    tick->monotonic_ns = (100 + frozen) * NS_PER_SECOND;
    tick->interval_ns = tick->sequence > 0 ? NS_PER_SECOND : 0;
    tick->own_cpu_percent = 1.2;
    tick->budget_percent = 5;
    tick->notice = fake->options.notice ? "Not permitted to read 2 processes: run pyneck as root" : NULL;
    fill_system(fake, tick);
    fill_processes(fake, tick);
    bool more = fake->sequence < FAKE_TICKS || fake->options.end_after != 0;
    fake->due_ns = clock_monotonic_ns() + (more ? 20 * NS_PER_MILLISECOND : 3600 * NS_PER_SECOND);
    *result = tick;
    return NULL;
}

static const struct call_tree *call_tree(const struct source *source)
{
    return ((const struct fake_source *)source)->tree;
}

static void close_source(struct source *source)
{
    struct fake_source *fake = (struct fake_source *)source;

    call_tree_free(fake->tree);
    free(fake);
}

static const struct source_operations operations = {
    .set_interval = set_interval,
    .set_focus = set_focus,
    .due_ns = due_ns,
    .read_tick = read_tick,
    .call_tree = call_tree,
    .close = close_source,
};

struct source *fake_source_open(const struct fake_source_options *options)
{
    struct fake_source *fake = memory_allocate(1, sizeof(*fake));

    fake->source.operations = &operations;
    fake->options = *options;
    fake->tree = call_tree_new();
    grow_tree(fake);
    return &fake->source;
}

#include "full_tick.h"

#include "base/arena.h"
#include "base/clock.h"
#include "record/tick_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

size_t full_tick_field_size(enum field_type type)
{
    switch (type) {
    case FIELD_COUNT:
    case FIELD_SIGNED:
        return sizeof(int64_t);
    case FIELD_UNSIGNED:
        return sizeof(uint64_t);
    case FIELD_WORD:
        return sizeof(uint32_t);
    case FIELD_INT:
        return sizeof(int);
    case FIELD_REAL:
        return sizeof(double);
    case FIELD_BOOL:
        return sizeof(bool);
    case FIELD_CHAR:
        return sizeof(char);
    case FIELD_ENUM:
        return sizeof(unsigned int);
    case FIELD_TEXT:
        return sizeof(const char *);
    }
    return 0;
}

/* Give each member of the table a value that no other one has. */
static void fill(const struct fields *fields, void *object, uint32_t *number, struct arena *arena)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->rows[i];
        void *member = (unsigned char *)object + field->offset;
        uint32_t unit = field->grain > 0 ? field->grain : 1, value = ++*number;
        switch (field->type) {
        case FIELD_COUNT:
        case FIELD_SIGNED:
            *(int64_t *)member = (int64_t)value * unit;
            break;
        case FIELD_UNSIGNED:
            *(uint64_t *)member = (uint64_t)value * unit;
            break;
        case FIELD_WORD:
            *(uint32_t *)member = value;
            break;
        case FIELD_INT:
            *(int *)member = (int)value;
            break;
        case FIELD_REAL:
            *(double *)member = (double)value / field->grain;
            break;
        case FIELD_BOOL:
            *(bool *)member = true;
            break;
        case FIELD_CHAR:
            *(char *)member = (char)('A' + value % 26);
            break;
        case FIELD_ENUM:
            *(unsigned int *)member = 1 + value % (field->grain - 1);
            break;
        case FIELD_TEXT:
            *(const char **)member = arena_format(arena, "text %u", value);
            break;
        }
    }
}

static void assert_same_fields(const struct fields *fields, const void *expected, const void *found)
{
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->rows[i];
        const unsigned char *a = (const unsigned char *)expected + field->offset;
        const unsigned char *b = (const unsigned char *)found + field->offset;
        if (field->type == FIELD_TEXT)
            assert_string_equal(*(const char *const *)(const void *)b, *(const char *const *)(const void *)a);
        else
            assert_memory_equal(b, a, full_tick_field_size(field->type));
    }
}

static const struct profile *make_profile(const struct tick *tick, const uint32_t nodes[2], uint32_t *number)
{
    enum {
        COUNTERS = 3,
    };
    struct profile *profile = arena_allocate(tick->arena, 1, sizeof(*profile));
    struct profile_counter *counters = arena_allocate(tick->arena, COUNTERS, sizeof(*counters));
    struct profile_run *runs = arena_allocate(tick->arena, COUNTERS, sizeof(*runs));
    struct profile_wait *waits = arena_allocate(tick->arena, 2, sizeof(*waits));

    fill(&profile_fields, profile, number, tick->arena);
    for (uint32_t i = 0; i < COUNTERS; i++) {
        counters[i] = (struct profile_counter){
            .node = nodes[i % 2],
            .tid = 100 + (pid_t)i / 2,
            .state = i == 0 ? THREAD_NETWORK : THREAD_RUNNING,
            .samples = 7 + i,
            .wall_ns = (700 + i) * NS_PER_MILLISECOND,
            .cpu_ns = (300 + i) * NS_PER_MILLISECOND,
            .memory_growth_bytes = 4096 * ((int64_t)i - 1),
        };
        runs[i] = (struct profile_run){
            .counter = i,
            .samples = counters[i].samples,
            .begin_ns = tick->monotonic_ns - tick->interval_ns,
            .wall_ns = counters[i].samples * 100 * NS_PER_MILLISECOND,
        };
    }
    runs[1].begin_ns += runs[0].wall_ns;
    for (uint32_t i = 0; i < 2; i++)
        waits[i] = (struct profile_wait){
            .node = counters[0].node,
            .tid = counters[0].tid,
            .state = counters[0].state,
            .fd = 5 + (int)i,
            .lock_address = 0x7f0000001000 + i,
            .description = arena_format(tick->arena, "wait %u", i),
            .samples = 3 + i,
            .wall_ns = (300 + 100 * i) * NS_PER_MILLISECOND,
        };
    profile->counters = counters;
    profile->counter_count = COUNTERS;
    profile->runs = runs;
    profile->run_count = COUNTERS;
    profile->waits = waits;
    profile->wait_count = 2;
    return profile;
}

static void fill_files(struct process *process, uint32_t *number, struct arena *arena)
{
    struct open_file *file = arena_allocate(arena, 1, sizeof(*file));
    struct socket_info *socket = arena_allocate(arena, 1, sizeof(*socket));

    *socket = (struct socket_info){.protocol = "tcp", .state = "LISTEN", .local = "here", .remote = "there"};
    fill(&queue_fields, socket, number, arena);
    *file = (struct open_file){
        .fd = 9,
        .kind = OPEN_FILE_SOCKET,
        .access = ACCESS_READ_WRITE,
        .path = "socket:[1]",
        .peer = "7 (peer) fd 1",
        .deleted = true,
        .socket = socket,
    };
    fill(&open_file_fields, file, number, arena);
    process->open_files = file;
    process->open_file_detail_count = 1;
}

static struct process *make_process(const struct tick *tick, const uint32_t nodes[2], uint32_t *number)
{
    static const struct python_info python = {"CPython", "3.14.0", true};
    struct arena *arena = tick->arena;
    struct process *process = arena_allocate(arena, 1, sizeof(*process));
    struct thread *thread = arena_allocate(arena, 1, sizeof(*thread));
    struct waiting *waiting = arena_allocate(arena, 1, sizeof(*waiting));
    struct collector_usage *collector = arena_allocate(arena, 1, sizeof(*collector));
    double *growth = arena_allocate(arena, OPEN_FILE_KINDS, sizeof(*growth));

    *process = (struct process){
        .pid = 100,
        .start_ticks = 12345,
        .parent_pid = 99,
        .start_time_ns = INT64_C(1700000000123456789),
        .uid = 1000,
        .user = "ada",
        .name = "python3",
        .command = "python3 all.py",
        .is_python = true,
        .selected = true,
        .python = &python,
    };
    fill(&process_fields, process, number, arena);
    fill(&waiting_fields, waiting, number, arena);
    fill(&thread_fields, thread, number, arena);
    fill(&collector_fields, collector, number, arena);
    collector->generation_count = 3;
    thread->stack_node = nodes[1];
    thread->waiting = waiting;
    for (int i = 0; i < OPEN_FILE_KINDS; i++)
        growth[i] = i;
    fill_files(process, number, arena);
    process->threads = thread;
    process->thread_detail_count = 1;
    process->collector = collector;
    process->open_file_growth_by_kind = growth;
    process->profile = make_profile(tick, nodes, number);
    return process;
}

enum {
    CPUS = 2,
};

/* Shares as system/cpus.c makes them: 198 ticks of one CPU, 201 of another. */
static const struct cpu_usage cpus[CPUS] = {
    {0, 3.0 / 198 * 100, 5.0 / 198 * 100, 7.0 / 198 * 100, 11.0 / 198 * 100, 13.0 / 198 * 100,
     17.0 / 198 * 100, 19.0 / 198 * 100, 123.0 / 198 * 100},
    {3, 1.0 / 201 * 100, 0, 0, 0, 0, 0, 0, 200.0 / 201 * 100},
};
static const struct cpu_usage all_cpus = {
    -1,
    4.0 / 400 * 100,
    5.0 / 400 * 100,
    7.0 / 400 * 100,
    11.0 / 400 * 100,
    13.0 / 400 * 100,
    17.0 / 400 * 100,
    19.0 / 400 * 100,
    324.0 / 400 * 100,
};

static void fill_system(struct system_usage *system, uint32_t *number, struct arena *arena)
{
    struct pressure *pressure = arena_allocate(arena, 1, sizeof(*pressure));
    struct disk_usage *disk = arena_allocate(arena, 1, sizeof(*disk));
    struct network_usage *network = arena_allocate(arena, 1, sizeof(*network));

    fill(&system_fields, system, number, arena);
    fill(&pressure_fields, pressure, number, arena);
    fill(&disk_fields, disk, number, arena);
    fill(&network_fields, network, number, arena);
    system->all_cpus = all_cpus;
    system->cpus = cpus;
    system->pressure = pressure;
    system->disks = disk;
    system->networks = network;
    system->cpu_count = CPUS;
    system->disk_count = system->network_count = 1;
}

struct tick *full_tick_make(const uint32_t nodes[2])
{
    struct tick *tick = tick_new();
    uint32_t number = 0;

    fill(&tick_fields, tick, &number, tick->arena);
    tick->time_ns = INT64_C(1700000000987654000);
    tick->monotonic_ns = 5000001000;
    tick->interval_ns = 2000003000;
    fill_system(&tick->system, &number, tick->arena);
    tick->processes = make_process(tick, nodes, &number);
    tick->process_count = 1;
    return tick;
}

static void assert_same_share(double expected, double found)
{
    assert_memory_equal(&expected, &found, sizeof(expected));
}

static void assert_same_cpu(const struct cpu_usage *expected, const struct cpu_usage *found)
{
    assert_int_equal(found->id, expected->id);
    assert_same_share(expected->user_percent, found->user_percent);
    assert_same_share(expected->system_percent, found->system_percent);
    assert_same_share(expected->nice_percent, found->nice_percent);
    assert_same_share(expected->iowait_percent, found->iowait_percent);
    assert_same_share(expected->irq_percent, found->irq_percent);
    assert_same_share(expected->steal_percent, found->steal_percent);
    assert_same_share(expected->guest_percent, found->guest_percent);
    assert_same_share(expected->idle_percent, found->idle_percent);
}

static void assert_same_system(const struct system_usage *a, const struct system_usage *b)
{
    assert_same_fields(&system_fields, a, b);
    assert_same_cpu(&a->all_cpus, &b->all_cpus);
    assert_int_equal(b->cpu_count, CPUS);
    for (size_t i = 0; i < CPUS; i++)
        assert_same_cpu(&a->cpus[i], &b->cpus[i]);
    assert_int_equal(b->disk_count, 1);
    assert_int_equal(b->network_count, 1);
    assert_same_fields(&pressure_fields, a->pressure, b->pressure);
    assert_same_fields(&disk_fields, a->disks, b->disks);
    assert_same_fields(&network_fields, a->networks, b->networks);
}

static void assert_same_files(const struct process *a, const struct process *b)
{
    assert_int_equal(b->open_file_detail_count, 1);
    const struct open_file *one = a->open_files, *other = b->open_files;
    assert_same_fields(&open_file_fields, one, other);
    assert_same_fields(&queue_fields, one->socket, other->socket);
    assert_int_equal(other->fd, one->fd);
    assert_int_equal(other->kind, one->kind);
    assert_int_equal(other->access, one->access);
    assert_string_equal(other->path, one->path);
    assert_string_equal(other->peer, one->peer);
    assert_int_equal(other->deleted, one->deleted);
    assert_string_equal(other->socket->protocol, one->socket->protocol);
    assert_string_equal(other->socket->state, one->socket->state);
    assert_string_equal(other->socket->local, one->socket->local);
    assert_string_equal(other->socket->remote, one->socket->remote);
}

/* Nodes have other ids in another tree. */
static void assert_same_node(const struct call_tree *tree, uint32_t a, const struct call_tree *read_tree,
                             uint32_t b)
{
    const struct call_node *one = call_tree_node(tree, a), *other = call_tree_node(read_tree, b);

    assert_int_equal(other->depth, one->depth);
    assert_int_equal(other->line, one->line);
    assert_string_equal(call_tree_function(read_tree, other->function)->name,
                        call_tree_function(tree, one->function)->name);
}

static void assert_same_profile(const struct profile *a, const struct call_tree *tree,
                                const struct profile *b, const struct call_tree *read_tree)
{
    assert_same_fields(&profile_fields, a, b);
    assert_int_equal(b->counter_count, a->counter_count);
    for (size_t i = 0; i < a->counter_count; i++) {
        const struct profile_counter *one = &a->counters[i], *other = &b->counters[i];
        assert_same_node(tree, one->node, read_tree, other->node);
        assert_int_equal(other->tid, one->tid);
        assert_int_equal(other->state, one->state);
        assert_int_equal(other->samples, one->samples);
        assert_int_equal(other->wall_ns, one->wall_ns);
        assert_int_equal(other->cpu_ns, one->cpu_ns);
        assert_int_equal(other->memory_growth_bytes, one->memory_growth_bytes);
    }
    assert_int_equal(b->wait_count, a->wait_count);
    for (size_t i = 0; i < a->wait_count; i++) {
        const struct profile_wait *one = &a->waits[i], *other = &b->waits[i];
        assert_same_node(tree, one->node, read_tree, other->node);
        assert_int_equal(other->tid, one->tid);
        assert_int_equal(other->state, one->state);
        assert_int_equal(other->fd, one->fd);
        assert_int_equal(other->lock_address, one->lock_address);
        assert_string_equal(other->description, one->description);
        assert_int_equal(other->samples, one->samples);
        assert_int_equal(other->wall_ns, one->wall_ns);
    }
    /* Their times are kept within two samples; here the third, of another thread, is sorted between the others. */
    static const size_t order[] = {0, 2, 1};
    assert_int_equal(b->run_count, a->run_count);
    for (size_t i = 0; i < a->run_count; i++) {
        const struct profile_run *one = &a->runs[order[i]], *other = &b->runs[i];
        assert_int_equal(other->counter, one->counter);
        assert_int_equal(other->samples, one->samples);
        assert_true(llabs((int64_t)(other->begin_ns - one->begin_ns)) <= 200 * (int64_t)NS_PER_MILLISECOND);
        assert_true(llabs((int64_t)(other->wall_ns - one->wall_ns)) <= 200 * (int64_t)NS_PER_MILLISECOND);
    }
}

static void assert_same_process(const struct process *a, const struct call_tree *tree,
                                const struct process *b, const struct call_tree *read_tree)
{
    assert_same_fields(&process_fields, a, b);
    assert_int_equal(b->pid, a->pid);
    assert_int_equal(b->start_ticks, a->start_ticks);
    assert_int_equal(b->parent_pid, a->parent_pid);
    assert_int_equal(b->start_time_ns, a->start_time_ns);
    assert_int_equal(b->uid, a->uid);
    assert_string_equal(b->user, a->user);
    assert_string_equal(b->name, a->name);
    assert_string_equal(b->command, a->command);
    assert_true(b->is_python && b->selected);
    assert_string_equal(b->python->implementation, a->python->implementation);
    assert_string_equal(b->python->version, a->python->version);
    assert_int_equal(b->python->free_threaded, a->python->free_threaded);
    assert_memory_equal(b->open_file_growth_by_kind, a->open_file_growth_by_kind,
                        OPEN_FILE_KINDS * sizeof(double));
    assert_same_fields(&collector_fields, a->collector, b->collector);
    assert_int_equal(b->thread_detail_count, 1);
    assert_same_fields(&thread_fields, a->threads, b->threads);
    assert_same_fields(&waiting_fields, a->threads->waiting, b->threads->waiting);
    assert_same_node(tree, a->threads->stack_node, read_tree, b->threads->stack_node);
    assert_same_files(a, b);
    assert_same_profile(a->profile, tree, b->profile, read_tree);
}

void full_tick_assert_same(const struct tick *a, const struct call_tree *tree, const struct tick *b,
                           const struct call_tree *read_tree)
{
    assert_same_fields(&tick_fields, a, b);
    assert_same_system(&a->system, &b->system);
    assert_int_equal(b->process_count, 1);
    assert_same_process(a->processes, tree, b->processes, read_tree);
}

/* Everything that a tick holds is in its recording: each member of its structs is in a table of record/tick_fields.h, or
 * in the lists here, and all of them come back as they were. */
#include "base/arena.h"
#include "base/clock.h"
#include "model/call_tree.h"
#include "record/profile_codec.h"
#include "record/reader.h"
#include "record/tick_fields.h"
#include "record/writer.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __has_builtin
#if __has_builtin(__builtin_clear_padding)
#define CLEAR_PADDING(object) __builtin_clear_padding(object)
#endif
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- no member is forgotten ---- */

struct member {
    size_t offset;
    size_t size;
};

#define MEMBER(type, name)                                                                                   \
    {                                                                                                        \
        offsetof(type, name), sizeof(((type *)0)->name)                                                      \
    }

/* What is recorded in another way than by a table of fields; assert_same_tick() looks at each. */
static const struct member tick_members[] = {
    MEMBER(struct tick, arena),  MEMBER(struct tick, other_owners), MEMBER(struct tick, sequence),
    MEMBER(struct tick, system), MEMBER(struct tick, processes),    MEMBER(struct tick, process_count),
};
static const struct member system_members[] = {
    MEMBER(struct system_usage, cpus),     MEMBER(struct system_usage, cpu_count),
    MEMBER(struct system_usage, all_cpus), MEMBER(struct system_usage, pressure),
    MEMBER(struct system_usage, disks),    MEMBER(struct system_usage, disk_count),
    MEMBER(struct system_usage, networks), MEMBER(struct system_usage, network_count),
};
static const struct member process_members[] = {
    MEMBER(struct process, pid),
    MEMBER(struct process, start_ticks),
    MEMBER(struct process, parent_pid),
    MEMBER(struct process, start_time_ns),
    MEMBER(struct process, uid),
    MEMBER(struct process, user),
    MEMBER(struct process, name),
    MEMBER(struct process, command),
    MEMBER(struct process, open_file_growth_by_kind),
    MEMBER(struct process, is_python),
    MEMBER(struct process, selected),
    MEMBER(struct process, python),
    MEMBER(struct process, profile),
    MEMBER(struct process, collector),
    MEMBER(struct process, threads),
    MEMBER(struct process, thread_detail_count),
    MEMBER(struct process, open_files),
    MEMBER(struct process, open_file_detail_count),
};
static const struct member python_members[] = {
    MEMBER(struct python_info, implementation),
    MEMBER(struct python_info, version),
    MEMBER(struct python_info, free_threaded),
};
static const struct member thread_members[] = {
    MEMBER(struct thread, stack_node),
    MEMBER(struct thread, waiting),
};
static const struct member open_file_members[] = {
    MEMBER(struct open_file, fd),     MEMBER(struct open_file, kind), MEMBER(struct open_file, access),
    MEMBER(struct open_file, path),   MEMBER(struct open_file, peer), MEMBER(struct open_file, deleted),
    MEMBER(struct open_file, socket),
};
static const struct member socket_members[] = {
    MEMBER(struct socket_info, protocol),
    MEMBER(struct socket_info, state),
    MEMBER(struct socket_info, local),
    MEMBER(struct socket_info, remote),
};
static const struct member profile_members[] = {
    MEMBER(struct profile, counters), MEMBER(struct profile, counter_count),
    MEMBER(struct profile, waits),    MEMBER(struct profile, wait_count),
    MEMBER(struct profile, runs),     MEMBER(struct profile, run_count),
};
static const struct member counter_members[] = {
    MEMBER(struct profile_counter, node),
    MEMBER(struct profile_counter, tid),
    MEMBER(struct profile_counter, state),
    MEMBER(struct profile_counter, samples),
    MEMBER(struct profile_counter, wall_ns),
    MEMBER(struct profile_counter, cpu_ns),
    MEMBER(struct profile_counter, memory_growth_bytes),
};
static const struct member wait_members[] = {
    MEMBER(struct profile_wait, node),         MEMBER(struct profile_wait, tid),
    MEMBER(struct profile_wait, state),        MEMBER(struct profile_wait, fd),
    MEMBER(struct profile_wait, lock_address), MEMBER(struct profile_wait, description),
    MEMBER(struct profile_wait, samples),      MEMBER(struct profile_wait, wall_ns),
};
static const struct member run_members[] = {
    MEMBER(struct profile_run, counter),
    MEMBER(struct profile_run, samples),
    MEMBER(struct profile_run, begin_ns),
    MEMBER(struct profile_run, wall_ns),
};

static const struct fields no_fields = {0};

static size_t size_of(enum field_type type)
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

/* The first byte of an object, all ones but for its padding, that is in no row and no list. */
static void assert_all_covered(const char *name, unsigned char *object, size_t size,
                               const struct fields *fields, const struct member *members, size_t member_count)
{
    for (size_t i = 0; i < fields->count; i++)
        memset(object + fields->rows[i].offset, 0, size_of(fields->rows[i].type));
    for (size_t i = 0; i < member_count; i++)
        memset(object + members[i].offset, 0, members[i].size);
    for (size_t i = 0; i < size; i++) {
        if (object[i] != 0)
            fail_msg("the member of %s at byte %zu is not recorded: see record/tick_fields.c", name, i);
    }
}

#ifdef CLEAR_PADDING
#define ASSERT_COVERED(type, fields, members, count)                                                         \
    do {                                                                                                     \
        type object;                                                                                         \
        memset(&object, 0xff, sizeof(object));                                                               \
        CLEAR_PADDING(&object);                                                                              \
        assert_all_covered(#type, (unsigned char *)&object, sizeof(object), fields, members, count);         \
    } while (0)

static void every_member_of_a_tick_is_recorded(void **state)
{
    (void)state;

    ASSERT_COVERED(struct tick, &tick_fields, tick_members, COUNT_OF(tick_members));
    ASSERT_COVERED(struct system_usage, &system_fields, system_members, COUNT_OF(system_members));
    ASSERT_COVERED(struct cpu_usage, &cpu_fields, NULL, 0);
    ASSERT_COVERED(struct pressure, &pressure_fields, NULL, 0);
    ASSERT_COVERED(struct disk_usage, &disk_fields, NULL, 0);
    ASSERT_COVERED(struct network_usage, &network_fields, NULL, 0);
    ASSERT_COVERED(struct process, &process_fields, process_members, COUNT_OF(process_members));
    ASSERT_COVERED(struct python_info, &no_fields, python_members, COUNT_OF(python_members));
    ASSERT_COVERED(struct collector_usage, &collector_fields, NULL, 0);
    ASSERT_COVERED(struct thread, &thread_fields, thread_members, COUNT_OF(thread_members));
    ASSERT_COVERED(struct waiting, &waiting_fields, NULL, 0);
    ASSERT_COVERED(struct open_file, &open_file_fields, open_file_members, COUNT_OF(open_file_members));
    ASSERT_COVERED(struct socket_info, &queue_fields, socket_members, COUNT_OF(socket_members));
    ASSERT_COVERED(struct profile, &profile_fields, profile_members, COUNT_OF(profile_members));
    ASSERT_COVERED(struct profile_counter, &no_fields, counter_members, COUNT_OF(counter_members));
    ASSERT_COVERED(struct profile_wait, &no_fields, wait_members, COUNT_OF(wait_members));
    ASSERT_COVERED(struct profile_run, &no_fields, run_members, COUNT_OF(run_members));
}
#endif

/* ---- what is recorded comes back ---- */

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
            assert_memory_equal(b, a, size_of(field->type));
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

static void fill_system(struct system_usage *system, uint32_t *number, struct arena *arena)
{
    struct cpu_usage *cpu = arena_allocate(arena, 1, sizeof(*cpu));
    struct pressure *pressure = arena_allocate(arena, 1, sizeof(*pressure));
    struct disk_usage *disk = arena_allocate(arena, 1, sizeof(*disk));
    struct network_usage *network = arena_allocate(arena, 1, sizeof(*network));

    fill(&system_fields, system, number, arena);
    fill(&cpu_fields, &system->all_cpus, number, arena);
    fill(&cpu_fields, cpu, number, arena);
    fill(&pressure_fields, pressure, number, arena);
    fill(&disk_fields, disk, number, arena);
    fill(&network_fields, network, number, arena);
    system->cpus = cpu;
    system->pressure = pressure;
    system->disks = disk;
    system->networks = network;
    system->cpu_count = system->disk_count = system->network_count = 1;
}

static struct tick *make_tick(const uint32_t nodes[2])
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

static void assert_same_system(const struct system_usage *a, const struct system_usage *b)
{
    assert_same_fields(&system_fields, a, b);
    assert_same_fields(&cpu_fields, &a->all_cpus, &b->all_cpus);
    assert_int_equal(b->cpu_count, 1);
    assert_int_equal(b->disk_count, 1);
    assert_int_equal(b->network_count, 1);
    assert_same_fields(&cpu_fields, a->cpus, b->cpus);
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

static void all_that_is_recorded_comes_back(void **state)
{
    char path[] = "/tmp/pyneck-test-fields-XXXXXX";
    struct call_tree *tree = call_tree_new();
    uint32_t function = call_tree_add_function(tree, "work", "/srv/all.py", 3);
    uint32_t outer = call_tree_add_node(tree, CALL_TREE_ROOT, function, 4);
    const uint32_t nodes[] = {outer, call_tree_add_node(tree, outer, function, 5)};
    const struct writer_options options = {.path = path, .replace = true, .version = "1"};
    struct tick *tick = make_tick(nodes), *read = NULL;
    struct writer *writer;
    struct reader *reader;
    (void)state;

    close(mkstemp(path));
    assert_null(writer_open(&writer, &options));
    assert_null(writer_append(writer, tick, tree));
    assert_null(writer_close(writer, NULL));
    assert_null(reader_open(&reader, path));
    assert_null(reader_read_tick(reader, 0, &read));
    assert_non_null(read);
    assert_same_fields(&tick_fields, tick, read);
    assert_int_equal(read->sequence, 0);
    assert_same_system(&tick->system, &read->system);
    assert_int_equal(read->process_count, 1);
    assert_same_process(tick->processes, tree, read->processes, reader_call_tree(reader));
    tick_free(tick);
    tick_free(read);
    reader_close(reader);
    call_tree_free(tree);
    unlink(path);
}

/* ---- what no tick can hold is not taken ---- */

static uint32_t write_id(void *context, const char *text)
{
    (void)context, (void)text;
    return 1;
}

static uint32_t write_process(void *context, const struct process *process)
{
    (void)context, (void)process;
    return 1;
}

static uint32_t same_node(void *context, uint32_t node)
{
    (void)context;
    return node;
}

static uint32_t write_file(void *context, const struct process *process, const struct open_file *file)
{
    (void)context, (void)process, (void)file;
    return 1;
}

static const char *read_text(void *context, uint32_t id)
{
    (void)context, (void)id;
    return "text";
}

static bool read_process(void *context, uint32_t id, struct process *process, struct arena *arena)
{
    (void)context, (void)id, (void)arena;
    process->pid = 1;
    return true;
}

static bool read_file(void *context, uint32_t id, struct open_file *file, struct arena *arena)
{
    (void)context, (void)id, (void)file, (void)arena;
    return false;
}

/* The tick as a recording hands it out; NULL: it is refused. */
static struct tick *write_and_read(const struct tick *tick)
{
    static const struct encode_names encode = {
        {NULL, write_id, NULL}, NULL, write_process, same_node, write_file};
    static const struct decode_names decode = {
        {NULL, NULL, read_text}, NULL, read_process, read_file, same_node};
    struct bytes bytes = {0};
    struct tick *read = tick_new();

    tick_encode(&bytes, tick, &encode);
    bool makes_sense = tick_decode(read, bytes.start, bytes.length, &decode);
    bytes_free(&bytes);
    if (makes_sense)
        return read;
    tick_free(read);
    return NULL;
}

static void a_tick_at_a_time_that_cannot_be_is_refused(void **state)
{
    const struct tick ticks[] = {
        {.time_ns = -(int64_t)NS_PER_SECOND}, {.time_ns = INT64_MIN / 2},      {.time_ns = INT64_MAX / 2},
        {.monotonic_ns = UINT64_MAX / 2},     {.interval_ns = UINT64_MAX / 2},
    };
    struct tick *right = write_and_read(&(struct tick){.time_ns = 1});
    (void)state;

    assert_non_null(right);
    tick_free(right);
    for (size_t i = 0; i < COUNT_OF(ticks); i++)
        assert_null(write_and_read(&ticks[i]));
}

/* Whatever is in the file, one can add the amounts of a tick up. */
static void amounts_that_cannot_be_are_not_taken(void **state)
{
    const struct profile_counter counters[] = {
        {.tid = 5, .samples = UINT32_MAX, .wall_ns = UINT64_MAX, .cpu_ns = UINT64_MAX},
        {.tid = 5, .node = 1, .samples = UINT32_MAX, .wall_ns = UINT64_MAX, .memory_growth_bytes = INT64_MIN},
        {.tid = 6, .samples = 1, .wall_ns = 5000, .cpu_ns = UINT64_MAX - 1, .memory_growth_bytes = INT64_MAX},
        {.tid = 7, .memory_growth_bytes = -4096},
    };
    const struct profile_wait waits[] = {
        {.tid = 5, .samples = UINT32_MAX, .wall_ns = UINT64_MAX, .fd = INT_MIN}};
    const struct profile_run runs[] = {{2, UINT32_MAX, UINT64_MAX, UINT64_MAX}, {0, 1, 0, UINT64_MAX}};
    const struct profile profile = {.counters = counters,
                                    .counter_count = COUNT_OF(counters),
                                    .waits = waits,
                                    .wait_count = COUNT_OF(waits),
                                    .runs = runs,
                                    .run_count = COUNT_OF(runs)};
    const struct process process = {
        .pid = 1, .resident_bytes = INT64_MAX, .cpu_percent = 1e300, .profile = &profile};
    const uint64_t most_ns = PROFILE_MAX_MICROSECONDS * 1000;
    struct tick *tick = write_and_read(&(struct tick){.processes = &process, .process_count = 1});
    (void)state;

    assert_non_null(tick);
    const struct process *read = &tick->processes[0];
    assert_false(count_is_known(read->resident_bytes));
    assert_true(read->cpu_percent < 1e16);
    assert_int_equal(read->profile->counter_count, COUNT_OF(counters));
    for (size_t i = 0; i < COUNT_OF(counters); i++) {
        const struct profile_counter *counter = &read->profile->counters[i];
        assert_true(counter->wall_ns <= most_ns && counter->cpu_ns <= most_ns);
        assert_int_equal(counter->memory_growth_bytes, i == 3 ? -4096 : 0);
    }
    assert_int_equal(read->profile->waits[0].fd, -1);
    assert_true(read->profile->waits[0].wall_ns <= most_ns);
    for (size_t i = 0; i < COUNT_OF(runs); i++)
        assert_true(read->profile->runs[i].begin_ns <= most_ns && read->profile->runs[i].wall_ns <= most_ns);
    tick_free(tick);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef CLEAR_PADDING
        cmocka_unit_test(every_member_of_a_tick_is_recorded),
#endif
        cmocka_unit_test(all_that_is_recorded_comes_back),
        cmocka_unit_test(a_tick_at_a_time_that_cannot_be_is_refused),
        cmocka_unit_test(amounts_that_cannot_be_are_not_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

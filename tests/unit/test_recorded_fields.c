/* Everything that a tick holds is in its recording: each member of its structs is in a table of record/tick_fields.h, or
 * in the lists here, and all of them come back as they were. */
#include "full_tick.h"

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
/* As whole ticks of the kernel's clock: record/cpu_codec.h. */
static const struct member cpu_members[] = {
    MEMBER(struct cpu_usage, id),
    MEMBER(struct cpu_usage, user_percent),
    MEMBER(struct cpu_usage, system_percent),
    MEMBER(struct cpu_usage, nice_percent),
    MEMBER(struct cpu_usage, iowait_percent),
    MEMBER(struct cpu_usage, irq_percent),
    MEMBER(struct cpu_usage, steal_percent),
    MEMBER(struct cpu_usage, guest_percent),
    MEMBER(struct cpu_usage, idle_percent),
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

/* The first byte of an object, all ones but for its padding, that is in no row and no list. */
static void assert_all_covered(const char *name, unsigned char *object, size_t size,
                               const struct fields *fields, const struct member *members, size_t member_count)
{
    for (size_t i = 0; i < fields->count; i++)
        memset(object + fields->rows[i].offset, 0, full_tick_field_size(fields->rows[i].type));
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
    ASSERT_COVERED(struct cpu_usage, &no_fields, cpu_members, COUNT_OF(cpu_members));
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

static void all_that_is_recorded_comes_back(void **state)
{
    char path[] = "/tmp/pyneck-test-fields-XXXXXX";
    struct call_tree *tree = call_tree_new();
    uint32_t function = call_tree_add_function(tree, "work", "/srv/all.py", 3);
    uint32_t outer = call_tree_add_node(tree, CALL_TREE_ROOT, function, 4);
    const uint32_t nodes[] = {outer, call_tree_add_node(tree, outer, function, 5)};
    const struct writer_options options = {.path = path, .replace = true, .version = "1"};
    struct tick *tick = full_tick_make(nodes), *read = NULL;
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
    assert_int_equal(read->sequence, 0);
    full_tick_assert_same(tick, tree, read, reader_call_tree(reader));
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
        .texts = {.text_of = read_text},
        .find_process = read_process,
        .find_open_file = read_file,
        .find_node = same_node,
    };
    struct tick_sections sections = {0};
    struct bytes bytes = {0};
    struct tick *read = tick_new();

    tick_encode(&bytes, tick, &encode, &sections);
    free(sections.list);
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

#include "record/tick_codec.h"

#include "base/clock.h"
#include "base/memory.h"
#include "record/cpu_codec.h"
#include "record/profile_codec.h"
#include "record/tick_fields.h"

enum {
    NO_CODE = 0, /* of what may be missing: a number says whether it is there */
    HAS_CODE = 1,
    BELOW_ANY_BYTES = -1024, /* for what is not known, and so many at most: */
};

#define MOST_BYTES (INT64_C(1) << 60)

/* The sections of a process; the machine is the section 0 of what has no id. */
enum {
    SECTION_FIGURES,
    SECTION_OPEN_FILES,
    SECTION_THREADS,
    SECTION_PROFILE,
    SECTION_BITS = 2,
};

/* End a section, where they are asked for: it has what was appended since the last one. */
static void end_section(struct tick_sections *sections, uint32_t process, uint64_t section,
                        const struct bytes *bytes, size_t *begin)
{
    if (sections == NULL)
        return;
    sections->list =
        memory_grow(sections->list, &sections->capacity, sections->count + 1, sizeof(*sections->list));
    sections->list[sections->count++] = (struct tick_section){
        .part = (uint64_t)process << SECTION_BITS | section,
        .length = bytes->length - *begin,
    };
    *begin = bytes->length;
}

static bool put_presence(struct bytes *bytes, const void *part)
{
    bytes_put_unsigned(bytes, part != NULL ? HAS_CODE : NO_CODE);
    return part != NULL;
}

/* ---- the machine ---- */

/* As free(1) counts it. */
static int64_t expected_used_bytes(const struct memory_usage *memory)
{
    bool known = count_is_known(memory->total_bytes) && count_is_known(memory->available_bytes);

    return known ? memory->total_bytes - memory->available_bytes : 0;
}

static double in_steps(double real, int steps)
{
    return round(real * steps) / steps;
}

/* The tick's clock, which goes on like this one unless the machine sleeps. */
static double expected_uptime(const struct tick *tick)
{
    return in_steps((double)tick->monotonic_ns / (double)NS_PER_SECOND, UPTIME_STEPS);
}

static void put_system(struct bytes *bytes, const struct tick *tick, const struct field_texts *texts)
{
    const struct system_usage *system = &tick->system;
    struct system_usage told = *system;

    if (!count_is_known(told.memory.used_bytes))
        told.memory.used_bytes = BELOW_ANY_BYTES;
    told.memory.used_bytes -= expected_used_bytes(&system->memory);
    told.uptime_seconds -= expected_uptime(tick);
    fields_put(bytes, &system_fields, &told, texts);
    cpus_put(bytes, system, tick->interval_ns);
    fields_put_array(bytes, &pressure_fields, system->pressure, system->pressure != NULL,
                     sizeof(*system->pressure), texts);
    fields_put_array(bytes, &disk_fields, system->disks, system->disk_count, sizeof(*system->disks), texts);
    fields_put_array(bytes, &network_fields, system->networks, system->network_count,
                     sizeof(*system->networks), texts);
}

static void take_system(struct byte_cursor *cursor, struct tick *tick, const struct field_texts *texts)
{
    struct system_usage *system = &tick->system;
    struct arena *arena = tick->arena;
    size_t pressures;

    fields_take(cursor, &system_fields, system, texts);
    int64_t used_bytes = amount_add(system->memory.used_bytes, expected_used_bytes(&system->memory));
    system->memory.used_bytes = used_bytes >= 0 && used_bytes <= MOST_BYTES ? used_bytes : UNKNOWN_COUNT;
    system->uptime_seconds = in_steps(system->uptime_seconds + expected_uptime(tick), UPTIME_STEPS);
    cpus_take(cursor, system, tick->interval_ns, arena);
    const struct pressure *pressure =
        fields_take_array(cursor, &pressure_fields, &pressures, sizeof(*pressure), texts, arena);
    system->pressure = pressures > 0 ? pressure : NULL;
    system->disks =
        fields_take_array(cursor, &disk_fields, &system->disk_count, sizeof(*system->disks), texts, arena);
    system->networks = fields_take_array(cursor, &network_fields, &system->network_count,
                                         sizeof(*system->networks), texts, arena);
}

/* ---- threads ---- */

/* Since when a thread waits, which stays as it is, for how long it has; and the other way round. */
static int64_t other_end_of_wait(int64_t ns, const struct tick *tick)
{
    const uint64_t step_ns = NS_PER_MILLISECOND;
    int64_t now_ns = (int64_t)((tick->monotonic_ns + step_ns / 2) / step_ns * step_ns);

    return count_is_known(ns) && ns <= now_ns ? now_ns - ns : UNKNOWN_COUNT;
}

static void put_waiting(struct bytes *bytes, const struct waiting *waiting, const struct tick *tick,
                        const struct field_texts *texts)
{
    struct waiting told = *waiting;

    told.waited_ns = other_end_of_wait(waiting->waited_ns, tick);
    fields_put(bytes, &waiting_fields, &told, texts);
}

static const struct waiting *take_waiting(struct byte_cursor *cursor, enum thread_state state,
                                          const struct tick *tick, const struct field_texts *texts)
{
    struct waiting *waiting = arena_allocate(tick->arena, 1, sizeof(*waiting));

    fields_take(cursor, &waiting_fields, waiting, texts);
    waiting->waited_ns = other_end_of_wait(waiting->waited_ns, tick);
    if (waiting->kind == NULL)
        waiting->kind = thread_state_name(state);
    return waiting;
}

static void put_threads(struct bytes *bytes, const struct process *process, const struct tick *tick,
                        const struct encode_names *names)
{
    bytes_put_unsigned(bytes, process->thread_detail_count);
    for (size_t i = 0; i < process->thread_detail_count; i++) {
        const struct thread *thread = &process->threads[i];
        fields_put(bytes, &thread_fields, thread, &names->texts);
        bytes_put_unsigned(bytes, names->node_id(names->context, thread->stack_node));
        if (put_presence(bytes, thread->waiting))
            put_waiting(bytes, thread->waiting, tick, &names->texts);
    }
}

static void take_threads(struct byte_cursor *cursor, struct process *process, const struct tick *tick,
                         const struct decode_names *names)
{
    struct arena *arena = tick->arena;
    struct thread *threads;

    process->thread_detail_count = bytes_take_count(cursor, thread_fields.count);
    process->threads = threads = arena_allocate(arena, process->thread_detail_count, sizeof(*threads));
    for (size_t i = 0; i < process->thread_detail_count; i++) {
        fields_take(cursor, &thread_fields, &threads[i], &names->texts);
        threads[i].stack_node = names->find_node(names->context, bytes_take_word(cursor));
        if (bytes_take_unsigned(cursor) != NO_CODE)
            threads[i].waiting = take_waiting(cursor, threads[i].state, tick, &names->texts);
    }
}

/* ---- open files ---- */

static void put_open_files(struct bytes *bytes, const struct process *process,
                           const struct encode_names *names)
{
    uint32_t last = 0;

    bytes_put_unsigned(bytes, process->open_file_detail_count);
    for (size_t i = 0; i < process->open_file_detail_count; i++) {
        const struct open_file *file = &process->open_files[i];
        uint32_t id = names->open_file_id(names->context, process, file);
        bytes_put_signed(bytes, (int64_t)id - last);
        last = id;
        fields_put(bytes, &open_file_fields, file, &names->texts);
        if (put_presence(bytes, file->socket))
            fields_put(bytes, &queue_fields, file->socket, &names->texts);
    }
}

/* Where the recording does not say what an id stands for, there is no file. */
static void take_open_files(struct byte_cursor *cursor, struct process *process,
                            const struct decode_names *names, struct arena *arena)
{
    size_t count = bytes_take_count(cursor, open_file_fields.count);
    struct open_file *files = arena_allocate(arena, count, sizeof(*files));
    int64_t id = 0;

    for (size_t i = 0; i < count; i++) {
        struct open_file *file = &files[process->open_file_detail_count];
        *file = (struct open_file){0};
        if (__builtin_add_overflow(id, bytes_take_signed(cursor), &id) || id < 0 || id > UINT32_MAX)
            id = 0;
        bool found = names->find_open_file(names->context, (uint32_t)id, file, arena);
        fields_take(cursor, &open_file_fields, file, &names->texts);
        struct socket_info queues = {0};
        if (bytes_take_unsigned(cursor) == HAS_CODE)
            fields_take(cursor, &queue_fields, &queues, &names->texts);
        if (file->socket != NULL) {
            struct socket_info *socket = arena_allocate(arena, 1, sizeof(*socket));
            *socket = *file->socket;
            socket->receive_queue_bytes = queues.receive_queue_bytes;
            socket->send_queue_bytes = queues.send_queue_bytes;
            file->socket = socket;
        }
        process->open_file_detail_count += found;
    }
    process->open_files = files;
}

/* ---- processes ---- */

static const struct field growth_row = {FIELD_REAL, 0, 1000};
static const struct fields growth_fields = {&growth_row, 1};

/* Of the machine's memory. */
static double expected_percent(const struct process *process, const struct tick *tick)
{
    int64_t total_bytes = tick->system.memory.total_bytes;
    bool known = count_is_known(process->resident_bytes) && total_bytes > 0;

    return known ? in_steps((double)process->resident_bytes / (double)total_bytes * 100, PERCENT_STEPS) : 0;
}

static void put_process(struct bytes *bytes, const struct process *process, const struct tick *tick,
                        const struct encode_names *names, struct tick_sections *sections)
{
    uint32_t id = names->process_id(names->context, process);
    struct process told = *process;
    size_t begin = bytes->length;

    told.memory_percent -= expected_percent(process, tick);
    bytes_put_unsigned(bytes, id);
    fields_put(bytes, &process_fields, &told, &names->texts);
    fields_put_array(bytes, &growth_fields, process->open_file_growth_by_kind,
                     process->open_file_growth_by_kind != NULL ? OPEN_FILE_KINDS : 0, sizeof(double),
                     &names->texts);
    fields_put_array(bytes, &collector_fields, process->collector, process->collector != NULL,
                     sizeof(*process->collector), &names->texts);
    end_section(sections, id, SECTION_FIGURES, bytes, &begin);
    put_open_files(bytes, process, names);
    end_section(sections, id, SECTION_OPEN_FILES, bytes, &begin);
    if (put_presence(bytes, process->threads))
        put_threads(bytes, process, tick, names);
    end_section(sections, id, SECTION_THREADS, bytes, &begin);
    if (put_presence(bytes, process->profile))
        profile_encode(bytes, process->profile, tick, names);
    end_section(sections, id, SECTION_PROFILE, bytes, &begin);
}

static const struct collector_usage *take_collector(struct byte_cursor *cursor,
                                                    const struct decode_names *names, struct arena *arena)
{
    size_t count;
    struct collector_usage *collector =
        fields_take_array(cursor, &collector_fields, &count, sizeof(*collector), &names->texts, arena);

    if (count == 0)
        return NULL;
    const int most = (int)(sizeof(collector->collections) / sizeof(collector->collections[0]));
    if (collector->generation_count < 0 || collector->generation_count > most)
        collector->generation_count = 0;
    return collector;
}

bool tick_decode_process(struct byte_cursor *cursor, struct process *process, const struct tick *tick,
                         const struct decode_names *names)
{
    struct arena *arena = tick->arena;
    size_t kinds;
    bool found = names->find_process(names->context, bytes_take_word(cursor), process, arena);

    fields_take(cursor, &process_fields, process, &names->texts);
    process->memory_percent =
        in_steps(process->memory_percent + expected_percent(process, tick), PERCENT_STEPS);
    double *growth = fields_take_array(cursor, &growth_fields, &kinds, sizeof(*growth), &names->texts, arena);
    process->open_file_growth_by_kind = kinds == OPEN_FILE_KINDS ? growth : NULL;
    process->collector = take_collector(cursor, names, arena);
    take_open_files(cursor, process, names, arena);
    if (bytes_take_unsigned(cursor) != NO_CODE)
        take_threads(cursor, process, tick, names);
    if (bytes_take_unsigned(cursor) != NO_CODE)
        process->profile = profile_decode(cursor, tick, names, arena);
    return found;
}

/* Processes without a name are left out, and so is what would be out of order: readers search by pid. */
static void take_processes(struct byte_cursor *cursor, struct tick *tick, const struct decode_names *names)
{
    size_t count = bytes_take_count(cursor, process_fields.count);
    struct process *processes = arena_allocate(tick->arena, count, sizeof(*processes));

    for (size_t i = 0; i < count && !cursor->failed; i++) {
        struct process *process = &processes[tick->process_count];
        *process = (struct process){0};
        bool found = tick_decode_process(cursor, process, tick, names);
        tick->process_count += found && (tick->process_count == 0 || process[-1].pid < process->pid);
    }
    tick->processes = processes;
}

/* ---- all of it ---- */

/* Times that can be added to and taken from one another. */
static bool times_make_sense(const struct tick *tick)
{
    const int64_t latest_ns = INT64_MAX / 4;

    return tick->time_ns >= 0 && tick->time_ns <= latest_ns && tick->monotonic_ns <= (uint64_t)latest_ns &&
           tick->interval_ns <= (uint64_t)latest_ns;
}

/* The times of a tick in whole microseconds, as its reader has them: an interval is what its clock says more than that of
 * the tick before. */
static struct tick round_times(const struct tick *tick)
{
    uint64_t now_us = profile_microseconds(tick->monotonic_ns);
    uint64_t interval_us = profile_microseconds(tick->interval_ns);
    struct tick rounded = *tick;

    if (tick->interval_ns <= tick->monotonic_ns)
        interval_us = now_us - profile_microseconds(tick->monotonic_ns - tick->interval_ns);
    rounded.time_ns = (int64_t)((uint64_t)tick->time_ns - tick->monotonic_ns + now_us * 1000);
    rounded.monotonic_ns = now_us * 1000;
    rounded.interval_ns = interval_us * 1000;
    return rounded;
}

/* The two clocks of a tick go alike, so the one is told as how far it is from the other. */
static void put_machine(struct bytes *bytes, const struct tick *rounded, const struct encode_names *names)
{
    struct tick told = *rounded;

    told.time_ns = (int64_t)((uint64_t)rounded->time_ns - rounded->monotonic_ns);
    fields_put(bytes, &tick_fields, &told, &names->texts);
    put_system(bytes, rounded, &names->texts);
}

void tick_encode_machine(struct bytes *bytes, const struct tick *tick, const struct encode_names *names)
{
    const struct tick rounded = round_times(tick);

    put_machine(bytes, &rounded, names);
}

void tick_encode_process(struct bytes *bytes, const struct process *process, const struct tick *tick,
                         const struct encode_names *names)
{
    const struct tick rounded = round_times(tick);

    put_process(bytes, process, &rounded, names, NULL);
}

bool tick_decode_machine(struct byte_cursor *cursor, struct tick *tick, const struct decode_names *names)
{
    fields_take(cursor, &tick_fields, tick, &names->texts);
    tick->time_ns = (int64_t)((uint64_t)tick->time_ns + tick->monotonic_ns);
    if (!times_make_sense(tick))
        return false;
    take_system(cursor, tick, &names->texts);
    return true;
}

void tick_encode(struct bytes *bytes, const struct tick *tick, const struct encode_names *names,
                 struct tick_sections *sections)
{
    const struct tick rounded = round_times(tick);
    size_t begin = bytes->length;

    put_machine(bytes, &rounded, names);
    bytes_put_unsigned(bytes, tick->process_count);
    end_section(sections, 0, 0, bytes, &begin);
    for (size_t i = 0; i < tick->process_count; i++)
        put_process(bytes, &tick->processes[i], &rounded, names, sections);
}

bool tick_decode(struct tick *tick, const unsigned char *bytes, size_t length,
                 const struct decode_names *names)
{
    struct byte_cursor cursor = {.next = bytes, .end = bytes + length};

    if (!tick_decode_machine(&cursor, tick, names))
        return false;
    take_processes(&cursor, tick, names);
    return !cursor.failed && cursor.next == cursor.end;
}

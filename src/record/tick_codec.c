#include "record/tick_codec.h"

#include "record/profile_codec.h"
#include "record/tick_fields.h"

enum {
    NO_CODE = 0, /* of what may be missing: a number says whether it is there */
    HAS_CODE = 1,
};

static bool put_presence(struct bytes *bytes, const void *part)
{
    bytes_put_unsigned(bytes, part != NULL ? HAS_CODE : NO_CODE);
    return part != NULL;
}

/* ---- the machine ---- */

static void put_system(struct bytes *bytes, const struct system_usage *system,
                       const struct field_texts *texts)
{
    fields_put(bytes, &system_fields, system, texts);
    fields_put(bytes, &cpu_fields, &system->all_cpus, texts);
    fields_put_array(bytes, &cpu_fields, system->cpus, system->cpu_count, sizeof(*system->cpus), texts);
    fields_put_array(bytes, &pressure_fields, system->pressure, system->pressure != NULL,
                     sizeof(*system->pressure), texts);
    fields_put_array(bytes, &disk_fields, system->disks, system->disk_count, sizeof(*system->disks), texts);
    fields_put_array(bytes, &network_fields, system->networks, system->network_count,
                     sizeof(*system->networks), texts);
}

static void take_system(struct byte_cursor *cursor, struct system_usage *system,
                        const struct field_texts *texts, struct arena *arena)
{
    size_t pressures;

    fields_take(cursor, &system_fields, system, texts);
    fields_take(cursor, &cpu_fields, &system->all_cpus, texts);
    system->cpus =
        fields_take_array(cursor, &cpu_fields, &system->cpu_count, sizeof(*system->cpus), texts, arena);
    const struct pressure *pressure =
        fields_take_array(cursor, &pressure_fields, &pressures, sizeof(*pressure), texts, arena);
    system->pressure = pressures > 0 ? pressure : NULL;
    system->disks =
        fields_take_array(cursor, &disk_fields, &system->disk_count, sizeof(*system->disks), texts, arena);
    system->networks = fields_take_array(cursor, &network_fields, &system->network_count,
                                         sizeof(*system->networks), texts, arena);
}

/* ---- threads ---- */

static void put_threads(struct bytes *bytes, const struct process *process, const struct encode_names *names)
{
    bytes_put_unsigned(bytes, process->thread_detail_count);
    for (size_t i = 0; i < process->thread_detail_count; i++) {
        const struct thread *thread = &process->threads[i];
        fields_put(bytes, &thread_fields, thread, &names->texts);
        bytes_put_unsigned(bytes, names->node_id(names->context, thread->stack_node));
        if (put_presence(bytes, thread->waiting))
            fields_put(bytes, &waiting_fields, thread->waiting, &names->texts);
    }
}

static void take_threads(struct byte_cursor *cursor, struct process *process,
                         const struct decode_names *names, struct arena *arena)
{
    struct thread *threads;

    process->thread_detail_count = bytes_take_count(cursor, thread_fields.count);
    process->threads = threads = arena_allocate(arena, process->thread_detail_count, sizeof(*threads));
    for (size_t i = 0; i < process->thread_detail_count; i++) {
        fields_take(cursor, &thread_fields, &threads[i], &names->texts);
        threads[i].stack_node = names->find_node(names->context, bytes_take_word(cursor));
        if (bytes_take_unsigned(cursor) == NO_CODE)
            continue;
        struct waiting *waiting = arena_allocate(arena, 1, sizeof(*waiting));
        fields_take(cursor, &waiting_fields, waiting, &names->texts);
        if (waiting->kind == NULL)
            waiting->kind = thread_state_name(threads[i].state);
        threads[i].waiting = waiting;
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

void tick_encode_process(struct bytes *bytes, const struct process *process, const struct tick *tick,
                         const struct encode_names *names)
{
    bytes_put_unsigned(bytes, names->process_id(names->context, process));
    fields_put(bytes, &process_fields, process, &names->texts);
    fields_put_array(bytes, &growth_fields, process->open_file_growth_by_kind,
                     process->open_file_growth_by_kind != NULL ? OPEN_FILE_KINDS : 0, sizeof(double),
                     &names->texts);
    fields_put_array(bytes, &collector_fields, process->collector, process->collector != NULL,
                     sizeof(*process->collector), &names->texts);
    put_open_files(bytes, process, names);
    if (put_presence(bytes, process->threads))
        put_threads(bytes, process, names);
    if (put_presence(bytes, process->profile))
        profile_encode(bytes, process->profile, tick, names);
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
    double *growth = fields_take_array(cursor, &growth_fields, &kinds, sizeof(*growth), &names->texts, arena);
    process->open_file_growth_by_kind = kinds == OPEN_FILE_KINDS ? growth : NULL;
    process->collector = take_collector(cursor, names, arena);
    take_open_files(cursor, process, names, arena);
    if (bytes_take_unsigned(cursor) != NO_CODE)
        take_threads(cursor, process, names, arena);
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

/* The two clocks of a tick go alike, so the one is told as how far it is from the other. */
void tick_encode_machine(struct bytes *bytes, const struct tick *tick, const struct encode_names *names)
{
    struct tick told = *tick;

    told.time_ns = (int64_t)((uint64_t)tick->time_ns - tick->monotonic_ns);
    fields_put(bytes, &tick_fields, &told, &names->texts);
    put_system(bytes, &tick->system, &names->texts);
}

bool tick_decode_machine(struct byte_cursor *cursor, struct tick *tick, const struct decode_names *names)
{
    fields_take(cursor, &tick_fields, tick, &names->texts);
    tick->time_ns = (int64_t)((uint64_t)tick->time_ns + tick->monotonic_ns);
    if (!times_make_sense(tick))
        return false;
    take_system(cursor, &tick->system, &names->texts, tick->arena);
    return true;
}

void tick_encode(struct bytes *bytes, const struct tick *tick, const struct encode_names *names)
{
    tick_encode_machine(bytes, tick, names);
    bytes_put_unsigned(bytes, tick->process_count);
    for (size_t i = 0; i < tick->process_count; i++)
        tick_encode_process(bytes, &tick->processes[i], tick, names);
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

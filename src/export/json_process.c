#include "export/json_process.h"

#include "export/json_memory.h"
#include "export/json_value.h"
#include "export/json_waits.h"

enum {
    MAX_ROWS = 200, /* of functions and of lines; man/pyneck-json.5 names the number */
};

json_t *json_python(const struct process *process)
{
    const struct python_info *python = process->python;

    if (python == NULL)
        return NULL;
    json_t *object = json_object();
    put_text(object, "implementation", python->implementation);
    put_text(object, "version", python->version);
    put_value(object, "free_threaded", json_boolean(python->free_threaded));
    put_value(object, "collector", json_collector(process->collector));
    return object;
}

static json_t *json_sampling(const struct profile *profile)
{
    if (profile == NULL)
        return NULL;
    json_t *object = json_object();
    put_real(object, "rate_hz", profile->rate_hz, DECIMALS_RATE);
    put_integer(object, "samples", (int64_t)profile->samples);
    put_integer(object, "partial", (int64_t)profile->partial);
    put_integer(object, "invalid", (int64_t)profile->invalid);
    put_integer(object, "late", (int64_t)profile->late);
    put_real(object, "cpu_percent", profile->cpu_percent, DECIMALS_PERCENT);
    return object;
}

static void put_place(json_t *object, const struct function *function, uint32_t line)
{
    put_text(object, "function", function->name);
    put_text(object, "file", function->file);
    put_count(object, "line", line > 0 ? line : UNKNOWN_COUNT);
}

static json_t *json_ranking_row(const struct ranking_row *row, const struct call_tree *tree,
                                enum ranking_level level, bool growth_measured)
{
    const struct function *function = call_tree_function(tree, row->function);
    json_t *object = json_object();

    put_place(object, function, level == RANKING_LINES ? row->line : function->line);
    put_seconds(object, "own_cpu_seconds", row->own_cpu_ns);
    put_seconds(object, "total_cpu_seconds", row->total_cpu_ns);
    put_seconds(object, "own_wall_seconds", row->own_wall_ns);
    put_seconds(object, "total_wall_seconds", row->total_wall_ns);
    put_real(object, "own_percent", row->own_percent, DECIMALS_PERCENT);
    put_real(object, "total_percent", row->total_percent, DECIMALS_PERCENT);
    put_value(object, "memory_growth_bytes", growth_measured ? json_integer(row->own_growth_bytes) : NULL);
    put_value(object, "total_memory_growth_bytes",
              growth_measured ? json_integer(row->total_growth_bytes) : NULL);
    put_integer(object, "samples", (int64_t)row->samples);
    return object;
}

json_t *json_ranking_rows(const struct ranking *ranking, const struct call_tree *tree,
                          enum ranking_level level, bool growth_measured)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < ranking->count && i < MAX_ROWS; i++)
        json_array_append_new(rows, json_ranking_row(&ranking->rows[i], tree, level, growth_measured));
    return rows;
}

static json_t *json_ranking(const struct tick *tick, const struct process *process,
                            const struct call_tree *tree, enum ranking_mode mode, enum ranking_level level)
{
    if (process->profile == NULL)
        return NULL;
    struct ranking ranking = ranking_of_process(tick, process, tree, mode, level);
    json_t *rows = json_ranking_rows(&ranking, tree, level, process->profile->growth_measured);
    ranking_free(&ranking);
    return rows;
}

static json_t *json_stack(const struct thread *thread, const struct call_tree *tree)
{
    if (!thread->has_stack)
        return NULL;
    json_t *frames = json_array();
    const struct call_node *node = call_tree_node(tree, thread->stack_node);
    for (; node->depth > 0; node = call_tree_node(tree, node->parent)) {
        json_t *frame = json_object();
        put_place(frame, call_tree_function(tree, node->function), node->line);
        json_array_append_new(frames, frame);
    }
    return frames;
}

static json_t *json_thread(const struct thread *thread, const struct call_tree *tree)
{
    json_t *object = json_object();

    put_integer(object, "tid", thread->tid);
    put_text(object, "name", thread->name);
    put_text(object, "state", thread_state_name(thread->state));
    put_real(object, "cpu_percent", thread->cpu_percent, DECIMALS_PERCENT);
    put_value(object, "holds_gil", thread->holds_gil >= 0 ? json_boolean(thread->holds_gil) : NULL);
    put_real(object, "gil_percent", thread->gil_percent, DECIMALS_PERCENT);
    put_value(object, "waiting", json_waiting(thread->waiting));
    put_value(object, "stack", json_stack(thread, tree));
    return object;
}

json_t *json_threads(const struct process *process, const struct call_tree *tree)
{
    if (process->threads == NULL)
        return NULL;
    json_t *threads = json_array();
    for (size_t i = 0; i < process->thread_detail_count; i++)
        json_array_append_new(threads, json_thread(&process->threads[i], tree));
    return threads;
}

static json_t *json_socket(const struct socket_info *socket)
{
    if (socket == NULL)
        return NULL;
    json_t *object = json_object();
    put_text(object, "protocol", socket->protocol);
    put_text(object, "state", socket->state);
    put_text(object, "local", socket->local);
    put_text(object, "remote", socket->remote);
    put_count(object, "receive_queue_bytes", socket->receive_queue_bytes);
    put_count(object, "send_queue_bytes", socket->send_queue_bytes);
    return object;
}

static json_t *json_open_file(const struct open_file *file)
{
    json_t *object = json_object();

    put_integer(object, "fd", file->fd);
    put_text(object, "kind", open_file_kind_name(file->kind));
    put_text(object, "access", open_file_access_name(file->access));
    put_text(object, "path", file->path);
    put_text(object, "peer", file->peer);
    put_count(object, "position_bytes", file->position_bytes);
    put_count(object, "size_bytes", file->size_bytes);
    put_real(object, "bytes_per_second", file->bytes_per_second, DECIMALS_RATE);
    put_value(object, "deleted", json_boolean(file->deleted));
    put_value(object, "socket", json_socket(file->socket));
    return object;
}

static json_t *json_open_files(const struct process *process)
{
    if (!process->open_files_listed)
        return NULL;
    json_t *files = json_array();
    for (size_t i = 0; i < process->open_file_detail_count; i++)
        json_array_append_new(files, json_open_file(&process->open_files[i]));
    return files;
}

/* The kinds of open files whose number changed. */
static json_t *json_kinds_growth(const double *growth)
{
    if (growth == NULL)
        return NULL;
    json_t *object = json_object();
    for (size_t kind = 0; kind < OPEN_FILE_KINDS; kind++) {
        if (growth[kind] != 0)
            put_real(object, open_file_kind_name((enum open_file_kind)kind), growth[kind], DECIMALS_RATE);
    }
    return object;
}

static void put_kernel_figures(json_t *object, const struct process *process)
{
    char state[] = {process->state, '\0'};

    put_integer(object, "pid", process->pid);
    put_integer(object, "parent_pid", process->parent_pid);
    put_text(object, "user", process->user);
    put_text(object, "command", process->command);
    put_text(object, "state", process->state != '\0' ? state : NULL);
    put_time(object, "start_time", process->start_time_ns);
    put_real(object, "cpu_percent", process->cpu_percent, DECIMALS_PERCENT);
    put_real(object, "runnable_percent", process->runnable_percent, DECIMALS_PERCENT);
    put_real(object, "throttled_percent", process->throttled_percent, DECIMALS_PERCENT);
    put_count(object, "resident_bytes", process->resident_bytes);
    put_count(object, "virtual_bytes", process->virtual_bytes);
    put_real(object, "memory_percent", process->memory_percent, DECIMALS_PERCENT);
    put_real(object, "read_bytes_per_second", process->read_bytes_per_second, DECIMALS_RATE);
    put_real(object, "write_bytes_per_second", process->write_bytes_per_second, DECIMALS_RATE);
    put_count(object, "thread_count", process->thread_count);
    put_count(object, "open_file_count", process->open_file_count);
    put_count(object, "open_file_limit", process->open_file_limit);
    put_real(object, "open_file_growth_per_second", process->open_file_growth_per_second, DECIMALS_RATE);
    put_value(object, "open_file_growth_by_kind", json_kinds_growth(process->open_file_growth_by_kind));
    put_text(object, "error", process->error);
    put_text(object, "phase", process->phase);
}

json_t *json_process(const struct tick *tick, const struct process *process, const struct call_tree *tree,
                     enum ranking_mode mode)
{
    json_t *object = json_object();

    put_kernel_figures(object, process);
    put_value(object, "memory", json_memory(tick, process, tree));
    put_value(object, "python", json_python(process));
    put_value(object, "sampling", json_sampling(process->profile));
    put_value(object, "verdict", json_verdict(tick, process, tree));
    put_value(object, "states", json_states(process->profile));
    put_value(object, "waits", json_waits(process->profile, tree));
    put_value(object, "functions", json_ranking(tick, process, tree, mode, RANKING_FUNCTIONS));
    put_value(object, "lines", json_ranking(tick, process, tree, mode, RANKING_LINES));
    put_value(object, "threads", json_threads(process, tree));
    put_value(object, "open_files", json_open_files(process));
    return object;
}

#include "export/json_process.h"

#include "export/json_memory.h"
#include "export/json_value.h"
#include "export/json_waits.h"

enum {
    MAX_ROWS = 200, /* of functions and of lines; man/pyneck-json.5 names the number */
};

void put_python(struct json *json, const char *name, const struct process *process)
{
    const struct python_info *python = process->python;

    if (python == NULL) {
        put_null(json, name);
        return;
    }
    json_begin_object(json, name);
    put_text(json, "implementation", python->implementation);
    put_text(json, "version", python->version);
    put_bool(json, "free_threaded", python->free_threaded);
    put_collector(json, "collector", process->collector);
    json_end_object(json);
}

static void put_sampling(struct json *json, const char *name, const struct profile *profile)
{
    if (profile == NULL) {
        put_null(json, name);
        return;
    }
    json_begin_object(json, name);
    put_real(json, "rate_hz", profile->rate_hz, DECIMALS_RATE);
    put_integer(json, "samples", (int64_t)profile->samples);
    put_integer(json, "partial", (int64_t)profile->partial);
    put_integer(json, "invalid", (int64_t)profile->invalid);
    put_integer(json, "late", (int64_t)profile->late);
    put_real(json, "cpu_percent", profile->cpu_percent, DECIMALS_PERCENT);
    json_end_object(json);
}

static void put_place(struct json *json, const struct function *function, uint32_t line)
{
    put_text(json, "function", function->name);
    put_text(json, "file", function->file);
    put_count(json, "line", line > 0 ? line : UNKNOWN_COUNT);
}

static void put_growth(struct json *json, const char *name, int64_t bytes, bool is_measured)
{
    if (is_measured)
        put_integer(json, name, bytes);
    else
        put_null(json, name);
}

void put_times(struct json *json, const struct ranking_row *row)
{
    put_seconds(json, "own_cpu_seconds", row->own_cpu_ns);
    put_seconds(json, "total_cpu_seconds", row->total_cpu_ns);
    put_seconds(json, "own_wall_seconds", row->own_wall_ns);
    put_seconds(json, "total_wall_seconds", row->total_wall_ns);
    put_real(json, "own_percent", row->own_percent, DECIMALS_PERCENT);
    put_real(json, "total_percent", row->total_percent, DECIMALS_PERCENT);
}

static void put_ranking_row(struct json *json, const struct ranking_row *row, const struct call_tree *tree,
                            enum ranking_level level, bool growth_measured)
{
    const struct function *function = call_tree_function(tree, row->function);
    json_begin_object(json, NULL);

    put_place(json, function, level == RANKING_LINES ? row->line : function->line);
    put_times(json, row);
    put_growth(json, "memory_growth_bytes", row->own_growth_bytes, growth_measured);
    put_growth(json, "total_memory_growth_bytes", row->total_growth_bytes, growth_measured);
    put_integer(json, "samples", (int64_t)row->samples);
    json_end_object(json);
}

void put_ranking_rows(struct json *json, const char *name, const struct ranking *ranking,
                      const struct call_tree *tree, enum ranking_level level, bool growth_measured)
{
    json_begin_array(json, name);

    for (size_t i = 0; i < ranking->count && i < MAX_ROWS; i++)
        put_ranking_row(json, &ranking->rows[i], tree, level, growth_measured);
    json_end_array(json);
}

static void put_ranking(struct json *json, const char *name, const struct tick *tick,
                        const struct process *process, const struct call_tree *tree, enum ranking_mode mode,
                        enum ranking_level level)
{
    if (process->profile == NULL) {
        put_null(json, name);
        return;
    }
    struct ranking ranking = ranking_of_process(tick, process, tree, mode, level);
    put_ranking_rows(json, name, &ranking, tree, level, process->profile->growth_measured);
    ranking_free(&ranking);
}

static void put_stack(struct json *json, const char *name, const struct thread *thread,
                      const struct call_tree *tree)
{
    if (!thread->has_stack) {
        put_null(json, name);
        return;
    }
    json_begin_array(json, name);
    const struct call_node *node = call_tree_node(tree, thread->stack_node);
    for (; node->depth > 0; node = call_tree_node(tree, node->parent)) {
        json_begin_object(json, NULL);
        put_place(json, call_tree_function(tree, node->function), node->line);
        json_end_object(json);
    }
    json_end_array(json);
}

static void put_thread(struct json *json, const struct thread *thread, const struct call_tree *tree)
{
    json_begin_object(json, NULL);

    put_integer(json, "tid", thread->tid);
    put_text(json, "name", thread->name);
    put_text(json, "state", thread_state_name(thread->state));
    put_real(json, "cpu_percent", thread->cpu_percent, DECIMALS_PERCENT);
    if (thread->holds_gil >= 0)
        put_bool(json, "holds_gil", thread->holds_gil);
    else
        put_null(json, "holds_gil");
    put_real(json, "gil_percent", thread->gil_percent, DECIMALS_PERCENT);
    put_waiting(json, "waiting", thread->waiting);
    put_stack(json, "stack", thread, tree);
    json_end_object(json);
}

void put_threads(struct json *json, const char *name, const struct process *process,
                 const struct call_tree *tree)
{
    if (process->threads == NULL) {
        put_null(json, name);
        return;
    }
    json_begin_array(json, name);
    for (size_t i = 0; i < process->thread_detail_count; i++)
        put_thread(json, &process->threads[i], tree);
    json_end_array(json);
}

static void put_socket(struct json *json, const char *name, const struct socket_info *socket)
{
    if (socket == NULL) {
        put_null(json, name);
        return;
    }
    json_begin_object(json, name);
    put_text(json, "protocol", socket->protocol);
    put_text(json, "state", socket->state);
    put_text(json, "local", socket->local);
    put_text(json, "remote", socket->remote);
    put_count(json, "receive_queue_bytes", socket->receive_queue_bytes);
    put_count(json, "send_queue_bytes", socket->send_queue_bytes);
    json_end_object(json);
}

static void put_open_file(struct json *json, const struct open_file *file)
{
    json_begin_object(json, NULL);

    put_integer(json, "fd", file->fd);
    put_text(json, "kind", open_file_kind_name(file->kind));
    put_text(json, "access", open_file_access_name(file->access));
    put_text(json, "path", file->path);
    put_text(json, "peer", file->peer);
    put_count(json, "position_bytes", file->position_bytes);
    put_count(json, "size_bytes", file->size_bytes);
    put_real(json, "bytes_per_second", file->bytes_per_second, DECIMALS_RATE);
    put_bool(json, "deleted", file->deleted);
    put_socket(json, "socket", file->socket);
    json_end_object(json);
}

static void put_open_files(struct json *json, const char *name, const struct process *process)
{
    if (!process->open_files_listed) {
        put_null(json, name);
        return;
    }
    json_begin_array(json, name);
    for (size_t i = 0; i < process->open_file_detail_count; i++)
        put_open_file(json, &process->open_files[i]);
    json_end_array(json);
}

/* The kinds of open files whose number changed. */
static void put_kinds_growth(struct json *json, const char *name, const double *growth)
{
    if (growth == NULL) {
        put_null(json, name);
        return;
    }
    json_begin_object(json, name);
    for (size_t kind = 0; kind < OPEN_FILE_KINDS; kind++) {
        if (growth[kind] != 0)
            put_real(json, open_file_kind_name((enum open_file_kind)kind), growth[kind], DECIMALS_RATE);
    }
    json_end_object(json);
}

static void put_kernel_figures(struct json *json, const struct process *process)
{
    char state[] = {process->state, '\0'};

    put_integer(json, "pid", process->pid);
    put_integer(json, "parent_pid", process->parent_pid);
    put_text(json, "user", process->user);
    put_text(json, "command", process->command);
    put_text(json, "state", process->state != '\0' ? state : NULL);
    put_time(json, "start_time", process->start_time_ns);
    put_real(json, "cpu_percent", process->cpu_percent, DECIMALS_PERCENT);
    put_real(json, "runnable_percent", process->runnable_percent, DECIMALS_PERCENT);
    put_real(json, "throttled_percent", process->throttled_percent, DECIMALS_PERCENT);
    put_count(json, "resident_bytes", process->resident_bytes);
    put_count(json, "virtual_bytes", process->virtual_bytes);
    put_real(json, "memory_percent", process->memory_percent, DECIMALS_PERCENT);
    put_real(json, "read_bytes_per_second", process->read_bytes_per_second, DECIMALS_RATE);
    put_real(json, "write_bytes_per_second", process->write_bytes_per_second, DECIMALS_RATE);
    put_count(json, "thread_count", process->thread_count);
    put_count(json, "open_file_count", process->open_file_count);
    put_count(json, "open_file_limit", process->open_file_limit);
    put_real(json, "open_file_growth_per_second", process->open_file_growth_per_second, DECIMALS_RATE);
    put_kinds_growth(json, "open_file_growth_by_kind", process->open_file_growth_by_kind);
    put_text(json, "error", process->error);
    put_text(json, "phase", process->phase);
}

void put_process(struct json *json, const struct tick *tick, const struct process *process,
                 const struct call_tree *tree, enum ranking_mode mode)
{
    json_begin_object(json, NULL);

    put_kernel_figures(json, process);
    put_memory(json, "memory", tick, process, tree);
    put_python(json, "python", process);
    put_sampling(json, "sampling", process->profile);
    put_verdict(json, "verdict", tick, process, tree);
    put_states(json, "states", process->profile);
    put_waits(json, "waits", process->profile, tree);
    put_ranking(json, "functions", tick, process, tree, mode, RANKING_FUNCTIONS);
    put_ranking(json, "lines", tick, process, tree, mode, RANKING_LINES);
    put_threads(json, "threads", process, tree);
    put_open_files(json, "open_files", process);
    json_end_object(json);
}

/* JSON Lines: one object a tick, with the names that man/pyneck-json.5 describes. */
#include "export/format.h"
#include "export/json_process.h"
#include "export/json_value.h"

#include "base/clock.h"

static struct json begin_document(FILE *stream, const char *schema, const struct tick *tick)
{
    struct json json = {.stream = stream};

    json_begin_object(&json, NULL);
    put_text(&json, "schema", schema);
    put_time(&json, "time", tick->time_ns);
    return json;
}

static void write_snapshot(FILE *stream, const struct tick *tick, const struct call_tree *tree,
                           const struct print_options *options)
{
    struct json json = begin_document(stream, "pyneck.snapshot/1", tick);

    put_real(&json, "interval_seconds",
             tick->interval_ns > 0 ? (double)tick->interval_ns / (double)NS_PER_SECOND : UNKNOWN_REAL,
             DECIMALS_SECONDS);
    put_text(&json, "mode", ranking_mode_name(options->mode));
    put_system(&json, "system", &tick->system);
    json_begin_array(&json, "processes");
    for (size_t i = 0; i < tick->process_count; i++)
        put_process(&json, tick, &tick->processes[i], tree, options->mode);
    json_end_array(&json);
    json_end_line(&json);
}

static void write_dump(FILE *stream, const struct tick *tick, const struct call_tree *tree,
                       const struct print_options *options)
{
    struct json json = begin_document(stream, "pyneck.dump/1", tick);

    (void)options;
    json_begin_array(&json, "processes");
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *process = &tick->processes[i];
        json_begin_object(&json, NULL);
        put_integer(&json, "pid", process->pid);
        put_text(&json, "command", process->command);
        put_text(&json, "error", process->error);
        put_text(&json, "phase", process->phase);
        put_python(&json, "python", process);
        put_threads(&json, "threads", process, tree);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_line(&json);
}

const struct format format_json = {
    .name = "json",
    .suffix = ".jsonl",
    .write_tick = write_snapshot,
    .write_dump = write_dump,
};

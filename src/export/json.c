/* JSON Lines: one object a tick, with the names that man/pyneck-json.5 describes. */
#include "export/format.h"
#include "export/json_process.h"
#include "export/json_value.h"

#include "base/clock.h"

static json_t *new_document(const char *schema, const struct tick *tick)
{
    json_value_use_own_memory();
    json_t *document = json_object();
    put_text(document, "schema", schema);
    put_time(document, "time", tick->time_ns);
    return document;
}

static void write_snapshot(FILE *stream, const struct tick *tick, const struct call_tree *tree,
                           const struct print_options *options)
{
    json_t *document = new_document("pyneck.snapshot/1", tick);
    json_t *processes = json_array();

    for (size_t i = 0; i < tick->process_count; i++)
        json_array_append_new(processes, json_process(tick, &tick->processes[i], tree, options->mode));
    put_real(document, "interval_seconds",
             tick->interval_ns > 0 ? (double)tick->interval_ns / (double)NS_PER_SECOND : UNKNOWN_REAL,
             DECIMALS_SECONDS);
    put_text(document, "mode", ranking_mode_name(options->mode));
    put_value(document, "system", json_system(&tick->system));
    put_value(document, "processes", processes);
    json_write_line(stream, document);
}

static void write_dump(FILE *stream, const struct tick *tick, const struct call_tree *tree,
                       const struct print_options *options)
{
    json_t *document = new_document("pyneck.dump/1", tick);
    json_t *processes = json_array();

    (void)options;
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *process = &tick->processes[i];
        json_t *object = json_object();
        put_integer(object, "pid", process->pid);
        put_text(object, "command", process->command);
        put_text(object, "error", process->error);
        put_text(object, "phase", process->phase);
        put_value(object, "python", json_python(process));
        put_value(object, "threads", json_threads(process, tree));
        json_array_append_new(processes, object);
    }
    put_value(document, "processes", processes);
    json_write_line(stream, document);
}

const struct format format_json = {
    .name = "json",
    .suffix = ".jsonl",
    .write_tick = write_snapshot,
    .write_dump = write_dump,
};

/* OpenMetrics text 1.0: each tick is a whole exposition. All values are gauges of the tick's interval, in
 * base units: seconds, bytes and ratios (1 is one core, or all of a thing). What is unknown is left out. */
#include "analysis/verdict.h"
#include "export/format.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdarg.h>

enum {
    MAX_FUNCTIONS = 20, /* a process; each is a series of its own in the reader's database */
};

/* What a family is written from. */
struct exposition {
    FILE *stream;
    const struct tick *tick;
    const struct call_tree *tree;
    enum ranking_mode mode;
};

static void write_label(FILE *stream, const char *separator, const char *name, const char *value)
{
    fprintf(stream, "%s%s=\"", separator, name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            fputc('\\', stream);
        fputc(*value, stream);
    }
    fputc('"', stream);
}

/* One sample: name{labels} value. The labels are pairs of name and value, and end with NULL; a value that is
 * NULL is left out. */
static void write_sample(FILE *stream, const char *family, double value, ...)
{
    const char *separator = "{";
    va_list labels;

    if (!real_is_known(value))
        return;
    fputs(family, stream);
    va_start(labels, value);
    for (const char *name; (name = va_arg(labels, const char *)) != NULL;) {
        const char *text = va_arg(labels, const char *);
        if (text != NULL) {
            write_label(stream, separator, name, text);
            separator = ",";
        }
    }
    va_end(labels);
    fprintf(stream, "%s %.15g\n", separator[0] == ',' ? "}" : "", value);
}

#define NO_MORE_LABELS ((const char *)NULL)

struct number_text {
    char text[24];
};

static struct number_text number_text(int64_t number)
{
    struct number_text result;

    snprintf(result.text, sizeof(result.text), "%" PRId64, number);
    return result;
}

static double ratio(double percent)
{
    return percent / 100;
}

static double known_count(int64_t count)
{
    return count_is_known(count) ? (double)count : UNKNOWN_REAL;
}

/* ---- the machine ---- */

static void write_interval(const struct exposition *exposition, const char *family)
{
    uint64_t interval_ns = exposition->tick->interval_ns;

    write_sample(exposition->stream, family,
                 interval_ns > 0 ? (double)interval_ns / (double)NS_PER_SECOND : UNKNOWN_REAL,
                 NO_MORE_LABELS);
}

static void write_own_cpu(const struct exposition *exposition, const char *family)
{
    write_sample(exposition->stream, family, ratio(exposition->tick->own_cpu_percent), NO_MORE_LABELS);
}

static void write_load(const struct exposition *exposition, const char *family)
{
    static const char *const periods[] = {"1m", "5m", "15m"};

    for (size_t i = 0; i < 3; i++)
        write_sample(exposition->stream, family, exposition->tick->system.load_average[i], "period",
                     periods[i], NO_MORE_LABELS);
}

static void write_cpus(const struct exposition *exposition, const char *family)
{
    for (size_t i = 0; i < exposition->tick->system.cpu_count; i++) {
        const struct cpu_usage *cpu = &exposition->tick->system.cpus[i];
        const struct {
            const char *mode;
            double percent;
        } shares[] = {
            {"user", cpu->user_percent},     {"system", cpu->system_percent}, {"nice", cpu->nice_percent},
            {"iowait", cpu->iowait_percent}, {"irq", cpu->irq_percent},       {"steal", cpu->steal_percent},
            {"guest", cpu->guest_percent},   {"idle", cpu->idle_percent},
        };
        struct number_text id = number_text(cpu->id);
        for (size_t share = 0; share < sizeof(shares) / sizeof(shares[0]); share++)
            write_sample(exposition->stream, family, ratio(shares[share].percent), "cpu", id.text, "mode",
                         shares[share].mode, NO_MORE_LABELS);
    }
}

static void write_memory(const struct exposition *exposition, const char *family)
{
    const struct memory_usage *memory = &exposition->tick->system.memory;
    const struct {
        const char *kind;
        int64_t bytes;
    } amounts[] = {
        {"total", memory->total_bytes},         {"used", memory->used_bytes},
        {"available", memory->available_bytes}, {"buffers", memory->buffers_bytes},
        {"cached", memory->cached_bytes},       {"swap_total", memory->swap_total_bytes},
        {"swap_used", memory->swap_used_bytes},
    };

    for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++)
        write_sample(exposition->stream, family, known_count(amounts[i].bytes), "kind", amounts[i].kind,
                     NO_MORE_LABELS);
}

static void write_pressure(const struct exposition *exposition, const char *family)
{
    const struct pressure *pressure = exposition->tick->system.pressure;

    if (pressure == NULL)
        return;
    write_sample(exposition->stream, family, ratio(pressure->cpu_percent), "resource", "cpu", NO_MORE_LABELS);
    write_sample(exposition->stream, family, ratio(pressure->memory_percent), "resource", "memory",
                 NO_MORE_LABELS);
    write_sample(exposition->stream, family, ratio(pressure->io_percent), "resource", "io", NO_MORE_LABELS);
}

static void write_disk_rates(const struct exposition *exposition, const char *family)
{
    for (size_t i = 0; i < exposition->tick->system.disk_count; i++) {
        const struct disk_usage *disk = &exposition->tick->system.disks[i];
        write_sample(exposition->stream, family, disk->read_bytes_per_second, "disk", disk->name, "direction",
                     "read", NO_MORE_LABELS);
        write_sample(exposition->stream, family, disk->write_bytes_per_second, "disk", disk->name,
                     "direction", "write", NO_MORE_LABELS);
    }
}

static void write_disk_busy(const struct exposition *exposition, const char *family)
{
    for (size_t i = 0; i < exposition->tick->system.disk_count; i++) {
        const struct disk_usage *disk = &exposition->tick->system.disks[i];
        write_sample(exposition->stream, family, ratio(disk->busy_percent), "disk", disk->name,
                     NO_MORE_LABELS);
    }
}

static void write_network_rates(const struct exposition *exposition, const char *family)
{
    for (size_t i = 0; i < exposition->tick->system.network_count; i++) {
        const struct network_usage *network = &exposition->tick->system.networks[i];
        write_sample(exposition->stream, family, network->receive_bytes_per_second, "network", network->name,
                     "direction", "receive", NO_MORE_LABELS);
        write_sample(exposition->stream, family, network->transmit_bytes_per_second, "network", network->name,
                     "direction", "transmit", NO_MORE_LABELS);
    }
}

/* ---- processes ---- */

static void write_process_info(const struct exposition *exposition, const char *family)
{
    char sample[64];

    snprintf(sample, sizeof(sample), "%s_info", family);
    for (size_t i = 0; i < exposition->tick->process_count; i++) {
        const struct process *process = &exposition->tick->processes[i];
        struct number_text pid = number_text(process->pid);
        struct number_text parent = number_text(process->parent_pid);
        write_sample(exposition->stream, sample, 1, "pid", pid.text, "parent_pid", parent.text, "user",
                     process->user, "command", process->command, "python_version",
                     process->python != NULL ? process->python->version : NULL, "phase", process->phase,
                     NO_MORE_LABELS);
    }
}

static void write_verdicts(const struct exposition *exposition, const char *family)
{
    for (size_t i = 0; i < exposition->tick->process_count; i++) {
        const struct process *process = &exposition->tick->processes[i];
        struct number_text pid = number_text(process->pid);
        struct verdict verdict;
        if (verdict_of_process(exposition->tick, process, exposition->tree, &verdict))
            write_sample(exposition->stream, family, ratio(verdict.first.percent), "pid", pid.text, "kind",
                         verdict_kind_name(verdict.first.kind), NO_MORE_LABELS);
    }
}

static double process_cpu(const struct process *process)
{
    return ratio(process->cpu_percent);
}

static double process_resident(const struct process *process)
{
    return known_count(process->resident_bytes);
}

static double process_virtual(const struct process *process)
{
    return known_count(process->virtual_bytes);
}

static double process_read_rate(const struct process *process)
{
    return process->read_bytes_per_second;
}

static double process_write_rate(const struct process *process)
{
    return process->write_bytes_per_second;
}

static double process_threads(const struct process *process)
{
    return known_count(process->thread_count);
}

static double process_open_files(const struct process *process)
{
    return known_count(process->open_file_count);
}

static double process_open_file_limit(const struct process *process)
{
    return known_count(process->open_file_limit);
}

static double process_samples(const struct process *process)
{
    return process->profile != NULL ? (double)process->profile->samples : UNKNOWN_REAL;
}

static double process_partial(const struct process *process)
{
    return process->profile != NULL ? (double)process->profile->partial : UNKNOWN_REAL;
}

static double process_invalid(const struct process *process)
{
    return process->profile != NULL ? (double)process->profile->invalid : UNKNOWN_REAL;
}

static uint64_t row_own_cpu_ns(const struct ranking_row *row)
{
    return row->own_cpu_ns;
}

static uint64_t row_total_cpu_ns(const struct ranking_row *row)
{
    return row->total_cpu_ns;
}

static uint64_t row_own_wall_ns(const struct ranking_row *row)
{
    return row->own_wall_ns;
}

static uint64_t row_total_wall_ns(const struct ranking_row *row)
{
    return row->total_wall_ns;
}

/* ---- the families ---- */

/* A family has one of the three ways to write it. */
static const struct family {
    const char *name; /* without the suffix of its type */
    const char *type;
    const char *unit; /* the name's last word; NULL for a number of things */
    const char *help;
    void (*write)(const struct exposition *exposition, const char *family);
    double (*process_value)(const struct process *process);
    uint64_t (*function_ns)(const struct ranking_row *row);
} families[] = {
    {"pyneck_interval_seconds", "gauge", "seconds", "Length of the interval that the figures are of.",
     .write = write_interval},
    {"pyneck_own_cpu_ratio", "gauge", "ratio", "CPU that pyneck itself used; 1 is one core.",
     .write = write_own_cpu},
    {"pyneck_system_load_average", "gauge", NULL, "Load average.", .write = write_load},
    {"pyneck_system_cpu_ratio", "gauge", "ratio", "Share of a CPU's time by mode.", .write = write_cpus},
    {"pyneck_system_memory_bytes", "gauge", "bytes", "Memory and swap of the machine.",
     .write = write_memory},
    {"pyneck_system_pressure_ratio", "gauge", "ratio", "Share of time in which some task was held up.",
     .write = write_pressure},
    {"pyneck_system_disk_bytes_per_second", "gauge", "bytes_per_second", "Disk throughput.",
     .write = write_disk_rates},
    {"pyneck_system_disk_busy_ratio", "gauge", "ratio", "Share of time in which the disk was busy.",
     .write = write_disk_busy},
    {"pyneck_system_network_bytes_per_second", "gauge", "bytes_per_second", "Network throughput.",
     .write = write_network_rates},
    {"pyneck_process", "info", NULL, "What the process is.", .write = write_process_info},
    {"pyneck_process_verdict_ratio", "gauge", "ratio", "Share of time behind the verdict, by its kind.",
     .write = write_verdicts},
    {"pyneck_process_cpu_ratio", "gauge", "ratio", "CPU that the process used; 1 is one core.",
     .process_value = process_cpu},
    {"pyneck_process_resident_bytes", "gauge", "bytes", "Resident memory.",
     .process_value = process_resident},
    {"pyneck_process_virtual_bytes", "gauge", "bytes", "Virtual memory.", .process_value = process_virtual},
    {"pyneck_process_read_bytes_per_second", "gauge", "bytes_per_second", "Bytes read from storage.",
     .process_value = process_read_rate},
    {"pyneck_process_write_bytes_per_second", "gauge", "bytes_per_second", "Bytes written to storage.",
     .process_value = process_write_rate},
    {"pyneck_process_threads", "gauge", NULL, "Threads.", .process_value = process_threads},
    {"pyneck_process_open_files", "gauge", NULL, "Open file descriptors.",
     .process_value = process_open_files},
    {"pyneck_process_open_file_limit", "gauge", NULL, "Soft limit of open file descriptors.",
     .process_value = process_open_file_limit},
    {"pyneck_process_samples", "gauge", NULL, "Stack samples taken in the interval.",
     .process_value = process_samples},
    {"pyneck_process_partial_samples", "gauge", NULL, "Samples of which only the outermost part is known.",
     .process_value = process_partial},
    {"pyneck_process_invalid_samples", "gauge", NULL, "Samples without a readable stack.",
     .process_value = process_invalid},
    {"pyneck_function_own_cpu_seconds", "gauge", "seconds", "CPU time in the function itself.",
     .function_ns = row_own_cpu_ns},
    {"pyneck_function_total_cpu_seconds", "gauge", "seconds", "CPU time in the function and its callees.",
     .function_ns = row_total_cpu_ns},
    {"pyneck_function_own_wall_seconds", "gauge", "seconds", "Thread time in the function itself.",
     .function_ns = row_own_wall_ns},
    {"pyneck_function_total_wall_seconds", "gauge", "seconds", "Thread time in the function and its callees.",
     .function_ns = row_total_wall_ns},
};

static void write_process_values(const struct exposition *exposition, const struct family *family)
{
    for (size_t i = 0; i < exposition->tick->process_count; i++) {
        const struct process *process = &exposition->tick->processes[i];
        struct number_text pid = number_text(process->pid);
        write_sample(exposition->stream, family->name, family->process_value(process), "pid", pid.text,
                     NO_MORE_LABELS);
    }
}

static void write_function_values(const struct exposition *exposition, const struct family *family)
{
    for (size_t i = 0; i < exposition->tick->process_count; i++) {
        const struct process *process = &exposition->tick->processes[i];
        struct number_text pid = number_text(process->pid);
        struct ranking ranking = ranking_of_process(exposition->tick, process, exposition->tree,
                                                    exposition->mode, RANKING_FUNCTIONS);
        for (size_t row = 0; row < ranking.count && row < MAX_FUNCTIONS; row++) {
            const struct function *function =
                call_tree_function(exposition->tree, ranking.rows[row].function);
            struct number_text line = number_text(function->line);
            write_sample(exposition->stream, family->name,
                         (double)family->function_ns(&ranking.rows[row]) / (double)NS_PER_SECOND, "pid",
                         pid.text, "function", function->name, "file", function->file, "line", line.text,
                         NO_MORE_LABELS);
        }
        ranking_free(&ranking);
    }
}

static void write_tick(FILE *stream, const struct tick *tick, const struct call_tree *tree,
                       const struct print_options *options)
{
    struct exposition exposition = {.stream = stream, .tick = tick, .tree = tree, .mode = options->mode};

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        const struct family *family = &families[i];
        fprintf(stream, "# TYPE %s %s\n", family->name, family->type);
        if (family->unit != NULL)
            fprintf(stream, "# UNIT %s %s\n", family->name, family->unit);
        fprintf(stream, "# HELP %s %s\n", family->name, family->help);
        if (family->write != NULL)
            family->write(&exposition, family->name);
        else if (family->process_value != NULL)
            write_process_values(&exposition, family);
        else
            write_function_values(&exposition, family);
    }
    fputs("# EOF\n", stream);
}

const struct format format_openmetrics = {
    .name = "openmetrics",
    .suffix = ".prom",
    .write_tick = write_tick,
    .replaces_file = true,
};

/* The Firefox Profiler's processed format (profiler.firefox.com): what each thread did over time, coloured by its state,
 * with its CPU use; the CPU and memory of each process as counters.
 *
 * source  firefox-devtools/profiler, docs-developer/CHANGELOG-formats.md and src/types/profile.ts */
#include "config.h"

#include "export/gecko_tables.h"
#include "export/profile_stack.h"
#include "export/profile_timeline.h"

#include "base/clock.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>

/* The version whose tables are written (an older one is upgraded where it is read), and that of the format which Firefox
 * itself writes that goes with it. */
enum {
    PROCESSED_VERSION = 61,
    GECKO_VERSION = 31,
    DEFAULT_RATE_HZ = 100,
};

/* Frames have the category of the thread's state; the one in grey is the default. */
static const char *const colours[THREAD_STATES] = {
    [THREAD_RUNNING] = "yellow", [THREAD_RUNNABLE] = "lightred", [THREAD_GIL] = "red",
    [THREAD_LOCK] = "magenta",   [THREAD_SLEEP] = "transparent", [THREAD_DISK] = "brown",
    [THREAD_NETWORK] = "blue",   [THREAD_PIPE] = "lightblue",    [THREAD_POLL] = "transparent",
    [THREAD_CHILD] = "purple",   [THREAD_GC] = "orange",         [THREAD_NATIVE] = "green",
    [THREAD_OTHER] = "grey",
};

static const char *const weight_types[PROFILE_WEIGHTS] = {
    [WEIGHT_CPU] = "tracing-ms",
    [WEIGHT_WALL] = "tracing-ms",
    [WEIGHT_SAMPLES] = "samples",
    [WEIGHT_MEMORY] = "bytes",
};

struct gecko_thread {
    struct number_log stacks;
    struct number_log times_ns;
    struct number_log weights;
    struct number_log cpu_ns; /* since the sample before */
    int64_t first_ns;         /* the time of the first sample */
    int64_t later_cpu_ns;     /* for the next sample */
    int64_t end_ns;           /* of the last sample's time */
};

struct gecko_process {
    char id[48]; /* its pid, with its start where another process had it before */
    size_t main_thread;
    struct number_log times_ns;
    struct number_log cpu_us;          /* since the one before */
    struct number_log resident_change; /* bytes */
    int64_t resident_bytes;
};

struct gecko {
    const struct profile_document *document;
    int64_t origin_ns; /* CLOCK_REALTIME that counts as 0 */
    int64_t gap_ns;    /* as in profile_timeline_gap_ns() */
    double rate_hz;
    struct gecko_tables tables;
    struct number_store *store;
    struct gecko_thread *threads; /* by index into the sum's threads */
    size_t thread_capacity;
    struct gecko_process *processes;
    size_t process_count;
    size_t process_capacity;
    struct hash_map process_places; /* by pid and start */
    struct hash_map used_pids;      /* by pid */
};

/* ---- ticks ---- */

static void *begin(FILE *stream, const struct profile_document *document)
{
    struct gecko *gecko = memory_allocate(1, sizeof(*gecko));

    (void)stream;
    gecko->document = document;
    gecko->tables.tree = document->tree;
    gecko->store = number_store_new();
    return gecko;
}

static void add_sample(struct gecko *gecko, struct gecko_thread *thread, int64_t stack, int64_t time_ns,
                       int64_t weight)
{
    if (thread->stacks.count == 0)
        thread->first_ns = time_ns;
    number_log_add(&thread->stacks, gecko->store, stack);
    number_log_add(&thread->times_ns, gecko->store, time_ns);
    number_log_add(&thread->weights, gecko->store, weight);
    number_log_add(&thread->cpu_ns, gecko->store, thread->later_cpu_ns);
    thread->later_cpu_ns = 0;
}

/* After its last sample nothing is known of the thread, until the next one. */
static void add_gap(struct gecko *gecko, struct gecko_thread *thread)
{
    add_sample(gecko, thread, NO_NUMBER, thread->end_ns, 0);
}

/* A sample holds from its time to that of the next one. Many at one place are written as the first and the last. */
static void add_step(void *context, const struct timeline_step *step)
{
    struct gecko *gecko = context;
    size_t index = profile_sum_find_thread(gecko->document->sum, step->process, step->tid);

    gecko->threads = memory_grow(gecko->threads, &gecko->thread_capacity, index + 1, sizeof(*gecko->threads));
    struct gecko_thread *thread = &gecko->threads[index];
    int64_t stack = gecko_tables_add_stack(&gecko->tables, step->node, step->state);
    int64_t begin_ns = step->begin_ns - gecko->origin_ns;
    int64_t count = step->samples > 0 && step->wall_ns > 0 ? step->samples : 1;
    int64_t last_weight = count > 1 ? step->weight / count : 0;
    int64_t last_cpu_ns = step->cpu_ns / count;

    if (thread->times_ns.count > 0 && begin_ns - thread->end_ns > gecko->gap_ns)
        add_gap(gecko, thread);
    /* The two clocks of a tick are not read at quite the same moment. */
    begin_ns = begin_ns > thread->times_ns.last ? begin_ns : thread->times_ns.last;
    add_sample(gecko, thread, stack, begin_ns, step->weight - last_weight);
    if (count > 1) {
        thread->later_cpu_ns = step->cpu_ns - last_cpu_ns;
        add_sample(gecko, thread, stack, begin_ns + (int64_t)step->wall_ns / count * (count - 1),
                   last_weight);
    }
    thread->later_cpu_ns = last_cpu_ns;
    thread->end_ns = begin_ns + (int64_t)step->wall_ns;
}

static struct gecko_process *find_process(struct gecko *gecko, pid_t pid, uint64_t start_ticks)
{
    uint64_t key = hash_u64(start_ticks) ^ (uint64_t)pid;
    const uint32_t *known = hash_map_find(&gecko->process_places, key);

    if (known != NULL)
        return &gecko->processes[*known];
    gecko->processes = memory_grow(gecko->processes, &gecko->process_capacity, gecko->process_count + 1,
                                   sizeof(*gecko->processes));
    struct gecko_process *process = &gecko->processes[gecko->process_count];
    process->main_thread = SIZE_MAX;
    if (hash_map_find(&gecko->used_pids, (uint64_t)pid) == NULL)
        snprintf(process->id, sizeof(process->id), "%d", pid);
    else
        snprintf(process->id, sizeof(process->id), "%d.%" PRIu64, pid, start_ticks);
    hash_map_set(&gecko->used_pids, (uint64_t)pid, 1);
    hash_map_set(&gecko->process_places, key, (uint32_t)gecko->process_count++);
    return process;
}

/* One row of the counters; there is none where one of the two is not known. */
static void add_counters(struct gecko *gecko, const struct tick *tick, const struct process *process)
{
    struct gecko_process *counted = find_process(gecko, process->pid, process->start_ticks);

    if (!real_is_known(process->cpu_percent) || !count_is_known(process->resident_bytes))
        return;
    double cpu_us = process->cpu_percent / 100 * (double)tick->interval_ns / (double)NS_PER_MICROSECOND;
    number_log_add(&counted->times_ns, gecko->store, tick->time_ns - gecko->origin_ns);
    number_log_add(&counted->cpu_us, gecko->store, (int64_t)cpu_us);
    number_log_add(&counted->resident_change, gecko->store,
                   process->resident_bytes - counted->resident_bytes);
    counted->resident_bytes = process->resident_bytes;
}

static void write_tick(void *state, FILE *stream, const struct profile_document *document,
                       const struct profile_selection *selection, const struct tick *tick)
{
    struct gecko *gecko = state;
    int64_t end_ns;

    (void)stream;
    gecko->gap_ns = (int64_t)profile_timeline_gap_ns(selection);
    profile_sum_span(document->sum, &gecko->origin_ns, &end_ns);
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *process = &tick->processes[i];
        if (!profile_selection_has_process(selection, process))
            continue;
        add_counters(gecko, tick, process);
        if (process->profile->rate_hz > gecko->rate_hz)
            gecko->rate_hz = process->profile->rate_hz;
    }
    profile_timeline_walk(tick, selection, document->weight, add_step, gecko);
}

/* ---- the file ---- */

static void write_meta(FILE *stream, const struct gecko *gecko)
{
    double rate_hz = gecko->rate_hz > 0 ? gecko->rate_hz : DEFAULT_RATE_HZ;

    fprintf(stream, "{\"meta\":{\"version\":%d,\"preprocessedProfileVersion\":%d,", GECKO_VERSION,
            PROCESSED_VERSION);
    fprintf(stream, "\"startTime\":%" PRId64 ".%06" PRId64 ",\"interval\":%.6f,",
            gecko->origin_ns / (int64_t)NS_PER_MILLISECOND, gecko->origin_ns % (int64_t)NS_PER_MILLISECOND,
            1e3 / rate_hz);
    fputs("\"product\":", stream);
    json_stream_text(stream, gecko->document->title);
    fputs(",\"importedFrom\":\"pyneck " PACKAGE_VERSION "\",\"processType\":0,\"stackwalk\":1,"
          "\"symbolicated\":true,\"symbolicationNotSupported\":true,\"sourceCodeIsNotOnSearchfox\":true,"
          "\"usesOnlyOneStackType\":true,\"markerSchema\":[],"
          "\"sampleUnits\":{\"time\":\"ms\",\"eventDelay\":\"ms\",\"threadCPUDelta\":\"ns\"},"
          "\"categories\":[",
          stream);
    for (enum thread_state state = 0; state < THREAD_STATES; state++)
        fprintf(stream, "%s{\"name\":\"%s\",\"color\":\"%s\",\"subcategories\":[\"Other\"]}",
                state > 0 ? "," : "", thread_state_name(state), colours[state]);
    fputs("]},\n\"libs\":[],\n", stream);
}

/* A column of the file. */
struct column {
    const char *name;
    const struct number_log *numbers;
    void (*write)(FILE *stream, int64_t number);
};

static struct error *write_columns(FILE *stream, const struct gecko *gecko, const struct column *columns,
                                   size_t count)
{
    struct error *error = NULL;

    for (size_t i = 0; i < count && error == NULL; i++)
        error = json_stream_log(stream, columns[i].name, columns[i].numbers, gecko->store, columns[i].write);
    return error;
}

/* Times are in nanoseconds, and written in milliseconds. */
static struct error *write_samples(FILE *stream, const struct gecko *gecko, const struct gecko_thread *thread)
{
    enum profile_weight weight = gecko->document->weight;
    bool is_time = weight == WEIGHT_CPU || weight == WEIGHT_WALL;
    const struct column columns[] = {
        {"stack", &thread->stacks, json_stream_number},
        {"time", &thread->times_ns, json_stream_millionths},
        {"weight", &thread->weights, is_time ? json_stream_millionths : json_stream_number},
        {"threadCPUDelta", &thread->cpu_ns, json_stream_number},
    };

    fputs("\"samples\":{", stream);
    struct error *error = write_columns(stream, gecko, columns, sizeof(columns) / sizeof(columns[0]));
    fprintf(stream, "\"weightType\":\"%s\",\"length\":%zu},", weight_types[weight], thread->stacks.count);
    return error;
}

static struct error *write_thread(FILE *stream, const struct gecko *gecko,
                                  const struct profile_thread *thread, const struct gecko_thread *samples,
                                  const struct gecko_process *process)
{
    char label[PROFILE_LABEL_SIZE];
    bool is_main = &gecko->threads[process->main_thread] == samples;

    profile_thread_label(label, thread);
    fputs("{\"name\":", stream);
    json_stream_text(stream, label);
    profile_process_label(label, thread);
    fputs(",\"processName\":", stream);
    json_stream_text(stream, label);
    fprintf(stream,
            ",\"isMainThread\":%s,\"pid\":\"%s\",\"tid\":%d,\"registerTime\":", is_main ? "true" : "false",
            process->id, thread->tid);
    json_stream_millionths(stream, samples->first_ns);
    fputs(",\"unregisterTime\":null,\"processType\":\"default\",\"processStartupTime\":0,"
          "\"processShutdownTime\":null,\"pausedRanges\":[],",
          stream);
    struct error *error = write_samples(stream, gecko, samples);
    fputs("\"markers\":{\"data\":[],\"name\":[],\"startTime\":[],\"endTime\":[],\"phase\":[],\"category\":[],"
          "\"length\":0}}",
          stream);
    return error;
}

/* The main thread of each process; the first that was seen where that was not. */
static void find_main_threads(struct gecko *gecko, const struct profile_thread *threads, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct gecko_process *process = find_process(gecko, threads[i].pid, threads[i].start_ticks);
        if (process->main_thread == SIZE_MAX || threads[i].tid == threads[i].pid)
            process->main_thread = i;
    }
}

static struct error *write_threads(FILE *stream, struct gecko *gecko)
{
    struct error *error = NULL;
    size_t count;
    const struct profile_thread *threads = profile_sum_threads(gecko->document->sum, &count);

    gecko->threads = memory_grow(gecko->threads, &gecko->thread_capacity, count, sizeof(*gecko->threads));
    find_main_threads(gecko, threads, count);
    fputs("\"threads\":[", stream);
    for (size_t i = 0; i < count && error == NULL; i++) {
        fputs(i > 0 ? ",\n" : "\n", stream);
        if (gecko->threads[i].stacks.count > 0)
            add_gap(gecko, &gecko->threads[i]);
        error = write_thread(stream, gecko, &threads[i], &gecko->threads[i],
                             find_process(gecko, threads[i].pid, threads[i].start_ticks));
    }
    fputs("],\n", stream);
    return error;
}

static struct error *write_counter(FILE *stream, const struct gecko *gecko, const char *heading,
                                   const struct gecko_process *process, const struct number_log *counts)
{
    const struct column columns[] = {
        {"time", &process->times_ns, json_stream_millionths},
        {"count", counts, json_stream_number},
    };

    fprintf(stream, "{%s,\"pid\":\"%s\",\"mainThreadIndex\":%zu,\"samples\":{", heading, process->id,
            process->main_thread);
    struct error *error = write_columns(stream, gecko, columns, sizeof(columns) / sizeof(columns[0]));
    fprintf(stream, "\"length\":%zu}}", counts->count);
    return error;
}

/* The names and categories say how the Firefox Profiler draws a counter. */
static struct error *write_counters(FILE *stream, const struct gecko *gecko)
{
    struct error *error = NULL;
    const char *separator = "\n";

    fputs("\"counters\":[", stream);
    for (size_t i = 0; i < gecko->process_count && error == NULL; i++) {
        const struct gecko_process *process = &gecko->processes[i];
        if (process->main_thread == SIZE_MAX || process->times_ns.count == 0)
            continue;
        fputs(separator, stream);
        error = write_counter(
            stream, gecko,
            "\"name\":\"processCPU\",\"category\":\"CPU\",\"description\":\"CPU time in microseconds\"",
            process, &process->cpu_us);
        fputs(",\n", stream);
        if (error == NULL)
            error = write_counter(
                stream, gecko,
                "\"name\":\"resident\",\"category\":\"Memory\",\"description\":\"Resident memory\"", process,
                &process->resident_change);
        separator = ",\n";
    }
    fputs("]}\n", stream);
    return error;
}

static void free_gecko(struct gecko *gecko)
{
    for (size_t i = 0; i < gecko->thread_capacity; i++) {
        number_log_free(&gecko->threads[i].stacks);
        number_log_free(&gecko->threads[i].times_ns);
        number_log_free(&gecko->threads[i].weights);
        number_log_free(&gecko->threads[i].cpu_ns);
    }
    for (size_t i = 0; i < gecko->process_count; i++) {
        number_log_free(&gecko->processes[i].times_ns);
        number_log_free(&gecko->processes[i].cpu_us);
        number_log_free(&gecko->processes[i].resident_change);
    }
    free(gecko->threads);
    free(gecko->processes);
    hash_map_free(&gecko->process_places);
    hash_map_free(&gecko->used_pids);
    gecko_tables_free(&gecko->tables);
    number_store_free(gecko->store);
    free(gecko);
}

static struct error *end(void *state, FILE *stream, const struct profile_document *document)
{
    struct gecko *gecko = state;

    (void)document;
    write_meta(stream, gecko);
    gecko_tables_write(stream, &gecko->tables);
    struct error *error = write_threads(stream, gecko);
    if (error == NULL)
        error = write_counters(stream, gecko);
    free_gecko(gecko);
    return error;
}

static const struct timeline_format timeline = {.begin = begin, .write_tick = write_tick, .end = end};

const struct profile_format profile_format_gecko = {
    .name = "gecko",
    .suffix = ".gecko.json",
    .help = "for profiler.firefox.com: threads and their states over time",
    .timeline = &timeline,
};

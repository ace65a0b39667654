/* Trace Event JSON, for Perfetto (ui.perfetto.dev) and chrome://tracing: what each thread did over time, and the CPU,
 * memory and open files of each process as counters. It is a picture of time, whatever is weighed: a frame's duration is
 * wall time, its thread duration (`tts`) is CPU time.
 *
 * source  "Trace Event Format", the Catapult project */
#include "config.h"

#include "export/json_stream.h"
#include "export/profile_format.h"
#include "export/profile_stack.h"
#include "export/profile_timeline.h"

#include "analysis/call_edges.h"
#include "base/memory.h"

#include <stdlib.h>

/* The frames of a thread that have begun and not ended. */
struct open_stack {
    uint32_t functions[CALL_TREE_MAX_DEPTH]; /* or NO_FUNCTION */
    size_t depth;
    int64_t begin_ns; /* of its last step */
    int64_t end_ns;
    int64_t cpu_ns; /* that the thread has used so far */
    pid_t pid;
    pid_t tid;
};

struct chrome {
    const struct profile_document *document;
    FILE *stream;
    int64_t origin_ns; /* CLOCK_REALTIME that counts as 0 */
    int64_t gap_ns;    /* as in profile_timeline_gap_ns() */
    bool has_events;
    struct open_stack **stacks; /* by index into the sum's threads */
    size_t capacity;
};

/* Write what all events have in common. */
static void begin_event(struct chrome *chrome, char phase, pid_t pid, int64_t time_ns)
{
    fputs_unlocked(chrome->has_events ? ",\n{\"ph\":\"" : "{\"ph\":\"", chrome->stream);
    chrome->has_events = true;
    putc_unlocked(phase, chrome->stream);
    fputs_unlocked("\",\"pid\":", chrome->stream);
    json_stream_number(chrome->stream, pid);
    fputs_unlocked(",\"ts\":", chrome->stream);
    json_stream_thousandths(chrome->stream, time_ns - chrome->origin_ns);
}

static void begin_frame_event(struct chrome *chrome, char phase, const struct open_stack *stack,
                              int64_t time_ns)
{
    begin_event(chrome, phase, stack->pid, time_ns);
    fputs_unlocked(",\"tid\":", chrome->stream);
    json_stream_number(chrome->stream, stack->tid);
    fputs_unlocked(",\"tts\":", chrome->stream);
    json_stream_thousandths(chrome->stream, stack->cpu_ns);
}

static void begin_frame(struct chrome *chrome, struct open_stack *stack, uint32_t node, int64_t time_ns,
                        enum thread_state state)
{
    const struct call_node *place = call_tree_node(chrome->document->tree, node);
    bool is_none = node == CALL_TREE_ROOT;
    const struct function *function =
        is_none ? NULL : call_tree_function(chrome->document->tree, place->function);

    begin_frame_event(chrome, 'B', stack, time_ns);
    fputs_unlocked(",\"cat\":\"", chrome->stream);
    fputs_unlocked(thread_state_name(state), chrome->stream);
    fputs_unlocked("\",\"name\":", chrome->stream);
    json_stream_text(chrome->stream, is_none ? "[no Python code]" : function->name);
    if (!is_none) {
        fputs_unlocked(",\"args\":{\"file\":", chrome->stream);
        json_stream_text(chrome->stream, function->file);
        fputs_unlocked(",\"line\":", chrome->stream);
        json_stream_number(chrome->stream, place->line);
        putc_unlocked('}', chrome->stream);
    }
    putc_unlocked('}', chrome->stream);
    stack->functions[stack->depth++] = is_none ? NO_FUNCTION : place->function;
}

/* End the frames above a depth. */
static void end_frames(struct chrome *chrome, struct open_stack *stack, size_t depth, int64_t time_ns)
{
    for (; stack->depth > depth; stack->depth--) {
        begin_frame_event(chrome, 'E', stack, time_ns);
        putc_unlocked('}', chrome->stream);
    }
}

static struct open_stack *find_stack(struct chrome *chrome, const struct timeline_step *step)
{
    size_t index = profile_sum_find_thread(chrome->document->sum, step->process, step->tid);

    chrome->stacks = memory_grow(chrome->stacks, &chrome->capacity, index + 1, sizeof(*chrome->stacks));
    if (chrome->stacks[index] == NULL) {
        chrome->stacks[index] = memory_allocate(1, sizeof(*chrome->stacks[index]));
        chrome->stacks[index]->pid = step->process->pid;
        chrome->stacks[index]->tid = step->tid;
    }
    return chrome->stacks[index];
}

static bool is_function(const struct chrome *chrome, uint32_t node, uint32_t function)
{
    if (node == CALL_TREE_ROOT || function == NO_FUNCTION)
        return node == CALL_TREE_ROOT && function == NO_FUNCTION;
    return call_tree_node(chrome->document->tree, node)->function == function;
}

/* What goes on goes on; what is no longer on the stack has ended when this sample's time begins. */
static void place_step(struct chrome *chrome, struct open_stack *stack, const struct timeline_step *step)
{
    uint32_t nodes[CALL_TREE_MAX_DEPTH] = {CALL_TREE_ROOT};
    size_t depth = profile_stack_nodes(chrome->document->tree, step->node, nodes);
    size_t common = 0;

    /* The two clocks of a tick are not read at quite the same moment: no step begins before the one before. */
    int64_t begin_ns = step->begin_ns > stack->begin_ns ? step->begin_ns : stack->begin_ns;

    if (begin_ns - stack->end_ns > chrome->gap_ns)
        end_frames(chrome, stack, 0, stack->end_ns);
    depth = depth > 0 ? depth : 1;
    while (common < depth && common < stack->depth &&
           is_function(chrome, nodes[common], stack->functions[common]))
        common++;
    end_frames(chrome, stack, common, begin_ns);
    for (size_t i = common; i < depth; i++)
        begin_frame(chrome, stack, nodes[i], begin_ns, step->state);
    stack->begin_ns = begin_ns;
    stack->end_ns = begin_ns + (int64_t)step->wall_ns;
}

static void add_step(void *context, const struct timeline_step *step)
{
    struct chrome *chrome = context;
    struct open_stack *stack = find_stack(chrome, step);

    if (step->wall_ns > 0)
        place_step(chrome, stack, step);
    stack->cpu_ns += step->cpu_ns;
}

/* Perfetto shows a counter's name and that of its figure together, chrome://tracing beside each other. */
static void write_counter(struct chrome *chrome, const struct process *process, int64_t time_ns,
                          const char *name, const char *unit, double value)
{
    if (!real_is_known(value))
        return;
    begin_event(chrome, 'C', process->pid, time_ns);
    fprintf(chrome->stream, ",\"name\":\"%s\",\"args\":{\"%s\":%.15g}}", name, unit, value);
}

static double real_of_count(int64_t count)
{
    return count_is_known(count) ? (double)count : UNKNOWN_REAL;
}

static void *begin(FILE *stream, const struct profile_document *document)
{
    struct chrome *chrome = memory_allocate(1, sizeof(*chrome));

    chrome->document = document;
    fputs("{\"displayTimeUnit\":\"ms\",\"otherData\":{\"exporter\":\"pyneck " PACKAGE_VERSION
          "\"},\"traceEvents\":[\n",
          stream);
    return chrome;
}

static void write_tick(void *state, FILE *stream, const struct profile_document *document,
                       const struct profile_selection *selection, const struct tick *tick)
{
    struct chrome *chrome = state;
    int64_t end_ns;

    chrome->stream = stream;
    chrome->gap_ns = (int64_t)profile_timeline_gap_ns(selection);
    profile_sum_span(document->sum, &chrome->origin_ns, &end_ns);
    profile_timeline_walk(tick, selection, document->weight, add_step, chrome);
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *process = &tick->processes[i];
        if (!profile_selection_has_process(selection, process))
            continue;
        write_counter(chrome, process, tick->time_ns, "CPU", "percent", process->cpu_percent);
        write_counter(chrome, process, tick->time_ns, "resident memory", "bytes",
                      real_of_count(process->resident_bytes));
        write_counter(chrome, process, tick->time_ns, "open files", "count",
                      real_of_count(process->open_file_count));
    }
}

/* Metadata has no time. */
static void write_name(struct chrome *chrome, const char *what, const struct profile_thread *thread,
                       const char *name)
{
    fprintf(chrome->stream, "%s{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"%s\",\"args\":{\"name\":",
            chrome->has_events ? ",\n" : "", thread->pid, thread->tid, what);
    chrome->has_events = true;
    json_stream_text(chrome->stream, name);
    fputs("}}", chrome->stream);
}

static struct error *end(void *state, FILE *stream, const struct profile_document *document)
{
    struct chrome *chrome = state;
    size_t count;
    const struct profile_thread *threads = profile_sum_threads(document->sum, &count);

    chrome->stream = stream;
    for (size_t i = 0; i < count && i < chrome->capacity; i++) {
        char label[PROFILE_LABEL_SIZE];
        struct open_stack *stack = chrome->stacks[i];
        if (stack == NULL)
            continue;
        end_frames(chrome, stack, 0, stack->end_ns);
        profile_process_label(label, &threads[i]);
        write_name(chrome, "process_name", &threads[i], label);
        profile_thread_label(label, &threads[i]);
        write_name(chrome, "thread_name", &threads[i], label);
        free(stack);
    }
    fputs("\n]}\n", stream);
    free(chrome->stacks);
    free(chrome);
    return NULL;
}

static const struct timeline_format timeline = {.begin = begin, .write_tick = write_tick, .end = end};

const struct profile_format profile_format_chrome = {
    .name = "chrome",
    .suffix = ".trace.json",
    .help = "a trace over time, for ui.perfetto.dev and chrome://tracing",
    .timeline = &timeline,
};

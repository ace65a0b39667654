/* Trace Event JSON, for Perfetto (ui.perfetto.dev) and chrome://tracing: what each thread did over time, and the CPU,
 * memory and open files of each process as counters. Weights make no difference: the picture is one of time.
 *
 * source  "Trace Event Format", the Catapult project */
#include "config.h"

#include "export/profile_format.h"
#include "export/profile_stack.h"
#include "export/profile_timeline.h"

#include "base/hash.h"
#include "base/memory.h"

#include <jansson.h>
#include <stdlib.h>

static const double ns_per_us = 1e3;
static const int64_t gap_ns =
    50 * 1000 * 1000; /* a thread that nobody saw for so long does not go on where it was */

/* The frames of a thread that have begun and not ended. */
struct open_stack {
    uint32_t functions[CALL_TREE_MAX_DEPTH];
    size_t depth;
    int64_t begin_ns; /* of its last step */
    int64_t end_ns;
    pid_t pid;
    pid_t tid;
};

struct chrome {
    const struct profile_document *document;
    FILE *stream;
    int64_t origin_ns; /* CLOCK_REALTIME that counts as 0 */
    bool has_events;
    struct open_stack **stacks; /* by index into the sum's threads */
    size_t capacity;
};

/* Write an event; it is freed. */
static void write_event(struct chrome *chrome, json_t *event)
{
    fputs(chrome->has_events ? ",\n" : "", chrome->stream);
    chrome->has_events = true;
    json_dumpf(event, chrome->stream, JSON_COMPACT);
    json_decref(event);
}

static double time_us(const struct chrome *chrome, int64_t time_ns)
{
    return (double)(time_ns - chrome->origin_ns) / ns_per_us;
}

static void begin_frame(struct chrome *chrome, struct open_stack *stack, uint32_t node, int64_t time_ns,
                        enum thread_state state)
{
    const struct call_node *place = call_tree_node(chrome->document->tree, node);
    const struct function *function = call_tree_function(chrome->document->tree, place->function);

    stack->functions[stack->depth++] = place->function;
    write_event(chrome,
                json_pack("{s:s, s:s, s:s, s:f, s:i, s:i, s:{s:s, s:i}}", "ph", "B", "name", function->name,
                          "cat", thread_state_name(state), "ts", time_us(chrome, time_ns), "pid", stack->pid,
                          "tid", stack->tid, "args", "file", function->file, "line", (int)place->line));
}

/* End the frames above a depth. */
static void end_frames(struct chrome *chrome, struct open_stack *stack, size_t depth, int64_t time_ns)
{
    for (; stack->depth > depth; stack->depth--)
        write_event(chrome, json_pack("{s:s, s:f, s:i, s:i}", "ph", "E", "ts", time_us(chrome, time_ns),
                                      "pid", stack->pid, "tid", stack->tid));
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

/* What goes on goes on; what is no longer on the stack has ended when this sample's time begins. */
static void add_step(void *context, const struct timeline_step *step)
{
    struct chrome *chrome = context;
    struct open_stack *stack = find_stack(chrome, step);
    uint32_t nodes[CALL_TREE_MAX_DEPTH];
    size_t depth = profile_stack_nodes(chrome->document->tree, step->node, nodes);
    size_t common = 0;

    /* The two clocks of a tick are not read at quite the same moment: no step begins before the one before. */
    int64_t begin_ns = step->begin_ns > stack->begin_ns ? step->begin_ns : stack->begin_ns;

    if (step->wall_ns == 0)
        return;
    if (begin_ns - stack->end_ns > gap_ns)
        end_frames(chrome, stack, 0, stack->end_ns);
    while (common < depth && common < stack->depth &&
           call_tree_node(chrome->document->tree, nodes[common])->function == stack->functions[common])
        common++;
    end_frames(chrome, stack, common, begin_ns);
    for (size_t i = common; i < depth; i++)
        begin_frame(chrome, stack, nodes[i], begin_ns, step->state);
    stack->begin_ns = begin_ns;
    stack->end_ns = begin_ns + (int64_t)step->wall_ns;
}

static void write_counter(struct chrome *chrome, const struct process *process, int64_t time_ns,
                          const char *name, double value)
{
    if (real_is_known(value))
        write_event(chrome, json_pack("{s:s, s:s, s:f, s:i, s:{s:f}}", "ph", "C", "name", name, "ts",
                                      time_us(chrome, time_ns), "pid", process->pid, "args", name, value));
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
    profile_sum_span(document->sum, &chrome->origin_ns, &end_ns);
    profile_timeline_walk(tick, selection, document->weight, add_step, chrome);
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *process = &tick->processes[i];
        if (!profile_selection_has_process(selection, process))
            continue;
        write_counter(chrome, process, tick->time_ns, "CPU %", process->cpu_percent);
        write_counter(chrome, process, tick->time_ns, "resident bytes",
                      real_of_count(process->resident_bytes));
        write_counter(chrome, process, tick->time_ns, "open files", real_of_count(process->open_file_count));
    }
}

static void write_name(struct chrome *chrome, const char *what, const struct profile_thread *thread,
                       const char *name)
{
    write_event(chrome, json_pack("{s:s, s:s, s:i, s:i, s:{s:s}}", "ph", "M", "name", what, "pid",
                                  thread->pid, "tid", thread->tid, "args", "name", name));
}

static void end(void *state, FILE *stream, const struct profile_document *document)
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
}

static const struct timeline_format timeline = {.begin = begin, .write_tick = write_tick, .end = end};

const struct profile_format profile_format_chrome = {
    .name = "chrome",
    .suffix = ".trace.json",
    .help = "a trace over time, for ui.perfetto.dev and chrome://tracing",
    .timeline = &timeline,
};

/* speedscope's own format (www.speedscope.app), a profile for each thread, in the order of time.
 *
 * source  speedscope's file-format-schema.json */
#include "config.h"

#include "export/profile_stack.h"
#include "export/profile_timeline.h"

#include "base/hash.h"
#include "base/memory.h"

#include <jansson.h>
#include <stdlib.h>

/* Steps of one thread; those that follow each other at one place are one. */
struct thread_steps {
    uint32_t *nodes;
    int64_t *weights;
    size_t node_capacity;
    size_t weight_capacity;
    size_t count;
};

struct speedscope {
    struct thread_steps *threads; /* by index into the sum's threads */
    size_t capacity;
    const struct profile_document *document;
    json_t *frames;
    struct hash_map frame_places; /* by function and line */
};

static void *begin(FILE *stream, const struct profile_document *document)
{
    struct speedscope *speedscope = memory_allocate(1, sizeof(*speedscope));

    (void)stream;
    speedscope->document = document;
    speedscope->frames = json_array();
    return speedscope;
}

static void add_step(void *context, const struct timeline_step *step)
{
    struct speedscope *speedscope = context;
    size_t index = profile_sum_find_thread(speedscope->document->sum, step->process, step->tid);

    speedscope->threads =
        memory_grow(speedscope->threads, &speedscope->capacity, index + 1, sizeof(*speedscope->threads));
    struct thread_steps *steps = &speedscope->threads[index];
    if (step->weight <= 0)
        return;
    if (steps->count > 0 && steps->nodes[steps->count - 1] == step->node) {
        steps->weights[steps->count - 1] += step->weight;
        return;
    }
    steps->nodes = memory_grow(steps->nodes, &steps->node_capacity, steps->count + 1, sizeof(*steps->nodes));
    steps->weights =
        memory_grow(steps->weights, &steps->weight_capacity, steps->count + 1, sizeof(*steps->weights));
    steps->nodes[steps->count] = step->node;
    steps->weights[steps->count++] = step->weight;
}

static void write_tick(void *state, FILE *stream, const struct profile_document *document,
                       const struct profile_selection *selection, const struct tick *tick)
{
    (void)stream;
    profile_timeline_walk(tick, selection, document->weight, add_step, state);
}

static json_t *json_frame(const struct call_tree *tree, uint32_t node)
{
    const struct call_node *place = call_tree_node(tree, node);
    const struct function *function = call_tree_function(tree, place->function);

    if (node == CALL_TREE_ROOT)
        return json_pack("{s:s}", "name", "[no Python code]");
    if (place->line == 0)
        return json_pack("{s:s, s:s}", "name", function->name, "file", function->file);
    return json_pack("{s:s, s:s, s:I}", "name", function->name, "file", function->file, "line",
                     (json_int_t)place->line);
}

/* A frame's place in the list that all profiles share. */
static json_t *frame_index(struct speedscope *speedscope, uint32_t node)
{
    const struct call_tree *tree = speedscope->document->tree;
    const struct call_node *place = call_tree_node(tree, node);
    uint64_t key = node == CALL_TREE_ROOT ? UINT64_MAX : (uint64_t)place->function << 32 | place->line;
    const uint32_t *known = hash_map_find(&speedscope->frame_places, key);

    if (known != NULL)
        return json_integer(*known);
    uint32_t index = (uint32_t)json_array_size(speedscope->frames);
    json_array_append_new(speedscope->frames, json_frame(tree, node));
    hash_map_set(&speedscope->frame_places, key, index);
    return json_integer(index);
}

static json_t *json_stack(struct speedscope *speedscope, uint32_t node)
{
    uint32_t nodes[CALL_TREE_MAX_DEPTH];
    size_t depth = profile_stack_nodes(speedscope->document->tree, node, nodes);
    json_t *stack = json_array();

    if (depth == 0)
        json_array_append_new(stack, frame_index(speedscope, CALL_TREE_ROOT));
    for (size_t i = 0; i < depth; i++)
        json_array_append_new(stack, frame_index(speedscope, nodes[i]));
    return stack;
}

static json_t *json_profile(struct speedscope *speedscope, const struct profile_thread *thread,
                            const struct thread_steps *steps)
{
    char thread_label[PROFILE_LABEL_SIZE], process_label[PROFILE_LABEL_SIZE];
    char label[2 * PROFILE_LABEL_SIZE + sizeof(" ()")];
    enum profile_weight weight = speedscope->document->weight;
    json_t *samples = json_array();
    json_t *weights = json_array();
    int64_t total = 0;

    for (size_t i = 0; i < steps->count; i++) {
        json_array_append_new(samples, json_stack(speedscope, steps->nodes[i]));
        json_array_append_new(weights, json_integer(steps->weights[i]));
        total += steps->weights[i];
    }
    profile_thread_label(thread_label, thread);
    profile_process_label(process_label, thread);
    snprintf(label, sizeof(label), "%s (%s)", thread_label, process_label);
    return json_pack("{s:s, s:s, s:s, s:i, s:I, s:o, s:o}", "type", "sampled", "name", label, "unit",
                     weight == WEIGHT_SAMPLES ? "none" : profile_weight_unit(weight), "startValue", 0,
                     "endValue", (json_int_t)total, "samples", samples, "weights", weights);
}

static void end(void *state, FILE *stream, const struct profile_document *document)
{
    struct speedscope *speedscope = state;
    json_t *profiles = json_array();
    size_t count;
    const struct profile_thread *threads = profile_sum_threads(document->sum, &count);

    for (size_t i = 0; i < count && i < speedscope->capacity; i++) {
        struct thread_steps *steps = &speedscope->threads[i];
        if (steps->count > 0)
            json_array_append_new(profiles, json_profile(speedscope, &threads[i], steps));
        free(steps->nodes);
        free(steps->weights);
    }
    json_t *file = json_pack("{s:s, s:{s:o}, s:o, s:s, s:s}", "$schema",
                             "https://www.speedscope.app/file-format-schema.json", "shared", "frames",
                             speedscope->frames, "profiles", profiles, "name", document->title, "exporter",
                             "pyneck " PACKAGE_VERSION);
    json_dumpf(file, stream, JSON_COMPACT);
    putc('\n', stream);
    json_decref(file);
    hash_map_free(&speedscope->frame_places);
    free(speedscope->threads);
    free(speedscope);
}

static const struct timeline_format timeline = {.begin = begin, .write_tick = write_tick, .end = end};

const struct profile_format profile_format_speedscope = {
    .name = "speedscope",
    .suffix = ".speedscope.json",
    .help = "for www.speedscope.app: threads in the order of time",
    .timeline = &timeline,
};

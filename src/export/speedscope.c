/* speedscope's own format (www.speedscope.app), a profile for each thread, in the order of time.
 *
 * source  speedscope's file-format-schema.json */
#include "config.h"

#include "export/json_stream.h"
#include "export/profile_stack.h"
#include "export/profile_timeline.h"

#include "base/hash.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>

/* Steps of one thread; those that follow each other at one place are one. */
struct thread_steps {
    struct number_log nodes;
    struct number_log weights;
    int64_t node; /* of the last step, which is not yet in the columns */
    int64_t weight;
    int64_t total;
};

struct speedscope {
    const struct profile_document *document;
    struct number_store *store;
    struct thread_steps *threads; /* by index into the sum's threads */
    size_t capacity;
    struct json_numbers frames;   /* nodes that have the frame's function and line */
    struct hash_map frame_places; /* by function and line */
};

/* ---- ticks ---- */

static void *begin(FILE *stream, const struct profile_document *document)
{
    struct speedscope *speedscope = memory_allocate(1, sizeof(*speedscope));

    (void)stream;
    speedscope->document = document;
    speedscope->store = number_store_new();
    return speedscope;
}

static void keep_step(struct speedscope *speedscope, struct thread_steps *steps)
{
    if (steps->weight == 0)
        return;
    number_log_add(&steps->nodes, speedscope->store, steps->node);
    number_log_add(&steps->weights, speedscope->store, steps->weight);
    steps->total = amount_add(steps->total, steps->weight);
    steps->weight = 0;
}

static void add_step(void *context, const struct timeline_step *step)
{
    struct speedscope *speedscope = context;
    size_t index = profile_sum_find_thread(speedscope->document->sum, step->process, step->tid);

    speedscope->threads =
        memory_grow(speedscope->threads, &speedscope->capacity, index + 1, sizeof(*speedscope->threads));
    struct thread_steps *steps = &speedscope->threads[index];
    if (step->weight == 0)
        return;
    if (steps->node != step->node)
        keep_step(speedscope, steps);
    steps->node = step->node;
    steps->weight = amount_add(steps->weight, step->weight);
}

static void write_tick(void *state, FILE *stream, const struct profile_document *document,
                       const struct profile_selection *selection, const struct tick *tick)
{
    (void)stream;
    profile_timeline_walk(tick, selection, document->weight, add_step, state);
}

/* ---- the file ---- */

/* A frame's place in the list that all profiles share. */
static uint32_t find_frame(struct speedscope *speedscope, uint32_t node)
{
    const struct call_node *place = call_tree_node(speedscope->document->tree, node);
    uint64_t key = node == CALL_TREE_ROOT ? UINT64_MAX : (uint64_t)place->function << 32 | place->line;
    const uint32_t *known = hash_map_find(&speedscope->frame_places, key);

    if (known != NULL)
        return *known;
    uint32_t frame = (uint32_t)speedscope->frames.count;
    json_numbers_add(&speedscope->frames, node);
    hash_map_set(&speedscope->frame_places, key, frame);
    return frame;
}

struct stack_writing {
    struct speedscope *speedscope;
    FILE *stream;
    const char *separator;
};

static void write_stack(void *context, int64_t node)
{
    struct stack_writing *writing = context;
    uint32_t nodes[CALL_TREE_MAX_DEPTH] = {CALL_TREE_ROOT};
    size_t depth = profile_stack_nodes(writing->speedscope->document->tree, (uint32_t)node, nodes);

    fputs_unlocked(writing->separator, writing->stream);
    writing->separator = ",";
    for (size_t i = 0; i < (depth > 0 ? depth : 1); i++) {
        putc_unlocked(i > 0 ? ',' : '[', writing->stream);
        json_stream_number(writing->stream, find_frame(writing->speedscope, nodes[i]));
    }
    putc_unlocked(']', writing->stream);
}

static struct error *write_profile(FILE *stream, struct speedscope *speedscope,
                                   const struct profile_thread *thread, const struct thread_steps *steps)
{
    struct stack_writing writing = {.speedscope = speedscope, .stream = stream, .separator = ""};
    char thread_label[PROFILE_LABEL_SIZE], process_label[PROFILE_LABEL_SIZE];
    char label[2 * PROFILE_LABEL_SIZE + sizeof(" ()")];
    enum profile_weight weight = speedscope->document->weight;

    profile_thread_label(thread_label, thread);
    profile_process_label(process_label, thread);
    snprintf(label, sizeof(label), "%s (%s)", thread_label, process_label);
    fputs("{\"type\":\"sampled\",\"name\":", stream);
    json_stream_text(stream, label);
    fprintf(stream, ",\"unit\":\"%s\",\"startValue\":0,\"samples\":[",
            weight == WEIGHT_SAMPLES ? "none" : profile_weight_unit(weight));
    struct error *error = number_log_walk(&steps->nodes, speedscope->store, write_stack, &writing);
    fputs("],", stream);
    if (error == NULL)
        error = json_stream_log(stream, "weights", &steps->weights, speedscope->store, json_stream_number);
    fprintf(stream, "\"endValue\":%" PRId64 "}", steps->total);
    return error;
}

static struct error *write_profiles(FILE *stream, struct speedscope *speedscope)
{
    const char *separator = "\n";
    struct error *error = NULL;
    size_t count;
    const struct profile_thread *threads = profile_sum_threads(speedscope->document->sum, &count);

    fputs("\"profiles\":[", stream);
    for (size_t i = 0; i < count && i < speedscope->capacity && error == NULL; i++) {
        struct thread_steps *steps = &speedscope->threads[i];
        keep_step(speedscope, steps);
        if (steps->nodes.count == 0)
            continue;
        fputs(separator, stream);
        error = write_profile(stream, speedscope, &threads[i], steps);
        separator = ",\n";
    }
    fputs("],\n", stream);
    return error;
}

static void write_frame(FILE *stream, const struct call_tree *tree, uint32_t node)
{
    const struct call_node *place = call_tree_node(tree, node);
    const struct function *function =
        node != CALL_TREE_ROOT ? call_tree_function(tree, place->function) : NULL;

    fputs("{\"name\":", stream);
    json_stream_text(stream, function != NULL ? function->name : "[no Python code]");
    if (function != NULL) {
        fputs(",\"file\":", stream);
        json_stream_text(stream, function->file);
    }
    if (function != NULL && place->line > 0)
        fprintf(stream, ",\"line\":%" PRIu32, place->line);
    putc('}', stream);
}

static void write_frames(FILE *stream, const struct speedscope *speedscope)
{
    fputs("\"shared\":{\"frames\":[", stream);
    for (size_t i = 0; i < speedscope->frames.count; i++) {
        fputs(i > 0 ? ",\n" : "\n", stream);
        write_frame(stream, speedscope->document->tree, (uint32_t)speedscope->frames.numbers[i]);
    }
    fputs("]},\n", stream);
}

static void free_speedscope(struct speedscope *speedscope)
{
    for (size_t i = 0; i < speedscope->capacity; i++) {
        number_log_free(&speedscope->threads[i].nodes);
        number_log_free(&speedscope->threads[i].weights);
    }
    free(speedscope->threads);
    free(speedscope->frames.numbers);
    hash_map_free(&speedscope->frame_places);
    number_store_free(speedscope->store);
    free(speedscope);
}

static struct error *end(void *state, FILE *stream, const struct profile_document *document)
{
    struct speedscope *speedscope = state;

    fputs("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",", stream);
    struct error *error = write_profiles(stream, speedscope);
    write_frames(stream, speedscope);
    fputs("\"name\":", stream);
    json_stream_text(stream, document->title);
    fputs(",\"exporter\":\"pyneck " PACKAGE_VERSION "\"}\n", stream);
    free_speedscope(speedscope);
    return error;
}

static const struct timeline_format timeline = {.begin = begin, .write_tick = write_tick, .end = end};

const struct profile_format profile_format_speedscope = {
    .name = "speedscope",
    .suffix = ".speedscope.json",
    .help = "for www.speedscope.app: threads in the order of time",
    .timeline = &timeline,
};

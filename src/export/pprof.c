/* pprof's profile.proto, gzipped, for `go tool pprof` and all that reads it. All weights are in it; the one that was
 * asked for is the default.
 *
 * source  pprof.proto says where the format is described */
#include "export/pprof.pb-c.h"
#include "export/profile_stack.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    GZIP_WINDOW_BITS = 15 + 16, /* deflateInit2(): the largest window, and a gzip header */
    LABELS = 4,
};

/* A table of the file that grows: pointers to messages that lie in the arena, or texts. */
struct table {
    void **elements;
    size_t count;
    size_t capacity;
    struct hash_map places; /* by what it stands for */
};

struct pprof {
    const struct profile_document *document;
    struct arena *arena;
    struct table texts;
    struct table functions;
    struct table locations;
    struct table samples;
};

static size_t append(struct table *table, void *element)
{
    table->elements =
        memory_grow(table->elements, &table->capacity, table->count + 1, sizeof(*table->elements));
    table->elements[table->count] = element;
    return table->count++;
}

/* The index of a text. Texts with one hash are told apart by trying the next one. */
static int64_t find_text(struct pprof *pprof, const char *text)
{
    struct table *texts = &pprof->texts;
    size_t length = strlen(text);
    const uint32_t *place;

    uint64_t hash = hash_bytes(text, length, 0);
    while ((place = hash_map_find(&texts->places, hash)) != NULL) {
        if (strcmp(texts->elements[*place], text) == 0)
            return *place;
        hash++;
    }
    size_t index = append(texts, arena_copy_text(pprof->arena, text, length));
    hash_map_set(&texts->places, hash, (uint32_t)index);
    return (int64_t)index;
}

/* The number of a function; 0 is none, so they count from 1. */
static uint64_t find_function(struct pprof *pprof, uint32_t node)
{
    const struct call_tree *tree = pprof->document->tree;
    bool is_root = node == CALL_TREE_ROOT;
    uint64_t key = is_root ? UINT64_MAX : call_tree_node(tree, node)->function;
    const uint32_t *place = hash_map_find(&pprof->functions.places, key);

    if (place != NULL)
        return *place + UINT64_C(1);
    const struct function *known = is_root ? NULL : call_tree_function(tree, (uint32_t)key);
    Pprof__Function *function = arena_allocate(pprof->arena, 1, sizeof(*function));
    pprof__function__init(function);
    /* Without a system name, or pprof would take "<module>" for arguments of a template and cut it off. */
    function->name = find_text(pprof, is_root ? "[no Python code]" : known->name);
    function->filename = find_text(pprof, is_root ? "" : known->file);
    function->start_line = is_root ? 0 : known->line;
    size_t index = append(&pprof->functions, function);
    function->id = index + 1;
    hash_map_set(&pprof->functions.places, key, (uint32_t)index);
    return function->id;
}

/* The number of a function's line. */
static uint64_t find_location(struct pprof *pprof, uint32_t node)
{
    uint32_t line_number = node == CALL_TREE_ROOT ? 0 : call_tree_node(pprof->document->tree, node)->line;
    uint64_t function_id = find_function(pprof, node);
    uint64_t key = function_id << 32 | line_number;
    const uint32_t *place = hash_map_find(&pprof->locations.places, key);

    if (place != NULL)
        return *place + UINT64_C(1);
    Pprof__Location *location = arena_allocate(pprof->arena, 1, sizeof(*location));
    Pprof__Line *line = arena_allocate(pprof->arena, 1, sizeof(*line));
    pprof__location__init(location);
    pprof__line__init(line);
    line->function_id = function_id;
    line->line = line_number;
    location->n_line = 1;
    location->line = arena_allocate(pprof->arena, 1, sizeof(*location->line));
    location->line[0] = line;
    size_t index = append(&pprof->locations, location);
    location->id = index + 1;
    hash_map_set(&pprof->locations.places, key, (uint32_t)index);
    return location->id;
}

static Pprof__Label *make_label(struct pprof *pprof, const char *key, const char *text, int64_t number)
{
    Pprof__Label *label = arena_allocate(pprof->arena, 1, sizeof(*label));

    pprof__label__init(label);
    label->key = find_text(pprof, key);
    label->str = text != NULL ? find_text(pprof, text) : 0;
    label->num = number;
    return label;
}

static void add_sample(struct pprof *pprof, const struct profile_entry *entry,
                       const struct profile_thread *thread)
{
    uint32_t nodes[CALL_TREE_MAX_DEPTH] = {CALL_TREE_ROOT};
    char thread_name[PROFILE_LABEL_SIZE];
    size_t depth = profile_stack_nodes(pprof->document->tree, entry->node, nodes);
    Pprof__Sample *sample = arena_allocate(pprof->arena, 1, sizeof(*sample));

    pprof__sample__init(sample);
    sample->n_location_id = depth > 0 ? depth : 1;
    sample->location_id = arena_allocate(pprof->arena, sample->n_location_id, sizeof(*sample->location_id));
    for (size_t i = 0; i < sample->n_location_id; i++)
        sample->location_id[i] = find_location(pprof, nodes[sample->n_location_id - 1 - i]);
    sample->n_value = PROFILE_WEIGHTS;
    sample->value = arena_allocate(pprof->arena, PROFILE_WEIGHTS, sizeof(*sample->value));
    for (enum profile_weight weight = 0; weight < PROFILE_WEIGHTS; weight++)
        sample->value[weight] = profile_entry_weight(entry, weight);
    profile_thread_label(thread_name, thread);
    sample->n_label = LABELS;
    sample->label = arena_allocate(pprof->arena, LABELS, sizeof(*sample->label));
    sample->label[0] = make_label(pprof, "pid", NULL, thread->pid);
    sample->label[1] = make_label(pprof, "tid", NULL, thread->tid);
    sample->label[2] = make_label(pprof, "thread", thread_name, 0);
    sample->label[3] = make_label(pprof, "state", thread_state_name(entry->state), 0);
    append(&pprof->samples, sample);
}

static void set_types(struct pprof *pprof, Pprof__Profile *profile)
{
    profile->n_sample_type = PROFILE_WEIGHTS;
    profile->sample_type = arena_allocate(pprof->arena, PROFILE_WEIGHTS, sizeof(*profile->sample_type));
    for (enum profile_weight weight = 0; weight < PROFILE_WEIGHTS; weight++) {
        Pprof__ValueType *type = arena_allocate(pprof->arena, 1, sizeof(*type));
        pprof__value_type__init(type);
        type->type = find_text(pprof, profile_weight_name(weight));
        type->unit = find_text(pprof, profile_weight_unit(weight));
        profile->sample_type[weight] = type;
    }
    profile->default_sample_type = profile->sample_type[pprof->document->weight]->type;
}

static void write_gzipped(FILE *stream, uint8_t *bytes, size_t length)
{
    z_stream state = {.next_in = bytes, .avail_in = (uInt)length};
    uint8_t piece[64 * 1024] = {0};
    int result = Z_OK;

    if (deflateInit2(&state, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return; /* only for want of memory */
    while (result == Z_OK) {
        state.next_out = piece;
        state.avail_out = sizeof(piece);
        result = deflate(&state, Z_FINISH);
        fwrite(piece, 1, sizeof(piece) - state.avail_out, stream);
    }
    deflateEnd(&state);
}

static void write_profile(FILE *stream, struct pprof *pprof)
{
    Pprof__Profile profile = PPROF__PROFILE__INIT;
    int64_t begin_ns, end_ns, comment;

    set_types(pprof, &profile);
    profile_sum_span(pprof->document->sum, &begin_ns, &end_ns);
    profile.time_nanos = begin_ns;
    profile.duration_nanos = end_ns - begin_ns;
    comment = find_text(pprof, pprof->document->title);
    profile.n_comment = 1;
    profile.comment = &comment;
    profile.n_sample = pprof->samples.count;
    profile.sample = (Pprof__Sample **)pprof->samples.elements;
    profile.n_location = pprof->locations.count;
    profile.location = (Pprof__Location **)pprof->locations.elements;
    profile.n_function = pprof->functions.count;
    profile.function = (Pprof__Function **)pprof->functions.elements;
    profile.n_string_table = pprof->texts.count;
    profile.string_table = (char **)pprof->texts.elements;

    size_t length = pprof__profile__get_packed_size(&profile);
    uint8_t *bytes = memory_allocate(length, 1);
    pprof__profile__pack(&profile, bytes);
    write_gzipped(stream, bytes, length);
    free(bytes);
}

static void free_table(struct table *table)
{
    free(table->elements);
    hash_map_free(&table->places);
}

static void write_sum(FILE *stream, const struct profile_document *document)
{
    struct pprof pprof = {.document = document, .arena = arena_new()};
    size_t count, thread_count;
    const struct profile_entry *entries = profile_sum_entries(document->sum, &count);
    const struct profile_thread *threads = profile_sum_threads(document->sum, &thread_count);

    find_text(&pprof, "");
    for (size_t i = 0; i < count; i++)
        add_sample(&pprof, &entries[i], &threads[entries[i].thread]);
    write_profile(stream, &pprof);
    free_table(&pprof.texts);
    free_table(&pprof.functions);
    free_table(&pprof.locations);
    free_table(&pprof.samples);
    arena_free(pprof.arena);
}

const struct profile_format profile_format_pprof = {
    .name = "pprof",
    .suffix = ".pb.gz",
    .help = "for go tool pprof and what else reads profile.proto",
    .is_binary = true,
    .write_sum = write_sum,
};

/* A flame graph in one HTML file that asks nothing of any network: flamegraph.html with the profile in it. */
#include "export/flamegraph_page.h"
#include "export/json_stream.h"
#include "export/profile_stack.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    NO_PARENT = -1,
};

struct page_node {
    int64_t parent; /* its place, or NO_PARENT */
    uint32_t function;
    uint32_t line;
    int64_t own; /* in the weight */
};

struct page_function {
    const char *name; /* the tree's, or in the arena */
    const char *file;
    uint32_t line;
};

/* The tables that the page's script reads. Processes and threads are functions without a file. */
struct page {
    const struct profile_document *document;
    const struct profile_thread *threads;
    bool has_processes;
    bool has_threads;
    struct arena *arena; /* of labels */
    struct page_function *functions;
    size_t function_count;
    size_t function_capacity;
    struct page_node *nodes;
    size_t node_count;
    size_t node_capacity;
    struct hash_map function_places; /* by id in the call tree */
    struct hash_map node_places;    /* by what they stand on (its place plus 1) and the id in the call tree */
    struct hash_map process_places; /* by pid and start */
    struct hash_map thread_places;  /* by index into the sum's threads */
};

static uint32_t add_function(struct page *page, const char *name, const char *file, uint32_t line)
{
    page->functions = memory_grow(page->functions, &page->function_capacity, page->function_count + 1,
                                  sizeof(*page->functions));
    page->functions[page->function_count] = (struct page_function){.name = name, .file = file, .line = line};
    return (uint32_t)page->function_count++;
}

static int64_t add_node(struct page *page, struct page_node node)
{
    page->nodes = memory_grow(page->nodes, &page->node_capacity, page->node_count + 1, sizeof(*page->nodes));
    page->nodes[page->node_count] = node;
    return (int64_t)page->node_count++;
}

/* The place of a process's or a thread's frame. */
static int64_t find_label(struct page *page, struct hash_map *places, uint64_t key, int64_t parent,
                          const char *label)
{
    const uint32_t *known = hash_map_find(places, key);

    if (known != NULL)
        return *known;
    const char *name = arena_copy_text(page->arena, label, strlen(label));
    int64_t place =
        add_node(page, (struct page_node){.parent = parent, .function = add_function(page, name, "", 0)});
    hash_map_set(places, key, (uint32_t)place);
    return place;
}

/* What the frames of an entry's stack stand on: the frames of the process and of the thread, where there are several. */
static int64_t find_base(struct page *page, uint32_t thread_index)
{
    const struct profile_thread *thread = &page->threads[thread_index];
    char label[PROFILE_LABEL_SIZE];
    int64_t base = NO_PARENT;

    if (page->has_processes) {
        profile_process_label(label, thread);
        uint64_t key = hash_u64(thread->start_ticks) ^ (uint64_t)thread->pid;
        base = find_label(page, &page->process_places, key, base, label);
    }
    if (page->has_threads) {
        profile_thread_label(label, thread);
        base = find_label(page, &page->thread_places, thread_index, base, label);
    }
    return base;
}

static uint32_t find_function(struct page *page, uint32_t node)
{
    if (node == CALL_TREE_ROOT)
        return add_function(page, "[no Python code]", "", 0);
    uint32_t id = call_tree_node(page->document->tree, node)->function;
    const uint32_t *known = hash_map_find(&page->function_places, id);
    if (known != NULL)
        return *known;
    const struct function *function = call_tree_function(page->document->tree, id);
    uint32_t place = add_function(page, function->name, function->file, function->line);
    hash_map_set(&page->function_places, id, place);
    return place;
}

static int64_t find_node(struct page *page, int64_t base, int64_t parent, uint32_t node)
{
    uint64_t key = (uint64_t)(base + 1) << 32 | node;
    const uint32_t *known = hash_map_find(&page->node_places, key);

    if (known != NULL)
        return *known;
    int64_t place = add_node(page, (struct page_node){
                                       .parent = parent,
                                       .function = find_function(page, node),
                                       .line = call_tree_node(page->document->tree, node)->line,
                                   });
    hash_map_set(&page->node_places, key, (uint32_t)place);
    return place;
}

static void add_entry(struct page *page, const struct profile_entry *entry, int64_t weight)
{
    uint32_t nodes[CALL_TREE_MAX_DEPTH] = {CALL_TREE_ROOT};
    size_t depth = profile_stack_nodes(page->document->tree, entry->node, nodes);
    int64_t base = find_base(page, entry->thread);
    int64_t place = base;

    for (size_t i = 0; i < (depth > 0 ? depth : 1); i++)
        place = find_node(page, base, place, nodes[i]);
    page->nodes[place].own += weight;
}

/* "cpu, 2026-11-23 02:00:00 to 02:10:00 UTC" */
static void print_summary(char *summary, size_t size, const struct profile_document *document)
{
    int64_t times_ns[2];
    char texts[2][32];

    profile_sum_span(document->sum, &times_ns[0], &times_ns[1]);
    for (size_t i = 0; i < 2; i++) {
        time_t seconds = (time_t)(times_ns[i] / (int64_t)NS_PER_SECOND);
        struct tm parts;
        gmtime_r(&seconds, &parts);
        strftime(texts[i], sizeof(texts[i]), "%Y-%m-%d %H:%M:%S", &parts);
    }
    snprintf(summary, size, "%s, %s to %s UTC", profile_weight_name(document->weight), texts[0], texts[1]);
}

static void write_functions(FILE *stream, const struct page *page)
{
    fputs("\"functions\":[", stream);
    for (size_t i = 0; i < page->function_count; i++) {
        const struct page_function *function = &page->functions[i];
        fputs(i > 0 ? ",[" : "[", stream);
        json_stream_page_text(stream, function->name);
        putc(',', stream);
        json_stream_page_text(stream, function->file);
        fprintf(stream, ",%" PRIu32 "]", function->line);
    }
    fputs("],", stream);
}

static void write_nodes(FILE *stream, const struct page *page)
{
    fputs("\"nodes\":[", stream);
    for (size_t i = 0; i < page->node_count; i++) {
        const struct page_node *node = &page->nodes[i];
        fprintf(stream, "%s[%" PRId64 ",%" PRIu32 ",%" PRIu32 ",%" PRId64 "]", i > 0 ? "," : "", node->parent,
                node->function, node->line, node->own);
    }
    putc(']', stream);
}

static void write_profile(FILE *stream, const struct page *page)
{
    char summary[128];

    print_summary(summary, sizeof(summary), page->document);
    fputs("{\"title\":", stream);
    json_stream_page_text(stream, page->document->title);
    fputs(",\"summary\":", stream);
    json_stream_page_text(stream, summary);
    fprintf(stream, ",\"unit\":\"%s\",", profile_weight_unit(page->document->weight));
    write_functions(stream, page);
    write_nodes(stream, page);
    fputs("}\n", stream);
}

static void write_sum(FILE *stream, const struct profile_document *document)
{
    struct page page = {
        .document = document,
        .has_processes = profile_has_processes(document->sum),
        .has_threads = profile_has_threads(document->sum),
        .arena = arena_new(),
    };
    size_t count, thread_count;
    const struct profile_entry *entries = profile_sum_entries(document->sum, &count);

    page.threads = profile_sum_threads(document->sum, &thread_count);
    for (size_t i = 0; i < count; i++) {
        /* What weighs nothing has no width. */
        int64_t weight = profile_entry_weight(&entries[i], document->weight);
        if (weight > 0)
            add_entry(&page, &entries[i], weight);
    }
    for (const char *const *line = flamegraph_page; *line != NULL; line++) {
        if (strcmp(*line, "@PROFILE@\n") == 0)
            write_profile(stream, &page);
        else
            fputs(*line, stream);
    }
    arena_free(page.arena);
    free(page.functions);
    free(page.nodes);
    hash_map_free(&page.function_places);
    hash_map_free(&page.node_places);
    hash_map_free(&page.process_places);
    hash_map_free(&page.thread_places);
}

const struct profile_format profile_format_flamegraph = {
    .name = "flamegraph",
    .suffix = ".html",
    .help = "a flame graph in one HTML file, with search and zoom",
    .write_sum = write_sum,
};

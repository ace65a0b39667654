#include "export/gecko_tables.h"

#include "base/memory.h"
#include "export/profile_stack.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t root_key = UINT64_MAX; /* in place of a function and a line */

static uint32_t add_string(struct gecko_tables *tables, const char *text)
{
    tables->strings = memory_grow(tables->strings, &tables->string_capacity, tables->string_count + 1,
                                  sizeof(*tables->strings));
    tables->strings[tables->string_count] = text;
    return (uint32_t)tables->string_count++;
}

static uint32_t add_source(struct gecko_tables *tables, const char *file)
{
    if (tables->source_secret == 0)
        tables->source_secret = hash_random_key();
    uint64_t key = hash_bytes(file, strlen(file), tables->source_secret);
    const uint32_t *known = hash_map_find(&tables->source_places, key);
    if (known != NULL)
        return *known;
    uint32_t place = (uint32_t)tables->sources.count;
    json_numbers_add(&tables->sources, add_string(tables, file));
    hash_map_set(&tables->source_places, key, place);
    return place;
}

static uint32_t add_function(struct gecko_tables *tables, uint32_t node)
{
    uint64_t key = node == CALL_TREE_ROOT ? root_key : call_tree_node(tables->tree, node)->function;
    const uint32_t *known = hash_map_find(&tables->function_places, key);

    if (known != NULL)
        return *known;
    uint32_t place = (uint32_t)tables->functions.name.count;
    if (node == CALL_TREE_ROOT) {
        json_numbers_add(&tables->functions.name, add_string(tables, "[no Python code]"));
        json_numbers_add(&tables->functions.source, NO_NUMBER);
        json_numbers_add(&tables->functions.line, NO_NUMBER);
    } else {
        const struct function *function = call_tree_function(tables->tree, (uint32_t)key);
        json_numbers_add(&tables->functions.name, add_string(tables, function->name));
        json_numbers_add(&tables->functions.source, add_source(tables, function->file));
        json_numbers_add(&tables->functions.line, function->line > 0 ? function->line : NO_NUMBER);
    }
    hash_map_set(&tables->function_places, key, place);
    return place;
}

static uint32_t add_frame(struct gecko_tables *tables, uint32_t node, enum thread_state state)
{
    const struct call_node *place = call_tree_node(tables->tree, node);
    uint64_t key = node == CALL_TREE_ROOT ? root_key : (uint64_t)place->function << 32 | place->line;
    const uint32_t *known = hash_map_find(&tables->frame_places[state], key);

    if (known != NULL)
        return *known;
    uint32_t frame = (uint32_t)tables->frames.function.count;
    json_numbers_add(&tables->frames.function, add_function(tables, node));
    json_numbers_add(&tables->frames.line, place->line > 0 ? place->line : NO_NUMBER);
    json_numbers_add(&tables->frames.category, state);
    hash_map_set(&tables->frame_places[state], key, frame);
    return frame;
}

/* A stack whose prefix is known. */
static uint32_t add_prefixed(struct gecko_tables *tables, int64_t prefix, uint32_t node,
                             enum thread_state state)
{
    const uint32_t *known = hash_map_find(&tables->stack_places[state], node);

    if (known != NULL)
        return *known;
    uint32_t stack = (uint32_t)tables->stacks.frame.count;
    json_numbers_add(&tables->stacks.prefix, prefix);
    json_numbers_add(&tables->stacks.frame, add_frame(tables, node, state));
    hash_map_set(&tables->stack_places[state], node, stack);
    return stack;
}

uint32_t gecko_tables_add_stack(struct gecko_tables *tables, uint32_t node, enum thread_state state)
{
    uint32_t nodes[CALL_TREE_MAX_DEPTH];
    const uint32_t *known = hash_map_find(&tables->stack_places[state], node);
    int64_t prefix = NO_NUMBER;

    if (known != NULL)
        return *known;
    size_t depth = profile_stack_nodes(tables->tree, node, nodes);
    for (size_t i = 0; i + 1 < depth; i++)
        prefix = add_prefixed(tables, prefix, nodes[i], THREAD_RUNNING);
    return add_prefixed(tables, prefix, node, state);
}

static void write_stacks(FILE *stream, const struct gecko_tables *tables)
{
    fputs("\"stackTable\":{", stream);
    json_stream_numbers(stream, "prefix", &tables->stacks.prefix);
    json_stream_numbers(stream, "frame", &tables->stacks.frame);
    fprintf(stream, "\"length\":%zu},\n", tables->stacks.frame.count);
}

static void write_frames(FILE *stream, const struct gecko_tables *tables)
{
    size_t count = tables->frames.function.count;

    fputs("\"frameTable\":{", stream);
    json_stream_numbers(stream, "func", &tables->frames.function);
    json_stream_numbers(stream, "line", &tables->frames.line);
    json_stream_numbers(stream, "category", &tables->frames.category);
    json_stream_repeat(stream, "subcategory", "0", count);
    json_stream_repeat(stream, "address", "-1", count);
    json_stream_repeat(stream, "inlineDepth", "0", count);
    json_stream_repeat(stream, "nativeSymbol", "null", count);
    json_stream_repeat(stream, "innerWindowID", "null", count);
    json_stream_repeat(stream, "column", "null", count);
    fprintf(stream, "\"length\":%zu},\n", count);
}

static void write_functions(FILE *stream, const struct gecko_tables *tables)
{
    size_t count = tables->functions.name.count;

    fputs("\"funcTable\":{", stream);
    json_stream_numbers(stream, "name", &tables->functions.name);
    json_stream_numbers(stream, "source", &tables->functions.source);
    json_stream_numbers(stream, "lineNumber", &tables->functions.line);
    json_stream_repeat(stream, "columnNumber", "null", count);
    json_stream_repeat(stream, "isJS", "false", count);
    json_stream_repeat(stream, "relevantForJS", "false", count);
    json_stream_repeat(stream, "resource", "-1", count);
    fprintf(stream, "\"length\":%zu},\n", count);
}

static void write_sources(FILE *stream, const struct gecko_tables *tables)
{
    size_t count = tables->sources.count;

    fputs("\"sources\":{", stream);
    json_stream_numbers(stream, "filename", &tables->sources);
    json_stream_repeat(stream, "id", "null", count);
    json_stream_repeat(stream, "startLine", "1", count);
    json_stream_repeat(stream, "startColumn", "1", count);
    json_stream_repeat(stream, "sourceMapURL", "null", count);
    fprintf(stream, "\"length\":%zu},\n", count);
}

void gecko_tables_write(FILE *stream, const struct gecko_tables *tables)
{
    fputs("\"shared\":{\n", stream);
    write_stacks(stream, tables);
    write_frames(stream, tables);
    write_functions(stream, tables);
    write_sources(stream, tables);
    fputs("\"resourceTable\":{\"lib\":[],\"name\":[],\"host\":[],\"type\":[],\"length\":0},\n"
          "\"nativeSymbols\":{\"libIndex\":[],\"address\":[],\"name\":[],\"functionSize\":[],\"length\":0},\n"
          "\"stringArray\":[",
          stream);
    for (size_t i = 0; i < tables->string_count; i++) {
        fputs(i > 0 ? ",\n" : "\n", stream);
        json_stream_text(stream, tables->strings[i]);
    }
    fputs("]},\n", stream);
}

void gecko_tables_free(struct gecko_tables *tables)
{
    free(tables->stacks.prefix.numbers);
    free(tables->stacks.frame.numbers);
    free(tables->frames.function.numbers);
    free(tables->frames.line.numbers);
    free(tables->frames.category.numbers);
    free(tables->functions.name.numbers);
    free(tables->functions.source.numbers);
    free(tables->functions.line.numbers);
    free(tables->sources.numbers);
    free(tables->strings);
    for (enum thread_state state = 0; state < THREAD_STATES; state++) {
        hash_map_free(&tables->stack_places[state]);
        hash_map_free(&tables->frame_places[state]);
    }
    hash_map_free(&tables->function_places);
    hash_map_free(&tables->source_places);
}

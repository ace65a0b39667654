#include "analysis/call_edges.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>

/* Lists that grow, each with a map that says where in it something is, and (where a total is counted) beside each element
 * the number of the last entry that was counted in it. */
struct builder {
    const struct call_tree *tree;
    struct call_edges result;
    size_t function_capacity, line_capacity, edge_capacity;
    struct hash_map functions, lines, edges;
    uint32_t *function_entry, *edge_entry;
    size_t function_entry_capacity, edge_entry_capacity;
};

static struct call_amount *find_function(struct builder *builder, uint32_t function, size_t *index)
{
    struct call_edges *result = &builder->result;
    const uint32_t *place = hash_map_find(&builder->functions, function);

    *index = place != NULL ? *place : result->function_count++;
    if (place == NULL) {
        hash_map_set(&builder->functions, function, (uint32_t)*index);
        result->functions = memory_grow(result->functions, &builder->function_capacity, *index + 1,
                                        sizeof(*result->functions));
        builder->function_entry = memory_grow(builder->function_entry, &builder->function_entry_capacity,
                                              *index + 1, sizeof(*builder->function_entry));
        result->functions[*index] = (struct called_function){.function = function};
    }
    return &result->functions[*index].amount;
}

static void add_line(struct builder *builder, uint32_t function, uint32_t line, int64_t weight)
{
    struct call_edges *result = &builder->result;
    uint64_t key = (uint64_t)function << 32 | line;
    const uint32_t *place = hash_map_find(&builder->lines, key);
    size_t index = place != NULL ? *place : result->line_count++;

    if (place == NULL) {
        hash_map_set(&builder->lines, key, (uint32_t)index);
        result->lines =
            memory_grow(result->lines, &builder->line_capacity, index + 1, sizeof(*result->lines));
        result->lines[index] = (struct called_line){.function = function, .line = line};
    }
    result->lines[index].own = amount_add(result->lines[index].own, weight);
}

/* Keys of different edges may be the same: then the next key is tried. */
static struct call_amount *find_edge(struct builder *builder, const struct call_edge *wanted, size_t *index)
{
    struct call_edges *result = &builder->result;
    uint64_t key = hash_u64((uint64_t)wanted->caller << 32 | wanted->line) ^ wanted->callee;
    const uint32_t *place;

    while ((place = hash_map_find(&builder->edges, key)) != NULL) {
        const struct call_edge *edge = &result->edges[*place];
        if (edge->caller == wanted->caller && edge->line == wanted->line && edge->callee == wanted->callee)
            break;
        key++;
    }
    *index = place != NULL ? *place : result->edge_count++;
    if (place == NULL) {
        hash_map_set(&builder->edges, key, (uint32_t)*index);
        result->edges =
            memory_grow(result->edges, &builder->edge_capacity, *index + 1, sizeof(*result->edges));
        builder->edge_entry = memory_grow(builder->edge_entry, &builder->edge_entry_capacity, *index + 1,
                                          sizeof(*builder->edge_entry));
        result->edges[*index] = *wanted;
    }
    return &result->edges[*index].amount;
}

/* Count an entry in an amount: the total once, however often the function is on the stack. */
static void count(struct call_amount *amount, uint32_t *counted, uint32_t entry_number, bool is_innermost,
                  int64_t weight, uint64_t samples)
{
    if (is_innermost) {
        amount->own = amount_add(amount->own, weight);
        amount->own_samples += samples;
    }
    if (*counted == entry_number)
        return;
    *counted = entry_number;
    amount->total = amount_add(amount->total, weight);
    amount->total_samples += samples;
}

static void add_entry(struct builder *builder, const struct profile_entry *entry, int64_t weight,
                      uint32_t entry_number)
{
    const struct call_node *node = call_tree_node(builder->tree, entry->node);
    bool is_root = entry->node == CALL_TREE_ROOT;
    size_t index;

    builder->result.total = amount_add(builder->result.total, weight);
    add_line(builder, is_root ? NO_FUNCTION : node->function, is_root ? 0 : node->line, weight);
    if (is_root) {
        struct call_amount *amount = find_function(builder, NO_FUNCTION, &index);
        count(amount, &builder->function_entry[index], entry_number, true, weight, entry->samples);
    }
    for (bool is_innermost = true; node->depth > 0; is_innermost = false) {
        const struct call_node *caller = call_tree_node(builder->tree, node->parent);
        struct call_amount *amount = find_function(builder, node->function, &index);
        count(amount, &builder->function_entry[index], entry_number, is_innermost, weight, entry->samples);
        if (caller->depth > 0) {
            amount =
                find_edge(builder,
                          &(struct call_edge){
                              .caller = caller->function, .line = caller->line, .callee = node->function},
                          &index);
            count(amount, &builder->edge_entry[index], entry_number, is_innermost, weight, entry->samples);
        }
        node = caller;
    }
}

static int compare_numbers(uint64_t left, uint64_t right)
{
    return (left > right) - (left < right);
}

static int compare_functions(const void *left, const void *right)
{
    return compare_numbers(((const struct called_function *)left)->function,
                           ((const struct called_function *)right)->function);
}

static int compare_lines(const void *left, const void *right)
{
    const struct called_line *one = left;
    const struct called_line *other = right;

    return one->function != other->function ? compare_numbers(one->function, other->function)
                                            : compare_numbers(one->line, other->line);
}

static int compare_edges(const void *left, const void *right)
{
    const struct call_edge *one = left;
    const struct call_edge *other = right;

    if (one->caller != other->caller)
        return compare_numbers(one->caller, other->caller);
    return one->line != other->line ? compare_numbers(one->line, other->line)
                                    : compare_numbers(one->callee, other->callee);
}

static void sort(void *elements, size_t element_count, size_t size,
                 int (*compare)(const void *, const void *))
{
    if (element_count > 1)
        qsort(elements, element_count, size, compare);
}

struct call_edges call_edges_of_profile(const struct profile_sum *sum, const struct call_tree *tree,
                                        enum profile_weight weight)
{
    struct builder builder = {.tree = tree};
    size_t entry_count;
    const struct profile_entry *entries = profile_sum_entries(sum, &entry_count);

    for (size_t i = 0; i < entry_count; i++)
        add_entry(&builder, &entries[i], profile_entry_weight(&entries[i], weight), (uint32_t)i + 1);
    hash_map_free(&builder.functions);
    hash_map_free(&builder.lines);
    hash_map_free(&builder.edges);
    free(builder.function_entry);
    free(builder.edge_entry);
    struct call_edges result = builder.result;
    sort(result.functions, result.function_count, sizeof(*result.functions), compare_functions);
    sort(result.lines, result.line_count, sizeof(*result.lines), compare_lines);
    sort(result.edges, result.edge_count, sizeof(*result.edges), compare_edges);
    return result;
}

void call_edges_free(struct call_edges *edges)
{
    free(edges->functions);
    free(edges->lines);
    free(edges->edges);
    *edges = (struct call_edges){0};
}

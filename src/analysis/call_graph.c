#include "analysis/call_graph.h"

#include "base/memory.h"

#include <stdlib.h>

/* Places in an array; place 0 is the root, which is nobody's child. */
struct call_graph_node {
    uint32_t id;
    uint32_t parent;
    uint32_t first_child;
    uint32_t next_sibling;
    struct node_amount own;
};

enum {
    ROOT_PLACE = 0,
    NO_PLACE = 0,
};

/* The rows while they are being summed up. */
struct row_list {
    struct ranking_row *rows;
    size_t count;
    size_t capacity;
    struct hash_map index; /* function and line to place in `rows` */
    uint32_t *on_path;     /* how many frames of each row lie on the path from the root */
    size_t on_path_capacity;
};

/* A node on the way down the graph, with what was found below it so far. */
struct step {
    uint32_t place;
    uint32_t next_child;
    uint32_t row;
    uint64_t cpu_ns;
    uint64_t wall_ns;
    int64_t growth_bytes;
};

struct node_amount node_amount_of_counter(const struct profile_counter *counter)
{
    return (struct node_amount){
        .node = counter->node,
        .samples = counter->samples,
        .wall_ns = counter->wall_ns,
        .cpu_ns = counter->cpu_ns,
        .memory_growth_bytes = counter->memory_growth_bytes,
    };
}

void node_amount_add(struct node_amount *sum, const struct node_amount *amount)
{
    sum->samples += amount->samples;
    sum->wall_ns += amount->wall_ns;
    sum->cpu_ns += amount->cpu_ns;
    sum->memory_growth_bytes = amount_add(sum->memory_growth_bytes, amount->memory_growth_bytes);
}

static uint32_t append_node(struct call_graph *graph, uint32_t id)
{
    graph->nodes =
        memory_grow(graph->nodes, &graph->node_capacity, graph->node_count + 1, sizeof(*graph->nodes));
    uint32_t place = (uint32_t)graph->node_count++;
    graph->nodes[place] = (struct call_graph_node){.id = id};
    hash_map_set(&graph->node_index, id, place);
    return place;
}

void call_graph_init(struct call_graph *graph, const struct call_tree *tree, bool by_line)
{
    *graph = (struct call_graph){.tree = tree, .by_line = by_line};
    append_node(graph, CALL_TREE_ROOT);
}

void call_graph_free(struct call_graph *graph)
{
    hash_map_free(&graph->node_index);
    free(graph->nodes);
}

static void link_child(struct call_graph *graph, uint32_t child, uint32_t parent)
{
    graph->nodes[child].parent = parent;
    graph->nodes[child].next_sibling = graph->nodes[parent].first_child;
    graph->nodes[parent].first_child = child;
}

/* The place of a node; it and those of its callers that are new are added. */
static uint32_t find_place(struct call_graph *graph, uint32_t id)
{
    uint32_t child = NO_PLACE;
    uint32_t result = NO_PLACE;

    for (;;) {
        const struct call_node *node = call_tree_node(graph->tree, id);
        bool is_root = node->depth == 0;
        const uint32_t *known = hash_map_find(&graph->node_index, is_root ? CALL_TREE_ROOT : id);
        bool is_new = known == NULL;
        uint32_t place = is_new ? append_node(graph, id) : *known;
        if (child == NO_PLACE)
            result = place;
        else
            link_child(graph, child, place);
        if (!is_new)
            return result;
        child = place;
        id = node->parent;
    }
}

void call_graph_add(struct call_graph *graph, const struct node_amount *amount)
{
    uint32_t place = find_place(graph, amount->node); /* may move the nodes */

    node_amount_add(&graph->nodes[place].own, amount);
}

static uint32_t find_row(struct row_list *list, uint32_t function, uint32_t line)
{
    uint64_t key = (uint64_t)function << 32 | line;
    const uint32_t *known = hash_map_find(&list->index, key);

    if (known != NULL)
        return *known;
    list->rows = memory_grow(list->rows, &list->capacity, list->count + 1, sizeof(*list->rows));
    list->on_path =
        memory_grow(list->on_path, &list->on_path_capacity, list->count + 1, sizeof(*list->on_path));
    uint32_t row = (uint32_t)list->count++;
    list->rows[row] = (struct ranking_row){.function = function, .line = line};
    hash_map_set(&list->index, key, row);
    return row;
}

/* Go down to a node: its own amount goes to its row, and to what its callers have below them. */
static struct step enter_node(const struct call_graph *graph, struct row_list *list, uint32_t place)
{
    const struct call_graph_node *node = &graph->nodes[place];
    const struct call_node *named = call_tree_node(graph->tree, node->id);
    uint32_t row = find_row(list, named->function, graph->by_line ? named->line : 0);

    list->on_path[row]++;
    list->rows[row].samples += node->own.samples;
    list->rows[row].own_cpu_ns += node->own.cpu_ns;
    list->rows[row].own_wall_ns += node->own.wall_ns;
    list->rows[row].own_growth_bytes =
        amount_add(list->rows[row].own_growth_bytes, node->own.memory_growth_bytes);
    return (struct step){
        .place = place,
        .next_child = node->first_child,
        .row = row,
        .cpu_ns = node->own.cpu_ns,
        .wall_ns = node->own.wall_ns,
        .growth_bytes = node->own.memory_growth_bytes,
    };
}

/* Leave a node upwards: of a recursive function only the outermost frame counts for the total. */
static void leave_node(struct row_list *list, const struct step *step, struct step *caller)
{
    if (--list->on_path[step->row] == 0) {
        list->rows[step->row].total_cpu_ns += step->cpu_ns;
        list->rows[step->row].total_wall_ns += step->wall_ns;
        list->rows[step->row].total_growth_bytes =
            amount_add(list->rows[step->row].total_growth_bytes, step->growth_bytes);
    }
    caller->cpu_ns += step->cpu_ns;
    caller->wall_ns += step->wall_ns;
    caller->growth_bytes = amount_add(caller->growth_bytes, step->growth_bytes);
}

struct ranking_row *call_graph_sum(const struct call_graph *graph, size_t *count)
{
    struct row_list list = {0};
    struct step path[CALL_TREE_MAX_DEPTH + 1];
    size_t depth = 0;

    path[0] = (struct step){.place = ROOT_PLACE, .next_child = graph->nodes[ROOT_PLACE].first_child};
    while (depth > 0 || path[0].next_child != NO_PLACE) {
        uint32_t child = path[depth].next_child;
        if (child == NO_PLACE) {
            leave_node(&list, &path[depth], &path[depth - 1]);
            depth--;
        } else {
            path[depth].next_child = graph->nodes[child].next_sibling;
            path[++depth] = enter_node(graph, &list, child);
        }
    }
    hash_map_free(&list.index);
    free(list.on_path);
    *count = list.count;
    return list.rows;
}

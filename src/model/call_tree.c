#include "model/call_tree.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/memory.h"
#include "model/segments.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_FUNCTIONS = 1 << 18,
    MAX_TEXT_BYTES = 64 << 20, /* of all names and files */
};

/* An index by hash: open addressing over ids, compared through the stored element. Slot value 0 means free,
 * so ids are kept plus one. */
struct index {
    uint32_t *slots;
    size_t capacity;
    size_t used;
};

struct stored_function {
    struct function function;
    uint64_t hash;
};

struct call_tree {
    struct segments functions; /* struct stored_function */
    struct segments nodes;     /* struct call_node */
    struct index function_index;
    struct index node_index;
    struct arena *texts;
    size_t text_bytes;
    uint64_t key; /* of the hashes: names and lines are the watched programs' choice */
    uint32_t other_functions;
};

static const struct function unknown_function = {.name = "[unknown]", .file = "", .line = 0};
static const struct call_node root_node = {.parent = CALL_TREE_ROOT};

static uint64_t node_hash(const struct call_tree *tree, uint32_t parent, uint32_t function, uint32_t line)
{
    return hash_u64(hash_u64(((uint64_t)parent << 32 | function) ^ tree->key) ^ line);
}

static uint64_t function_hash(const struct call_tree *tree, const char *name, const char *file, uint32_t line)
{
    uint64_t hash = hash_bytes(file, strlen(file), tree->key);

    return hash_bytes(name, strlen(name), hash_u64(hash + line));
}

static uint64_t stored_hash(const struct call_tree *tree, const struct index *index, uint32_t id)
{
    if (index == &tree->function_index)
        return ((const struct stored_function *)segments_at(&tree->functions, id))->hash;
    const struct call_node *node = segments_at(&tree->nodes, id);
    return node_hash(tree, node->parent, node->function, node->line);
}

static void index_put(struct index *index, uint64_t hash, uint32_t id)
{
    size_t slot = (size_t)hash & (index->capacity - 1);

    while (index->slots[slot] != 0)
        slot = (slot + 1) & (index->capacity - 1);
    index->slots[slot] = id + 1;
}

static void index_add(const struct call_tree *tree, struct index *index, uint64_t hash, uint32_t id)
{
    if ((index->used + 1) * 3 > index->capacity * 2) {
        struct index bigger = {.capacity = index->capacity > 0 ? index->capacity * 2 : 256};
        bigger.slots = memory_allocate(bigger.capacity, sizeof(*bigger.slots));
        for (size_t i = 0; i < index->capacity; i++) {
            if (index->slots[i] != 0)
                index_put(&bigger, stored_hash(tree, index, index->slots[i] - 1), index->slots[i] - 1);
        }
        free(index->slots);
        index->slots = bigger.slots;
        index->capacity = bigger.capacity;
    }
    index_put(index, hash, id);
    index->used++;
}

struct call_tree *call_tree_new(void)
{
    struct call_tree *tree = memory_allocate(1, sizeof(*tree));
    uint32_t root;

    segments_init(&tree->functions, sizeof(struct stored_function));
    segments_init(&tree->nodes, sizeof(struct call_node));
    tree->texts = arena_new();
    tree->key = hash_random_key();
    segments_append(&tree->nodes, &root);
    tree->other_functions = call_tree_add_function(tree, "[other functions]", "", 0);
    return tree;
}

void call_tree_free(struct call_tree *tree)
{
    if (tree == NULL)
        return;
    segments_free(&tree->functions);
    segments_free(&tree->nodes);
    free(tree->function_index.slots);
    free(tree->node_index.slots);
    arena_free(tree->texts);
    free(tree);
}

uint32_t call_tree_add_function(struct call_tree *tree, const char *name, const char *file, uint32_t line)
{
    struct index *index = &tree->function_index;
    uint64_t hash = function_hash(tree, name, file, line);

    for (size_t i = (size_t)hash; index->capacity > 0; i++) {
        uint32_t slot = index->slots[i & (index->capacity - 1)];
        if (slot == 0)
            break;
        const struct stored_function *known = segments_at(&tree->functions, slot - 1);
        if (known->hash == hash && known->function.line == line && strcmp(known->function.name, name) == 0 &&
            strcmp(known->function.file, file) == 0)
            return slot - 1;
    }

    uint32_t id;
    size_t text_bytes = strlen(name) + strlen(file) + 2;
    if (tree->functions.count >= MAX_FUNCTIONS || text_bytes > MAX_TEXT_BYTES - tree->text_bytes)
        return tree->other_functions;
    tree->text_bytes += text_bytes;
    struct stored_function *added = segments_append(&tree->functions, &id);
    added->hash = hash;
    added->function.name = arena_copy_text(tree->texts, name, strlen(name));
    added->function.file = arena_copy_text(tree->texts, file, strlen(file));
    added->function.line = line;
    index_add(tree, index, hash, id);
    return id;
}

uint32_t call_tree_find_node(const struct call_tree *tree, uint32_t parent, uint32_t function, uint32_t line)
{
    const struct index *index = &tree->node_index;

    for (size_t i = (size_t)node_hash(tree, parent, function, line); index->capacity > 0; i++) {
        uint32_t slot = index->slots[i & (index->capacity - 1)];
        if (slot == 0)
            break;
        const struct call_node *known = segments_at(&tree->nodes, slot - 1);
        if (known->parent == parent && known->function == function && known->line == line)
            return slot - 1;
    }
    return CALL_TREE_ROOT;
}

uint32_t call_tree_add_node(struct call_tree *tree, uint32_t parent, uint32_t function, uint32_t line)
{
    uint32_t known = call_tree_find_node(tree, parent, function, line);

    if (known != CALL_TREE_ROOT)
        return known;

    uint32_t id;
    uint32_t depth = call_tree_node(tree, parent)->depth + 1;
    if (depth > CALL_TREE_MAX_DEPTH)
        return parent;
    struct call_node *added = segments_append(&tree->nodes, &id);
    if (added == NULL)
        return parent;
    *added = (struct call_node){.parent = parent, .function = function, .line = line, .depth = depth};
    index_add(tree, &tree->node_index, node_hash(tree, parent, function, line), id);
    return id;
}

const struct function *call_tree_function(const struct call_tree *tree, uint32_t id)
{
    const struct stored_function *stored = segments_at(&tree->functions, id);

    return stored != NULL && stored->function.name != NULL ? &stored->function : &unknown_function;
}

const struct call_node *call_tree_node(const struct call_tree *tree, uint32_t id)
{
    const struct call_node *node = segments_at(&tree->nodes, id);

    return node != NULL ? node : &root_node;
}

uint32_t call_tree_function_count(const struct call_tree *tree)
{
    return tree->functions.count;
}

uint32_t call_tree_node_count(const struct call_tree *tree)
{
    return tree->nodes.count;
}

#include "record/names.h"

#include <string.h>

static void insert(struct names *names, size_t index, uint32_t id, const int64_t *values, int count)
{
    sqlite3_stmt *statement = database_statement(names->database, index);

    sqlite3_bind_int64(statement, 1, id);
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(statement, i + 2, values[i]);
    database_step(names->database, statement);
}

uint32_t names_text(struct names *names, const char *text)
{
    if (names->key == 0)
        names->key = hash_random_key() | 1;
    uint64_t hash = hash_bytes(text, strlen(text), names->key);
    const uint32_t *known = hash_map_find(&names->strings, hash);
    if (known != NULL)
        return *known;
    uint32_t id = ++names->string_count;
    hash_map_set(&names->strings, hash, id);
    sqlite3_stmt *statement = database_statement(names->database, NAMES_INSERT_STRING);
    sqlite3_bind_int64(statement, 1, id);
    database_bind_text(statement, 2, text);
    database_step(names->database, statement);
    return id;
}

static uint32_t function_id(struct names *names, const struct call_tree *tree, uint32_t function)
{
    const uint32_t *known = hash_map_find(&names->functions, function);

    if (known != NULL)
        return *known;
    const struct function *named = call_tree_function(tree, function);
    const int64_t values[] = {names_text(names, named->name), names_text(names, named->file), named->line};
    uint32_t id = ++names->function_count;
    hash_map_set(&names->functions, function, id);
    insert(names, NAMES_INSERT_FUNCTION, id, values, 3);
    return id;
}

uint32_t names_node(struct names *names, const struct call_tree *tree, uint32_t node)
{
    uint32_t path[CALL_TREE_MAX_DEPTH + 1];
    size_t length = 0;
    const uint32_t *known = NULL;

    /* Up to the next node that is known, then down again. */
    while (node != CALL_TREE_ROOT && length <= CALL_TREE_MAX_DEPTH &&
           (known = hash_map_find(&names->nodes, node)) == NULL) {
        path[length++] = node;
        node = call_tree_node(tree, node)->parent;
    }
    uint32_t id = known != NULL ? *known : 0;
    while (length > 0) {
        const struct call_node *next = call_tree_node(tree, path[--length]);
        const int64_t values[] = {id, function_id(names, tree, next->function), next->line};
        id = ++names->node_count;
        hash_map_set(&names->nodes, path[length], id);
        insert(names, NAMES_INSERT_NODE, id, values, 3);
    }
    return id;
}

void names_free(struct names *names)
{
    hash_map_free(&names->strings);
    hash_map_free(&names->functions);
    hash_map_free(&names->nodes);
}

#include "record/names.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- uses ---- */

bool name_uses_note(struct name_uses *uses, uint32_t id, uint64_t tick)
{
    bool is_first = uses->ticks[id] != tick + 1;

    uses->ticks[id] = tick + 1;
    return is_first;
}

uint32_t name_uses_add(struct name_uses *uses, uint64_t tick)
{
    uint32_t id = ++uses->count;

    uses->ticks = memory_grow(uses->ticks, &uses->capacity, (size_t)id + 1, sizeof(*uses->ticks));
    uses->ticks[id] = tick + 1;
    return id;
}

void name_uses_drop(struct name_uses *uses, uint64_t last, struct database *database, size_t statement)
{
    for (uint32_t id = 1; id <= uses->count; id++) {
        if (uses->ticks[id] == 0 || uses->ticks[id] > last + 1)
            continue;
        uses->ticks[id] = 0;
        sqlite3_bind_int64(database_statement(database, statement), 1, id);
        database_step(database, database_statement(database, statement));
    }
}

/* What was known and is still in the file; 0 for nothing. */
static uint32_t find_kept(const struct hash_map *map, uint64_t key, const struct name_uses *uses)
{
    const uint32_t *known = hash_map_find(map, key);

    return known != NULL && uses->ticks[*known] != 0 ? *known : 0;
}

/* ---- names ---- */

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
    uint32_t id = find_kept(&names->strings, hash, &names->string_uses);
    if (id != 0) {
        name_uses_note(&names->string_uses, id, names->tick);
        return id;
    }
    id = name_uses_add(&names->string_uses, names->tick);
    hash_map_set(&names->strings, hash, id);
    sqlite3_stmt *statement = database_statement(names->database, NAMES_INSERT_STRING);
    sqlite3_bind_int64(statement, 1, id);
    database_bind_text(statement, 2, text);
    database_step(names->database, statement);
    return id;
}

/* A function that is used uses its texts. */
static uint32_t function_id(struct names *names, const struct call_tree *tree, uint32_t function)
{
    uint32_t id = find_kept(&names->functions, function, &names->function_uses);

    if (id != 0 && !name_uses_note(&names->function_uses, id, names->tick))
        return id;
    const struct function *named = call_tree_function(tree, function);
    const int64_t values[] = {names_text(names, named->name), names_text(names, named->file), named->line};
    if (id != 0)
        return id;
    id = name_uses_add(&names->function_uses, names->tick);
    hash_map_set(&names->functions, function, id);
    insert(names, NAMES_INSERT_FUNCTION, id, values, 3);
    return id;
}

/* A node that is used uses its function and its parent. */
static uint32_t use_node(struct names *names, const struct call_tree *tree, uint32_t node, uint32_t parent)
{
    const struct call_node *used = call_tree_node(tree, node);
    const int64_t values[] = {parent, function_id(names, tree, used->function), used->line};
    uint32_t id = find_kept(&names->nodes, node, &names->node_uses);

    if (id != 0) {
        name_uses_note(&names->node_uses, id, names->tick);
        return id;
    }
    id = name_uses_add(&names->node_uses, names->tick);
    hash_map_set(&names->nodes, node, id);
    insert(names, NAMES_INSERT_NODE, id, values, 3);
    return id;
}

uint32_t names_node(struct names *names, const struct call_tree *tree, uint32_t node)
{
    uint32_t path[CALL_TREE_MAX_DEPTH + 1];
    size_t length = 0;
    uint32_t id = 0;

    /* Up to the next node that was used in this tick, then down again. */
    while (node != CALL_TREE_ROOT && length <= CALL_TREE_MAX_DEPTH) {
        id = find_kept(&names->nodes, node, &names->node_uses);
        if (id != 0 && names->node_uses.ticks[id] == names->tick + 1)
            break;
        path[length++] = node;
        node = call_tree_node(tree, node)->parent;
        id = 0;
    }
    while (length > 0)
        id = use_node(names, tree, path[--length], id);
    return id;
}

void names_drop(struct names *names, uint64_t last)
{
    sqlite3_stmt *statement = database_statement(names->database, NAMES_USED_STRINGS);

    while (sqlite3_step(statement) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(statement, 0);
        if (id > 0 && id <= names->string_uses.count)
            name_uses_note(&names->string_uses, (uint32_t)id, names->tick);
    }
    sqlite3_reset(statement);
    name_uses_drop(&names->node_uses, last, names->database, NAMES_DROP_NODE);
    name_uses_drop(&names->function_uses, last, names->database, NAMES_DROP_FUNCTION);
    name_uses_drop(&names->string_uses, last, names->database, NAMES_DROP_STRING);
}

void names_free(struct names *names)
{
    hash_map_free(&names->strings);
    hash_map_free(&names->functions);
    hash_map_free(&names->nodes);
    free(names->string_uses.ticks);
    free(names->function_uses.ticks);
    free(names->node_uses.ticks);
}

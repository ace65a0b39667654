#include "record/names.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    MANY_NAMES = 1 << 16, /* of one kind */
};

/* ---- tables ---- */

static int compare_id(const void *left, const void *right)
{
    uint32_t a = ((const struct name_use *)left)->id;
    uint32_t b = ((const struct name_use *)right)->id;

    return (a > b) - (a < b);
}

/* The use of an id; NULL when it is not in the file any more. Mostly none was dropped in between. */
static struct name_use *find_use(const struct name_table *table, uint32_t id)
{
    const struct name_use key = {.id = id};
    size_t place = table->count > 0 ? id - table->uses[0].id : 0;

    if (place < table->count && table->uses[place].id == id)
        return &table->uses[place];
    return table->count > 0 ? bsearch(&key, table->uses, table->count, sizeof(*table->uses), compare_id)
                            : NULL;
}

uint32_t name_table_use(struct name_table *table, uint64_t key, uint64_t tick, bool *is_first)
{
    const uint32_t *id = hash_map_find(&table->ids, key);
    struct name_use *use = id != NULL ? find_use(table, *id) : NULL;

    if (use == NULL)
        return 0;
    if (is_first != NULL)
        *is_first = use->tick != tick;
    use->tick = tick;
    return use->id;
}

uint32_t name_table_add(struct name_table *table, uint64_t key, uint64_t tick)
{
    uint32_t id = ++table->last_id;

    table->uses = memory_grow(table->uses, &table->capacity, table->count + 1, sizeof(*table->uses));
    table->uses[table->count++] = (struct name_use){.key = key, .tick = tick, .id = id};
    hash_map_set(&table->ids, key, id);
    return id;
}

/* Keep the names that a tick after `last` has used. The others are dropped from the database, if there is one. */
static void keep_used(struct name_table *table, uint64_t last, struct database *database, size_t statement)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->count; i++) {
        const struct name_use *use = &table->uses[i];
        if (use->tick > last) {
            table->uses[kept++] = *use;
        } else if (database != NULL) {
            sqlite3_bind_int64(database_statement(database, statement), 1, use->id);
            database_step(database, database_statement(database, statement));
        }
    }
    if (kept == table->count)
        return;
    table->count = kept;
    hash_map_clear(&table->ids);
    for (size_t i = 0; i < kept; i++)
        hash_map_set(&table->ids, table->uses[i].key, table->uses[i].id);
}

void name_table_drop(struct name_table *table, uint64_t last, struct database *database, size_t statement)
{
    keep_used(table, last, database, statement);
}

void name_table_forget(struct name_table *table, uint64_t last)
{
    if (table->count >= MANY_NAMES)
        keep_used(table, last, NULL, 0);
}

void name_table_free(struct name_table *table)
{
    hash_map_free(&table->ids);
    free(table->uses);
    *table = (struct name_table){0};
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
    uint32_t id = name_table_use(&names->strings, hash, names->tick, NULL);
    if (id != 0)
        return id;
    id = name_table_add(&names->strings, hash, names->tick);
    sqlite3_stmt *statement = database_statement(names->database, NAMES_INSERT_STRING);
    sqlite3_bind_int64(statement, 1, id);
    database_bind_text(statement, 2, text);
    database_step(names->database, statement);
    return id;
}

/* A function that is used uses its texts. */
static uint32_t function_id(struct names *names, const struct call_tree *tree, uint32_t function)
{
    bool is_first;
    uint32_t id = name_table_use(&names->functions, function, names->tick, &is_first);

    if (id != 0 && !is_first)
        return id;
    const struct function *named = call_tree_function(tree, function);
    const int64_t values[] = {names_text(names, named->name), names_text(names, named->file), named->line};
    if (id != 0)
        return id;
    id = name_table_add(&names->functions, function, names->tick);
    insert(names, NAMES_INSERT_FUNCTION, id, values, 3);
    return id;
}

/* A node that is used uses its function and its parent. */
static uint32_t add_node(struct names *names, const struct call_tree *tree, uint32_t node, uint32_t parent)
{
    const struct call_node *used = call_tree_node(tree, node);
    const int64_t values[] = {parent, function_id(names, tree, used->function), used->line};
    uint32_t id = name_table_use(&names->nodes, node, names->tick, NULL);

    if (id != 0)
        return id;
    id = name_table_add(&names->nodes, node, names->tick);
    insert(names, NAMES_INSERT_NODE, id, values, 3);
    return id;
}

uint32_t names_node(struct names *names, const struct call_tree *tree, uint32_t node)
{
    uint32_t path[CALL_TREE_MAX_DEPTH + 1];
    size_t length = 0;
    uint32_t id = 0;
    bool is_first;

    /* Up to the next node that was used in this tick, then down again. */
    while (node != CALL_TREE_ROOT && length <= CALL_TREE_MAX_DEPTH) {
        id = name_table_use(&names->nodes, node, names->tick, &is_first);
        if (id != 0 && !is_first)
            break;
        path[length++] = node;
        node = call_tree_node(tree, node)->parent;
        id = 0;
    }
    while (length > 0)
        id = add_node(names, tree, path[--length], id);
    return id;
}

/* Functions are not forgotten: the tree has only so many, and what is summed up by function in SQL is of one id. */
void names_begin_tick(struct names *names, uint64_t tick)
{
    names->tick = tick;
    if (names->are_dropped || tick < 2)
        return;
    name_table_forget(&names->strings, tick - 2);
    name_table_forget(&names->nodes, tick - 2);
}

void names_drop(struct names *names, uint64_t last)
{
    sqlite3_stmt *statement = database_statement(names->database, NAMES_USED_STRINGS);

    while (sqlite3_step(statement) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(statement, 0);
        struct name_use *use = id > 0 && id <= UINT32_MAX ? find_use(&names->strings, (uint32_t)id) : NULL;
        if (use != NULL)
            use->tick = names->tick;
    }
    sqlite3_reset(statement);
    name_table_drop(&names->nodes, last, names->database, NAMES_DROP_NODE);
    name_table_drop(&names->functions, last, names->database, NAMES_DROP_FUNCTION);
    name_table_drop(&names->strings, last, names->database, NAMES_DROP_STRING);
}

void names_free(struct names *names)
{
    name_table_free(&names->strings);
    name_table_free(&names->functions);
    name_table_free(&names->nodes);
}

/* What is written once: texts, functions and nodes of the call tree, with the ids that they have in the file. Where old ticks
 * are dropped, the names go with them that no tick uses any more; an id is never used again. */
#ifndef PYNECK_RECORD_NAMES_H
#define PYNECK_RECORD_NAMES_H

#include "base/hash.h"
#include "model/call_tree.h"
#include "record/database.h"

/* Statements that names need of the database, in this order. */
enum {
    NAMES_INSERT_STRING,
    NAMES_INSERT_FUNCTION,
    NAMES_INSERT_NODE,
    NAMES_USED_STRINGS,
    NAMES_DROP_STRING,
    NAMES_DROP_FUNCTION,
    NAMES_DROP_NODE,
    NAMES_STATEMENTS,
};

#define NAMES_SQL                                                                                            \
    "INSERT INTO string VALUES (?, ?)", "INSERT INTO function VALUES (?, ?, ?, ?)",                          \
        "INSERT INTO node VALUES (?, ?, ?, ?)",                                                              \
        "SELECT user FROM process UNION SELECT name FROM process UNION SELECT command FROM process "         \
        "UNION SELECT implementation FROM process UNION SELECT version FROM process "                        \
        "UNION SELECT name FROM thread",                                                                     \
        "DELETE FROM string WHERE id = ?", "DELETE FROM function WHERE id = ?",                              \
        "DELETE FROM node WHERE id = ?"

/* A name that is in the file. */
struct name_use {
    uint64_t key;
    uint64_t tick; /* that used it last */
    uint32_t id;
};

/* Names of one kind, and when each was last used; zero-initialized is empty. */
struct name_table {
    struct hash_map ids;   /* by key */
    struct name_use *uses; /* by id */
    size_t count;
    size_t capacity;
    uint32_t last_id; /* that was handed out; the first is 1 */
};

/* The id of a key that is used in this tick; 0 when it has none.
 *
 * is_first  receives whether it is the first use in the tick; NULL */
uint32_t name_table_use(struct name_table *table, uint64_t key, uint64_t tick, bool *is_first);

/* A new id for a key, used in this tick. */
uint32_t name_table_add(struct name_table *table, uint64_t key, uint64_t tick);

/* Drop the names that no tick after `last` has used, each by a statement with one parameter. */
void name_table_drop(struct name_table *table, uint64_t last, struct database *database, size_t statement);

/* When there are many, forget those that no tick after `last` has used. They stay in the file; one that comes again is
 * written again, as another one. */
void name_table_forget(struct name_table *table, uint64_t last);

void name_table_free(struct name_table *table);

/* Zero-initialized but for the database. */
struct names {
    struct database *database;
    struct name_table
        strings; /* by a hash of 64 bits, keyed so that no program can choose texts that collide */
    uint64_t key;
    struct name_table functions; /* by id in the tree */
    struct name_table nodes;
    bool are_dropped; /* with old ticks; else they may be forgotten */
    uint64_t tick;    /* that is being written */
};

/* Begin a tick. */
void names_begin_tick(struct names *names, uint64_t tick);

/* The id of a text, a function, a node in the file; what is new is inserted (a failure shows in database_failure()).
 * The parent of a node has a lower id than the node. */
uint32_t names_text(struct names *names, const char *text);
uint32_t names_node(struct names *names, const struct call_tree *tree, uint32_t node);

/* Drop the names that no tick after `last` uses. */
void names_drop(struct names *names, uint64_t last);

void names_free(struct names *names);

#endif

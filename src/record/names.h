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

/* When each id was last used; zero-initialized is empty. */
struct name_uses {
    uint64_t *ticks; /* by id: the tick plus 1; 0: it is not in the file */
    size_t capacity;
    uint32_t count; /* of ids that were handed out, which begin with 1 */
};

/* Note a use of an id; true when it is the first in this tick. */
bool name_uses_note(struct name_uses *uses, uint32_t id, uint64_t tick);

/* A new id, used in this tick. */
uint32_t name_uses_add(struct name_uses *uses, uint64_t tick);

/* Drop the ids that no tick after `last` has used, each by a statement with one parameter. */
void name_uses_drop(struct name_uses *uses, uint64_t last, struct database *database, size_t statement);

/* Zero-initialized but for the database. */
struct names {
    struct database *database;
    struct hash_map
        strings; /* by a hash of 64 bits, keyed so that no program can choose texts that collide */
    uint64_t key;
    struct hash_map functions; /* by id in the tree */
    struct hash_map nodes;
    struct name_uses string_uses;
    struct name_uses function_uses;
    struct name_uses node_uses;
    uint64_t tick; /* that is being written */
};

/* The id of a text, a function, a node in the file; what is new is inserted (a failure shows in database_failure()).
 * The parent of a node has a lower id than the node. */
uint32_t names_text(struct names *names, const char *text);
uint32_t names_node(struct names *names, const struct call_tree *tree, uint32_t node);

/* Drop the names that no tick after `last` uses. */
void names_drop(struct names *names, uint64_t last);

void names_free(struct names *names);

#endif

/* What is written once: texts, functions and nodes of the call tree, with the ids that they have in the file. */
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
    NAMES_STATEMENTS,
};

#define NAMES_SQL                                                                                            \
    "INSERT INTO string VALUES (?, ?)", "INSERT INTO function VALUES (?, ?, ?, ?)",                          \
        "INSERT INTO node VALUES (?, ?, ?, ?)"

/* Zero-initialized but for the database. */
struct names {
    struct database *database;
    struct hash_map
        strings; /* by a hash of 64 bits, keyed so that no program can choose texts that collide */
    uint64_t key;
    uint32_t string_count;
    struct hash_map functions; /* by id in the tree */
    uint32_t function_count;
    struct hash_map nodes;
    uint32_t node_count;
};

/* The id of a text, a function, a node in the file; what is new is inserted (a failure shows in database_failure()).
 * The parent of a node has a lower id than the node. */
uint32_t names_text(struct names *names, const char *text);
uint32_t names_node(struct names *names, const struct call_tree *tree, uint32_t node);

void names_free(struct names *names);

#endif

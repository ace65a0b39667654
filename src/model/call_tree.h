/* The call tree: the one place where profile data is named.
 *
 * A function is known by (name, file, line of its def); a node is a function called at one place: (parent
 * node, function, line being executed). One tree serves a whole session and all its processes. The sampler
 * thread adds; any thread may read the ids it was handed, without a lock (see model/segments.h). Counters are
 * not kept here: a tick holds them per node (model/tick.h), so the tree only grows and never changes. */
#ifndef PYNECK_MODEL_CALL_TREE_H
#define PYNECK_MODEL_CALL_TREE_H

#include <stddef.h>
#include <stdint.h>

struct call_tree;

enum {
    CALL_TREE_ROOT = 0,         /* the node without function: a thread that runs no Python code */
    CALL_TREE_MAX_DEPTH = 2048, /* no node lies deeper */
};

struct function {
    const char *name; /* qualified where the interpreter has it; clean text */
    const char *file; /* as the code object names it; clean text */
    uint32_t line;    /* of its def; 0 when unknown */
};

struct call_node {
    uint32_t parent;   /* CALL_TREE_ROOT's parent is CALL_TREE_ROOT */
    uint32_t function; /* an id; meaningless for CALL_TREE_ROOT */
    uint32_t line;     /* being executed in the function, 0 when unknown */
    uint32_t depth;    /* number of frames from the root: 0 for CALL_TREE_ROOT */
};

/* A tree that holds only the root; call_tree_free() it when no reader is left. */
struct call_tree *call_tree_new(void);
void call_tree_free(struct call_tree *tree);

/* The id of a function, new or known (writer only). `name` and `file` are clean text; they are copied.
 * When the tree holds as many functions as it can, the id of the function "[other functions]". */
uint32_t call_tree_add_function(struct call_tree *tree, const char *name, const char *file, uint32_t line);

/* The id of the node for `function` at `line` under `parent`, new or known (writer only).
 * Beyond CALL_TREE_MAX_DEPTH, and when the tree is full, `parent` itself. */
uint32_t call_tree_add_node(struct call_tree *tree, uint32_t parent, uint32_t function, uint32_t line);

/* The same where the node is known, else CALL_TREE_ROOT (writer only). */
uint32_t call_tree_find_node(const struct call_tree *tree, uint32_t parent, uint32_t function, uint32_t line);

/* What an id stands for (any thread, any time after the id was handed over); an id that is none gives the
 * function
 * "[unknown]" or the root. The strings live as long as the tree. */
const struct function *call_tree_function(const struct call_tree *tree, uint32_t id);
const struct call_node *call_tree_node(const struct call_tree *tree, uint32_t id);

/* How many there are (writer only, or when the writer rests). */
uint32_t call_tree_function_count(const struct call_tree *tree);
uint32_t call_tree_node_count(const struct call_tree *tree);

#endif

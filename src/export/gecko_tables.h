/* The tables that all threads of a Firefox Profiler profile share: stacks of frames of functions of files. */
#ifndef PYNECK_EXPORT_GECKO_TABLES_H
#define PYNECK_EXPORT_GECKO_TABLES_H

#include "base/hash.h"
#include "export/json_stream.h"
#include "model/call_tree.h"
#include "model/thread_state.h"

/* Zero-initialized (besides the tree) is empty. */
struct gecko_tables {
    const struct call_tree *tree;
    struct {
        struct json_numbers prefix;
        struct json_numbers frame;
    } stacks;
    struct {
        struct json_numbers function;
        struct json_numbers line;
        struct json_numbers category;
    } frames;
    struct {
        struct json_numbers name; /* a string */
        struct json_numbers source;
        struct json_numbers line;
    } functions;
    struct json_numbers sources; /* strings */
    const char **strings;        /* the tree's */
    size_t string_count;
    size_t string_capacity;
    struct hash_map stack_places[THREAD_STATES]; /* by node */
    struct hash_map frame_places[THREAD_STATES]; /* by function and line */
    struct hash_map function_places;             /* by id in the tree */
    struct hash_map source_places;               /* by the file's hash */
    uint64_t source_secret;                      /* of that hash */
};

/* The stack of a thread that was in `node` in a state: the innermost frame has the state's category. */
uint32_t gecko_tables_add_stack(struct gecko_tables *tables, uint32_t node, enum thread_state state);

/* Write the member "shared". */
void gecko_tables_write(FILE *stream, const struct gecko_tables *tables);

void gecko_tables_free(struct gecko_tables *tables);

#endif

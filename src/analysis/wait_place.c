#include "analysis/wait_place.h"

#include <string.h>

enum owner {
    OWNER_USER,
    OWNER_PACKAGE, /* installed beside the library */
    OWNER_LIBRARY, /* Python's own */
};

static bool contains_any(const char *text, const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strstr(text, parts[i]) != NULL)
            return true;
    }
    return false;
}

static enum owner owner_of(const char *file)
{
    static const char *const packages[] = {"/site-packages/", "/dist-packages/"};
    static const char *const libraries[] = {"/lib/python2.", "/lib/python3", "/lib64/python", "<frozen "};

    if (contains_any(file, packages, sizeof(packages) / sizeof(packages[0])))
        return OWNER_PACKAGE;
    return contains_any(file, libraries, sizeof(libraries) / sizeof(libraries[0])) ? OWNER_LIBRARY
                                                                                   : OWNER_USER;
}

bool wait_place_find(const struct call_tree *tree, uint32_t id, struct place *place)
{
    enum owner best = OWNER_LIBRARY;
    bool found = false;

    for (const struct call_node *node = call_tree_node(tree, id); node->depth > 0 && best != OWNER_USER;
         node = call_tree_node(tree, node->parent)) {
        enum owner owner = owner_of(call_tree_function(tree, node->function)->file);
        if (found && owner >= best)
            continue;
        *place = (struct place){node->function, node->line};
        best = owner;
        found = true;
    }
    return found;
}

/* The last part of a qualified name: "wait" of "Condition.wait"; older interpreters have no more than that. */
static const char *last_name(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL ? dot + 1 : name;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Names in CPython's Lib/, the same in all versions that are read unless a comment says otherwise. */
static const struct {
    const char *file;
    const char *name;
    bool idle;
} waiters[] = {
    {"/threading.py", "acquire", false}, /* a semaphore: somebody has to give it back */
    {"/threading.py", "__enter__", false},
    {"/threading.py", "wait", true},
    {"/threading.py", "join", true},
    {"/threading.py", "_wait_for_tstate_lock", true}, /* 3.4 to 3.12 */
    {"/threading.py", "_shutdown", true},
    {"/queue.py", "get", true},
    {"/queue.py", "join", true},
    {"/socket.py", "accept", true},
    {"/concurrent/futures/thread.py", "_worker", true},
    {"/concurrent/futures/_base.py", "result", true},
    {"/multiprocessing/connection.py", "accept", true},
    {"/multiprocessing/pool.py", "worker", true},
    {"/multiprocessing/pool.py", "_handle_results", true},
    {"/multiprocessing/pool.py", "_handle_tasks", true},
    {"/concurrent/futures/process.py", "_process_worker", true},
};

/* 1 idle, 0 not, -1 when the function is none of those that tell. */
static int idleness_of(const struct function *function)
{
    const char *name = last_name(function->name);

    for (size_t i = 0; i < sizeof(waiters) / sizeof(waiters[0]); i++) {
        if (strcmp(name, waiters[i].name) == 0 && ends_with(function->file, waiters[i].file))
            return waiters[i].idle;
    }
    return -1;
}

bool wait_place_is_idle(const struct call_tree *tree, uint32_t id)
{
    bool idle = false;

    for (const struct call_node *node = call_tree_node(tree, id); node->depth > 0;
         node = call_tree_node(tree, node->parent)) {
        const struct function *function = call_tree_function(tree, node->function);
        if (owner_of(function->file) != OWNER_LIBRARY)
            break;
        int idleness = idleness_of(function);
        if (idleness == 0)
            return false;
        idle = idle || idleness == 1;
    }
    return idle;
}

bool wait_place_in_event_loop(const struct call_tree *tree, uint32_t id)
{
    for (const struct call_node *node = call_tree_node(tree, id); node->depth > 0;
         node = call_tree_node(tree, node->parent)) {
        const struct function *function = call_tree_function(tree, node->function);
        if (strcmp(last_name(function->name), "_run_once") == 0 &&
            ends_with(function->file, "/asyncio/base_events.py"))
            return true;
    }
    return false;
}

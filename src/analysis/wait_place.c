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

/* Names in CPython's Lib/, the same in all versions that are read unless a comment says otherwise. Of several that call each
 * other the outermost tells most. */
static const struct waiter {
    const char *file;
    const char *name;
    enum awaited awaited;
} waiters[] = {
    {"/threading.py", "acquire", AWAITED_UNKNOWN}, /* a semaphore: somebody has to give it back */
    {"/threading.py", "__enter__", AWAITED_UNKNOWN},
    {"/threading.py", "wait", AWAITED_THREADS},
    {"/threading.py", "join", AWAITED_THREADS},
    {"/threading.py", "_wait_for_tstate_lock", AWAITED_THREADS}, /* 3.4 to 3.12 */
    {"/threading.py", "_shutdown", AWAITED_THREADS},
    {"/queue.py", "get", AWAITED_THREADS},
    {"/queue.py", "join", AWAITED_THREADS},
    {"/selectors.py", "select", AWAITED_EVENTS},
    {"/socket.py", "accept", AWAITED_EVENTS},
    {"/concurrent/futures/_base.py", "result", AWAITED_THREADS},
    {"/concurrent/futures/thread.py", "_worker", AWAITED_THREADS},
    {"/concurrent/futures/process.py", "_process_worker", AWAITED_EVENTS},
    {"/concurrent/futures/process.py", "wait_result_broken_or_wakeup", AWAITED_CHILDREN},
    {"/multiprocessing/connection.py", "_recv", AWAITED_UNKNOWN},
    {"/multiprocessing/connection.py", "_recv_bytes", AWAITED_UNKNOWN},
    {"/multiprocessing/connection.py", "recv_bytes", AWAITED_UNKNOWN},
    {"/multiprocessing/connection.py", "recv", AWAITED_UNKNOWN},
    {"/multiprocessing/connection.py", "_send", AWAITED_UNKNOWN},
    {"/multiprocessing/connection.py", "_send_bytes", AWAITED_UNKNOWN},
    {"/multiprocessing/connection.py", "send", AWAITED_UNKNOWN},
    {"/multiprocessing/connection.py", "wait", AWAITED_EVENTS},
    {"/multiprocessing/synchronize.py", "__enter__", AWAITED_UNKNOWN},
    {"/multiprocessing/queues.py", "get", AWAITED_EVENTS},
    {"/multiprocessing/popen_fork.py", "wait", AWAITED_CHILDREN},
    {"/multiprocessing/pool.py", "worker", AWAITED_EVENTS},
    {"/multiprocessing/pool.py", "wait", AWAITED_CHILDREN},
    {"/multiprocessing/pool.py", "get", AWAITED_CHILDREN},
    {"/multiprocessing/pool.py", "_wait_for_updates", AWAITED_CHILDREN},
    {"/multiprocessing/pool.py", "_handle_results", AWAITED_CHILDREN},
    {"/multiprocessing/pool.py", "_handle_tasks", AWAITED_CHILDREN},
    {"/multiprocessing/pool.py", "_handle_workers", AWAITED_CHILDREN},
};

static const struct waiter *find_waiter(const struct function *function)
{
    const char *name = last_name(function->name);

    for (size_t i = 0; i < sizeof(waiters) / sizeof(waiters[0]); i++) {
        if (waiters[i].name[0] == name[0] && strcmp(name, waiters[i].name) == 0 &&
            ends_with(function->file, waiters[i].file) && owner_of(function->file) == OWNER_LIBRARY)
            return &waiters[i];
    }
    return NULL;
}

enum awaited wait_place_awaits(const struct call_tree *tree, uint32_t id)
{
    enum awaited awaited = AWAITED_UNKNOWN;

    for (const struct call_node *node = call_tree_node(tree, id); node->depth > 0;
         node = call_tree_node(tree, node->parent)) {
        const struct function *function = call_tree_function(tree, node->function);
        const struct waiter *waiter = find_waiter(function);
        if (waiter == NULL)
            break;
        awaited = waiter->awaited;
    }
    return awaited;
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

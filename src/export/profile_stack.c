#include "export/profile_stack.h"

size_t profile_stack_nodes(const struct call_tree *tree, uint32_t node, uint32_t *nodes)
{
    size_t depth = call_tree_node(tree, node)->depth;

    for (size_t i = depth; i > 0; i--) {
        nodes[i - 1] = node;
        node = call_tree_node(tree, node)->parent;
    }
    return depth;
}

bool profile_has_processes(const struct profile_sum *sum)
{
    size_t count;
    const struct profile_thread *threads = profile_sum_threads(sum, &count);

    for (size_t i = 1; i < count; i++) {
        if (threads[i].pid != threads[0].pid || threads[i].start_ticks != threads[0].start_ticks)
            return true;
    }
    return false;
}

bool profile_has_threads(const struct profile_sum *sum)
{
    size_t count;

    profile_sum_threads(sum, &count);
    return count > 1;
}

void profile_process_label(char label[static PROFILE_LABEL_SIZE], const struct profile_thread *thread)
{
    snprintf(label, PROFILE_LABEL_SIZE, "%d %s", thread->pid, thread->command != NULL ? thread->command : "");
}

void profile_thread_label(char label[static PROFILE_LABEL_SIZE], const struct profile_thread *thread)
{
    if (thread->name != NULL)
        snprintf(label, PROFILE_LABEL_SIZE, "%s", thread->name);
    else
        snprintf(label, PROFILE_LABEL_SIZE, "thread %d", thread->tid);
}

void profile_frame_label(char label[static PROFILE_LABEL_SIZE], const struct call_tree *tree, uint32_t node)
{
    const struct call_node *place = call_tree_node(tree, node);
    const struct function *function = call_tree_function(tree, place->function);

    if (node == CALL_TREE_ROOT)
        snprintf(label, PROFILE_LABEL_SIZE, "[no Python code]");
    else if (place->line > 0)
        snprintf(label, PROFILE_LABEL_SIZE, "%s (%s:%u)", function->name, function->file, place->line);
    else
        snprintf(label, PROFILE_LABEL_SIZE, "%s (%s)", function->name, function->file);
}

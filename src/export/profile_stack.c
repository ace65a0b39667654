#include "export/profile_stack.h"

#include <stdarg.h>
#include <stdio.h>

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

/* Print a label; one that is too long ends with a whole character. */
static __attribute__((format(printf, 2, 3))) void print_label(char label[static PROFILE_LABEL_SIZE],
                                                              const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(label, PROFILE_LABEL_SIZE, format, arguments);
    va_end(arguments);
    if (length < PROFILE_LABEL_SIZE)
        return;
    size_t end = PROFILE_LABEL_SIZE - 1;
    while (end > 0 && ((unsigned char)label[end - 1] & 0xC0) == 0x80)
        end--;
    label[end - (end > 0 && (unsigned char)label[end - 1] >= 0xC0)] = '\0';
}

void profile_process_label(char label[static PROFILE_LABEL_SIZE], const struct profile_thread *thread)
{
    print_label(label, "%d %s", thread->pid, thread->command != NULL ? thread->command : "");
}

void profile_thread_label(char label[static PROFILE_LABEL_SIZE], const struct profile_thread *thread)
{
    if (thread->name != NULL)
        print_label(label, "%s", thread->name);
    else
        print_label(label, "thread %d", thread->tid);
}

void profile_frame_label(char label[static PROFILE_LABEL_SIZE], const struct call_tree *tree, uint32_t node)
{
    const struct call_node *place = call_tree_node(tree, node);
    const struct function *function = call_tree_function(tree, place->function);

    if (node == CALL_TREE_ROOT)
        print_label(label, "[no Python code]");
    else if (place->line > 0)
        print_label(label, "%s (%s:%u)", function->name, function->file, place->line);
    else
        print_label(label, "%s (%s)", function->name, function->file);
}

#include "system/process_root.h"

#include <string.h>
#include <unistd.h>

void process_root_read(struct process_root *root, int process_fd)
{
    ssize_t length = readlinkat(process_fd, "root", root->path, sizeof(root->path));

    root->length = length > 1 ? (size_t)length : 0;
}

void process_root_enter(const struct process_root *root, const char **path, size_t *length)
{
    if (root->length > 0 && *length > root->length && (*path)[root->length] == '/' &&
        memcmp(*path, root->path, root->length) == 0) {
        *path += root->length;
        *length -= root->length;
    }
}

#include "system/pid_list.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static int compare(const void *left, const void *right)
{
    pid_t a = *(const pid_t *)left;
    pid_t b = *(const pid_t *)right;

    return (a > b) - (a < b);
}

/* The process id that a name in /proc stands for, or 0. */
static pid_t parse_pid(const char *name)
{
    int64_t pid = 0;

    for (; *name >= '0' && *name <= '9' && pid <= INT32_MAX; name++)
        pid = pid * 10 + (*name - '0');
    return *name == '\0' && pid <= INT32_MAX ? (pid_t)pid : 0;
}

static void add(struct pid_list *list, pid_t pid)
{
    list->pids = memory_grow(list->pids, &list->capacity, list->count + 1, sizeof(*list->pids));
    list->pids[list->count++] = pid;
}

int pid_list_read(struct pid_list *list, int proc_fd)
{
    _Alignas(struct dirent64) char names[32 * 1024];
    ssize_t length;
    bool ascending = true;

    list->count = 0;
    if (lseek(proc_fd, 0, SEEK_SET) < 0)
        return errno;
    while ((length = getdents64(proc_fd, names, sizeof(names))) > 0) {
        for (ssize_t offset = 0; offset < length;) {
            const struct dirent64 *entry = (const struct dirent64 *)(names + offset);
            pid_t pid = parse_pid(entry->d_name);
            offset += entry->d_reclen;
            if (pid == 0)
                continue;
            if (list->count > 0 && list->pids[list->count - 1] > pid)
                ascending = false;
            add(list, pid);
        }
    }
    if (length < 0) {
        list->count = 0;
        return errno;
    }
    if (!ascending) /* the kernel lists them in this order, but nothing promises it */
        qsort(list->pids, list->count, sizeof(*list->pids), compare);
    return 0;
}

bool pid_list_contains(const struct pid_list *list, pid_t pid)
{
    return list->count > 0 && bsearch(&pid, list->pids, list->count, sizeof(*list->pids), compare) != NULL;
}

void pid_list_free(struct pid_list *list)
{
    free(list->pids);
    *list = (struct pid_list){0};
}

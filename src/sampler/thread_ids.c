#include "sampler/thread_ids.h"

#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool same_pid_namespace(pid_t pid)
{
    char path[40], own[64], other[64];

    snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
    ssize_t other_length = readlink(path, other, sizeof(other));
    ssize_t own_length = readlink("/proc/self/ns/pid", own, sizeof(own));
    return other_length <= 0 || (other_length == own_length && memcmp(own, other, (size_t)own_length) == 0);
}

/* The last number of the line "NSpid:" of a thread's status: its id in the innermost namespace. */
static uint64_t innermost_id(pid_t pid, pid_t tid)
{
    char path[64], text[4096];

    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return 0;
    const char *line = strstr(text, "\nNSpid:");
    if (line == NULL)
        return 0;
    uint64_t id = 0;
    for (char *cursor = (char *)line + 7, *end; *cursor != '\0' && *cursor != '\n'; cursor = end) {
        uint64_t number = strtoull(cursor, &end, 10);
        if (end == cursor)
            break;
        id = number;
        while (*end == '\t' || *end == ' ')
            end++;
    }
    return id;
}

static void read_ids(struct thread_ids *ids)
{
    char path[64];

    ids->is_read = true;
    ids->same_namespace = same_pid_namespace(ids->pid);
    if (ids->same_namespace)
        return;
    snprintf(path, sizeof(path), "/proc/%d/task", ids->pid);
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        pid_t tid = (pid_t)atoi(entry->d_name);
        if (tid > 0)
            hash_map_set(&ids->tids, innermost_id(ids->pid, tid), (uint32_t)tid);
    }
    closedir(directory);
}

pid_t thread_ids_find(struct thread_ids *ids, uint64_t native_id)
{
    char path[64];

    if (native_id == 0 || native_id > INT32_MAX)
        return 0;
    if (!ids->is_read)
        read_ids(ids);
    if (!ids->same_namespace) {
        const uint32_t *tid = hash_map_find(&ids->tids, native_id);
        return tid != NULL ? (pid_t)*tid : 0;
    }
    snprintf(path, sizeof(path), "/proc/%d/task/%d", ids->pid, (int)native_id);
    return access(path, F_OK) == 0 ? (pid_t)native_id : 0;
}

void thread_ids_forget(struct thread_ids *ids)
{
    ids->is_read = false;
    hash_map_clear(&ids->tids);
}

void thread_ids_free(struct thread_ids *ids)
{
    hash_map_free(&ids->tids);
}

#include "sampler/thread_ids.h"

#include "python/native_id.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void read_ids(struct thread_ids *ids)
{
    char path[64];
    size_t levels;

    ids->is_read = true;
    native_id_of_task(ids->pid, ids->pid, &levels);
    ids->same_namespace = levels <= 1;
    if (ids->same_namespace)
        return;
    snprintf(path, sizeof(path), "/proc/%d/task", ids->pid);
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        pid_t tid = (pid_t)atoi(entry->d_name);
        if (tid > 0)
            hash_map_set(&ids->tids, native_id_of_task(ids->pid, tid, &levels), (uint32_t)tid);
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

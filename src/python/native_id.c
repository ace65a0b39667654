#include "python/native_id.h"

#include "base/file.h"
#include "base/memory.h"
#include "python/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DESCRIPTOR_BYTES = 1024, /* of a thread's descriptor: the number lies at 720 in glibc 2.36 on x86-64 */
    MAX_TASKS = 1 << 16,
};

/* The numbers of all threads of a process, ascending. */
struct tasks {
    uint32_t *ids;
    size_t capacity;
    size_t count;
};

uint32_t native_id_of_task(pid_t pid, pid_t tid, size_t *levels)
{
    char path[64], text[4096];

    *levels = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)pid, (int)tid);
    if (file_read_at(AT_FDCWD, path, text, sizeof(text)) <= 0)
        return 0;
    const char *cursor = strstr(text, "\nNSpid:");
    if (cursor == NULL)
        return 0;
    uint32_t id = 0;
    cursor += strlen("\nNSpid:");
    while (*cursor == '\t' || *cursor == ' ') {
        char *end;
        unsigned long number = strtoul(cursor, &end, 10);
        if (end == cursor)
            break;
        id = (uint32_t)number;
        (*levels)++;
        cursor = end;
    }
    return id;
}

static int compare_ids(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;

    return (a > b) - (a < b);
}

static void list_tasks(struct tasks *tasks, pid_t pid)
{
    char path[64];
    size_t levels;

    native_id_of_task(pid, pid, &levels);
    bool own_namespace = levels <= 1;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    for (struct dirent *item; (item = readdir(directory)) != NULL && tasks->count < MAX_TASKS;) {
        uint32_t id = (uint32_t)strtoul(item->d_name, NULL, 10);
        if (id != 0 && !own_namespace)
            id = native_id_of_task(pid, (pid_t)id, &levels);
        if (id == 0)
            continue;
        tasks->ids = memory_grow(tasks->ids, &tasks->capacity, tasks->count + 1, sizeof(*tasks->ids));
        tasks->ids[tasks->count++] = id;
    }
    closedir(directory);
    if (tasks->count > 0)
        qsort(tasks->ids, tasks->count, sizeof(*tasks->ids), compare_ids);
}

/* The place of a number among the tasks; SIZE_MAX when there is no such task. */
static size_t find_task(const struct tasks *tasks, uint32_t id)
{
    const uint32_t *found =
        tasks->count > 0 ? bsearch(&id, tasks->ids, tasks->count, sizeof(id), compare_ids) : NULL;

    return found != NULL ? (size_t)(found - tasks->ids) : SIZE_MAX;
}

/* The descriptors of all threads, one behind the other. */
struct descriptors {
    const uint64_t *thread_ids;
    unsigned char *bytes;
    size_t count;
};

/* What glibc (0) and musl (-1) set the number to in the child of a fork, for the threads that only the parent
 * has (glibc, nptl/nptl-stack.c; musl, src/process/fork.c). */
static bool is_no_number(uint32_t id)
{
    return id == 0 || id == UINT32_MAX;
}

/* Whether every descriptor has another thread's number at this offset; with `some_gone`, every one that has a
 * number there. `owners` says for each task whose number it is. */
static bool offset_holds(const struct descriptors *descriptors, const struct tasks *tasks, size_t offset,
                         bool some_gone, uint64_t *owners)
{
    size_t held = 0;

    memset(owners, 0, tasks->count * sizeof(*owners));
    for (size_t i = 0; i < descriptors->count; i++) {
        uint32_t id = memory_get_u32(descriptors->bytes + i * DESCRIPTOR_BYTES, offset);
        if (some_gone && is_no_number(id))
            continue;
        size_t task = find_task(tasks, id);
        if (task == SIZE_MAX || (owners[task] != 0 && owners[task] != descriptors->thread_ids[i]))
            return false;
        owners[task] = descriptors->thread_ids[i];
        held++;
    }
    return held > 0;
}

static bool same_numbers(const struct descriptors *descriptors, size_t offset, size_t other)
{
    for (size_t i = 0; i < descriptors->count; i++) {
        const unsigned char *bytes = descriptors->bytes + i * DESCRIPTOR_BYTES;
        if (memory_get_u32(bytes, offset) != memory_get_u32(bytes, other))
            return false;
    }
    return true;
}

/* The offset of the number in all descriptors; SIZE_MAX when none or more than one would do. */
static size_t find_offset(const struct descriptors *descriptors, const struct tasks *tasks, bool some_gone)
{
    uint64_t *owners = memory_allocate(tasks->count + 1, sizeof(*owners));
    size_t found = SIZE_MAX;

    for (size_t offset = 0; offset + sizeof(uint32_t) <= DESCRIPTOR_BYTES; offset += sizeof(uint32_t)) {
        if (!offset_holds(descriptors, tasks, offset, some_gone, owners))
            continue;
        if (found != SIZE_MAX && !same_numbers(descriptors, found, offset)) {
            found = SIZE_MAX;
            break;
        }
        found = offset;
    }
    free(owners);
    return found;
}

/* Read all descriptors; that of a thread which has gone may be gone too, and becomes zeros. */
static void read_descriptors(pid_t pid, struct descriptors *descriptors)
{
    for (size_t i = 0; i < descriptors->count; i++) {
        unsigned char *bytes = descriptors->bytes + i * DESCRIPTOR_BYTES;
        if (!memory_is_pointer(descriptors->thread_ids[i]) ||
            !memory_read(pid, descriptors->thread_ids[i], bytes, DESCRIPTOR_BYTES))
            memset(bytes, 0, DESCRIPTOR_BYTES);
    }
}

void native_id_find(pid_t pid, const uint64_t *thread_ids, uint64_t *native_ids, size_t count)
{
    struct descriptors descriptors = {.thread_ids = thread_ids, .count = count};
    struct tasks tasks = {0};

    descriptors.bytes = memory_allocate(count + 1, DESCRIPTOR_BYTES);
    list_tasks(&tasks, pid);
    read_descriptors(pid, &descriptors);
    size_t offset = find_offset(&descriptors, &tasks, false);
    if (offset == SIZE_MAX)
        offset = find_offset(&descriptors, &tasks, true);
    for (size_t i = 0; i < count; i++) {
        uint32_t id = tasks.count == 1 ? tasks.ids[0] : 0;
        if (offset != SIZE_MAX)
            id = memory_get_u32(descriptors.bytes + i * DESCRIPTOR_BYTES, offset);
        native_ids[i] = is_no_number(id) ? 0 : id;
    }
    free(tasks.ids);
    free(descriptors.bytes);
}

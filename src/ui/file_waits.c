#include "ui/file_waits.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_WAITS = 1024, /* of one process */
};

static int compare_fd(const void *key, const void *element)
{
    int wanted = *(const int *)key;
    int fd = ((const struct open_file *)element)->fd;

    return (wanted > fd) - (wanted < fd);
}

/* What a descriptor is open on; 0 when its process's files were not listed. */
static uint64_t find_file(const struct process *process, int fd)
{
    const struct open_file *file = NULL;

    if (process->open_file_detail_count > 0)
        file = bsearch(&fd, process->open_files, process->open_file_detail_count,
                       sizeof(*process->open_files), compare_fd);
    return file != NULL && file->path != NULL ? hash_bytes(file->path, strlen(file->path), 0) : 0;
}

/* See what a descriptor is open on: what was waited for when it was something else is forgotten. */
static void see_file(struct file_waits *waits, int fd, uint64_t file)
{
    for (size_t i = 0; file != 0 && i < waits->count; i++) {
        struct file_wait *wait = &waits->waits[i];
        if (wait->fd != fd || wait->file == file)
            continue;
        wait->wall_ns = wait->file == 0 ? wait->wall_ns : 0;
        wait->file = file;
    }
}

static void add(struct file_waits *waits, const struct profile_wait *wait, uint64_t file)
{
    uint64_t key = (uint64_t)(uint32_t)wait->fd << 32 | wait->node;
    const uint32_t *place = hash_map_find(&waits->places, key);

    if (place != NULL) {
        waits->waits[*place].wall_ns += wait->wall_ns;
        return;
    }
    if (waits->count == MAX_WAITS)
        return;
    hash_map_set(&waits->places, key, (uint32_t)waits->count);
    waits->waits = memory_grow(waits->waits, &waits->capacity, waits->count + 1, sizeof(*waits->waits));
    waits->waits[waits->count++] = (struct file_wait){wait->fd, wait->node, file, wait->wall_ns};
}

void file_waits_add(struct file_waits *waits, const struct process *process)
{
    const struct profile *profile = process->profile;

    for (size_t i = 0; profile != NULL && i < profile->wait_count; i++) {
        int fd = profile->waits[i].fd;
        if (fd < 0)
            continue;
        uint64_t file = find_file(process, fd);
        see_file(waits, fd, file);
        add(waits, &profile->waits[i], file);
    }
}

void file_waits_clear(struct file_waits *waits)
{
    waits->count = 0;
    hash_map_clear(&waits->places);
}

void file_waits_free(struct file_waits *waits)
{
    free(waits->waits);
    hash_map_free(&waits->places);
    *waits = (struct file_waits){0};
}

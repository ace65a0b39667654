#include "record/reader_cache.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    PLACES = 1 << 12,      /* of each kind; an id has one place, in which the last one that came is kept */
    MOST_TEXT_BYTES = 512, /* of one row */
    FILE_TEXTS = 6,
};

/* In each place id 0 says that it is empty. */
struct kept_text {
    uint32_t id;
    char *text;
};

struct kept_process {
    uint32_t id;
    struct process_row row;
};

struct kept_file {
    uint32_t id;
    struct open_file file; /* its texts are in `texts` */
    struct socket_info socket;
    char *texts;
};

/* Room is made when the first of a kind comes. */
struct reader_cache {
    struct kept_text *texts;
    struct kept_process *processes;
    struct kept_file *files;
};

struct reader_cache *reader_cache_new(void)
{
    return memory_allocate(1, sizeof(struct reader_cache));
}

void reader_cache_free(struct reader_cache *cache)
{
    for (size_t i = 0; cache->texts != NULL && i < PLACES; i++)
        free(cache->texts[i].text);
    for (size_t i = 0; cache->files != NULL && i < PLACES; i++)
        free(cache->files[i].texts);
    free(cache->texts);
    free(cache->processes);
    free(cache->files);
    free(cache);
}

/* ---- texts ---- */

const char *reader_cache_find_text(const struct reader_cache *cache, uint32_t id, struct arena *arena)
{
    const struct kept_text *kept = cache->texts != NULL ? &cache->texts[id % PLACES] : NULL;

    if (kept == NULL || kept->id != id || id == 0)
        return NULL;
    return arena_copy_text(arena, kept->text, strlen(kept->text));
}

void reader_cache_keep_text(struct reader_cache *cache, uint32_t id, const char *text)
{
    if (id == 0 || strlen(text) > MOST_TEXT_BYTES)
        return;
    if (cache->texts == NULL)
        cache->texts = memory_allocate(PLACES, sizeof(*cache->texts));
    struct kept_text *kept = &cache->texts[id % PLACES];
    free(kept->text);
    *kept = (struct kept_text){id, memory_copy_text(text)};
}

/* ---- processes ---- */

bool reader_cache_find_process(const struct reader_cache *cache, uint32_t id, struct process_row *row)
{
    const struct kept_process *kept = cache->processes != NULL ? &cache->processes[id % PLACES] : NULL;

    if (kept == NULL || kept->id != id || id == 0)
        return false;
    *row = kept->row;
    return true;
}

void reader_cache_keep_process(struct reader_cache *cache, uint32_t id, const struct process_row *row)
{
    if (id == 0)
        return;
    if (cache->processes == NULL)
        cache->processes = memory_allocate(PLACES, sizeof(*cache->processes));
    cache->processes[id % PLACES] = (struct kept_process){id, *row};
}

/* ---- open files ---- */

/* Where the texts of a file are; those of a socket are the last four. */
static size_t list_texts(struct open_file *file, struct socket_info *socket, const char **texts[FILE_TEXTS])
{
    texts[0] = &file->path;
    texts[1] = &file->peer;
    if (socket == NULL)
        return 2;
    texts[2] = &socket->protocol;
    texts[3] = &socket->state;
    texts[4] = &socket->local;
    texts[5] = &socket->remote;
    return FILE_TEXTS;
}

bool reader_cache_find_file(const struct reader_cache *cache, uint32_t id, struct open_file *file,
                            struct arena *arena)
{
    const struct kept_file *kept = cache->files != NULL ? &cache->files[id % PLACES] : NULL;
    const char **texts[FILE_TEXTS];
    struct socket_info *socket = NULL;

    if (kept == NULL || kept->id != id || id == 0)
        return false;
    *file = kept->file;
    if (kept->file.socket != NULL) {
        socket = arena_copy(arena, kept->file.socket, 1, sizeof(*socket));
        file->socket = socket;
    }
    size_t count = list_texts(file, socket, texts);
    for (size_t i = 0; i < count; i++) {
        if (*texts[i] != NULL)
            *texts[i] = arena_copy_text(arena, *texts[i], strlen(*texts[i]));
    }
    return true;
}

void reader_cache_keep_file(struct reader_cache *cache, uint32_t id, const struct open_file *file)
{
    struct kept_file keep = {.id = id, .file = *file};
    const char **texts[FILE_TEXTS];
    size_t length = 0;

    if (file->socket != NULL)
        keep.socket = *file->socket;
    size_t count = list_texts(&keep.file, file->socket != NULL ? &keep.socket : NULL, texts);
    for (size_t i = 0; i < count; i++)
        length += *texts[i] != NULL ? strlen(*texts[i]) + 1 : 0;
    if (id == 0 || length > MOST_TEXT_BYTES)
        return;
    char *next = keep.texts = memory_allocate(length, 1);
    for (size_t i = 0; i < count; i++) {
        if (*texts[i] == NULL)
            continue;
        size_t size = strlen(*texts[i]) + 1;
        memcpy(next, *texts[i], size);
        *texts[i] = next;
        next += size;
    }
    if (cache->files == NULL)
        cache->files = memory_allocate(PLACES, sizeof(*cache->files));
    struct kept_file *kept = &cache->files[id % PLACES];
    free(kept->texts);
    *kept = keep;
    kept->file.socket = file->socket != NULL ? &kept->socket : NULL;
}

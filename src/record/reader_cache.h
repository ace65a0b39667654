/* What the reader keeps of the rows that each tick names again: texts, processes, open files. For the files of record/ only.
 *
 * A row never changes while its id stands for it. A few thousand of each are kept, and none that is long, so that the
 * memory is bounded whatever the file says. */
#ifndef PYNECK_RECORD_READER_CACHE_H
#define PYNECK_RECORD_READER_CACHE_H

#include "model/tick.h"

/* A row of `process`; its texts are ids of `string`, 0 for none. */
struct process_row {
    pid_t pid;
    pid_t parent_pid;
    uint64_t start_ticks;
    int64_t start_time_ns;
    uid_t uid;
    uint32_t user;
    uint32_t name;
    uint32_t command;
    uint32_t implementation;
    uint32_t version;
    bool free_threaded;
    bool is_python;
    bool selected;
};

struct reader_cache;

struct reader_cache *reader_cache_new(void);
void reader_cache_free(struct reader_cache *cache);

/* What is kept of an id, as a copy in the arena; NULL, or false: it is not kept. */
const char *reader_cache_find_text(const struct reader_cache *cache, uint32_t id, struct arena *arena);
bool reader_cache_find_process(const struct reader_cache *cache, uint32_t id, struct process_row *row);
bool reader_cache_find_file(const struct reader_cache *cache, uint32_t id, struct open_file *file,
                            struct arena *arena);

/* Keep what an id stands for, in the place of another. */
void reader_cache_keep_text(struct reader_cache *cache, uint32_t id, const char *text);
void reader_cache_keep_process(struct reader_cache *cache, uint32_t id, const struct process_row *row);
void reader_cache_keep_file(struct reader_cache *cache, uint32_t id, const struct open_file *file);

#endif

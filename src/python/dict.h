/* Python's dict objects, and the attributes of instances, as they lie in another process's memory
 * (Objects/dictobject.c, Include/internal/pycore_dict.h). */
#ifndef PYNECK_PYTHON_DICT_H
#define PYNECK_PYTHON_DICT_H

#include "python/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    DICT_MAX_ENTRIES = 1 << 15, /* a larger dict is not read */
};

/* A reader and the dict that it copied last. Set `pid`, `layout` and `entries_left`, the rest is zero at first. */
struct dict_reader {
    pid_t pid;
    const struct python_layout *layout;
    uint64_t *words; /* of the entries: perhaps the hash, then the addresses of key and value */
    size_t capacity;
    size_t count; /* entries, those that were deleted included */
    size_t
        entries_left; /* how many may still be copied and looked at; whoever asks sets it, for each moment */
    bool has_hashes;
    uint64_t text_type; /* address of the type str, once dict_find() has found something */
};

struct dict_entry {
    uint64_t hash; /* 0 where all keys are texts: those keep their hash themselves */
    uint64_t key;  /* address of an object, or 0 */
    uint64_t value;
};

/* Free the room; the reader is as at first. */
void dict_reader_free(struct dict_reader *reader);

/* Copy a dict; false when it cannot be read, or changed all the time. */
bool dict_load(struct dict_reader *reader, uint64_t address);

/* Copy the attributes that an instance itself has, wherever it keeps them. */
bool dict_load_attributes(struct dict_reader *reader, uint64_t instance);

/* An entry of the copy; `index` is below `count`. */
struct dict_entry dict_entry(const struct dict_reader *reader, size_t index);

/* The address of the value that a short ASCII text is the key of, in the copy; 0 when there is none. */
uint64_t dict_find(struct dict_reader *reader, const char *name);

#endif

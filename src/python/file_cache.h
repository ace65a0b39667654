/* What was found in the mapped files, so that each of them is opened once.
 *
 * The key is the file itself (device, inode, size and times), not its build-id: a file can claim any
 * build-id, and what one user's file claims must not decide what is seen in another user's process. */
#ifndef PYNECK_PYTHON_FILE_CACHE_H
#define PYNECK_PYTHON_FILE_CACHE_H

#include "base/hash.h"
#include "python/elf_file.h"
#include "python/maps.h"

#include <sys/types.h>

struct known_file;

/* Zero-initialized is empty. */
struct file_cache {
    struct hash_map index; /* from device and inode to a place in `files` */
    struct known_file *files;
    size_t capacity;
    size_t count;
};

/* What a file that a process has mapped says of the interpreter in it. The file is opened when it is not
 * known, and looked up again once in a while, for an inode may come to belong to another file.
 *
 * number   receives 0, or the errno of the attempt to open the file
 * returns  valid until the next call; NULL when there is no interpreter in the file, or it cannot be read */
const struct elf_interpreter *file_cache_examine(struct file_cache *cache, pid_t pid, const struct maps *maps,
                                                 const struct mapped_file *file, uint64_t now_ns,
                                                 int *number);

/* Free it all; the cache is empty again. */
void file_cache_free(struct file_cache *cache);

#endif

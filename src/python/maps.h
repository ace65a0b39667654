/* The files that a process has mapped (/proc/PID/maps, proc(5)). */
#ifndef PYNECK_PYTHON_MAPS_H
#define PYNECK_PYTHON_MAPS_H

#include "base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MAPS_NONE SIZE_MAX

struct mapping {
    uint64_t start;
    uint64_t end;
    uint64_t offset; /* in the file */
    bool writable;
    bool executable;
    bool shared; /* what is written to it is written to the file */
    size_t next; /* the next mapping of the same file, or MAPS_NONE */
};

struct mapped_file {
    dev_t device;
    uint64_t inode;
    size_t path;  /* in maps.text: as the process sees it, perhaps with " (deleted)" behind it */
    size_t first; /* its mappings, by rising address */
    size_t last;
    /* Mapped to be run, or from its start on, and not shared: what a program or a library is. Others are never opened: to
     * close one drops the locks that pyneck itself has on the file (fcntl(2)), as SQLite has on what it maps. */
    bool looks_loaded;
};

/* Zero-initialized is empty; maps_read() uses the room again. */
struct maps {
    struct mapping *mappings;
    size_t mapping_capacity;
    size_t mapping_count;
    struct mapped_file *files;
    size_t file_capacity;
    size_t file_count;
    struct hash_map file_index;
    char *text;
    size_t text_capacity;
};

/* Read which files are mapped. A list beyond the bounds counts as far as it goes.
 *
 * returns  0, or -errno (EACCES without the right to look, ENOENT or ESRCH when the process is gone) */
int maps_read(struct maps *maps, pid_t pid);

/* The same from the text of such a file. */
void maps_parse(struct maps *maps, const char *text, size_t length);

/* Free the room. */
void maps_free(struct maps *maps);

#endif

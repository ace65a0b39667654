/* How long a process waited for each of its descriptors, and in which lines, since its counters were reset. */
#ifndef PYNECK_UI_FILE_WAITS_H
#define PYNECK_UI_FILE_WAITS_H

#include "base/hash.h"
#include "model/tick.h"

/* The waits for one descriptor at one node of the call tree. */
struct file_wait {
    int fd;
    uint32_t node;
    uint64_t file; /* hash of what the descriptor was open on; 0: not known */
    uint64_t wall_ns;
};

/* Zero-initialized is empty. */
struct file_waits {
    struct file_wait *waits;
    size_t count;
    size_t capacity;
    struct hash_map places; /* descriptor and node to place in `waits` */
};

/* Add the waits of a process in an interval. Where its open files are listed, a descriptor that has become another thing
 * begins anew. There is a limit on the number of waits that are remembered. */
void file_waits_add(struct file_waits *waits, const struct process *process);

void file_waits_clear(struct file_waits *waits);
void file_waits_free(struct file_waits *waits);

#endif

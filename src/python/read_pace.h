/* Whether a read of a stack was as quick as such reads usually are.
 *
 * A read is one moment as long as nothing comes between: an interrupt, another program, or the lock that the kernel copies
 * under, which the watched program holds while its memory grows or shrinks. Then it takes longer than others. */
#ifndef PYNECK_PYTHON_READ_PACE_H
#define PYNECK_PYTHON_READ_PACE_H

#include "python/memory.h"

/* Of one thread. Zero-initialized before its first read. */
struct read_pace {
    uint64_t limit; /* half of the reads take longer, for what they bring */
};

/* Judge a read of these pieces: whether it was quick, as half of all are. */
bool read_pace_judge(struct read_pace *pace, uint64_t duration_ns, const struct memory_piece *pieces,
                     size_t count);

#endif

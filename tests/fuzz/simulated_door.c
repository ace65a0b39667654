/* src/python/memory.h and src/python/native_id.h on a simulated memory, in which there are no threads that the
 * kernel has numbered. */
#include "python/memory.h"
#include "python/native_id.h"
#include "simulated_memory.h"

#include <errno.h>

static struct simulated_memory *used;

void simulated_memory_use(struct simulated_memory *memory)
{
    used = memory;
}

size_t memory_read_pieces(pid_t pid, const struct memory_piece *pieces, size_t count)
{
    size_t whole = 0;

    (void)pid;
    used->reads++;
    if (count > MEMORY_MAX_PIECES)
        count = MEMORY_MAX_PIECES;
    while (whole < count &&
           simulated_memory_read(used, pieces[whole].address, pieces[whole].buffer, pieces[whole].size))
        whole++;
    if (whole < count)
        errno = EFAULT;
    return whole;
}

bool memory_read(pid_t pid, uint64_t address, void *buffer, size_t size)
{
    const struct memory_piece piece = {.address = address, .buffer = buffer, .size = size};

    return memory_read_pieces(pid, &piece, 1) == 1;
}

bool memory_read_word(pid_t pid, uint64_t address, uint64_t *word)
{
    return memory_read(pid, address, word, sizeof(*word));
}

void native_id_find(pid_t pid, const uint64_t *thread_ids, uint64_t *native_ids, size_t count)
{
    (void)pid;
    (void)thread_ids;
    for (size_t i = 0; i < count; i++)
        native_ids[i] = i + 1;
}

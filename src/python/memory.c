#include "python/memory.h"

#include <errno.h>
#include <sys/uio.h>

bool memory_read(pid_t pid, uint64_t address, void *buffer, size_t size)
{
    const struct memory_piece piece = {.address = address, .buffer = buffer, .size = size};

    return memory_read_pieces(pid, &piece, 1) == 1;
}

size_t memory_read_pieces(pid_t pid, const struct memory_piece *pieces, size_t count)
{
    struct iovec local[MEMORY_MAX_PIECES];
    struct iovec remote[MEMORY_MAX_PIECES];

    if (count == 0)
        return 0;
    if (count > MEMORY_MAX_PIECES)
        count = MEMORY_MAX_PIECES;
    for (size_t i = 0; i < count; i++) {
        local[i] = (struct iovec){.iov_base = pieces[i].buffer, .iov_len = pieces[i].size};
        remote[i] =
            (struct iovec){.iov_base = (void *)(uintptr_t)pieces[i].address, .iov_len = pieces[i].size};
    }

    ssize_t received = process_vm_readv(pid, local, count, remote, count, 0);
    if (received < 0)
        return 0;

    size_t left = (size_t)received;
    size_t whole = 0;
    while (whole < count && pieces[whole].size <= left)
        left -= pieces[whole++].size;
    if (whole < count)
        errno = EFAULT;
    return whole;
}

bool memory_read_word(pid_t pid, uint64_t address, uint64_t *word)
{
    return memory_read(pid, address, word, sizeof(*word));
}

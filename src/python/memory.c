#include "python/memory.h"

#include <errno.h>
#include <sys/uio.h>

enum {
    /* Less than a page, so that no page is touched that holds no piece. */
    MAX_GAP_BYTES = 2048,
};

bool memory_read(pid_t pid, uint64_t address, void *buffer, size_t size)
{
    const struct memory_piece piece = {.address = address, .buffer = buffer, .size = size};

    return memory_read_pieces(pid, &piece, 1) == 1;
}

/* What one process_vm_readv(2) is asked for. The kernel looks up the pages of each remote vector anew, which costs more
 * than copying a kilobyte, so neighbours share one; what lies between them is thrown away. */
struct vectors {
    struct iovec local[2 * MEMORY_MAX_PIECES]; /* the pieces, and what lies between them */
    struct iovec remote[MEMORY_MAX_PIECES];
    size_t local_count;
    size_t remote_count;
    unsigned char between[MAX_GAP_BYTES];
};

/* How much lies between the last vector and a piece that shall share it; SIZE_MAX when it shall not. */
static size_t gap_before(const struct vectors *vectors, uint64_t address)
{
    if (vectors->remote_count == 0)
        return SIZE_MAX;
    const struct iovec *last = &vectors->remote[vectors->remote_count - 1];
    uint64_t end = (uint64_t)(uintptr_t)last->iov_base + last->iov_len;
    return address >= end && address - end <= MAX_GAP_BYTES ? (size_t)(address - end) : SIZE_MAX;
}

static void add_piece(struct vectors *vectors, const struct memory_piece *piece)
{
    size_t gap = gap_before(vectors, piece->address);

    if (gap == SIZE_MAX) {
        vectors->remote[vectors->remote_count++] =
            (struct iovec){.iov_base = (void *)(uintptr_t)piece->address, .iov_len = piece->size};
    } else {
        if (gap > 0)
            vectors->local[vectors->local_count++] =
                (struct iovec){.iov_base = vectors->between, .iov_len = gap};
        vectors->remote[vectors->remote_count - 1].iov_len += gap + piece->size;
    }
    vectors->local[vectors->local_count++] =
        (struct iovec){.iov_base = piece->buffer, .iov_len = piece->size};
}

/* How many pieces came whole, when so many bytes came. */
static size_t count_whole(const struct vectors *vectors, const struct memory_piece *pieces, size_t count,
                          size_t received)
{
    size_t whole = 0;

    for (size_t i = 0; i < vectors->local_count && whole < count; i++) {
        const struct iovec *vector = &vectors->local[i];
        if (vector->iov_len > received)
            break;
        received -= vector->iov_len;
        whole += vector->iov_base == pieces[whole].buffer && vector->iov_len == pieces[whole].size;
    }
    return whole;
}

size_t memory_read_pieces(pid_t pid, const struct memory_piece *pieces, size_t count)
{
    struct vectors vectors;

    if (count > MEMORY_MAX_PIECES)
        count = MEMORY_MAX_PIECES;
    vectors.local_count = vectors.remote_count = 0;
    for (size_t i = 0; i < count; i++)
        add_piece(&vectors, &pieces[i]);
    if (count == 0)
        return 0;

    ssize_t received =
        process_vm_readv(pid, vectors.local, vectors.local_count, vectors.remote, vectors.remote_count, 0);
    if (received < 0)
        return 0;
    size_t whole = count_whole(&vectors, pieces, count, (size_t)received);
    if (whole < count)
        errno = EFAULT;
    return whole;
}

bool memory_read_word(pid_t pid, uint64_t address, uint64_t *word)
{
    return memory_read(pid, address, word, sizeof(*word));
}

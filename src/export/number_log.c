#include "export/number_log.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PIECE_BYTES = 8 * 1024, /* that a column keeps in memory, about */
    MAX_NUMBER_BYTES = 10,  /* of 64 bits, seven in each */
    MORE_FOLLOWS = 0x80,    /* in a byte: it is not the number's last */
};

struct number_piece {
    off_t offset;
    size_t length;
};

struct number_store {
    int fd; /* -1 when there is none */
    bool is_unusable;
    off_t end;
};

struct number_store *number_store_new(void)
{
    struct number_store *store = memory_allocate(1, sizeof(*store));

    store->fd = -1;
    return store;
}

void number_store_free(struct number_store *store)
{
    if (store->fd >= 0)
        close(store->fd);
    free(store);
}

static int open_temporary_file(void)
{
    const char *directory = getenv("TMPDIR");
    char path[PATH_MAX];

    int length = snprintf(path, sizeof(path), "%s/pyneck-export-XXXXXX",
                          directory != NULL && directory[0] == '/' ? directory : "/var/tmp");
    if (length >= (int)sizeof(path))
        return -1;
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

/* Write all bytes behind what is there; returns whether they are. */
static bool store_bytes(struct number_store *store, const uint8_t *bytes, size_t length)
{
    size_t written = 0;

    if (store->fd < 0 && !store->is_unusable)
        store->fd = open_temporary_file();
    while (store->fd >= 0 && written < length) {
        ssize_t result = pwrite(store->fd, bytes + written, length - written, store->end + (off_t)written);
        if (result < 0 && errno == EINTR)
            continue;
        if (result <= 0)
            break;
        written += (size_t)result;
    }
    store->is_unusable = written < length;
    return written == length;
}

/* Move what is in memory to the store. */
static void spill(struct number_log *log, struct number_store *store)
{
    if (store->is_unusable || !store_bytes(store, log->bytes, log->length))
        return;
    log->pieces = memory_grow(log->pieces, &log->piece_capacity, log->piece_count + 1, sizeof(*log->pieces));
    log->pieces[log->piece_count++] = (struct number_piece){.offset = store->end, .length = log->length};
    store->end += (off_t)log->length;
    log->length = 0;
}

void number_log_add(struct number_log *log, struct number_store *store, int64_t number)
{
    uint64_t difference = (uint64_t)number - (uint64_t)log->last;
    /* The sign goes to the lowest bit, so that small differences of either sign take few bytes. */
    uint64_t rest = difference << 1 ^ (difference >> 63 != 0 ? UINT64_MAX : 0);

    if (log->length >= PIECE_BYTES)
        spill(log, store);
    log->bytes = memory_grow(log->bytes, &log->capacity, log->length + MAX_NUMBER_BYTES, 1);
    for (; rest >= MORE_FOLLOWS; rest >>= 7)
        log->bytes[log->length++] = (uint8_t)(rest | MORE_FOLLOWS);
    log->bytes[log->length++] = (uint8_t)rest;
    log->last = number;
    log->count++;
}

/* Visit the numbers of one piece. A number lies in one piece as a whole.
 *
 * number  the one before; updated */
static void walk_bytes(const uint8_t *bytes, size_t length, int64_t *number, number_visit *visit,
                       void *context)
{
    uint64_t rest = 0;
    unsigned shift = 0;

    for (size_t i = 0; i < length; i++) {
        rest |= (uint64_t)(bytes[i] & ~MORE_FOLLOWS) << shift;
        shift += 7;
        if ((bytes[i] & MORE_FOLLOWS) != 0)
            continue;
        uint64_t difference = rest >> 1 ^ ((rest & 1) != 0 ? UINT64_MAX : 0);
        *number = (int64_t)((uint64_t)*number + difference);
        visit(context, *number);
        rest = 0;
        shift = 0;
    }
}

static struct error *read_piece(const struct number_store *store, const struct number_piece *piece,
                                uint8_t *bytes)
{
    size_t length = 0;

    while (length < piece->length) {
        ssize_t result =
            pread(store->fd, bytes + length, piece->length - length, piece->offset + (off_t)length);
        if (result < 0 && errno == EINTR)
            continue;
        if (result < 0)
            return error_new_errno(errno, "cannot read the temporary file of the export");
        if (result == 0)
            return error_new("the temporary file of the export is shorter than what was written to it");
        length += (size_t)result;
    }
    return NULL;
}

struct error *number_log_walk(const struct number_log *log, const struct number_store *store,
                              number_visit *visit, void *context)
{
    uint8_t bytes[PIECE_BYTES + MAX_NUMBER_BYTES];
    struct error *error = NULL;
    int64_t number = 0;

    for (size_t i = 0; error == NULL && i < log->piece_count; i++) {
        error = read_piece(store, &log->pieces[i], bytes);
        if (error == NULL)
            walk_bytes(bytes, log->pieces[i].length, &number, visit, context);
    }
    if (error == NULL)
        walk_bytes(log->bytes, log->length, &number, visit, context);
    return error;
}

void number_log_free(struct number_log *log)
{
    free(log->bytes);
    free(log->pieces);
    *log = (struct number_log){0};
}

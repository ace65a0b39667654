/* Reading another process's memory, without stopping it. */
#ifndef PYNECK_PYTHON_MEMORY_H
#define PYNECK_PYTHON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One piece of a vectored read. */
struct memory_piece {
    uint64_t address;
    void *buffer;
    size_t size;
};

/* Read `size` bytes at `address`; true when all of them came. errno tells why not (process_vm_readv(2)). */
bool memory_read(pid_t pid, uint64_t address, void *buffer, size_t size);

/* Read several pieces in order with one system call (at most MEMORY_MAX_PIECES). A piece that begins close behind the
 * one before it costs little.
 *
 * returns  how many pieces came whole: the kernel stops at the first that cannot be read */
size_t memory_read_pieces(pid_t pid, const struct memory_piece *pieces, size_t count);

enum {
    MEMORY_MAX_PIECES = 480,
};

/* Read a pointer-sized word. */
bool memory_read_word(pid_t pid, uint64_t address, uint64_t *word);

/* A pointer that could be one: not 0, aligned to 8, in the lower half of the address space. */
static inline bool memory_is_pointer(uint64_t address)
{
    return address >= 4096 && address < UINT64_C(1) << 56 && address % 8 == 0;
}

/* Fields of a struct that was copied; the caller has checked that they lie inside of it. */
static inline uint64_t memory_get_u64(const void *bytes, size_t offset)
{
    uint64_t value;

    __builtin_memcpy(&value, (const unsigned char *)bytes + offset, sizeof(value));
    return value;
}

static inline uint32_t memory_get_u32(const void *bytes, size_t offset)
{
    uint32_t value;

    __builtin_memcpy(&value, (const unsigned char *)bytes + offset, sizeof(value));
    return value;
}

static inline uint8_t memory_get_u8(const void *bytes, size_t offset)
{
    return ((const unsigned char *)bytes)[offset];
}

#endif

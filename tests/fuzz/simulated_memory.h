/* A process's memory made of an input's bytes, in place of src/python/memory.c.
 *
 * An input is a header and then records, all numbers little endian:
 *
 *     header   version (4 bytes: PY_VERSION_HEX, for interpreters that publish no offsets),
 *              moments (4: how many samples are taken), runtime (8: address of _PyRuntime)
 *     record   moment (1: from which sample on it is there), repeats (1: it stands 2^repeats times in a row),
 *              length (2), address (8), the bytes
 *
 * A later record hides an earlier one at the same address. What no record holds cannot be read. */
#ifndef PYNECK_SIMULATED_MEMORY_H
#define PYNECK_SIMULATED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SIMULATED_HEADER_BYTES = 16,
    SIMULATED_RECORD_BYTES = 12, /* without what it holds */
    SIMULATED_MAX_RECORDS = 1024,
    SIMULATED_MAX_LENGTH = UINT16_MAX,
    SIMULATED_MAX_REPEATS = 47,
};

struct simulated_record {
    uint64_t address;
    uint64_t length; /* with its repetitions */
    const uint8_t *bytes;
    uint16_t size; /* of the bytes */
    uint8_t moment;
};

struct simulated_memory {
    uint32_t version;
    uint32_t moments;
    uint64_t runtime;
    struct simulated_record records[SIMULATED_MAX_RECORDS];
    size_t record_count;
    unsigned moment; /* that it is now */
    size_t reads;    /* calls since the user of this set it to 0; each would be one of the system */
    size_t bytes;    /* that were asked for */
};

/* Take an input apart; false when it has no whole header. The bytes must live as long. */
bool simulated_memory_parse(struct simulated_memory *memory, const uint8_t *data, size_t size);

/* Read `size` bytes; false when some of them are not there. */
bool simulated_memory_read(struct simulated_memory *memory, uint64_t address, void *buffer, size_t size);

/* Which memory memory_read() and its sisters read, whatever the process (simulated_door.c). */
void simulated_memory_use(struct simulated_memory *memory);

#endif

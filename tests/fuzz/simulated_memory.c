#include "simulated_memory.h"

#include <string.h>

/* What libFuzzer has to learn about are the readers, not this: half of a run's time would go there. */
#ifdef __clang__
#define NOT_FUZZED __attribute__((no_sanitize("coverage", "address", "undefined")))
#else
#define NOT_FUZZED
#endif

NOT_FUZZED static uint64_t get_number(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;

    for (size_t i = size; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

NOT_FUZZED bool simulated_memory_parse(struct simulated_memory *memory, const uint8_t *data, size_t size)
{
    if (size < SIMULATED_HEADER_BYTES)
        return false;
    memory->version = (uint32_t)get_number(data, 4);
    memory->moments = (uint32_t)get_number(data + 4, 4);
    memory->runtime = get_number(data + 8, 8);
    memory->record_count = 0;
    memory->moment = 0;
    memory->reads = memory->bytes = 0;

    size_t place = SIMULATED_HEADER_BYTES;
    while (size - place > SIMULATED_RECORD_BYTES && memory->record_count < SIMULATED_MAX_RECORDS) {
        struct simulated_record record = {
            .moment = data[place],
            .size = (uint16_t)get_number(data + place + 2, 2),
            .address = get_number(data + place + 4, 8),
            .bytes = data + place + SIMULATED_RECORD_BYTES,
        };
        unsigned repeats = data[place + 1] % (SIMULATED_MAX_REPEATS + 1);
        place += SIMULATED_RECORD_BYTES;
        if (record.size > size - place)
            record.size = (uint16_t)(size - place);
        place += record.size;
        record.length = (uint64_t)record.size << repeats;
        if (record.length > 0 && record.address <= UINT64_MAX - record.length)
            memory->records[memory->record_count++] = record;
    }
    return true;
}

/* The newest record that holds an address, and how far it is not hidden by a newer one. */
NOT_FUZZED static const struct simulated_record *find_record(const struct simulated_memory *memory,
                                                             uint64_t address, uint64_t *end)
{
    *end = UINT64_MAX;
    for (size_t i = memory->record_count; i-- > 0;) {
        const struct simulated_record *record = &memory->records[i];
        if (record->moment > memory->moment)
            continue;
        if (address >= record->address && address - record->address < record->length) {
            if (record->address + record->length < *end)
                *end = record->address + record->length;
            return record;
        }
        if (record->address > address && record->address < *end)
            *end = record->address;
    }
    return NULL;
}

/* Copy from a record, over and over. */
NOT_FUZZED static void copy_repeated(uint8_t *output, const struct simulated_record *record,
                                     uint64_t distance, size_t size)
{
    size_t offset = (size_t)(distance % record->size);

    while (size > 0) {
        size_t length = record->size - offset < size ? record->size - offset : size;
        memcpy(output, record->bytes + offset, length);
        output += length;
        size -= length;
        offset = 0;
    }
}

NOT_FUZZED bool simulated_memory_read(struct simulated_memory *memory, uint64_t address, void *buffer,
                                      size_t size)
{
    uint8_t *output = buffer;

    memory->bytes += size;
    if (address > UINT64_MAX - size)
        return false;
    while (size > 0) {
        uint64_t end;
        const struct simulated_record *record = find_record(memory, address, &end);
        if (record == NULL)
            return false;
        size_t length = end - address < size ? (size_t)(end - address) : size;
        copy_repeated(output, record, address - record->address, length);
        output += length;
        address += length;
        size -= length;
    }
    return true;
}

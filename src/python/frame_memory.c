#include "python/frame_memory.h"

#include "base/hash.h"

#include <stddef.h>

static size_t place_of(uint64_t address)
{
    return hash_u64(address) & (FRAME_MEMORY_PLACES - 1);
}

const struct known_frame *frame_memory_find(const struct frame_memory *memory, uint64_t address,
                                            uint64_t code)
{
    const struct known_frame *frame = &memory->places[place_of(address)];

    return address != 0 && frame->address == address && frame->code == code ? frame : NULL;
}

void frame_memory_learn(struct frame_memory *memory, const struct known_frame *frame)
{
    memory->places[place_of(frame->address)] = *frame;
}

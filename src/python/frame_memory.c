#include "python/frame_memory.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

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

uint64_t frame_memory_caller(const struct frame_memory *memory, uint64_t address)
{
    const struct known_frame *frame = &memory->places[place_of(address)];

    return frame->address == address ? frame->caller : 0;
}

void frame_memory_learn(struct frame_memory *memory, const struct known_frame *frame)
{
    memory->places[place_of(frame->address)] = *frame;
}

void known_stacks_learn(struct known_stacks *stacks, const struct frame *frames, size_t count)
{
    size_t place = 0;

    while (place < KNOWN_STACKS - 1 && stacks->stacks[place].code != frames[0].code)
        place++;
    struct known_stack stack = stacks->stacks[place];
    memmove(&stacks->stacks[1], &stacks->stacks[0], place * sizeof(stack));
    stack.code = frames[0].code;
    stack.count = count;
    stack.frames = memory_grow(stack.frames, &stack.capacity, count, sizeof(*frames));
    memcpy(stack.frames, frames, count * sizeof(*frames));
    stacks->stacks[0] = stack;
}

const struct known_stack *known_stacks_find(const struct known_stacks *stacks, uint64_t code)
{
    for (size_t i = 0; i < KNOWN_STACKS; i++) {
        if (stacks->stacks[i].code == code && stacks->stacks[i].count > 0)
            return &stacks->stacks[i];
    }
    return NULL;
}

void known_stacks_release(struct known_stacks *stacks)
{
    for (size_t i = 0; i < KNOWN_STACKS; i++)
        free(stacks->stacks[i].frames);
    *stacks = (struct known_stacks){0};
}

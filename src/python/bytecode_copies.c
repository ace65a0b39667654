#include "python/bytecode_copies.h"

#include "base/memory.h"
#include "python/memory.h"

#include <stdlib.h>

enum {
    COPIES_MAX = 8192, /* of one code object's bytecode: one for each thread */
};

struct bytecode_copies {
    size_t count;
    uint64_t starts[]; /* 0 for a thread that has no copy yet */
};

static size_t size_of(size_t count)
{
    return sizeof(struct bytecode_copies) + count * sizeof(uint64_t);
}

size_t bytecode_copies_size(const struct bytecode_copies *copies)
{
    return size_of(copies->count);
}

struct bytecode_copies *bytecode_copies_read(pid_t pid, const struct python_layout *layout, uint64_t code)
{
    uint64_t list, count;

    if (!memory_read_word(pid, code + layout->code.bytecode_copies, &list) || !memory_is_pointer(list) ||
        !memory_read_word(pid, list + layout->bytecode_copies.count, &count) || count > COPIES_MAX)
        return NULL;
    struct bytecode_copies *copies = memory_allocate(1, size_of(count));
    if (!memory_read(pid, list + layout->bytecode_copies.entries, copies->starts,
                     count * sizeof(copies->starts[0]))) {
        free(copies);
        return NULL;
    }
    copies->count = count;
    return copies;
}

bool bytecode_copies_find(const struct bytecode_copies *copies, const struct code_object *code,
                          uint32_t index, uint64_t *instruction)
{
    for (size_t i = 0; copies != NULL && i < copies->count; i++) {
        uint64_t start = copies->starts[(index + i) % copies->count];
        if (start != 0 && *instruction >= start && *instruction - start < code->instruction_bytes) {
            *instruction = code->instructions + (*instruction - start);
            return true;
        }
    }
    return false;
}

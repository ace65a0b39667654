#include "python/old_runtime.h"

#include "base/memory.h"
#include "python/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    SCAN_BYTES = 64 * 1024,   /* at once */
    MAX_SCAN_BYTES = 4 << 20, /* of all writable segments */
};

/* Whether an address lies in the file's own segments: an interpreter's state does not. */
static bool is_own(const struct elf_interpreter *interpreter, uint64_t bias, uint64_t address)
{
    for (size_t i = 0; i < interpreter->segment_count; i++) {
        const struct elf_segment *segment = &interpreter->segments[i];
        if (address - bias >= segment->address && address - bias - segment->address < segment->memory_size)
            return true;
    }
    return false;
}

static bool is_frame(pid_t pid, const struct python_layout *layout, uint64_t address)
{
    static const char expected[] = "frame";
    char name[sizeof(expected)];
    uint64_t type, name_address;

    return memory_is_pointer(address) && memory_read_word(pid, address + layout->object.type, &type) &&
           memory_is_pointer(type) && memory_read_word(pid, type + layout->object.type_name, &name_address) &&
           memory_read(pid, name_address, name, sizeof(name)) && memcmp(name, expected, sizeof(name)) == 0;
}

/* Whether this is the state of an interpreter: its first thread points back to it. A thread's state points to
 * its interpreter in much the same way, but only threads have frames. */
static bool is_interpreter(pid_t pid, const struct python_layout *layout, uint64_t address)
{
    uint64_t next, thread, owner, frame;

    if (!memory_is_pointer(address) || !memory_read_word(pid, address + layout->interpreter.next, &next) ||
        !memory_read_word(pid, address + layout->interpreter.threads_head, &thread))
        return false;
    return (next == 0 || memory_is_pointer(next)) && memory_is_pointer(thread) &&
           memory_read_word(pid, thread + layout->thread.interpreter, &owner) && owner == address &&
           memory_read_word(pid, thread + layout->thread.frame_object, &frame) &&
           (frame == 0 || is_frame(pid, layout, frame));
}

/* Search the variables of a file in memory for one that holds an interpreter; its address before the load
 * bias, 0 when there is none. */
static uint64_t scan(pid_t pid, const struct python_layout *layout, const struct elf_interpreter *interpreter,
                     uint64_t bias)
{
    uint64_t *words = memory_allocate(SCAN_BYTES, 1);
    uint64_t left = MAX_SCAN_BYTES;
    uint64_t found = 0;

    for (size_t i = 0; i < interpreter->segment_count && found == 0; i++) {
        const struct elf_segment *segment = &interpreter->segments[i];
        uint64_t start = (segment->address + 7) / 8 * 8;
        uint64_t end = segment->address + segment->memory_size;
        if (!segment->writable || end < start)
            continue;
        for (uint64_t size; start + 8 <= end && left >= 8 && found == 0; start += size, left -= size) {
            size = end - start < SCAN_BYTES ? (end - start) / 8 * 8 : SCAN_BYTES;
            size = size < left ? size : left / 8 * 8;
            if (!memory_read(pid, start + bias, words, size))
                break;
            for (size_t j = 0; j < size / 8 && found == 0; j++) {
                if (words[j] != 0 && !is_own(interpreter, bias, words[j]) &&
                    is_interpreter(pid, layout, words[j]))
                    found = start + j * 8;
            }
        }
    }
    free(words);
    return found;
}

bool old_runtime_find(pid_t pid, struct python_location *location, const struct elf_interpreter *interpreter,
                      uint64_t bias)
{
    struct python_layout *layout = &location->layout;
    struct elf_variables variables = interpreter->variables;
    const struct {
        uint64_t address;
        uint32_t *field;
    } places[] = {
        {variables.interpreters_head != 0 ? variables.interpreters_head
                                          : scan(pid, layout, interpreter, bias),
         &layout->runtime.interpreters_head},
        {variables.finalizing, &layout->runtime.finalizing},
        {variables.current_thread, &layout->runtime.current_thread},
        {variables.gil, &layout->runtime.gil},
        {variables.gil_pointer, &layout->runtime.gil_pointer},
        {variables.collecting, &layout->runtime.gc_collecting},
    };
    uint64_t first = UINT64_MAX;

    if (places[0].address == 0)
        return false;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (places[i].address != 0 && places[i].address < first)
            first = places[i].address;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        uint64_t distance = places[i].address - first;
        *places[i].field =
            places[i].address != 0 && distance < LAYOUT_NONE ? (uint32_t)distance : LAYOUT_NONE;
    }
    location->runtime = first + bias;
    return layout->runtime.interpreters_head != LAYOUT_NONE;
}

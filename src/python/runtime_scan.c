#include "python/runtime_scan.h"

#include "base/clock.h"
#include "base/memory.h"
#include "python/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    SCAN_BYTES = 64 * 1024,   /* at once */
    MAX_SCAN_BYTES = 4 << 20, /* of all writable segments */
    MAX_TYPE_NAME = 8,
    MAX_INTERPRETER_IDS = 1 << 20, /* more than anybody has started */
};

/* What makes no sense costs a read of memory for each word that could be a pointer. */
static const uint64_t longest_scan_ns = 50 * NS_PER_MILLISECOND;

/* From 3.7 on the list's head lies in a struct (pyinterpreters, Include/internal/pycore_runtime.h to 3.12), in which
 * the main interpreter and the next free id follow. */
enum {
    PLACE_MAIN = 1,
    PLACE_NEXT_ID = 2,
    LIST_WORDS = 3,
};

/* Whether an address lies in the file's own segments. */
static bool is_own(const struct elf_interpreter *interpreter, uint64_t bias, uint64_t address)
{
    for (size_t i = 0; i < interpreter->segment_count; i++) {
        const struct elf_segment *segment = &interpreter->segments[i];
        if (address - bias >= segment->address && address - bias - segment->address < segment->memory_size)
            return true;
    }
    return false;
}

static bool has_type(pid_t pid, const struct python_layout *layout, uint64_t object, const char *expected)
{
    char name[MAX_TYPE_NAME];
    size_t size = strlen(expected) + 1;
    uint64_t type, address;

    return memory_is_pointer(object) && memory_read_word(pid, object + layout->object.type, &type) &&
           memory_is_pointer(type) && memory_read_word(pid, type + layout->object.type_name, &address) &&
           memory_read(pid, address, name, size) && memcmp(name, expected, size) == 0;
}

/* To 3.10: whether a thread runs no code, or a frame. */
static bool has_frame(pid_t pid, const struct python_layout *layout, uint64_t thread)
{
    uint64_t frame;

    return memory_read_word(pid, thread + layout->thread.frame_object, &frame) &&
           (frame == 0 || has_type(pid, layout, frame, "frame"));
}

/* Whether this is the state of an interpreter. A thread's state points to its interpreter in much the same way, but
 * only threads have frames, and only interpreters have modules. */
static bool is_interpreter(pid_t pid, const struct python_layout *layout, uint64_t address)
{
    uint64_t next, thread, owner, modules;

    if (!memory_is_pointer(address) || !memory_read_word(pid, address + layout->interpreter.next, &next) ||
        !memory_read_word(pid, address + layout->interpreter.threads_head, &thread) ||
        (next != 0 && !memory_is_pointer(next)) || !memory_is_pointer(thread) ||
        !memory_read_word(pid, thread + layout->thread.interpreter, &owner) || owner != address)
        return false;
    if (layout->interpreter.modules != LAYOUT_NONE &&
        !(memory_read_word(pid, address + layout->interpreter.modules, &modules) &&
          has_type(pid, layout, modules, "dict")))
        return false;
    return layout->thread.frame_object == LAYOUT_NONE || has_frame(pid, layout, thread);
}

/* What is searched for. */
struct scan {
    pid_t pid;
    const struct python_layout *layout;
    const struct elf_interpreter *interpreter;
    uint64_t bias;
    size_t words; /* that belong together */
    uint64_t deadline_ns;
};

/* Whether these words are what holds the first interpreter. */
static bool is_list(const struct scan *scan, const uint64_t *words)
{
    if (!memory_is_pointer(words[0]))
        return false;
    if (scan->words == LIST_WORDS)
        return words[PLACE_NEXT_ID] > 0 && words[PLACE_NEXT_ID] <= MAX_INTERPRETER_IDS &&
               is_interpreter(scan->pid, scan->layout, words[0]) &&
               (words[PLACE_MAIN] == words[0] || is_interpreter(scan->pid, scan->layout, words[PLACE_MAIN]));
    return !is_own(scan->interpreter, scan->bias, words[0]) && /* before 3.7 all states are allocated */
           is_interpreter(scan->pid, scan->layout, words[0]);
}

/* Search one segment, and count down how much more may be read. */
static uint64_t scan_segment(const struct scan *scan, const struct elf_segment *segment, uint64_t *words,
                             uint64_t *left)
{
    uint64_t start = (segment->address + 7) / 8 * 8;
    uint64_t end = segment->address + segment->memory_size;
    uint64_t list_bytes = scan->words * sizeof(*words);

    while (end >= start && end - start >= list_bytes && *left >= list_bytes &&
           clock_monotonic_ns() < scan->deadline_ns) {
        uint64_t size = end - start < SCAN_BYTES ? (end - start) / 8 * 8 : SCAN_BYTES;
        size = size < *left ? size : *left / 8 * 8;
        if (!memory_read(scan->pid, start + scan->bias, words, size))
            return 0;
        size_t count = size / 8 - scan->words + 1; /* the rest comes again in the next piece */
        for (size_t i = 0; i < count; i++) {
            if (is_list(scan, words + i))
                return start + i * 8;
        }
        start += count * 8;
        *left -= count * 8;
    }
    return 0;
}

uint64_t runtime_scan_find_list(pid_t pid, const struct python_layout *layout,
                                const struct elf_interpreter *interpreter, uint64_t bias)
{
    const struct scan scan = {
        .pid = pid,
        .layout = layout,
        .interpreter = interpreter,
        .bias = bias,
        .words = layout->runtime.interpreters_head != LAYOUT_NONE ? LIST_WORDS : 1,
        .deadline_ns = clock_monotonic_ns() + longest_scan_ns,
    };
    uint64_t *words = memory_allocate(SCAN_BYTES, 1);
    uint64_t left = MAX_SCAN_BYTES;
    uint64_t found = 0;

    for (size_t i = 0; i < interpreter->segment_count && found == 0; i++) {
        if (interpreter->segments[i].writable)
            found = scan_segment(&scan, &interpreter->segments[i], words, &left);
    }
    free(words);
    return found;
}

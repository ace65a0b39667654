#include "python/locate.h"

#include "base/clock.h"
#include "base/memory.h"
#include "python/access.h"
#include "python/elf_file.h"
#include "python/file_cache.h"
#include "python/maps.h"
#include "python/memory.h"
#include "python/old_runtime.h"
#include "python/runtime_scan.h"
#include "python/suspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct python_locator {
    struct file_cache files;
    struct maps maps; /* of the process that is looked at */
};

enum {
    RUNTIME_READ_MIN = 64, /* enough for the interpreter list of all versions that publish nothing */
    SANITY_TRIES = 3,      /* a program that runs may change what is being looked at */
};

/* How long one look at a process may take: a program can map thousands of files that take long to read. What
 * was read is known at the next look, which goes on from there. */
static const uint64_t longest_look_ns = 200 * NS_PER_MILLISECOND;

/* ---- where a file lies in memory ---- */

static const struct mapping *find_mapping(const struct maps *maps, const struct mapped_file *file,
                                          uint64_t offset, bool executable)
{
    for (size_t i = file->first; i != MAPS_NONE; i = maps->mappings[i].next) {
        const struct mapping *mapping = &maps->mappings[i];
        if (mapping->executable == executable && offset >= mapping->offset &&
            offset - mapping->offset < mapping->end - mapping->start)
            return mapping;
    }
    return NULL;
}

/* What has to be added to the file's addresses: the distance between a segment's address and where its first
 * page is mapped. The executable segment tells it best, for its mapping is never split; the others serve
 * where the program's text was moved to other memory. */
static bool find_load_bias(uint64_t *bias, const struct maps *maps, const struct mapped_file *file,
                           const struct elf_interpreter *interpreter)
{
    uint64_t page_mask = ~((uint64_t)sysconf(_SC_PAGESIZE) - 1);

    for (int executable = 1; executable >= 0; executable--) {
        for (size_t i = 0; i < interpreter->segment_count; i++) {
            const struct elf_segment *segment = &interpreter->segments[i];
            uint64_t offset = segment->offset & page_mask;
            const struct mapping *mapping = find_mapping(maps, file, offset, executable);
            if (segment->executable != (bool)executable || mapping == NULL)
                continue;
            *bias = mapping->start + (offset - mapping->offset) - (segment->address & page_mask);
            return true;
        }
    }
    return false;
}

/* ---- what lies there ---- */

/* Whether the list of interpreters is what the layout says: the first interpreter's first thread points back
 * to it. */
static bool lists_hold(pid_t pid, const struct python_layout *layout, uint64_t interpreter)
{
    uint64_t next, threads, owner;

    if (!memory_is_pointer(interpreter) ||
        !memory_read_word(pid, interpreter + layout->interpreter.next, &next) ||
        !memory_read_word(pid, interpreter + layout->interpreter.threads_head, &threads))
        return false;
    if ((next != 0 && !memory_is_pointer(next)))
        return false;
    if (threads == 0)
        return true;
    return memory_is_pointer(threads) &&
           memory_read_word(pid, threads + layout->thread.interpreter, &owner) && owner == interpreter;
}

/* What is to be said of an interpreter that is not there, should it never come. */
static struct error *not_there(const struct python_location *location, const char *what)
{
    char version[LAYOUT_VERSION_SIZE] = "";

    if (location->version != 0)
        layout_format_version(version, location->version);
    return error_new("Python%s%s is loaded, but %s", version[0] != '\0' ? " " : "", version, what);
}

static enum python_presence check_runtime(pid_t pid, const struct python_location *location,
                                          struct error **error)
{
    uint64_t interpreter = 0;
    char version[LAYOUT_VERSION_SIZE];

    for (int i = 0; i < SANITY_TRIES; i++) {
        if (!memory_read_word(pid, location->runtime + location->layout.runtime.interpreters_head,
                              &interpreter)) {
            if (errno == ESRCH)
                return PYTHON_GONE;
            *error = not_there(location, "its variables cannot be read: they are not mapped");
            return PYTHON_STARTING;
        }
        if (interpreter == 0) {
            *error = not_there(location, "no interpreter runs: none was started yet, or it has ended");
            return PYTHON_STARTING;
        }
        if (lists_hold(pid, &location->layout, interpreter))
            return PYTHON_FOUND;
    }
    layout_format_version(version, location->version);
    *error = error_new("Python %s: its structs are not where this version has them (a patched build, or a "
                       "version that is not known yet)",
                       version);
    return PYTHON_UNREADABLE;
}

static struct error *version_unknown(void)
{
    return error_new("Python of a version that cannot be told: not readable yet");
}

/* Work out the layout from what lies at the runtime's address, or from the version that the file gives. */
static struct error *find_layout(pid_t pid, struct python_location *location, int *number)
{
    unsigned char bytes[LAYOUT_DEBUG_OFFSETS_MAX];
    size_t length = sizeof(bytes);
    struct error *error;

    while (!memory_read(pid, location->runtime, bytes, length)) {
        *number = errno;
        length /= 2;
        if (*number != EFAULT || length < RUNTIME_READ_MIN)
            return NULL;
    }
    *number = 0;
    if (layout_has_debug_offsets(bytes, length))
        error = layout_from_debug_offsets(&location->layout, bytes, length);
    else if (location->version != 0)
        error = layout_from_version(&location->layout, location->version);
    else
        error = version_unknown();
    if (location->layout.version != 0)
        location->version = location->layout.version;
    location->has_layout = error == NULL;
    return error;
}

/* Find _PyRuntime by the list of interpreters in it; false when there is no list (yet). */
static bool scan_for_runtime(pid_t pid, struct python_location *location,
                             const struct elf_interpreter *interpreter, uint64_t bias)
{
    uint64_t list = runtime_scan_find_list(pid, &location->layout, interpreter, bias);

    location->runtime = list + bias - location->layout.runtime.interpreters_head;
    return list != 0;
}

/* The same for an interpreter whose _PyRuntime no symbol tells, or that has none: one before 3.7. */
static struct error *find_hidden_runtime(pid_t pid, const struct elf_interpreter *interpreter, uint64_t bias,
                                         struct python_location *location, int *number)
{
    struct error *error = location->version != 0 ? layout_from_version(&location->layout, location->version)
                                                 : version_unknown();
    uint64_t word;

    *number = 0;
    if (error != NULL)
        return error;
    location->has_layout = true;
    bool found = location->layout.runtime.interpreters_head == LAYOUT_NONE
                     ? old_runtime_find(pid, location, interpreter, bias)
                     : scan_for_runtime(pid, location, interpreter, bias);
    uint64_t place = found ? location->runtime : interpreter->segments[0].address + bias;
    if (!memory_read_word(pid, place, &word))
        *number = errno;
    else if (!found)
        *number = EFAULT;
    return NULL;
}

/* A file for another machine than pyneck's. That its instructions are others' (an emulator runs them) is no
 * hindrance: its structs are as they are here. */
static struct error *other_machine(const struct elf_interpreter *interpreter)
{
    if (interpreter->has_small_words)
        return error_new("a Python of 32 bits: only those of 64 bits can be read");
    if (interpreter->has_other_byte_order)
        return error_new(
            "a Python for processors of another byte order: only those for this one's can be read");
    return NULL;
}

/* Look at one file that holds an interpreter. */
static enum python_presence inspect(pid_t pid, const struct elf_interpreter *interpreter, uint64_t bias,
                                    struct python_location *location, struct error **error)
{
    int number;

    location->implementation = interpreter->implementation;
    location->version = interpreter->version;
    if (strcmp(interpreter->implementation, "CPython") != 0) {
        *error = suspect_explain_implementation(interpreter->implementation);
        return PYTHON_UNREADABLE;
    }
    *error = other_machine(interpreter);
    if (*error != NULL)
        return PYTHON_UNREADABLE;
    if (interpreter->runtime == 0) {
        *error = find_hidden_runtime(pid, interpreter, bias, location, &number);
    } else {
        location->runtime = interpreter->runtime + bias;
        *error = find_layout(pid, location, &number);
    }
    if (*error != NULL)
        return PYTHON_UNREADABLE;
    if (number == ESRCH)
        return PYTHON_GONE;
    if (number == EPERM) {
        *error = access_denied(pid);
        return PYTHON_UNREADABLE;
    }
    if (number == 0)
        return check_runtime(pid, location, error);
    *error = not_there(location, interpreter->runtime == 0
                                     ? "no interpreter can be found: its file has no symbols, and nothing in "
                                       "its memory looks like the list of interpreters"
                                     : "its variables cannot be read: they are not mapped");
    return PYTHON_STARTING;
}

/* Whether an address lies in what cannot be written of a file. A loader maps all of a file at once, and then what is to be
 * written over a part of it: until then other bytes of the file lie where the variables will be. */
static bool is_constant(const struct maps *maps, const struct mapped_file *file, uint64_t address)
{
    for (size_t i = file->first; i != MAPS_NONE; i = maps->mappings[i].next) {
        const struct mapping *mapping = &maps->mappings[i];
        if (address >= mapping->start && address < mapping->end)
            return !mapping->writable;
    }
    return false;
}

/* Look at one file that holds an interpreter, and may not be loaded wholly yet. */
static enum python_presence inspect_loaded(pid_t pid, const struct maps *maps, const struct mapped_file *file,
                                           const struct elf_interpreter *interpreter, uint64_t bias,
                                           struct python_location *location, struct error **error)
{
    enum python_presence presence = inspect(pid, interpreter, bias, location, error);

    if (presence != PYTHON_UNREADABLE || !is_constant(maps, file, location->runtime))
        return presence;
    error_free(*error);
    *error = not_there(location, "its variables are not mapped");
    return PYTHON_STARTING;
}

/* How much an answer is worth when several files hold an interpreter: a program may have one linked in and a
 * library with another one loaded, of which only one runs. */
static int worth(enum python_presence presence)
{
    static const int worths[] = {
        [PYTHON_ABSENT] = 0, [PYTHON_STARTING] = 1, [PYTHON_UNREADABLE] = 2,
        [PYTHON_FOUND] = 3,  [PYTHON_DENIED] = 0,   [PYTHON_GONE] = 4,
    };

    return worths[presence];
}

static enum python_presence search_files(struct python_locator *locator, pid_t pid,
                                         struct python_location *location, struct error **error)
{
    const struct maps *maps = &locator->maps;
    enum python_presence best = PYTHON_ABSENT;
    struct suspect suspect = {0};
    int number;
    uint64_t now_ns = clock_monotonic_ns();

    for (size_t i = 0; i < maps->file_count && worth(best) < worth(PYTHON_FOUND); i++) {
        const struct mapped_file *file = &maps->files[i];
        struct python_location candidate = {0};
        struct error *reason = NULL;
        uint64_t bias;
        if (clock_monotonic_ns() - now_ns > longest_look_ns)
            break;
        if (!file->looks_loaded)
            continue;
        const struct elf_interpreter *interpreter =
            file_cache_examine(&locator->files, pid, maps, file, now_ns, &number);
        if (interpreter == NULL || interpreter->is_guess)
            suspect_consider(&suspect, maps, file, number);
        if (interpreter == NULL || !find_load_bias(&bias, maps, file, interpreter))
            continue;
        enum python_presence presence =
            inspect_loaded(pid, maps, file, interpreter, bias, &candidate, &reason);
        bool is_wrong_guess = interpreter->is_guess && presence != PYTHON_FOUND;
        if (worth(presence) <= worth(best) || is_wrong_guess) {
            error_free(reason);
            continue;
        }
        best = presence;
        *location = candidate;
        error_free(*error);
        *error = reason;
    }
    if (best != PYTHON_ABSENT)
        return best;
    *error = suspect_explain(&suspect, pid);
    if (suspect_is_loading(&suspect))
        return PYTHON_STARTING;
    location->implementation = suspect.implementation;
    return *error != NULL ? PYTHON_UNREADABLE : PYTHON_ABSENT;
}

struct python_locator *python_locator_new(void)
{
    return memory_allocate(1, sizeof(struct python_locator));
}

void python_locator_free(struct python_locator *locator)
{
    file_cache_free(&locator->files);
    maps_free(&locator->maps);
    free(locator);
}

static enum python_presence look(struct python_locator *locator, pid_t pid, struct python_location *location,
                                 struct error **error)
{
    *location = (struct python_location){0};
    *error = NULL;
    int result = maps_read(&locator->maps, pid);
    if (result == 0)
        return search_files(locator, pid, location, error);
    if (result != -EACCES && result != -EPERM)
        return PYTHON_GONE;
    *error = access_denied(pid);
    return PYTHON_DENIED;
}

enum python_presence python_locate(struct python_locator *locator, pid_t pid,
                                   struct python_location *location, struct error **error)
{
    enum python_presence presence = look(locator, pid, location, error);

    /* A process that executes another program between the reads (a child that was forked to do so has its parent's
     * mappings until then) has memory that makes no sense, but not twice. */
    if (presence != PYTHON_UNREADABLE)
        return presence;
    error_free(*error);
    return look(locator, pid, location, error);
}

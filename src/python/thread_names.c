#include "python/thread_names.h"

#include "base/hash.h"
#include "base/memory.h"
#include "python/dict.h"
#include "python/memory.h"
#include "python/unicode.h"

#include <stdlib.h>
#include <string.h>

enum {
    INTERPRETERS_MAX_NAMED = 64,
    MAX_ENTRIES_AT_ONCE = 1 << 16, /* of all dicts that are looked at in one moment */
};

/* threading._active of one interpreter: the Thread object of each running thread. */
struct active_threads {
    uint64_t interpreter;
    uint64_t globals; /* address of the threading module's dict; 0 when not known */
    uint64_t read_ns;
    uint64_t *objects;
    size_t capacity;
    size_t count;
    struct hash_map places; /* from pthread_t to a place in `objects` */
};

struct thread_names {
    struct dict_reader reader;
    uint64_t moment_ns;
    struct active_threads *lists;
    size_t capacity;
    size_t count;
};

struct thread_names *thread_names_new(pid_t pid, const struct python_layout *layout)
{
    struct thread_names *names = memory_allocate(1, sizeof(*names));
    names->reader = (struct dict_reader){.pid = pid, .layout = layout};
    return names;
}

void thread_names_free(struct thread_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->lists[i].objects);
        hash_map_free(&names->lists[i].places);
    }
    free(names->lists);
    dict_reader_free(&names->reader);
    free(names);
}

/* ---- the list of threads ---- */

/* The address of the dict sys.modules["threading"].__dict__, or 0. */
static uint64_t find_globals(struct dict_reader *reader, uint64_t interpreter)
{
    const struct python_layout *layout = reader->layout;
    uint64_t modules, globals;

    if (!memory_read_word(reader->pid, interpreter + layout->interpreter.modules, &modules) ||
        !dict_load(reader, modules))
        return 0;
    uint64_t module = dict_find(reader, "threading");
    if (module == 0 || !memory_read_word(reader->pid, module + layout->module.dict, &globals))
        return 0;
    return globals;
}

/* Copy the dict threading._active; false when there is none. */
static bool load_active(struct dict_reader *reader, struct active_threads *list)
{
    bool is_new = list->globals == 0;

    if (is_new)
        list->globals = find_globals(reader, list->interpreter);
    uint64_t active = dict_load(reader, list->globals) ? dict_find(reader, "_active") : 0;
    if (active != 0)
        return dict_load(reader, active);
    list->globals = 0;
    return is_new ? false : load_active(reader, list);
}

/* The keys are the numbers of the threads; the hash of an int below 2^61 - 1 is that int. */
static void read_list(struct dict_reader *reader, struct active_threads *list)
{
    list->count = 0;
    hash_map_clear(&list->places);
    if (!load_active(reader, list) || !reader->has_hashes)
        return;
    list->objects = memory_grow(list->objects, &list->capacity, reader->count, sizeof(*list->objects));
    for (size_t i = 0; i < reader->count; i++) {
        struct dict_entry entry = dict_entry(reader, i);
        if (entry.value == 0)
            continue;
        hash_map_set(&list->places, entry.hash, (uint32_t)list->count);
        list->objects[list->count++] = entry.value;
    }
}

/* The place of a list that is new: one more, or that of the interpreter which nobody asked for the longest.
 */
static struct active_threads *add_list(struct thread_names *names)
{
    if (names->count < INTERPRETERS_MAX_NAMED) {
        names->lists = memory_grow(names->lists, &names->capacity, names->count + 1, sizeof(*names->lists));
        return &names->lists[names->count++];
    }
    struct active_threads *oldest = &names->lists[0];
    for (size_t i = 1; i < names->count; i++) {
        if (names->lists[i].read_ns < oldest->read_ns)
            oldest = &names->lists[i];
    }
    return oldest;
}

static const struct active_threads *list_of(struct thread_names *names, uint64_t interpreter, uint64_t now_ns)
{
    struct active_threads *list = NULL;

    for (size_t i = 0; i < names->count && list == NULL; i++) {
        if (names->lists[i].interpreter == interpreter)
            list = &names->lists[i];
    }
    if (list == NULL) {
        list = add_list(names);
        list->globals = list->read_ns = 0;
        list->interpreter = interpreter;
    }
    if (list->read_ns != now_ns) {
        list->read_ns = now_ns;
        read_list(&names->reader, list);
    }
    return list;
}

/* ---- one name ---- */

/* Read a str object; `name` stays empty when it is none. */
static void read_text(const struct dict_reader *reader, char name[static THREAD_NAME_SIZE], uint64_t address)
{
    unsigned char header[UNICODE_HEADER_MAX], bytes[THREAD_NAME_MAX_CHARACTERS * 4];
    char text[UNICODE_TEXT_SIZE];
    struct unicode_characters characters;
    uint64_t type;

    if (!memory_is_pointer(address) ||
        !memory_read_word(reader->pid, address + reader->layout->object.type, &type) ||
        type != reader->text_type ||
        !memory_read(reader->pid, address, header, unicode_header_size(reader->layout)) ||
        !unicode_find_characters(&characters, reader->layout, address, header))
        return;
    if (characters.length > THREAD_NAME_MAX_CHARACTERS)
        characters.length = THREAD_NAME_MAX_CHARACTERS;
    if (!memory_read(reader->pid, characters.address, bytes, (size_t)characters.length * characters.width))
        return;
    unicode_clean(text, &characters, bytes);
    memcpy(name, text, strlen(text) + 1);
}

/* 2.7 has it as `__name`, which the compiler turns into this. */
static const char *name_attribute(const struct python_layout *layout)
{
    return layout->text_storage == TEXT_IS_BYTES ? "_Thread__name" : "_name";
}

void thread_names_read(struct thread_names *names, char name[static THREAD_NAME_SIZE], uint64_t interpreter,
                       uint64_t thread_id, uint64_t now_ns)
{
    struct dict_reader *reader = &names->reader;

    name[0] = '\0';
    if (names->moment_ns != now_ns) {
        names->moment_ns = now_ns;
        reader->entries_left = MAX_ENTRIES_AT_ONCE;
    }
    const struct active_threads *list = list_of(names, interpreter, now_ns);
    const uint32_t *place = hash_map_find(&list->places, thread_id);
    if (place != NULL && dict_load_attributes(reader, list->objects[*place]))
        read_text(reader, name, dict_find(reader, name_attribute(reader->layout)));
}

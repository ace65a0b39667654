#include "python/layout.h"

#include "python/layout_table.h"
#include "python/memory.h"

#include <stdio.h>
#include <string.h>

/* The start of _Py_DebugOffsets, the same in all versions that have one. */
enum {
    PLACE_COOKIE = 0,
    PLACE_VERSION = 8,
    PLACE_FREE_THREADED = 16,
    DEBUG_OFFSETS_HEAD = 24,
};

static const char debug_cookie[8] = {'x', 'd', 'e', 'b', 'u', 'g', 'p', 'y'};

enum {
    RELEASE_CANDIDATE = 0xc, /* PY_RELEASE_LEVEL_GAMMA of patchlevel.h */
};

#define FIELD(member) offsetof(struct python_layout, member)

/* Fields that no version publishes move with a neighbour that is published. */
static const struct {
    uint16_t field;
    uint16_t neighbour;
} companions[] = {
    {FIELD(thread.datastack_top), FIELD(thread.datastack_chunk)},
    {FIELD(frame.stacktop), FIELD(frame.instruction)},
    {FIELD(code.nlocalsplus), FIELD(code.firstlineno)},
    {FIELD(code.stacksize), FIELD(code.firstlineno)},
    {FIELD(code.code_units), FIELD(object.type)},
};

/* What an offset may be in structs that are never read as a whole: several times what any version has. */
enum {
    RUNTIME_LIMIT = 16 << 20,
    INTERPRETER_LIMIT = 16 << 20,
    TYPE_LIMIT = 4096,
};

static const struct {
    uint16_t field;
    uint16_t alignment;
    uint32_t limit;
    const char *name;
} bounds[] = {
    {FIELD(runtime.interpreters_head), 8, RUNTIME_LIMIT, "runtime.interpreters_head"},
    {FIELD(runtime.finalizing), 8, RUNTIME_LIMIT, "runtime.finalizing"},
    {FIELD(interpreter.id), 8, INTERPRETER_LIMIT, "interpreter.id"},
    {FIELD(interpreter.next), 8, INTERPRETER_LIMIT, "interpreter.next"},
    {FIELD(interpreter.threads_head), 8, INTERPRETER_LIMIT, "interpreter.threads_head"},
    {FIELD(interpreter.threads_main), 8, INTERPRETER_LIMIT, "interpreter.threads_main"},
    {FIELD(interpreter.gil), 8, INTERPRETER_LIMIT, "interpreter.gil"},
    {FIELD(interpreter.gc_collecting), 4, INTERPRETER_LIMIT, "interpreter.gc_collecting"},
    {FIELD(interpreter.code_object_generation), 8, INTERPRETER_LIMIT, "interpreter.code_object_generation"},
    {FIELD(gil.locked), 4, LAYOUT_MAX_OBJECT_BYTES, "gil.locked"},
    {FIELD(gil.last_holder), 8, LAYOUT_MAX_OBJECT_BYTES, "gil.last_holder"},
    {FIELD(thread.size), 8, LAYOUT_MAX_THREAD_BYTES, "thread.size"},
    {FIELD(thread.next), 8, LAYOUT_MAX_THREAD_BYTES, "thread.next"},
    {FIELD(thread.interpreter), 8, LAYOUT_MAX_THREAD_BYTES, "thread.interpreter"},
    {FIELD(thread.current_frame), 8, LAYOUT_MAX_THREAD_BYTES, "thread.current_frame"},
    {FIELD(thread.thread_id), 8, LAYOUT_MAX_THREAD_BYTES, "thread.thread_id"},
    {FIELD(thread.native_thread_id), 8, LAYOUT_MAX_THREAD_BYTES, "thread.native_thread_id"},
    {FIELD(thread.datastack_chunk), 8, LAYOUT_MAX_THREAD_BYTES, "thread.datastack_chunk"},
    {FIELD(thread.datastack_top), 8, LAYOUT_MAX_THREAD_BYTES, "thread.datastack_top"},
    {FIELD(frame.size), 8, LAYOUT_MAX_FRAME_BYTES, "frame.size"},
    {FIELD(frame.executable), 8, LAYOUT_MAX_FRAME_BYTES, "frame.executable"},
    {FIELD(frame.previous), 8, LAYOUT_MAX_FRAME_BYTES, "frame.previous"},
    {FIELD(frame.instruction), 8, LAYOUT_MAX_FRAME_BYTES, "frame.instruction"},
    {FIELD(frame.owner), 1, LAYOUT_MAX_FRAME_BYTES, "frame.owner"},
    {FIELD(frame.stacktop), 4, LAYOUT_MAX_FRAME_BYTES, "frame.stacktop"},
    {FIELD(code.size), 8, LAYOUT_MAX_CODE_BYTES, "code.size"},
    {FIELD(code.filename), 8, LAYOUT_MAX_CODE_BYTES, "code.filename"},
    {FIELD(code.name), 8, LAYOUT_MAX_CODE_BYTES, "code.name"},
    {FIELD(code.qualname), 8, LAYOUT_MAX_CODE_BYTES, "code.qualname"},
    {FIELD(code.linetable), 8, LAYOUT_MAX_CODE_BYTES, "code.linetable"},
    {FIELD(code.firstlineno), 4, LAYOUT_MAX_CODE_BYTES, "code.firstlineno"},
    {FIELD(code.nlocalsplus), 4, LAYOUT_MAX_CODE_BYTES, "code.nlocalsplus"},
    {FIELD(code.stacksize), 4, LAYOUT_MAX_CODE_BYTES, "code.stacksize"},
    {FIELD(code.code_units), 8, LAYOUT_MAX_CODE_BYTES, "code.code_units"},
    {FIELD(code.instructions), 2, LAYOUT_MAX_CODE_BYTES, "code.instructions"},
    {FIELD(object.type), 8, LAYOUT_MAX_OBJECT_BYTES, "object.type"},
    {FIELD(object.type_name), 8, LAYOUT_MAX_OBJECT_BYTES, "object.type_name"},
    {FIELD(interpreter.modules), 8, INTERPRETER_LIMIT, "interpreter.modules"},
    {FIELD(type.flags), 8, TYPE_LIMIT, "type.flags"},
    {FIELD(type.basic_size), 8, TYPE_LIMIT, "type.basic_size"},
    {FIELD(type.dict_offset), 8, TYPE_LIMIT, "type.dict_offset"},
    {FIELD(type.cached_keys), 8, TYPE_LIMIT, "type.cached_keys"},
    {FIELD(dict.keys), 8, LAYOUT_MAX_OBJECT_BYTES, "dict.keys"},
    {FIELD(dict.values), 8, LAYOUT_MAX_OBJECT_BYTES, "dict.values"},
    {FIELD(unicode.state), 4, LAYOUT_MAX_OBJECT_BYTES, "unicode.state"},
    {FIELD(unicode.length), 8, LAYOUT_MAX_OBJECT_BYTES, "unicode.length"},
    {FIELD(unicode.ascii_data), 1, LAYOUT_MAX_OBJECT_BYTES, "unicode.ascii_data"},
    {FIELD(unicode.compact_data), 4, LAYOUT_MAX_OBJECT_BYTES, "unicode.compact_data"},
    {FIELD(bytes.length), 8, LAYOUT_MAX_OBJECT_BYTES, "bytes.length"},
    {FIELD(bytes.data), 1, LAYOUT_MAX_OBJECT_BYTES, "bytes.data"},
};

/* Fields that lie in a struct which is read as far as another field says. */
static const struct {
    uint16_t field;
    uint16_t bytes;
    uint16_t size;
} enclosed[] = {
    {FIELD(frame.executable), 8, FIELD(frame.size)},  {FIELD(frame.previous), 8, FIELD(frame.size)},
    {FIELD(frame.instruction), 8, FIELD(frame.size)}, {FIELD(frame.owner), 1, FIELD(frame.size)},
    {FIELD(frame.stacktop), 4, FIELD(frame.size)},    {FIELD(code.filename), 8, FIELD(code.size)},
    {FIELD(code.name), 8, FIELD(code.size)},          {FIELD(code.qualname), 8, FIELD(code.size)},
    {FIELD(code.linetable), 8, FIELD(code.size)},     {FIELD(code.firstlineno), 4, FIELD(code.size)},
    {FIELD(code.nlocalsplus), 4, FIELD(code.size)},   {FIELD(code.stacksize), 4, FIELD(code.size)},
    {FIELD(code.code_units), 8, FIELD(code.size)},    {FIELD(object.type), 8, FIELD(code.size)},
};

static uint32_t get_field(const struct python_layout *layout, size_t field)
{
    return memory_get_u32(layout, field);
}

static void set_field(struct python_layout *layout, size_t field, uint32_t value)
{
    memcpy((unsigned char *)layout + field, &value, sizeof(value));
}

/* The row of a version: of those of its minor version the last one that begins no later. Where no more than
 * the minor version is known, its last row, for that is where most patch releases are. */
static const struct layout_row *find_row(uint32_t version)
{
    const struct layout_row *found = NULL;

    for (size_t i = 0; i < layout_table_length; i++) {
        const struct layout_row *row = &layout_table[i];
        if (row->layout.version >> 16 == version >> 16 &&
            (row->layout.version >> 8 <= version >> 8 || !layout_version_is_exact(version)))
            found = row;
    }
    return found;
}

static struct error *not_readable(uint32_t version, const char *what)
{
    return error_new("Python %u.%u%s: not readable yet", version >> 24, version >> 16 & 0xff, what);
}

/* Alphas and betas move fields from one to the next: their layouts are nobody's promise. */
static bool is_unsettled(uint32_t version)
{
    return layout_version_is_exact(version) && (version >> 4 & 0xf) < RELEASE_CANDIDATE;
}

struct error *layout_from_version(struct python_layout *layout, uint32_t version)
{
    const struct layout_row *row = find_row(version);

    if (row == NULL || row->published != NULL)
        return not_readable(version, "");
    if (is_unsettled(version))
        return not_readable(version, " before its release");
    *layout = row->layout;
    layout->version = version;
    return NULL;
}

bool layout_has_debug_offsets(const unsigned char *bytes, size_t length)
{
    return length >= DEBUG_OFFSETS_HEAD &&
           memcmp(bytes + PLACE_COOKIE, debug_cookie, sizeof(debug_cookie)) == 0;
}

/* The number that is published for a field; anything that is no offset becomes LAYOUT_NONE. */
static uint32_t published_value(const unsigned char *bytes, const struct published_field *published)
{
    uint64_t value = memory_get_u64(bytes, published->place);

    if (published->added != 0)
        value += memory_get_u64(bytes, published->added);
    if (published->subtracted != 0)
        value -= memory_get_u64(bytes, published->subtracted);
    return value < LAYOUT_NONE ? (uint32_t)value : LAYOUT_NONE;
}

static struct error *check_bounds(const struct python_layout *layout, const struct python_layout *expected)
{
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        uint32_t value = get_field(layout, bounds[i].field);
        if (get_field(expected, bounds[i].field) == LAYOUT_NONE)
            continue;
        if (value > bounds[i].limit - 8 || value % bounds[i].alignment != 0)
            return error_new("Python %u.%u: the interpreter says that %s lies at byte %u, which cannot be",
                             layout->version >> 24, layout->version >> 16 & 0xff, bounds[i].name, value);
    }
    for (size_t i = 0; i < sizeof(enclosed) / sizeof(enclosed[0]); i++) {
        uint32_t start = get_field(layout, enclosed[i].field);
        if (start != LAYOUT_NONE && start + enclosed[i].bytes > get_field(layout, enclosed[i].size))
            return error_new("Python %u.%u: the interpreter's offsets contradict each other",
                             layout->version >> 24, layout->version >> 16 & 0xff);
    }
    return NULL;
}

/* How much of a thread state has to be read to have all of its fields. */
static uint32_t thread_size(const struct python_layout *layout)
{
    const uint32_t fields[] = {
        layout->thread.next,          layout->thread.interpreter,      layout->thread.current_frame,
        layout->thread.thread_id,     layout->thread.native_thread_id, layout->thread.datastack_chunk,
        layout->thread.datastack_top,
    };
    uint32_t size = 0;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i] < LAYOUT_MAX_THREAD_BYTES && fields[i] + 8 > size)
            size = fields[i] + 8;
    }
    return size;
}

struct error *layout_from_debug_offsets(struct python_layout *layout, const unsigned char *bytes,
                                        size_t length)
{
    *layout = (struct python_layout){0};
    if (!layout_has_debug_offsets(bytes, length))
        return error_new("the interpreter does not say where its fields lie (Python before 3.13)");

    uint64_t version = memory_get_u64(bytes, PLACE_VERSION);
    if (version > UINT32_MAX || version >> 24 != 3)
        return error_new("the interpreter gives no version that can be (0x%llx)",
                         (unsigned long long)version);
    layout->version = (uint32_t)version;
    layout->free_threaded = memory_get_u64(bytes, PLACE_FREE_THREADED) != 0;
    if (layout->free_threaded)
        return not_readable((uint32_t)version, " free-threaded");
    const struct layout_row *row = find_row((uint32_t)version);
    if (row == NULL || row->published == NULL)
        return not_readable((uint32_t)version, "");
    if (is_unsettled((uint32_t)version))
        return not_readable((uint32_t)version, " before its release");
    if (length < row->debug_offsets_size)
        return error_new("Python %u.%u: _Py_DebugOffsets is cut short", (unsigned)(version >> 24),
                         (unsigned)(version >> 16 & 0xff));

    *layout = row->layout;
    layout->version = (uint32_t)version;
    for (const struct published_field *published = row->published; published->place != 0; published++)
        set_field(layout, published->field, published_value(bytes, published));
    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        uint32_t usual = get_field(&row->layout, companions[i].field);
        uint32_t shift =
            get_field(layout, companions[i].neighbour) - get_field(&row->layout, companions[i].neighbour);
        if (usual != LAYOUT_NONE)
            set_field(layout, companions[i].field, usual + shift);
    }
    layout->thread.size = thread_size(layout);
    return check_bounds(layout, &row->layout);
}

void layout_format_version(char text[static LAYOUT_VERSION_SIZE], uint32_t version)
{
    static const char levels[16][3] = {[0xa] = "a", [0xb] = "b", [0xc] = "rc"};
    unsigned level = version >> 4 & 0xf;

    if (!layout_version_is_exact(version)) {
        snprintf(text, LAYOUT_VERSION_SIZE, "%u.%u", version >> 24, version >> 16 & 0xff);
        return;
    }
    int length = snprintf(text, LAYOUT_VERSION_SIZE, "%u.%u.%u", version >> 24, version >> 16 & 0xff,
                          version >> 8 & 0xff);

    if (levels[level][0] != '\0')
        snprintf(text + length, LAYOUT_VERSION_SIZE - (size_t)length, "%s%u", levels[level], version & 0xf);
}

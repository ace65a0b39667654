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

/* Fields that a version does not publish move with a neighbour that is published. */
static const struct {
    uint16_t field;
    uint16_t neighbour;
} companions[] = {
    {FIELD(interpreter.threads_main), FIELD(interpreter.threads_head)},
    {FIELD(interpreter.collector), FIELD(interpreter.gc_collecting)},
    {FIELD(interpreter.collector_objects), FIELD(interpreter.gc_collecting)},
    {FIELD(gil.enabled), FIELD(gil.last_holder)},
    {FIELD(thread.datastack_top), FIELD(thread.datastack_chunk)},
    {FIELD(thread.attachment), FIELD(thread.current_frame)},
    {FIELD(frame.stacktop), FIELD(frame.instruction)},
    {FIELD(code.nlocalsplus), FIELD(code.firstlineno)},
    {FIELD(code.stacksize), FIELD(code.firstlineno)},
    {FIELD(code.code_units), FIELD(object.type)},
    {FIELD(unicode.compact_data), FIELD(unicode.ascii_data)},
};

/* What an offset may be in structs that are never read as a whole: several times what any version has. */
enum {
    RUNTIME_LIMIT = 16 << 20,
    INTERPRETER_LIMIT = 16 << 20,
    TYPE_LIMIT = 4096,
};

enum {
    NEIGHBOUR_LIMIT = 8, /* minor versions from one whose headers are known to one that may be like it */
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
    {FIELD(interpreter.bytecode_generation), 4, INTERPRETER_LIMIT, "interpreter.bytecode_generation"},
    {FIELD(gil.enabled), 4, LAYOUT_MAX_OBJECT_BYTES, "gil.enabled"},
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
    {FIELD(thread.attachment), 4, LAYOUT_MAX_THREAD_BYTES, "thread.attachment"},
    {FIELD(frame.size), 8, LAYOUT_MAX_FRAME_BYTES, "frame.size"},
    {FIELD(frame.executable), 8, LAYOUT_MAX_FRAME_BYTES, "frame.executable"},
    {FIELD(frame.previous), 8, LAYOUT_MAX_FRAME_BYTES, "frame.previous"},
    {FIELD(frame.instruction), 8, LAYOUT_MAX_FRAME_BYTES, "frame.instruction"},
    {FIELD(frame.owner), 1, LAYOUT_MAX_FRAME_BYTES, "frame.owner"},
    {FIELD(frame.bytecode_index), 4, LAYOUT_MAX_FRAME_BYTES, "frame.bytecode_index"},
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
    {FIELD(code.bytecode_copies), 8, LAYOUT_MAX_CODE_BYTES, "code.bytecode_copies"},
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

/* Fields that lie, side by side, in a struct which is read as far as another field says. */
static const struct {
    uint16_t field;
    uint16_t bytes;
    uint16_t size;
} enclosed[] = {
    {FIELD(frame.executable), 8, FIELD(frame.size)},
    {FIELD(frame.previous), 8, FIELD(frame.size)},
    {FIELD(frame.instruction), 8, FIELD(frame.size)},
    {FIELD(frame.owner), 1, FIELD(frame.size)},
    {FIELD(frame.stacktop), 4, FIELD(frame.size)},
    {FIELD(code.filename), 8, FIELD(code.size)},
    {FIELD(code.name), 8, FIELD(code.size)},
    {FIELD(code.qualname), 8, FIELD(code.size)},
    {FIELD(code.linetable), 8, FIELD(code.size)},
    {FIELD(code.firstlineno), 4, FIELD(code.size)},
    {FIELD(code.nlocalsplus), 4, FIELD(code.size)},
    {FIELD(code.stacksize), 4, FIELD(code.size)},
    {FIELD(code.code_units), 8, FIELD(code.size)},
    {FIELD(object.type), 8, FIELD(code.size)},
    {FIELD(frame.bytecode_index), 4, FIELD(frame.size)},
    {FIELD(code.bytecode_copies), 8, FIELD(code.size)},
    {FIELD(thread.next), 8, FIELD(thread.size)},
    {FIELD(thread.interpreter), 8, FIELD(thread.size)},
    {FIELD(thread.attachment), 4, FIELD(thread.size)},
    {FIELD(thread.current_frame), 8, FIELD(thread.size)},
    {FIELD(thread.thread_id), 8, FIELD(thread.size)},
    {FIELD(thread.native_thread_id), 8, FIELD(thread.size)},
    {FIELD(thread.datastack_chunk), 8, FIELD(thread.size)},
    {FIELD(thread.datastack_top), 8, FIELD(thread.size)},
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

/* The number that is published for a field; anything that is no offset in its struct becomes LAYOUT_NONE. */
static uint32_t published_value(const unsigned char *bytes, const struct published_field *published)
{
    uint64_t value = memory_get_u64(bytes, published->place);

    if (published->added != 0)
        value += memory_get_u64(bytes, published->added);
    if (published->subtracted != 0)
        value -= memory_get_u64(bytes, published->subtracted);
    return value < LAYOUT_NONE && value < memory_get_u64(bytes, published->struct_size) ? (uint32_t)value
                                                                                        : LAYOUT_NONE;
}

static bool is_published(const struct layout_row *row, uint16_t field)
{
    const struct published_field *published = row->published;

    while (published->place != 0 && published->field != field)
        published++;
    return published->place != 0;
}

static struct error *contradiction(const struct python_layout *layout)
{
    return error_new("Python %u.%u: the interpreter's offsets contradict each other", layout->version >> 24,
                     layout->version >> 16 & 0xff);
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
    return NULL;
}

/* Whether two fields of one struct lie where both cannot. */
static bool collide(const struct python_layout *layout, size_t left, size_t right)
{
    uint32_t left_start = get_field(layout, enclosed[left].field);
    uint32_t right_start = get_field(layout, enclosed[right].field);

    return enclosed[left].size == enclosed[right].size && left_start != LAYOUT_NONE &&
           right_start != LAYOUT_NONE && left_start < right_start + enclosed[right].bytes &&
           right_start < left_start + enclosed[left].bytes;
}

static struct error *check_structs(const struct python_layout *layout)
{
    for (size_t i = 0; i < sizeof(enclosed) / sizeof(enclosed[0]); i++) {
        uint32_t start = get_field(layout, enclosed[i].field);
        if (start != LAYOUT_NONE && start + enclosed[i].bytes > get_field(layout, enclosed[i].size))
            return contradiction(layout);
        for (size_t j = 0; j < i; j++) {
            if (collide(layout, i, j))
                return contradiction(layout);
        }
    }
    return NULL;
}

/* Every object begins with the same header, which ends with its type; what has a length has it next.
 * Characters lie behind all fields. */
static struct error *check_objects(const struct python_layout *layout)
{
    uint32_t header_bytes = layout->bytes.length;

    if (layout->object.type + 8 > header_bytes || layout->unicode.length != header_bytes ||
        layout->object.type_name != header_bytes + 8 || layout->bytes.data < header_bytes + 8 ||
        layout->unicode.state < header_bytes + 8 || layout->unicode.ascii_data < layout->unicode.state + 4 ||
        layout->unicode.compact_data < layout->unicode.ascii_data + 8)
        return contradiction(layout);
    return NULL;
}

/* How much of a thread state has to be read to have all of its fields. */
static uint32_t thread_size(const struct python_layout *layout)
{
    const uint32_t fields[] = {
        layout->thread.next,          layout->thread.interpreter,      layout->thread.current_frame,
        layout->thread.thread_id,     layout->thread.native_thread_id, layout->thread.datastack_chunk,
        layout->thread.datastack_top, layout->thread.attachment,
    };
    uint32_t size = 0;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i] < LAYOUT_MAX_THREAD_BYTES && fields[i] + 8 > size)
            size = fields[i] + 8;
    }
    return size;
}

/* Read what is published as a build of this row's version publishes it. */
static struct error *read_published(struct python_layout *layout, const struct layout_row *row,
                                    const unsigned char *bytes, size_t length)
{
    uint32_t version = layout->version;

    if (length < row->debug_offsets_size)
        return error_new("Python %u.%u: _Py_DebugOffsets is cut short", version >> 24, version >> 16 & 0xff);
    *layout = row->layout;
    layout->version = version;
    for (const struct published_field *published = row->published; published->place != 0; published++)
        set_field(layout, published->field, published_value(bytes, published));
    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        uint32_t usual = get_field(&row->layout, companions[i].field);
        uint32_t shift =
            get_field(layout, companions[i].neighbour) - get_field(&row->layout, companions[i].neighbour);
        if (usual != LAYOUT_NONE && !is_published(row, companions[i].field))
            set_field(layout, companions[i].field, usual + shift);
    }
    layout->thread.size = thread_size(layout);
    if (layout->runtime.finalizing < row->debug_offsets_size ||
        layout->runtime.interpreters_head < row->debug_offsets_size) /* they come after what was read */
        return contradiction(layout);

    struct error *error = check_bounds(layout, &row->layout);
    if (error == NULL)
        error = check_structs(layout);
    return error == NULL ? check_objects(layout) : error;
}

/* How many minor versions lie between a row and a version; UINT32_MAX when the row is of no use for it. */
static uint32_t row_distance(const struct layout_row *row, const struct python_layout *wanted)
{
    uint32_t of_row = row->layout.version >> 16;
    uint32_t minor = wanted->version >> 16;

    if (row->published == NULL || row->layout.free_threaded != wanted->free_threaded)
        return UINT32_MAX;
    return of_row < minor ? minor - of_row : of_row - minor;
}

/* Read what is published as the version's own row says, or, when the version has none or is not released yet,
 * as the nearest row says that it makes sense with. */
static struct error *read_by_nearest_row(struct python_layout *layout, const unsigned char *bytes,
                                         size_t length)
{
    const struct python_layout wanted = *layout;
    uint32_t farthest = NEIGHBOUR_LIMIT;
    struct error *first_error = NULL;

    for (uint32_t distance = 0; distance <= farthest; distance++) {
        for (size_t i = 0; i < layout_table_length; i++) {
            if (row_distance(&layout_table[i], &wanted) != distance)
                continue;
            *layout = wanted;
            struct error *error = read_published(layout, &layout_table[i], bytes, length);
            if (error == NULL) {
                error_free(first_error);
                return NULL;
            }
            if (first_error == NULL)
                first_error = error;
            else
                error_free(error);
            if (distance == 0 && !is_unsettled(wanted.version))
                farthest = 0;
        }
    }
    *layout = wanted;
    return first_error != NULL ? first_error : not_readable(wanted.version, "");
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
    return read_by_nearest_row(layout, bytes, length);
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

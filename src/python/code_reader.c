#include "python/code_reader.h"

#include "base/memory.h"
#include "python/memory.h"
#include "python/unicode.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_BYTECODE_BYTES = 16 << 20,
    MAX_FRAME_SLOTS = 1 << 20,
    SLOT_BYTES = 8, /* of a local variable or a stack entry in a frame */
    MAX_TUPLE_ITEMS = 1024,
    INSTRUCTION_BYTES = 2, /* from 3.6 on */
};

/* co_flags, Include/cpython/code.h */
enum {
    CO_GENERATOR = 0x0020,
    CO_COROUTINE = 0x0080,
    CO_ASYNC_GENERATOR = 0x0200,
};

struct code_reader {
    pid_t pid;
    const struct python_layout *layout;
    uint64_t code_type; /* address of PyCode_Type; 0 until it is learned */
    unsigned char characters[2][UNICODE_MAX_BYTES];
    char filename[UNICODE_TEXT_SIZE];
    char qualname[UNICODE_TEXT_SIZE];
};

/* Code objects that the interpreter makes for itself.
 *
 * source  3.12 Objects/codeobject.c, _Py_MakeShimCode; 3.13 to 3.15 Python/specialize.c, _Py_InitCleanup */
static const struct function internal_functions[] = {
    {.name = "<interpreter trampoline>", .file = "<shim>", .line = 1},
    {.name = "__init__", .file = "__init__", .line = 0},
};

struct code_reader *code_reader_new(pid_t pid, const struct python_layout *layout)
{
    struct code_reader *reader = memory_allocate(1, sizeof(*reader));

    reader->pid = pid;
    reader->layout = layout;
    return reader;
}

void code_reader_free(struct code_reader *reader)
{
    free(reader);
}

void code_identity_parse(struct code_identity *identity, const struct python_layout *layout,
                         const unsigned char *bytes)
{
    memset(identity, 0, sizeof(*identity));
    identity->type = memory_get_u64(bytes, layout->object.type);
    identity->filename = memory_get_u64(bytes, layout->code.filename);
    identity->name = memory_get_u64(bytes, layout->code.name);
    identity->qualname =
        layout->code.qualname != LAYOUT_NONE ? memory_get_u64(bytes, layout->code.qualname) : identity->name;
    identity->line_table = memory_get_u64(bytes, layout->code.linetable);
    identity->bytecode = memory_get_u64(
        bytes, layout->code.bytecode != LAYOUT_NONE ? layout->code.bytecode : layout->code.code_units);
    identity->first_line = memory_get_u32(bytes, layout->code.firstlineno);
}

/* The hash follows the length: Include/cpython/unicodeobject.h, 2.7: Include/stringobject.h. */
static size_t hash_offset(const struct python_layout *layout)
{
    size_t length = layout->text_storage == TEXT_IS_BYTES ? layout->bytes.length : layout->unicode.length;

    return length + sizeof(uint64_t);
}

void code_identities_read_names(struct code_identity *identities, size_t count, pid_t pid,
                                const struct python_layout *layout)
{
    struct memory_piece pieces[CODE_IDENTITIES_AT_ONCE];
    size_t first = 0;

    for (size_t i = 0; i < count; i++) {
        struct code_identity *identity = &identities[i];
        identity->name_hash = 0;
        pieces[i] = (struct memory_piece){identity->qualname + hash_offset(layout), &identity->name_hash,
                                          sizeof(identity->name_hash)};
    }
    while (first < count) /* the kernel stops at one that cannot be read */
        first += memory_read_pieces(pid, pieces + first, count - first) + 1;
}

static bool is_code_type(const struct code_reader *reader, uint64_t type)
{
    static const char expected[] = "code";
    char name[sizeof(expected)];
    uint64_t name_address;

    return memory_is_pointer(type) &&
           memory_read_word(reader->pid, type + reader->layout->object.type_name, &name_address) &&
           memory_read(reader->pid, name_address, name, sizeof(name)) &&
           memcmp(name, expected, sizeof(expected)) == 0;
}

/* Whether what was read can be a code object. The address of its type is learned from the first one. */
static bool check_identity(struct code_reader *reader, const struct code_identity *identity)
{
    if (!memory_is_pointer(identity->filename) || !memory_is_pointer(identity->name) ||
        !memory_is_pointer(identity->qualname) || !memory_is_pointer(identity->line_table))
        return false;
    if (reader->code_type == 0 && is_code_type(reader, identity->type))
        reader->code_type = identity->type;
    return reader->code_type != 0 && identity->type == reader->code_type;
}

/* Bring file and qualified name of a code object over, clean, to the buffers of the reader. */
static bool read_names(struct code_reader *reader, struct code_identity *identity)
{
    const uint64_t addresses[2] = {identity->filename, identity->qualname};
    char *texts[2] = {reader->filename, reader->qualname};
    unsigned char headers[2][UNICODE_HEADER_MAX];
    struct unicode_characters characters[2];
    struct memory_piece pieces[2];

    for (size_t i = 0; i < 2; i++)
        pieces[i] = (struct memory_piece){addresses[i], headers[i], unicode_header_size(reader->layout)};
    if (memory_read_pieces(reader->pid, pieces, 2) != 2)
        return false;
    for (size_t i = 0; i < 2; i++) {
        if (!unicode_find_characters(&characters[i], reader->layout, addresses[i], headers[i]))
            return false;
        pieces[i] = (struct memory_piece){characters[i].address, reader->characters[i],
                                          (size_t)characters[i].length * characters[i].width};
    }
    if (memory_read_pieces(reader->pid, pieces, 2) != 2)
        return false;
    for (size_t i = 0; i < 2; i++)
        unicode_clean(texts[i], &characters[i], reader->characters[i]);
    identity->name_hash = memory_get_u64(headers[1], hash_offset(reader->layout));
    return true;
}

static bool is_internal(const struct code_reader *reader, uint32_t line)
{
    for (size_t i = 0; i < sizeof(internal_functions) / sizeof(internal_functions[0]); i++) {
        const struct function *internal = &internal_functions[i];
        if (internal->line == line && strcmp(internal->file, reader->filename) == 0 &&
            strcmp(internal->name, reader->qualname) == 0)
            return true;
    }
    return false;
}

/* Where the bytecode begins and how long it is; false when it cannot be. */
static bool find_bytecode(const struct code_reader *reader, const struct code_identity *identity,
                          struct code_object *code)
{
    const struct python_layout *layout = reader->layout;
    uint64_t length = identity->bytecode;

    code->instructions = code->address + layout->code.instructions;
    if (layout->code.bytecode == LAYOUT_NONE) {
        if (length > MAX_BYTECODE_BYTES / layout->code.unit_bytes)
            return false;
        length *= layout->code.unit_bytes;
    } else {
        code->instructions = identity->bytecode + layout->bytes.data;
        if (!memory_is_pointer(identity->bytecode) ||
            !memory_read_word(reader->pid, identity->bytecode + layout->bytes.length, &length))
            return false;
    }
    code->instruction_bytes = (uint32_t)length;
    return length > 0 && length <= MAX_BYTECODE_BYTES;
}

/* How large its frame is on the data stack; false when it cannot be. */
static bool find_frame_size(const struct python_layout *layout, const unsigned char *bytes, uint32_t *size)
{
    *size = 0;
    if (layout->frame_storage != FRAMES_IN_DATA_STACK)
        return true;
    uint32_t locals = memory_get_u32(bytes, layout->code.nlocalsplus);
    uint32_t stack = memory_get_u32(bytes, layout->code.stacksize);
    *size = layout->frame.size + (locals + stack) * SLOT_BYTES;
    return locals <= MAX_FRAME_SLOTS && stack <= MAX_FRAME_SLOTS;
}

/* Where a call that makes a generator or coroutine returns it: behind RETURN_GENERATOR, before which there is one
 * instruction for each cell, and one for all free variables. 0 where it makes none.
 *
 * source  Include/cpython/code.h from 3.12 on, co_flags behind co_consts, co_names and co_exceptiontable, co_ncellvars and
 *         co_nfreevars behind co_nlocalsplus, co_framesize and co_nlocals; Python/flowgraph.c, insert_prefix_instructions() */
static uint32_t find_return_of_generator(const struct python_layout *layout, const unsigned char *bytes)
{
    size_t flags = layout->code.code_units + 4 * sizeof(uint64_t);
    size_t cells = layout->code.nlocalsplus + 3 * sizeof(uint32_t);
    size_t free_variables = cells + sizeof(uint32_t);

    if (layout->frame_storage != FRAMES_IN_DATA_STACK || flags + sizeof(uint32_t) > layout->code.size ||
        free_variables + sizeof(uint32_t) > layout->code.size ||
        (memory_get_u32(bytes, flags) & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR)) == 0)
        return 0;
    uint32_t before =
        memory_get_u32(bytes, cells) % MAX_FRAME_SLOTS + (memory_get_u32(bytes, free_variables) != 0);
    return (before + 1) * INSTRUCTION_BYTES;
}

bool code_reader_parse(struct code_reader *reader, const unsigned char *bytes, struct code_object *code,
                       struct code_identity *identity, struct function *function)
{
    code_identity_parse(identity, reader->layout, bytes);
    if (!check_identity(reader, identity) || !find_bytecode(reader, identity, code) ||
        !find_frame_size(reader->layout, bytes, &code->frame_bytes) || !read_names(reader, identity))
        return false;
    uint32_t line = identity->first_line <= INT32_MAX ? identity->first_line : 0;
    code->internal = is_internal(reader, line);
    code->return_bytes = find_return_of_generator(reader->layout, bytes);
    *function = (struct function){.name = reader->qualname, .file = reader->filename, .line = line};
    return true;
}

/* Whether a tuple holds an object. Its items follow its length, from 3.14 on with a hash in between: that is never an
 * address. */
static bool tuple_holds(const struct code_reader *reader, uint64_t tuple, uint64_t object)
{
    uint64_t words[1 + MAX_TUPLE_ITEMS];
    uint64_t length;
    size_t length_offset = reader->layout->bytes.length; /* ob_size, as of all objects of variable size */

    if (!memory_is_pointer(tuple) || !memory_read_word(reader->pid, tuple + length_offset, &length) ||
        length > MAX_TUPLE_ITEMS ||
        !memory_read(reader->pid, tuple + length_offset + sizeof(length), words,
                     (1 + length) * sizeof(words[0])))
        return false;
    for (size_t i = 0; i <= length; i++) {
        if (words[i] == object)
            return true;
    }
    return false;
}

bool code_reader_names(struct code_reader *reader, uint64_t address, uint64_t other_name, uint64_t other)
{
    const struct python_layout *layout = reader->layout;
    /* co_consts and co_names follow ob_size, to 3.10 co_code: Include/cpython/code.h, 2.7: Include/code.h */
    uint32_t before = layout->code.bytecode != LAYOUT_NONE ? layout->code.bytecode : layout->code.code_units;
    uint64_t tuples[2];

    return memory_read(reader->pid, address + before + sizeof(uint64_t), tuples, sizeof(tuples)) &&
           (tuple_holds(reader, tuples[1], other_name) || tuple_holds(reader, tuples[0], other));
}

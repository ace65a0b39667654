#include "python/code_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The objects below lie in the test's own memory, which is read as if it were another process's. */
enum {
    OBJECT_BYTES = 512,
    CODE_UNITS = 4,
    LOCALS = 3,
    STACK = 2,
    LONG_TEXT = 5000,
    MANY = 70000, /* more than the cache keeps */
};

struct fixture {
    struct python_layout layout;
    struct call_tree *tree;
    struct code_cache *cache;
    unsigned char *type;
    char type_name[8];
};

static uint64_t address_of(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

static void put_u64(unsigned char *object, size_t offset, uint64_t value)
{
    memcpy(object + offset, &value, sizeof(value));
}

static void put_u32(unsigned char *object, size_t offset, uint32_t value)
{
    memcpy(object + offset, &value, sizeof(value));
}

static int open_fixture(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error *error = layout_from_version(&fixture->layout, 0x030b02f0);

    assert_null(error);
    fixture->tree = call_tree_new();
    fixture->cache = code_cache_new(getpid(), &fixture->layout, fixture->tree);
    fixture->type = calloc(1, OBJECT_BYTES);
    memcpy(fixture->type_name, "code", 5);
    put_u64(fixture->type, fixture->layout.object.type_name, address_of(fixture->type_name));
    *state = fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;

    code_cache_free(fixture->cache);
    call_tree_free(fixture->tree);
    free(fixture->type);
    free(fixture);
    return 0;
}

/* A compact str of characters of `width` bytes. */
static unsigned char *make_str(const struct python_layout *layout, const void *characters, size_t length,
                               unsigned width, bool ascii)
{
    size_t data = ascii ? layout->unicode.ascii_data : layout->unicode.compact_data;
    unsigned char *object = calloc(1, data + (length + 1) * width);

    put_u64(object, layout->unicode.length, length);
    put_u32(object, layout->unicode.state,
            width << layout->unicode.kind_shift | 1U << layout->unicode.compact_shift |
                (unsigned)ascii << layout->unicode.ascii_shift);
    memcpy(object + data, characters, length * width);
    return object;
}

static unsigned char *make_text(const struct python_layout *layout, const char *text)
{
    return make_str(layout, text, strlen(text), 1, true);
}

static unsigned char *make_bytes(const struct python_layout *layout, const char *bytes, size_t length)
{
    unsigned char *object = calloc(1, layout->bytes.data + length + 1);

    put_u64(object, layout->bytes.length, length);
    memcpy(object + layout->bytes.data, bytes, length);
    return object;
}

/* A code object, and the objects that it names; all are freed together. */
struct fake_code {
    unsigned char *code;
    unsigned char *file;
    unsigned char *name;
    unsigned char *lines;
};

static void set_pointers(const struct fixture *fixture, struct fake_code *fake)
{
    const struct python_layout *layout = &fixture->layout;

    put_u64(fake->code, layout->object.type, address_of(fixture->type));
    put_u64(fake->code, layout->code.filename, address_of(fake->file));
    put_u64(fake->code, layout->code.name, address_of(fake->name));
    put_u64(fake->code, layout->code.qualname, address_of(fake->name));
    put_u64(fake->code, layout->code.linetable, address_of(fake->lines));
}

static struct fake_code make_code(const struct fixture *fixture, const char *name, const char *file,
                                  uint32_t line)
{
    const struct python_layout *layout = &fixture->layout;
    struct fake_code fake = {
        .code = calloc(1, OBJECT_BYTES),
        .file = make_text(layout, file),
        .name = make_text(layout, name),
        .lines = make_bytes(layout, "\x80\x00\xd8\x00\x00\xd9\x00\x00", 8),
    };

    set_pointers(fixture, &fake);
    put_u64(fake.code, layout->code.code_units, CODE_UNITS);
    put_u32(fake.code, layout->code.firstlineno, line);
    put_u32(fake.code, layout->code.nlocalsplus, LOCALS);
    put_u32(fake.code, layout->code.stacksize, STACK);
    return fake;
}

static void free_code(struct fake_code *fake)
{
    free(fake->code);
    free(fake->file);
    free(fake->name);
    free(fake->lines);
}

static void code_object_is_read_once(void **state)
{
    struct fixture *fixture = *state;
    struct fake_code fake = make_code(fixture, "Class.method", "/srv/app.py", 40);
    uint64_t address = address_of(fake.code);

    assert_null(code_cache_find(fixture->cache, address));
    struct code_object *code = code_cache_load(fixture->cache, address, 7);
    assert_non_null(code);
    const struct function *function = call_tree_function(fixture->tree, code->function);
    assert_string_equal(function->name, "Class.method");
    assert_string_equal(function->file, "/srv/app.py");
    assert_int_equal(function->line, 40);
    assert_int_equal(code->address, address);
    assert_int_equal(code->instructions, address + fixture->layout.code.instructions);
    assert_int_equal(code->instruction_bytes, CODE_UNITS * 2);
    assert_int_equal(code->frame_bytes, fixture->layout.frame.size + (LOCALS + STACK) * 8);
    assert_int_equal(code->verified_ns, 7);
    assert_false(code->internal);
    memset(fake.code, 0, OBJECT_BYTES);
    assert_ptr_equal(code_cache_find(fixture->cache, address), code);
    assert_ptr_equal(code_cache_load(fixture->cache, address, 8), code);
    free_code(&fake);
}

static void instruction_has_its_line(void **state)
{
    struct fixture *fixture = *state;
    struct fake_code fake = make_code(fixture, "f", "f.py", 40);
    struct code_object *code = code_cache_load(fixture->cache, address_of(fake.code), 1);

    assert_int_equal(code_cache_line(fixture->cache, code, code->instructions), 40);
    assert_int_equal(code_cache_line(fixture->cache, code, code->instructions + 2), 41);
    assert_int_equal(code_cache_line(fixture->cache, code, code->instructions + 3), 41);
    assert_int_equal(code_cache_line(fixture->cache, code, code->instructions + 6), 42);
    free_code(&fake);
}

static void frame_that_has_not_begun_is_on_the_line_of_its_def(void **state)
{
    struct fixture *fixture = *state;
    struct fake_code fake = make_code(fixture, "f", "f.py", 40);
    struct code_object *code = code_cache_load(fixture->cache, address_of(fake.code), 1);

    assert_true(code_object_contains(code, code->instructions - 2));
    assert_int_equal(code_cache_line(fixture->cache, code, code->instructions - 2), 40);
    free_code(&fake);
}

static void instruction_outside_has_no_line(void **state)
{
    struct fixture *fixture = *state;
    struct fake_code fake = make_code(fixture, "f", "f.py", 40);
    struct code_object *code = code_cache_load(fixture->cache, address_of(fake.code), 1);
    const uint64_t outside[] = {0, code->instructions - 4, code->instructions + CODE_UNITS * 2, UINT64_MAX};

    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        assert_false(code_object_contains(code, outside[i]));
        assert_int_equal(code_cache_line(fixture->cache, code, outside[i]), 0);
    }
    free_code(&fake);
}

/* Each name below is what a target could use to break a terminal, or to break pyneck. */
static void names_come_out_clean(void **state)
{
    static const uint16_t wide[] = {0x4e2d, 0xd800, 0x202e, 'x'};
    static const uint32_t widest[] = {0x1f40d, 0x110000, UINT32_MAX, 0x1b};
    struct fixture *fixture = *state;
    const struct python_layout *layout = &fixture->layout;
    const struct {
        unsigned char *name;
        const char *expected;
    } cases[] = {
        {make_str(layout, "a\x1b[2J\n", 6, 1, true), "a\xef\xbf\xbd[2J\xef\xbf\xbd"},
        {make_str(layout, "\xe9\x9b", 2, 1, false), "\xc3\xa9\xef\xbf\xbd"},
        {make_str(layout, wide, 4, 2, false), "\xe4\xb8\xad\xef\xbf\xbd\xef\xbf\xbdx"},
        {make_str(layout, widest, 4, 4, false), "\xf0\x9f\x90\x8d\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {make_str(layout, "", 0, 1, true), ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake_code fake = make_code(fixture, "", "f.py", 1);
        free(fake.name);
        fake.name = cases[i].name;
        set_pointers(fixture, &fake);
        struct code_object *code = code_cache_load(fixture->cache, address_of(fake.code), 1);
        assert_non_null(code);
        assert_string_equal(call_tree_function(fixture->tree, code->function)->name, cases[i].expected);
        code_cache_verify(fixture->cache, &(uint64_t){address_of(memset(fake.code, 0, OBJECT_BYTES))}, 1, 2);
        free_code(&fake);
    }
}

static void long_names_are_cut(void **state)
{
    struct fixture *fixture = *state;
    uint32_t *characters = calloc(LONG_TEXT, sizeof(*characters));
    for (size_t i = 0; i < LONG_TEXT; i++)
        characters[i] = 0x1f40d;
    struct fake_code fake = make_code(fixture, "", "f.py", 1);
    free(fake.name);
    fake.name = make_str(&fixture->layout, characters, LONG_TEXT, 4, false);
    set_pointers(fixture, &fake);

    struct code_object *code = code_cache_load(fixture->cache, address_of(fake.code), 1);
    assert_non_null(code);
    assert_int_equal(strlen(call_tree_function(fixture->tree, code->function)->name), 4096 * 4);
    free(characters);
    free_code(&fake);
}

static void frames_of_the_interpreter_are_internal(void **state)
{
    static const struct {
        const char *name;
        const char *file;
        uint32_t line;
        bool internal;
    } cases[] = {
        {"<interpreter trampoline>", "<shim>", 1, true},
        {"__init__", "__init__", 0, true},
        {"__init__", "point.py", 3, false},
        {"<module>", "<string>", 1, false},
        {"_find_and_load", "<frozen importlib._bootstrap>", 1020, false},
    };
    struct fixture *fixture = *state;
    struct fake_code fakes[sizeof(cases) / sizeof(cases[0])];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fakes[i] = make_code(fixture, cases[i].name, cases[i].file, cases[i].line);
        struct code_object *code = code_cache_load(fixture->cache, address_of(fakes[i].code), 1);
        assert_non_null(code);
        assert_int_equal(code->internal, cases[i].internal);
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        free_code(&fakes[i]);
}

/* What is there is no code object, one reason at a time. */
static void what_is_no_code_object_is_refused(void **state)
{
    struct fixture *fixture = *state;
    const struct python_layout *layout = &fixture->layout;
    const struct {
        size_t offset;
        uint64_t value;
    } spoilers[] = {
        {layout->object.type, 0},
        {layout->object.type, 8192},
        {layout->code.filename, 0},
        {layout->code.filename, 8192},
        {layout->code.qualname, 8193},
        {layout->code.linetable, UINT64_MAX},
        {layout->code.code_units, 0},
        {layout->code.code_units, UINT64_C(1) << 40},
        {layout->code.stacksize, UINT32_MAX},
        {layout->code.nlocalsplus, UINT64_C(0x7fffffff)},
    };

    for (size_t i = 0; i < sizeof(spoilers) / sizeof(spoilers[0]); i++) {
        struct fake_code fake = make_code(fixture, "f", "f.py", 1);
        put_u64(fake.code, spoilers[i].offset, spoilers[i].value);
        assert_null(code_cache_load(fixture->cache, address_of(fake.code), 1));
        free_code(&fake);
    }
    assert_null(code_cache_load(fixture->cache, 0, 1));
    assert_null(code_cache_load(fixture->cache, 8192, 1));
    assert_null(code_cache_load(fixture->cache, UINT64_MAX, 1));
}

static void object_of_another_type_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct fake_code fake = make_code(fixture, "f", "f.py", 1);

    memcpy(fixture->type_name, "list", 5);
    assert_null(code_cache_load(fixture->cache, address_of(fake.code), 1));
    memcpy(fixture->type_name, "code", 5);
    assert_non_null(code_cache_load(fixture->cache, address_of(fake.code), 1));
    free_code(&fake);
}

static void strings_that_are_not_compact_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const struct python_layout *layout = &fixture->layout;
    const uint32_t states[] = {
        0,
        1U << layout->unicode.kind_shift,
        3U << layout->unicode.kind_shift | 1U << layout->unicode.compact_shift,
        2U << layout->unicode.kind_shift | 1U << layout->unicode.compact_shift |
            1U << layout->unicode.ascii_shift,
    };

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        struct fake_code fake = make_code(fixture, "f", "f.py", 1);
        put_u32(fake.name, layout->unicode.state, states[i]);
        assert_null(code_cache_load(fixture->cache, address_of(fake.code), 1));
        free_code(&fake);
    }
}

static void line_table_of_impossible_length_gives_no_lines(void **state)
{
    struct fixture *fixture = *state;
    struct fake_code fake = make_code(fixture, "f", "f.py", 40);
    put_u64(fake.lines, fixture->layout.bytes.length, UINT64_MAX);
    struct code_object *code = code_cache_load(fixture->cache, address_of(fake.code), 1);

    assert_int_equal(code_cache_line(fixture->cache, code, code->instructions), 0);
    free_code(&fake);
}

static void address_used_again_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct fake_code kept = make_code(fixture, "kept", "a.py", 1);
    struct fake_code reused = make_code(fixture, "before", "a.py", 10);
    struct fake_code gone = make_code(fixture, "gone", "a.py", 20);
    const uint64_t addresses[] = {address_of(kept.code), address_of(reused.code), address_of(gone.code)};
    for (size_t i = 0; i < 3; i++)
        code_cache_load(fixture->cache, addresses[i], 1);
    code_cache_line(fixture->cache, code_cache_find(fixture->cache, addresses[1]),
                    addresses[1] + fixture->layout.code.instructions);

    assert_int_equal(code_cache_verify(fixture->cache, addresses, 3, 2), 0);
    free(reused.name);
    reused.name = make_text(&fixture->layout, "after");
    set_pointers(fixture, &reused);
    put_u32(reused.code, fixture->layout.code.firstlineno, 99);
    put_u64(gone.code, fixture->layout.object.type, address_of(gone.file));
    assert_int_equal(code_cache_verify(fixture->cache, addresses, 3, 3), 2);

    assert_int_equal(code_cache_find(fixture->cache, addresses[0])->verified_ns, 3);
    assert_int_equal(code_cache_find(fixture->cache, addresses[0])->added_ns, 1);
    struct code_object *code = code_cache_find(fixture->cache, addresses[1]);
    assert_string_equal(call_tree_function(fixture->tree, code->function)->name, "after");
    assert_int_equal(code->added_ns, 3);
    assert_int_equal(code_cache_line(fixture->cache, code, code->instructions), 99);
    assert_null(code_cache_find(fixture->cache, addresses[2]));
    free_code(&kept);
    free_code(&reused);
    free_code(&gone);
}

/* What is freed together and made anew lies where it lay, down to the name: only what the name says differs then. */
static void name_that_says_something_else_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct fake_code fake = make_code(fixture, "made1_2", "a.py", 1);
    const uint64_t address = address_of(fake.code);
    size_t hash = fixture->layout.unicode.length + 8;

    put_u64(fake.name, hash, 4711);
    code_cache_load(fixture->cache, address, 1);
    assert_int_equal(code_cache_verify(fixture->cache, &address, 1, 2), 0);
    memcpy(fake.name + fixture->layout.unicode.ascii_data, "made2_2", 7);
    put_u64(fake.name, hash, 4712);
    assert_int_equal(code_cache_verify(fixture->cache, &address, 1, 3), 1);
    struct code_object *code = code_cache_find(fixture->cache, address);
    assert_string_equal(call_tree_function(fixture->tree, code->function)->name, "made2_2");
    free_code(&fake);
}

static void code_object_names_what_it_calls(void **state)
{
    struct fixture *fixture = *state;
    const struct python_layout *layout = &fixture->layout;
    struct fake_code caller = make_code(fixture, "caller", "a.py", 1);
    struct fake_code global = make_code(fixture, "global", "a.py", 2);
    struct fake_code inside = make_code(fixture, "inside", "a.py", 3);
    struct fake_code stranger = make_code(fixture, "stranger", "a.py", 4);
    unsigned char tuples[2][OBJECT_BYTES] = {0};

    put_u64(tuples[0], layout->bytes.length, 1);
    put_u64(tuples[0], layout->bytes.length + 8, address_of(inside.code));
    put_u64(tuples[1], layout->bytes.length, 2);
    put_u64(tuples[1], layout->bytes.length + 16, address_of(global.name));
    put_u64(caller.code, layout->code.code_units + 8, address_of(tuples[0]));
    put_u64(caller.code, layout->code.code_units + 16, address_of(tuples[1]));
    code_cache_load(fixture->cache, address_of(global.code), 1);
    code_cache_load(fixture->cache, address_of(inside.code), 1);
    code_cache_load(fixture->cache, address_of(stranger.code), 1);
    assert_true(code_cache_names(fixture->cache, address_of(caller.code), address_of(global.code)));
    assert_true(code_cache_names(fixture->cache, address_of(caller.code), address_of(inside.code)));
    assert_false(code_cache_names(fixture->cache, address_of(caller.code), address_of(stranger.code)));
    put_u64(tuples[1], layout->bytes.length, UINT64_MAX);
    put_u64(caller.code, layout->code.code_units + 8, 8);
    assert_false(code_cache_names(fixture->cache, address_of(caller.code), address_of(global.code)));
    free_code(&caller);
    free_code(&global);
    free_code(&inside);
    free_code(&stranger);
}

/* One address that cannot be read any more does not keep the others from being compared. */
static void unreadable_address_leaves_the_cache_alone(void **state)
{
    struct fixture *fixture = *state;
    struct fake_code first = make_code(fixture, "first", "a.py", 1);
    struct fake_code last = make_code(fixture, "last", "a.py", 2);
    const uint64_t addresses[] = {address_of(first.code), 8192, address_of(last.code)};
    code_cache_load(fixture->cache, addresses[0], 1);
    code_cache_load(fixture->cache, addresses[2], 1);

    assert_int_equal(code_cache_verify(fixture->cache, addresses, 3, 5), 0);
    assert_int_equal(code_cache_find(fixture->cache, addresses[0])->verified_ns, 5);
    assert_int_equal(code_cache_find(fixture->cache, addresses[2])->verified_ns, 5);
    free_code(&first);
    free_code(&last);
}

/* The cache stays bounded, and what was verified last stays in it. */
static void oldest_entries_leave_when_the_cache_is_full(void **state)
{
    struct fixture *fixture = *state;
    struct fake_code model = make_code(fixture, "f", "f.py", 1);
    size_t step = (fixture->layout.code.size + 15) / 16 * 16;
    unsigned char *objects = malloc(MANY * step);
    size_t kept = 0;

    for (size_t i = 0; i < MANY; i++) {
        memcpy(objects + i * step, model.code, fixture->layout.code.size);
        code_cache_begin_sample(fixture->cache);
        assert_non_null(code_cache_load(fixture->cache, address_of(objects + i * step), i + 1));
    }
    for (size_t i = 0; i < MANY; i++)
        kept += code_cache_find(fixture->cache, address_of(objects + i * step)) != NULL;
    assert_in_range(kept, 1 << 15, 1 << 16);
    assert_null(code_cache_find(fixture->cache, address_of(objects)));
    assert_non_null(code_cache_find(fixture->cache, address_of(objects + (MANY - 1) * step)));
    free(objects);
    free_code(&model);
}

/* A program whose every frame is of another function does not make one sample read all of them. */
static void one_sample_reads_only_so_many_code_objects(void **state)
{
    enum {
        COUNT = 2000,
    };
    struct fixture *fixture = *state;
    struct fake_code model = make_code(fixture, "f", "f.py", 1);
    size_t step = (fixture->layout.code.size + 15) / 16 * 16;
    unsigned char *objects = malloc(COUNT * step);
    size_t loaded = 0;

    code_cache_begin_sample(fixture->cache);
    for (size_t i = 0; i < COUNT; i++) {
        memcpy(objects + i * step, model.code, fixture->layout.code.size);
        loaded += code_cache_load(fixture->cache, address_of(objects + i * step), 1) != NULL;
    }
    assert_in_range(loaded, 100, 500);
    code_cache_begin_sample(fixture->cache);
    assert_non_null(code_cache_load(fixture->cache, address_of(objects + (COUNT - 1) * step), 2));
    free(objects);
    free_code(&model);
}

/* Entries that share a place in the table are all found after any of them has left. */
static void dropped_entries_leave_no_hole(void **state)
{
    enum {
        COUNT = 400,
    };
    struct fixture *fixture = *state;
    struct fake_code model = make_code(fixture, "f", "f.py", 1);
    size_t step = (fixture->layout.code.size + 15) / 16 * 16;
    unsigned char *objects = malloc(COUNT * step);
    uint64_t addresses[COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        addresses[i] = address_of(objects + i * step);
        memcpy(objects + i * step, model.code, fixture->layout.code.size);
        code_cache_begin_sample(fixture->cache);
        assert_non_null(code_cache_load(fixture->cache, addresses[i], 1));
    }
    for (size_t i = 0; i < COUNT; i += 3)
        memset(objects + i * step, 0, step);
    assert_int_equal(code_cache_verify(fixture->cache, addresses, COUNT, 2), (COUNT + 2) / 3);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(code_cache_find(fixture->cache, addresses[i]) == NULL, i % 3 == 0);
    free(objects);
    free_code(&model);
}

/* The object is big enough for a pointer behind the bytecode. */
static void instruction_of_a_copy_is_found_in_the_original(void **state)
{
    enum {
        COUNT = 0,
        ORIGINAL = 1,
        COPY = 2,
        NO_COPY = 3,
    };
    struct fixture *fixture = *state;
    fixture->layout.code.bytecode_copies = fixture->layout.code.size + CODE_UNITS * 2;
    fixture->layout.bytecode_copies.count = COUNT * 8;
    fixture->layout.bytecode_copies.entries = ORIGINAL * 8;
    struct fake_code fake = make_code(fixture, "f", "f.py", 1);
    struct code_object *code = code_cache_load(fixture->cache, address_of(fake.code), 1);
    uint64_t list[] = {[COUNT] = NO_COPY, [ORIGINAL] = code->instructions, [COPY] = 0x500000, [NO_COPY] = 0};
    put_u64(fake.code, fixture->layout.code.bytecode_copies, address_of(list));

    static const uint32_t indices[] = {COPY - ORIGINAL, 0, NO_COPY - ORIGINAL, UINT32_MAX};
    for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
        uint64_t instruction = 0x500004;
        assert_true(code_cache_find_original(fixture->cache, code, indices[i], &instruction));
        assert_int_equal(instruction, code->instructions + 4);
    }
    static const uint64_t outside[] = {0, 4, 0x500000 - 2, 0x500000 + CODE_UNITS * 2, UINT64_MAX};
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        uint64_t instruction = outside[i];
        assert_false(code_cache_find_original(fixture->cache, code, 1, &instruction));
    }

    /* Another thread has the copy's place in the list now, and its copy lies elsewhere. */
    uint64_t instruction = 0x600002;
    list[COPY] = 0x600000;
    code_cache_forget_copies(fixture->cache);
    assert_true(code_cache_find_original(fixture->cache, code, 1, &instruction));
    assert_int_equal(instruction, code->instructions + 2);
    instruction = 0x500002;
    assert_false(code_cache_find_original(fixture->cache, code, 1, &instruction));

    static const uint64_t lengths[] = {0, 1 << 20, UINT64_MAX};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        list[COUNT] = lengths[i];
        instruction = 0x600002;
        code_cache_forget_copies(fixture->cache);
        assert_false(code_cache_find_original(fixture->cache, code, 1, &instruction));
    }
    put_u64(fake.code, fixture->layout.code.bytecode_copies, 16);
    assert_false(code_cache_find_original(fixture->cache, code, 1, &instruction));
    free_code(&fake);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(code_object_is_read_once),
        TEST(instruction_of_a_copy_is_found_in_the_original),
        TEST(instruction_has_its_line),
        TEST(frame_that_has_not_begun_is_on_the_line_of_its_def),
        TEST(instruction_outside_has_no_line),
        TEST(names_come_out_clean),
        TEST(long_names_are_cut),
        TEST(frames_of_the_interpreter_are_internal),
        TEST(what_is_no_code_object_is_refused),
        TEST(object_of_another_type_is_refused),
        TEST(strings_that_are_not_compact_are_refused),
        TEST(line_table_of_impossible_length_gives_no_lines),
        TEST(address_used_again_is_noticed),
        TEST(name_that_says_something_else_is_noticed),
        TEST(code_object_names_what_it_calls),
        TEST(unreadable_address_leaves_the_cache_alone),
        TEST(oldest_entries_leave_when_the_cache_is_full),
        TEST(one_sample_reads_only_so_many_code_objects),
        TEST(dropped_entries_leave_no_hole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Names of threads, from objects laid out as CPython 3.12 and 3.8 do, in this very process. */
#include "python/dict.h"
#include "python/thread_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    OBJECT_SIZE = 1024,
    MAX_OBJECTS = 32,
};

static const uint64_t thread_id = 0x7f0000001000;

/* The objects that a test makes; zeroed before each. */
static _Alignas(16) unsigned char memory[MAX_OBJECTS][OBJECT_SIZE];
static size_t used;
static struct python_layout layout;
static unsigned char text_type[16];

static unsigned char *new_object(void)
{
    assert_true(used < MAX_OBJECTS);
    return memory[used++];
}

static void put_word(unsigned char *object, size_t offset, uint64_t value)
{
    memcpy(object + offset, &value, sizeof(value));
}

static void put_address(unsigned char *object, size_t offset, const void *address)
{
    put_word(object, offset, (uintptr_t)address);
}

static unsigned char *new_text(const char *text)
{
    unsigned char *object = new_object();
    uint32_t state = 1U << layout.unicode.kind_shift | 1U << layout.unicode.compact_shift |
                     1U << layout.unicode.ascii_shift;

    put_address(object, layout.object.type, text_type);
    put_word(object, layout.unicode.length, strlen(text));
    memcpy(object + layout.unicode.state, &state, sizeof(state));
    strcpy((char *)object + layout.unicode.ascii_data, text);
    return object;
}

/* A table of one key; kind 0 has hashes, as all have in 3.8, 1 texts only, 2 no values. */
static unsigned char *new_keys(uint8_t kind, uint64_t hash, const void *key, const void *value)
{
    unsigned char *keys = new_object();
    bool is_old = layout.keys.index_count != LAYOUT_NONE;
    bool has_hashes = is_old || kind == 0;
    size_t entry = layout.keys.indices + 8 + (has_hashes ? 8 : 0);

    if (is_old) {
        put_word(keys, layout.keys.index_count, 8);
    } else {
        keys[layout.keys.log2_index_bytes] = 3;
        keys[layout.keys.kind] = kind;
    }
    put_word(keys, layout.keys.entry_count, 1);
    if (has_hashes)
        put_word(keys, layout.keys.indices + 8, hash);
    put_address(keys, entry, key);
    put_address(keys, entry + 8, value);
    return keys;
}

static unsigned char *new_dict(const unsigned char *keys)
{
    unsigned char *dict = new_object();

    put_address(dict, layout.dict.keys, keys);
    return dict;
}

/* What a test changes. */
struct program {
    unsigned char *interpreter;
    unsigned char *active_keys;
    unsigned char *shared_keys;
    unsigned char *thread_object;
    unsigned char *name;
};

static struct program new_program(const char *thread_name)
{
    struct program program = {.interpreter = new_object(), .name = new_text(thread_name)};
    unsigned char *values = new_object(), *type = new_object(), *module = new_object();

    put_address(values, layout.values.data, program.name);
    program.shared_keys = new_keys(2, 0, new_text("_name"), NULL);
    put_word(type, layout.type.flags, 1 << 4);
    program.thread_object = new_object() + 64;
    put_address(program.thread_object, layout.object.type, type);
    if (layout.instance.dict_before == LAYOUT_NONE) {
        unsigned char *dict = new_dict(program.shared_keys);
        put_address(dict, layout.dict.values, values);
        put_word(type, layout.type.dict_offset, 64);
        put_address(program.thread_object, 64, dict);
    } else {
        put_address(type, layout.type.cached_keys, program.shared_keys);
        put_word(program.thread_object - layout.instance.dict_before, 0, (uintptr_t)values - 1);
    }

    program.active_keys = new_keys(0, thread_id, new_object(), program.thread_object);
    unsigned char *globals = new_dict(new_keys(1, 0, new_text("_active"), new_dict(program.active_keys)));
    put_address(module, layout.module.dict, globals);
    unsigned char *modules = new_dict(new_keys(1, 0, new_text("threading"), module));
    put_address(program.interpreter, layout.interpreter.modules, modules);
    return program;
}

static int set_up_version(uint32_t version)
{
    memset(memory, 0, sizeof(memory));
    used = 0;
    struct error *error = layout_from_version(&layout, version);
    layout.interpreter.modules = 64; /* our interpreter state is a small one */
    return error != NULL;
}

static int set_up(void **state)
{
    (void)state;
    return set_up_version(0x030c01f0);
}

static int set_up_old(void **state)
{
    (void)state;
    return set_up_version(0x030812f0);
}

static void assert_name(const struct program *program, const char *expected)
{
    char name[THREAD_NAME_SIZE];
    struct thread_names *names = thread_names_new(getpid(), &layout);

    thread_names_read(names, name, (uintptr_t)program->interpreter, thread_id, 1);
    assert_string_equal(name, expected);
    thread_names_free(names);
}

static void test_a_name_is_found_through_the_module(void **state)
{
    struct program program = new_program("worker");

    (void)state;
    assert_name(&program, "worker");
}

static void test_a_name_is_cleaned(void **state)
{
    struct program program = new_program("a\033[2Jb");

    (void)state;
    assert_name(&program, "a\xef\xbf\xbd[2Jb");
}

static void test_a_name_that_is_no_text_is_none(void **state)
{
    struct program program = new_program("worker");

    (void)state;
    put_address(program.name, layout.object.type, memory);
    assert_name(&program, "");
}

static void test_a_name_of_2_to_the_40_is_cut(void **state)
{
    struct program program = new_program("worker");
    char expected[THREAD_NAME_MAX_CHARACTERS + 1] = "";

    (void)state;
    memset(program.name + layout.unicode.ascii_data, 'x', 512);
    memset(expected, 'x', THREAD_NAME_MAX_CHARACTERS);
    put_word(program.name, layout.unicode.length, UINT64_C(1) << 40);
    assert_name(&program, expected);
}

static void test_tables_that_cannot_be_are_not_read(void **state)
{
    struct program program = new_program("worker");

    (void)state;
    put_word(program.active_keys, layout.keys.entry_count, UINT64_C(1) << 60);
    assert_name(&program, "");
    put_word(program.active_keys, layout.keys.entry_count, 1);
    program.active_keys[layout.keys.log2_index_bytes] = 255;
    assert_name(&program, "");
    program.active_keys[layout.keys.log2_index_bytes] = 3;
    program.active_keys[layout.keys.kind] = 9;
    assert_name(&program, "");
    program.active_keys[layout.keys.kind] = 2; /* keys of instances, but no values beside them */
    assert_name(&program, "");
    program.active_keys[layout.keys.kind] = 0;
    assert_name(&program, "worker");
}

static void test_old_tables_that_cannot_be_are_not_read(void **state)
{
    struct program program = new_program("worker");

    (void)state;
    put_word(program.active_keys, layout.keys.entry_count, UINT64_C(1) << 60);
    assert_name(&program, "");
    put_word(program.active_keys, layout.keys.entry_count, 1);
    put_word(program.active_keys, layout.keys.index_count, UINT64_C(1) << 62); /* times 4 it is 0 */
    assert_name(&program, "");
    put_word(program.active_keys, layout.keys.index_count, 8);
    assert_name(&program, "worker");
}

static void test_addresses_that_lead_nowhere_are_survived(void **state)
{
    struct program program = new_program("worker");

    (void)state;
    put_word(program.thread_object, layout.object.type, 8);
    assert_name(&program, "");
    put_address(program.thread_object, layout.object.type, program.thread_object);
    assert_name(&program, "");
    put_word(program.interpreter, layout.interpreter.modules, UINT64_MAX);
    assert_name(&program, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_name_is_found_through_the_module, set_up),
        cmocka_unit_test_setup(test_a_name_is_cleaned, set_up),
        cmocka_unit_test_setup(test_a_name_that_is_no_text_is_none, set_up),
        cmocka_unit_test_setup(test_a_name_of_2_to_the_40_is_cut, set_up),
        cmocka_unit_test_setup(test_tables_that_cannot_be_are_not_read, set_up),
        cmocka_unit_test_setup(test_addresses_that_lead_nowhere_are_survived, set_up),
        cmocka_unit_test_setup(test_a_name_is_found_through_the_module, set_up_old),
        cmocka_unit_test_setup(test_old_tables_that_cannot_be_are_not_read, set_up_old),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "debug_offsets.h"

#include "python/layout.h"
#include "python/layout_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PUBLISHED(words) (const unsigned char *)(words), sizeof(words)

static const struct {
    uint32_t version;
    const unsigned char *bytes;
    size_t length;
} publishers[] = {
    {0x030d12f0, PUBLISHED(debug_offsets_3_13)},  {0x030e0af0, PUBLISHED(debug_offsets_3_14)},
    {0x030f02f0, PUBLISHED(debug_offsets_3_15)},  {0x030d12f0, PUBLISHED(debug_offsets_3_13d)},
    {0x030e0af0, PUBLISHED(debug_offsets_3_14d)}, {0x030f02f0, PUBLISHED(debug_offsets_3_15d)},
    {0x030d0ff0, PUBLISHED(debug_offsets_3_13t)}, {0x030e07f0, PUBLISHED(debug_offsets_3_14t)},
    {0x030f00c1, PUBLISHED(debug_offsets_3_15t)}, {0x030e07f0, PUBLISHED(debug_offsets_3_14td)},
};

enum {
    PUBLISHERS = sizeof(publishers) / sizeof(publishers[0]),
    VERSION_WORD = 1,
};

static void assert_error(struct error *error, const char *message)
{
    assert_non_null(error);
    assert_string_equal(error_message(error), message);
    error_free(error);
}

/* Every published offset of a released version is the one that its headers gave to the table; that of a debug
 * build too, for what differs in it lies behind what is read. */
static void published_layout_is_the_one_of_the_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < PUBLISHERS; i++) {
        struct python_layout layout;
        assert_null(layout_from_debug_offsets(&layout, publishers[i].bytes, publishers[i].length));
        assert_int_equal(layout.version, publishers[i].version);
        const struct layout_row *row = NULL;
        for (size_t j = 0; j < layout_table_length; j++) {
            if (layout_table[j].layout.version >> 16 == layout.version >> 16 &&
                layout_table[j].layout.free_threaded == layout.free_threaded)
                row = &layout_table[j];
        }
        assert_non_null(row);
        struct python_layout expected = row->layout;
        expected.version = layout.version;
        assert_memory_equal(&layout, &expected, sizeof(layout));
    }
}

static void unpublished_fields_move_with_their_neighbours(void **state)
{
    (void)state;
    uint64_t words[sizeof(debug_offsets_3_14) / 8];
    struct python_layout usual, moved;
    memcpy(words, debug_offsets_3_14, sizeof(words));
    assert_null(layout_from_debug_offsets(&usual, PUBLISHED(words)));
    for (size_t i = 0; i < sizeof(words) / 8; i++) {
        if (words[i] == usual.thread.datastack_chunk && i >= 21 && i < 32)
            words[i] += 16;
    }

    assert_null(layout_from_debug_offsets(&moved, PUBLISHED(words)));
    assert_int_equal(moved.thread.datastack_chunk, usual.thread.datastack_chunk + 16);
    assert_int_equal(moved.thread.datastack_top, usual.thread.datastack_top + 16);
    assert_int_equal(moved.thread.size, usual.thread.size + 16);
}

static void table_gives_versions_that_publish_nothing(void **state)
{
    (void)state;
    struct python_layout layout;

    assert_null(layout_from_version(&layout, 0x030b02f0));
    assert_int_equal(layout.version, 0x030b02f0);
    assert_true(layout.frame.instruction_is_previous);
    assert_int_equal(layout.thread.current_frame, LAYOUT_NONE);
    assert_null(layout_from_version(&layout, 0x030c0000)); /* all that a file without symbols tells */
    assert_int_equal(layout.thread.cframe, 56);
}

/* 3.7.4 put a field into the garbage collector's state, which moved all behind it. */
static void patch_release_that_moved_fields_has_its_own_layout(void **state)
{
    (void)state;
    struct python_layout early, late, unknown;

    assert_null(layout_from_version(&early, 0x030703f0));
    assert_null(layout_from_version(&late, 0x030704f0));
    assert_int_equal(late.runtime.gil - early.runtime.gil, 88);
    assert_int_equal(late.version, 0x030704f0);
    assert_null(layout_from_version(&unknown, 0x03070000));
    assert_int_equal(unknown.runtime.gil, late.runtime.gil);
}

static void other_versions_are_named(void **state)
{
    (void)state;
    struct python_layout layout;

    assert_error(layout_from_version(&layout, 0x030502f0), "Python 3.5: not readable yet");
    assert_error(layout_from_version(&layout, 0x020609f0), "Python 2.6: not readable yet");
    assert_error(layout_from_version(&layout, 0x030d00f0), "Python 3.13: not readable yet");
    assert_error(layout_from_version(&layout, 0x030b00a1),
                 "Python 3.11 before its release: not readable yet");
}

/* 3.16 is not in the table: it is read as 3.15, with its own numbers. */
static void newer_versions_are_read_as_the_nearest(void **state)
{
    (void)state;
    struct python_layout layout, expected;
    uint64_t words[sizeof(debug_offsets_3_15) / 8];

    assert_null(layout_from_debug_offsets(&layout, PUBLISHED(debug_offsets_3_16)));
    assert_int_equal(layout.version, 0x031000a0);
    assert_int_equal(layout.code.instructions, 200);
    assert_int_equal(layout.frame.bytecode_index, LAYOUT_NONE);
    assert_null(layout_from_debug_offsets(&layout, PUBLISHED(debug_offsets_3_16t)));
    assert_true(layout.free_threaded);
    assert_int_equal(layout.frame.bytecode_index, 72);
    assert_int_equal(layout.gil.enabled, 0);

    memcpy(words, debug_offsets_3_15, sizeof(words));
    assert_null(layout_from_debug_offsets(&expected, PUBLISHED(words)));
    words[VERSION_WORD] = expected.version = 0x030f00b1; /* before its release */
    assert_null(layout_from_debug_offsets(&layout, PUBLISHED(words)));
    assert_memory_equal(&layout, &expected, sizeof(layout));
    words[VERSION_WORD] = 0x032000f0; /* too far from anything that is known */
    assert_error(layout_from_debug_offsets(&layout, PUBLISHED(words)), "Python 3.32: not readable yet");
    assert_int_equal(layout.version, 0x032000f0);
}

/* A version yet to come may publish more than is known. At the end that is no matter; in between it makes all
 * that follows senseless, and then nothing is better than nonsense. */
static void fields_of_a_version_to_come_are_passed_by_or_refused(void **state)
{
    enum {
        WORDS = sizeof(debug_offsets_3_16) / 8,
        WORD_OF_FINALIZING = 4,
        WORD_OF_HEAD = 5,
        FIRST_WORD_OF_INTERPRETER = 6,
    };
    static const uint64_t values[] = {0, 8, 16, 24, 64, 72, 88, 512, 7272};
    struct python_layout layout, expected;
    size_t read_anyway = 0;

    (void)state;
    assert_null(layout_from_debug_offsets(&expected, PUBLISHED(debug_offsets_3_16)));
    for (size_t place = FIRST_WORD_OF_INTERPRETER; place <= WORDS; place++) {
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            uint64_t words[WORDS + 1];
            memcpy(words, debug_offsets_3_16, place * 8);
            words[place] = values[i];
            memcpy(words + place + 1, debug_offsets_3_16 + place, (WORDS - place) * 8);
            words[WORD_OF_FINALIZING] += 8;
            words[WORD_OF_HEAD] += 8;
            struct error *error = layout_from_debug_offsets(&layout, PUBLISHED(words));
            if (error != NULL) {
                error_free(error);
                continue;
            }
            read_anyway++;
            layout.runtime.finalizing -= 8;
            layout.runtime.interpreters_head -= 8;
            /* Lone numbers, which nothing else tells from others: who reads them sees what is there. */
            layout.interpreter.gc_collecting = expected.interpreter.gc_collecting;
            layout.interpreter.collector = expected.interpreter.collector;
            layout.interpreter.collector_objects = expected.interpreter.collector_objects;
            assert_memory_equal(&layout, &expected, sizeof(layout));
        }
    }
    assert_true(read_anyway > 0);
}

static void bytes_that_publish_nothing_are_refused(void **state)
{
    (void)state;
    struct python_layout layout;
    unsigned char bytes[LAYOUT_DEBUG_OFFSETS_MAX] = {0};
    struct error *error = layout_from_debug_offsets(&layout, bytes, sizeof(bytes));

    assert_non_null(error);
    error_free(error);
    for (size_t i = 0; i < PUBLISHERS; i++) {
        for (size_t length = 0; length < publishers[i].length; length += 8) {
            error = layout_from_debug_offsets(&layout, publishers[i].bytes, length);
            assert_non_null(error);
            error_free(error);
        }
    }
}

/* Whatever a hostile program publishes: either an error, or offsets that stay in the structs that are read.
 */
static void assert_refused_or_sane(const unsigned char *bytes, size_t length)
{
    struct python_layout layout;
    struct error *error = layout_from_debug_offsets(&layout, bytes, length);

    if (error != NULL) {
        assert_true(strlen(error_message(error)) > 0);
        error_free(error);
        return;
    }
    assert_in_range(layout.thread.size, 8, LAYOUT_MAX_THREAD_BYTES);
    assert_in_range(layout.thread.datastack_top, 0, layout.thread.size - 8);
    assert_in_range(layout.thread.native_thread_id, 0, layout.thread.size - 8);
    assert_in_range(layout.thread.current_frame, 0, layout.thread.size - 8);
    assert_in_range(layout.frame.size, 8, LAYOUT_MAX_FRAME_BYTES);
    assert_in_range(layout.frame.owner, 0, layout.frame.size - 1);
    assert_in_range(layout.frame.instruction, 0, layout.frame.size - 8);
    assert_in_range(layout.code.size, 8, LAYOUT_MAX_CODE_BYTES);
    assert_in_range(layout.code.qualname, 0, layout.code.size - 8);
    assert_in_range(layout.code.stacksize, 0, layout.code.size - 4);
    assert_in_range(layout.unicode.state, 0, 508);
    assert_in_range(layout.bytes.data, 0, 512);
    assert_in_range(layout.interpreter.gc_collecting, 0, 16 << 20);
    assert_in_range(layout.gil.last_holder, 0, 512);
}

static void impossible_offsets_are_refused(void **state)
{
    static const uint64_t values[] = {
        0, 1, 7, 13, 500, 520, 1020, 4090, 4096, 65536, INT32_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX - 7,
    };

    (void)state;
    for (size_t i = 0; i < PUBLISHERS; i++) {
        uint64_t words[LAYOUT_DEBUG_OFFSETS_MAX / 8];
        for (size_t word = 3; word < publishers[i].length / 8; word++) {
            for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
                memcpy(words, publishers[i].bytes, publishers[i].length);
                words[word] = values[j];
                assert_refused_or_sane((const unsigned char *)words, publishers[i].length);
            }
        }
        memcpy(words, publishers[i].bytes, publishers[i].length);
        for (size_t word = 3; word < publishers[i].length / 8; word++)
            words[word] = UINT64_MAX;
        struct python_layout layout;
        struct error *error =
            layout_from_debug_offsets(&layout, (const unsigned char *)words, publishers[i].length);
        assert_non_null(error);
        error_free(error);
    }
}

static void versions_are_written_as_python_writes_them(void **state)
{
    static const struct {
        uint32_t version;
        const char *text;
    } cases[] = {
        {0x030b02f0, "3.11.2"},      {0x030f00a7, "3.15.0a7"}, {0x030f00b1, "3.15.0b1"},
        {0x030d00c2, "3.13.0rc2"},   {0x02071200, "2.7.18"},   {0x03080000, "3.8"},
        {0xffffffff, "255.255.255"},
    };
    char text[LAYOUT_VERSION_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        layout_format_version(text, cases[i].version);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_layout_is_the_one_of_the_headers),
        cmocka_unit_test(unpublished_fields_move_with_their_neighbours),
        cmocka_unit_test(table_gives_versions_that_publish_nothing),
        cmocka_unit_test(patch_release_that_moved_fields_has_its_own_layout),
        cmocka_unit_test(other_versions_are_named),
        cmocka_unit_test(newer_versions_are_read_as_the_nearest),
        cmocka_unit_test(fields_of_a_version_to_come_are_passed_by_or_refused),
        cmocka_unit_test(bytes_that_publish_nothing_are_refused),
        cmocka_unit_test(impossible_offsets_are_refused),
        cmocka_unit_test(versions_are_written_as_python_writes_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

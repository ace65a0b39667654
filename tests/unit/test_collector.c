/* What a collector has counted is read from rings and arrays; what cannot be so counts for nothing. The memory that is read is
 * this process's own. */
#include "python/collector.h"
#include "python/layout_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The last row of a minor version, with or without the GIL. */
static struct python_layout find_layout(uint32_t minor, bool free_threaded)
{
    struct python_layout found = {0};

    for (size_t i = 0; i < layout_table_length; i++) {
        const struct python_layout *layout = &layout_table[i].layout;
        if (layout->version >> 16 == (0x300 | minor) && layout->free_threaded == free_threaded)
            found = *layout;
    }
    assert_true(found.version != 0);
    return found;
}

static uint64_t address_of(const void *bytes)
{
    return (uint64_t)(uintptr_t)bytes;
}

static bool read_own(const struct python_layout *layout, const void *interpreter,
                     struct collector_usage *usage)
{
    return collector_read(getpid(), layout, address_of(interpreter), address_of(interpreter), usage);
}

/* One generation's collections and seconds, in place. */
static void put(unsigned char *item, const struct python_layout *layout, int64_t collections, double seconds)
{
    memcpy(item + layout->collector.collections, &collections, sizeof(collections));
    if (layout->collector.duration != LAYOUT_NONE)
        memcpy(item + layout->collector.duration, &seconds, sizeof(seconds));
}

static void arrays_of_the_older_versions_are_added_up(void **state)
{
    struct python_layout layout = find_layout(11, false);
    static _Alignas(8) unsigned char interpreter[4096];
    struct collector_usage usage = COLLECTOR_UNKNOWN;

    (void)state;
    layout.interpreter.collector = 96;
    for (uint32_t i = 0; i < 3; i++)
        put(interpreter + 96 + i * layout.collector.generation_bytes, &layout, 100 - i, 0);
    assert_true(read_own(&layout, interpreter, &usage));
    assert_true(read_own(&layout, interpreter, &usage)); /* another interpreter */
    assert_int_equal(usage.generation_count, 3);
    assert_int_equal(usage.collections[0], 200);
    assert_int_equal(usage.collections[2], 196);
    assert_true(isnan(usage.collecting_seconds));
    assert_int_equal(usage.tracked_objects, UNKNOWN_COUNT);
    put(interpreter + 96, &layout, -1, 0);
    assert_false(read_own(&layout, interpreter, &usage));
    assert_int_equal(usage.collections[0], 200);
}

static void of_a_ring_the_newest_element_counts_and_no_other_memory(void **state)
{
    struct python_layout layout = find_layout(15, false);
    static _Alignas(8) unsigned char interpreter[256], rings[4096];
    const uint64_t address = address_of(rings), objects = 777;
    struct collector_usage usage = COLLECTOR_UNKNOWN;

    (void)state;
    layout.interpreter.collector = 16;
    layout.interpreter.collector_objects = 32;
    memcpy(interpreter + 16, &address, sizeof(address));
    memcpy(interpreter + 32, &objects, sizeof(objects));
    unsigned char *old = rings + layout.collector.old;
    put(rings + 4 * layout.collector.generation_bytes, &layout, 50, 0.5);
    put(old + 2 * layout.collector.generation_bytes, &layout, 5, 0.25);
    put(old + layout.collector.old_bytes, &layout, 1, 1);
    rings[layout.collector.young_index] = 4;
    old[layout.collector.old_index] = 2;
    assert_true(read_own(&layout, interpreter, &usage));
    assert_int_equal(usage.collections[0], 50);
    assert_int_equal(usage.collections[1], 5);
    assert_int_equal(usage.collections[2], 1);
    assert_float_equal(usage.collecting_seconds, 1.75, 1e-9);
    assert_int_equal(usage.tracked_objects, 777);
    for (int index = 3; index < 256; index++) { /* the ring has three */
        old[layout.collector.old_index] = (unsigned char)index;
        assert_false(read_own(&layout, interpreter, &usage));
    }
    old[layout.collector.old_index] = 2;
    put(old + 2 * layout.collector.generation_bytes, &layout, 5, NAN);
    usage = COLLECTOR_UNKNOWN;
    assert_true(read_own(&layout, interpreter, &usage)); /* its time is not known */
    assert_float_equal(usage.collecting_seconds, 1.5, 1e-9);
    put(old + 2 * layout.collector.generation_bytes, &layout, 5, -1);
    assert_false(read_own(&layout, interpreter, &usage));
}

static void pointers_to_nowhere_and_versions_without_figures_give_nothing(void **state)
{
    struct collector_usage usage = COLLECTOR_UNKNOWN;
    static _Alignas(8) unsigned char interpreter[64];
    static const uint64_t addresses[] = {
        0, 8, 0x1003, UINT64_MAX, UINT64_C(1) << 60, UINT64_C(0x7ffffffff000)};
    struct python_layout layout = find_layout(15, true);

    (void)state;
    layout.interpreter.collector = 16;
    layout.interpreter.collector_objects = 32;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        memcpy(interpreter + 16, &addresses[i], sizeof(addresses[i]));
        assert_false(read_own(&layout, interpreter, &usage));
    }
    layout = find_layout(6, false);
    assert_false(read_own(&layout, interpreter, &usage));
    assert_int_equal(usage.generation_count, 0);
    assert_int_equal(usage.tracked_objects, UNKNOWN_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_of_the_older_versions_are_added_up),
        cmocka_unit_test(of_a_ring_the_newest_element_counts_and_no_other_memory),
        cmocka_unit_test(pointers_to_nowhere_and_versions_without_figures_give_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

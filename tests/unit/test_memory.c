#include "python/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    PAGE_BYTES = 4096,
    PAGES = 4,
};

/* Pages of our own that are read like another process's: byte i is i * 7, and the third page cannot be read. */
static int map_pages(void **state)
{
    unsigned char *pages =
        mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        return -1;
    for (size_t i = 0; i < PAGES * PAGE_BYTES; i++)
        pages[i] = (unsigned char)(i * 7);
    mprotect(pages + 2 * PAGE_BYTES, PAGE_BYTES, PROT_NONE);
    *state = pages;
    return 0;
}

static int unmap_pages(void **state)
{
    return munmap(*state, PAGES * PAGE_BYTES);
}

/* Read pieces at these offsets, `bytes` each, and check what came. */
static void check_pieces(const unsigned char *pages, const size_t *offsets, size_t count, size_t bytes,
                         size_t expected)
{
    unsigned char buffers[8][64];
    struct memory_piece pieces[8];

    memset(buffers, 0xee, sizeof(buffers));
    for (size_t i = 0; i < count; i++)
        pieces[i] = (struct memory_piece){(uint64_t)(uintptr_t)pages + offsets[i], buffers[i], bytes};
    assert_int_equal(memory_read_pieces(getpid(), pieces, count), expected);
    for (size_t i = 0; i < expected; i++)
        assert_memory_equal(buffers[i], pages + offsets[i], bytes);
    for (size_t i = expected + 1; i < count; i++)
        assert_int_equal(buffers[i][0], 0xee);
}

static void neighbours_come_to_their_own_buffers(void **state)
{
    const size_t touching[] = {0, 16, 32};
    const size_t apart[] = {8, 100, 2000, 4080, 5000};

    check_pieces(*state, touching, 3, 16, 3);
    check_pieces(*state, apart, 5, 32, 5);
}

static void pieces_come_in_any_order(void **state)
{
    const size_t offsets[] = {300, 100, 100, 120, 7000, 90};

    check_pieces(*state, offsets, 6, 64, 6);
}

static void empty_pieces_count(void **state)
{
    const size_t offsets[] = {40, 40, 80};

    check_pieces(*state, offsets, 3, 0, 3);
}

static void reading_stops_at_the_first_piece_that_cannot_be_read(void **state)
{
    const size_t behind[] = {2 * PAGE_BYTES - 500, 2 * PAGE_BYTES - 200, 2 * PAGE_BYTES + 10, 0};
    const size_t across[] = {2 * PAGE_BYTES - 100, 2 * PAGE_BYTES - 20, 50};
    const size_t first[] = {2 * PAGE_BYTES, 50};

    check_pieces(*state, behind, 4, 40, 2);
    check_pieces(*state, across, 3, 40, 1);
    check_pieces(*state, first, 2, 40, 0);
}

static void a_page_between_two_pieces_need_not_be_readable(void **state)
{
    const size_t offsets[] = {2 * PAGE_BYTES - 40, 3 * PAGE_BYTES};

    check_pieces(*state, offsets, 2, 40, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(neighbours_come_to_their_own_buffers, map_pages, unmap_pages),
        cmocka_unit_test_setup_teardown(pieces_come_in_any_order, map_pages, unmap_pages),
        cmocka_unit_test_setup_teardown(empty_pieces_count, map_pages, unmap_pages),
        cmocka_unit_test_setup_teardown(reading_stops_at_the_first_piece_that_cannot_be_read, map_pages,
                                        unmap_pages),
        cmocka_unit_test_setup_teardown(a_page_between_two_pieces_need_not_be_readable, map_pages,
                                        unmap_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

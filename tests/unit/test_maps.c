#include "python/maps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char text[] =
    "00400000-00500000 r-xp 00000000 fe:00 11                         /usr/bin/python3.11\n"
    "7f0000000000-7f0000001000 r--p 00000000 fe:00 12                 /usr/lib/libpython3.12.so.1.0\n"
    "7f0000002000-7f0000003000 rw-s 00000000 fe:00 13                 /srv/recording.db-shm\n"
    "7f0000004000-7f0000005000 r--p 00003000 fe:00 14                 /srv/table\n"
    "7f0000006000-7f0000007000 rw-p 00000000 00:00 0 \n";

static void test_only_what_can_be_a_program_looks_loaded(void **state)
{
    struct maps maps = {0};

    (void)state;
    maps_parse(&maps, text, strlen(text));
    assert_int_equal(maps.file_count, 4);
    assert_true(maps.files[0].looks_loaded);
    assert_true(maps.files[1].looks_loaded);
    assert_false(maps.files[2].looks_loaded);
    assert_false(maps.files[3].looks_loaded);
    maps_free(&maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_can_be_a_program_looks_loaded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

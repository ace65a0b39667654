/* Columns of numbers that lie partly in a temporary file: what was put in comes out. */
#include "export/number_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    MANY = 200 * 1000,
};

/* Small and large steps of both signs, and the largest there are. */
static int64_t number_at(size_t place)
{
    static const int64_t extremes[] = {0, INT64_MAX, NO_NUMBER, INT64_MAX, -1, 1, NO_NUMBER, 0};
    const size_t count = sizeof(extremes) / sizeof(extremes[0]);

    if (place % 1000 < count)
        return extremes[place % 1000];
    return (int64_t)(place * place) * (place % 3 == 0 ? -1 : 1);
}

static void expect_next(void *context, int64_t number)
{
    size_t *place = context;

    assert_int_equal(number, number_at(*place));
    (*place)++;
}

static void expect_what_was_added(const struct number_log *log, const struct number_store *store)
{
    size_t place = 0;

    assert_null(number_log_walk(log, store, expect_next, &place));
    assert_int_equal(place, log->count);
}

/* Two columns in one store, each of MANY numbers. */
static void fill_and_read(bool lies_in_file)
{
    struct number_store *store = number_store_new();
    struct number_log logs[2] = {0};

    for (size_t i = 0; i < MANY; i++) {
        number_log_add(&logs[0], store, number_at(i));
        number_log_add(&logs[1], store, number_at(i));
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(logs[i].count, MANY);
        assert_int_equal(logs[i].piece_count > 0, lies_in_file);
        expect_what_was_added(&logs[i], store);
        expect_what_was_added(&logs[i], store);
    }
    number_log_free(&logs[0]);
    number_log_free(&logs[1]);
    number_store_free(store);
}

static void what_was_added_is_read_in_its_order(void **state)
{
    (void)state;
    setenv("TMPDIR", "/tmp", 1);
    fill_and_read(true);
}

static void without_a_place_for_the_file_all_stays_in_memory(void **state)
{
    (void)state;
    setenv("TMPDIR", "/nonexistent", 1);
    fill_and_read(false);
}

static void a_long_column_takes_little_memory(void **state)
{
    struct number_store *store = number_store_new();
    struct number_log log = {0};

    (void)state;
    setenv("TMPDIR", "/tmp", 1);
    for (size_t i = 0; i < MANY; i++)
        number_log_add(&log, store, (int64_t)i * 1000);
    assert_true(log.capacity <= 32 * 1024);
    number_log_free(&log);
    number_store_free(store);
}

static void an_empty_column_has_nothing(void **state)
{
    struct number_store *store = number_store_new();
    struct number_log log = {0};

    (void)state;
    expect_what_was_added(&log, store);
    number_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_read_in_its_order),
        cmocka_unit_test(without_a_place_for_the_file_all_stays_in_memory),
        cmocka_unit_test(a_long_column_takes_little_memory),
        cmocka_unit_test(an_empty_column_has_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

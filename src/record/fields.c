#include "record/fields.h"

#include "model/number.h"

#include <limits.h>
#include <string.h>

/* Some of them can be added up without an overflow. */
#define LARGEST_COUNT (UINT64_C(1) << 60)

static const double largest_step = 4503599627370496.0; /* 2^52: every whole number up to here is a double */

static uint64_t unit_of(const struct field *field)
{
    return field->grain > 0 ? field->grain : 1;
}

/* Half a unit is rounded away from 0. */
static int64_t in_units(int64_t number, const struct field *field)
{
    int64_t unit = (int64_t)unit_of(field);
    int64_t rest = number % unit;

    return number / unit + (rest * 2 >= unit && unit > 1) - (rest * 2 <= -unit && unit > 1);
}

static int64_t from_units(int64_t number, const struct field *field)
{
    int64_t product;

    return __builtin_mul_overflow(number, (int64_t)unit_of(field), &product) ? 0 : product;
}

/* 0 for unknown, else the number of steps, folded, plus 1. */
static void put_real(struct bytes *bytes, double real, const struct field *field)
{
    double steps = round(real * field->grain);

    if (!real_is_known(real)) {
        bytes_put_unsigned(bytes, 0);
        return;
    }
    steps = steps > largest_step ? largest_step : steps < -largest_step ? -largest_step : steps;
    int64_t whole = (int64_t)steps;
    bytes_put_unsigned(bytes, (whole < 0 ? (uint64_t)-whole * 2 - 1 : (uint64_t)whole * 2) + 1);
}

static double take_real(struct byte_cursor *cursor, const struct field *field)
{
    uint64_t folded = bytes_take_unsigned(cursor);

    if (folded == 0)
        return UNKNOWN_REAL;
    folded--;
    double steps = fmin((double)(folded / 2 + (folded & 1)), largest_step);
    return ((folded & 1) != 0 ? -steps : steps) / field->grain;
}

static void put_field(struct bytes *bytes, const struct field *field, const unsigned char *member,
                      const struct field_texts *texts)
{
    switch (field->type) {
    case FIELD_COUNT: {
        int64_t count = *(const int64_t *)(const void *)member;
        bytes_put_unsigned(bytes, count_is_known(count) ? (uint64_t)in_units(count, field) + 1 : 0);
        break;
    }
    case FIELD_SIGNED:
        bytes_put_signed(bytes, in_units(*(const int64_t *)(const void *)member, field));
        break;
    case FIELD_UNSIGNED: {
        uint64_t unit = unit_of(field);
        uint64_t number = *(const uint64_t *)(const void *)member;
        bytes_put_unsigned(bytes, number / unit + (unit > 1 && number % unit >= unit - unit / 2));
        break;
    }
    case FIELD_WORD:
        bytes_put_unsigned(bytes, *(const uint32_t *)(const void *)member);
        break;
    case FIELD_INT:
        bytes_put_signed(bytes, *(const int *)(const void *)member);
        break;
    case FIELD_REAL:
        put_real(bytes, *(const double *)(const void *)member, field);
        break;
    case FIELD_BOOL:
        bytes_put_unsigned(bytes, *(const bool *)member);
        break;
    case FIELD_CHAR:
        bytes_put_unsigned(bytes, *member);
        break;
    case FIELD_ENUM:
        bytes_put_unsigned(bytes, *(const unsigned int *)(const void *)member);
        break;
    case FIELD_TEXT: {
        const char *text = *(const char *const *)(const void *)member;
        bytes_put_unsigned(bytes, text != NULL ? texts->id_of(texts->context, text) : 0);
        break;
    }
    }
}

static int take_int(struct byte_cursor *cursor)
{
    int64_t number = bytes_take_signed(cursor);

    return number >= INT_MIN && number <= INT_MAX ? (int)number : 0;
}

static char take_char(struct byte_cursor *cursor)
{
    uint64_t number = bytes_take_unsigned(cursor);

    return number > ' ' && number < 0x7f ? (char)number : '\0';
}

static void take_field(struct byte_cursor *cursor, const struct field *field, unsigned char *member,
                       const struct field_texts *texts)
{
    switch (field->type) {
    case FIELD_COUNT: {
        uint64_t number = bytes_take_unsigned(cursor);
        bool known = number > 0 && number <= LARGEST_COUNT / unit_of(field);
        *(int64_t *)(void *)member = known ? from_units((int64_t)number - 1, field) : UNKNOWN_COUNT;
        break;
    }
    case FIELD_SIGNED:
        *(int64_t *)(void *)member = from_units(bytes_take_signed(cursor), field);
        break;
    case FIELD_UNSIGNED: {
        uint64_t number = bytes_take_unsigned(cursor);
        *(uint64_t *)(void *)member = number <= UINT64_MAX / unit_of(field) ? number * unit_of(field) : 0;
        break;
    }
    case FIELD_WORD:
        *(uint32_t *)(void *)member = bytes_take_word(cursor);
        break;
    case FIELD_INT:
        *(int *)(void *)member = take_int(cursor);
        break;
    case FIELD_REAL:
        *(double *)(void *)member = take_real(cursor, field);
        break;
    case FIELD_BOOL:
        *(bool *)member = bytes_take_unsigned(cursor) != 0;
        break;
    case FIELD_CHAR:
        *(char *)member = take_char(cursor);
        break;
    case FIELD_ENUM: {
        uint64_t number = bytes_take_unsigned(cursor);
        *(unsigned int *)(void *)member = number < field->grain ? (unsigned int)number : field->grain - 1;
        break;
    }
    case FIELD_TEXT: {
        uint32_t id = bytes_take_word(cursor);
        *(const char **)(void *)member = id > 0 ? texts->text_of(texts->context, id) : NULL;
        break;
    }
    }
}

void fields_put(struct bytes *bytes, const struct fields *fields, const void *from,
                const struct field_texts *texts)
{
    for (size_t i = 0; i < fields->count; i++)
        put_field(bytes, &fields->rows[i], (const unsigned char *)from + fields->rows[i].offset, texts);
}

void fields_take(struct byte_cursor *cursor, const struct fields *fields, void *into,
                 const struct field_texts *texts)
{
    for (size_t i = 0; i < fields->count; i++)
        take_field(cursor, &fields->rows[i], (unsigned char *)into + fields->rows[i].offset, texts);
}

void fields_put_array(struct bytes *bytes, const struct fields *fields, const void *elements, size_t count,
                      size_t size, const struct field_texts *texts)
{
    bytes_put_unsigned(bytes, count);
    if (count == 0)
        return;
    for (size_t row = 0; row < fields->count; row++) {
        const unsigned char *member = (const unsigned char *)elements + fields->rows[row].offset;
        for (size_t i = 0; i < count; i++)
            put_field(bytes, &fields->rows[row], member + i * size, texts);
    }
}

void *fields_take_array(struct byte_cursor *cursor, const struct fields *fields, size_t *count, size_t size,
                        const struct field_texts *texts, struct arena *arena)
{
    *count = bytes_take_count(cursor, fields->count);
    unsigned char *elements = arena_allocate(arena, *count, size);
    for (size_t row = 0; row < fields->count; row++) {
        for (size_t i = 0; i < *count; i++)
            take_field(cursor, &fields->rows[row], elements + i * size + fields->rows[row].offset, texts);
    }
    return elements;
}

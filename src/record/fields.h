/* A struct as a row of numbers: one table says for both directions which members are kept, how finely, and in which
 * order. */
#ifndef PYNECK_RECORD_FIELDS_H
#define PYNECK_RECORD_FIELDS_H

#include "base/arena.h"
#include "record/bytes.h"

enum field_type {
    FIELD_COUNT,    /* int64_t; UNKNOWN_COUNT is kept */
    FIELD_SIGNED,   /* int64_t */
    FIELD_UNSIGNED, /* uint64_t */
    FIELD_WORD,     /* uint32_t */
    FIELD_INT,      /* int */
    FIELD_REAL,     /* double; UNKNOWN_REAL is kept */
    FIELD_BOOL,     /* bool */
    FIELD_CHAR,     /* char */
    FIELD_ENUM,     /* an enum without negative values */
    FIELD_TEXT,     /* const char *, NULL is kept */
};

struct field {
    enum field_type type;
    uint32_t offset;
    /* FIELD_REAL: steps in 1.
     * FIELD_COUNT, FIELD_SIGNED, FIELD_UNSIGNED: units in a step, 0 for 1.
     * FIELD_ENUM: how many values there are; what is none of them becomes the last */
    uint32_t grain;
};

/* A table: its struct has no more members than it says. */
struct fields {
    const struct field *rows;
    size_t count;
};

/* Texts are kept elsewhere, once, under an id of 1 and more. */
struct field_texts {
    void *context;
    uint32_t (*id_of)(void *context, const char *text); /* for writing */
    const char *(*text_of)(void *context, uint32_t id); /* for reading; NULL for what is no id */
};

/* Append the members of `from`. */
void fields_put(struct bytes *bytes, const struct fields *fields, const void *from,
                const struct field_texts *texts);

/* Take the members of `into`; what is in no row of the table stays as it is. */
void fields_take(struct byte_cursor *cursor, const struct fields *fields, void *into,
                 const struct field_texts *texts);

/* An array of structs of `size` bytes, with their number. What is taken lies in the arena; members that are in no row of
 * the table are zero. */
void fields_put_array(struct bytes *bytes, const struct fields *fields, const void *elements, size_t count,
                      size_t size, const struct field_texts *texts);
void *fields_take_array(struct byte_cursor *cursor, const struct fields *fields, size_t *count, size_t size,
                        const struct field_texts *texts, struct arena *arena);

#endif

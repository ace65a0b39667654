/* Which line each instruction of a code object belongs to. */
#ifndef PYNECK_PYTHON_LINE_TABLE_H
#define PYNECK_PYTHON_LINE_TABLE_H

#include "python/layout.h"

#include <stddef.h>
#include <stdint.h>

/* From this code unit on, up to the next span's, instructions belong to this line. */
struct line_span {
    uint32_t start; /* in code units: of two bytes, or to 3.9 of one */
    uint32_t line;  /* 0 where there is none */
};

struct line_table {
    size_t count;
    struct line_span spans[];
};

/* Decode a line table (co_lnotab, co_linetable).
 *
 * It comes from a program that nobody vouches for: an entry that is cut short counts as far as it goes, and
 * nothing behind the last code unit is kept.
 *
 * first_line  co_firstlineno
 * code_units  length of the bytecode
 * returns     a table that free() frees
 * source      CPython Objects/lnotab_notes.txt (2.7 to 3.10), Objects/locations.md (3.11),
 *             InternalDocs/code_objects.md (3.14) */
struct line_table *line_table_decode(enum line_table_format format, const unsigned char *bytes, size_t length,
                                     uint32_t first_line, uint32_t code_units);

/* The line of a code unit; 0 when it has none or lies behind the table. */
uint32_t line_table_find(const struct line_table *table, uint32_t unit);

/* What the table takes in memory. */
size_t line_table_size(const struct line_table *table);

#endif

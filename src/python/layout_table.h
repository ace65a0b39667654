/* The rows that src/python/make_layouts makes, one for each minor version, or more where a patch release
 * moved fields: where the fields lie in its normal build, and from 3.13 on where in _Py_DebugOffsets a build
 * says where they lie in itself. */
#ifndef PYNECK_PYTHON_LAYOUT_TABLE_H
#define PYNECK_PYTHON_LAYOUT_TABLE_H

#include "python/layout.h"

/* The field's value is the number at `place`, plus the one at `added`, less the one at `subtracted`. */
struct published_field {
    uint16_t field;       /* offset of a uint32_t in struct python_layout */
    uint16_t place;       /* offset in _Py_DebugOffsets; 0 ends the list */
    uint16_t added;       /* the same, or 0 for none */
    uint16_t subtracted;  /* the same, or 0 for none */
    uint16_t struct_size; /* where the size of the struct that the field lies in is said */
};

struct layout_row {
    struct python_layout layout;             /* `version` is the first one it serves: 0x030b0000 */
    uint32_t debug_offsets_size;             /* sizeof(_Py_DebugOffsets); 0 where nothing is published */
    const struct published_field *published; /* NULL where nothing is published */
};

extern const struct layout_row layout_table[];
extern const size_t layout_table_length;

#endif

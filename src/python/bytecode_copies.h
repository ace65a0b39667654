/* Free-threaded builds from 3.14 on: each thread executes a copy of its own of a code object's bytecode.
 *
 * source  CPython Include/cpython/code.h, _PyCodeArray; Objects/codeobject.c, _PyCode_GetTLBC() */
#ifndef PYNECK_PYTHON_BYTECODE_COPIES_H
#define PYNECK_PYTHON_BYTECODE_COPIES_H

#include "python/code_cache.h"

/* Where the copies of one code object's bytecode are. */
struct bytecode_copies;

/* Read where they are.
 *
 * code     address of the code object
 * returns  what free() frees, or NULL when it cannot be read */
struct bytecode_copies *bytecode_copies_read(pid_t pid, const struct python_layout *layout, uint64_t code);

/* What it takes in memory. */
size_t bytecode_copies_size(const struct bytecode_copies *copies);

/* Turn an instruction in one of the copies (NULL: there are none) into the one in the code object.
 *
 * index        which copy it should be in; the others are looked through as well
 * instruction  changed when it was found
 * returns      whether any copy contains it */
bool bytecode_copies_find(const struct bytecode_copies *copies, const struct code_object *code,
                          uint32_t index, uint64_t *instruction);

#endif

/* CPython before 3.7, which has no _PyRuntime: what became its fields are variables of their own. */
#ifndef PYNECK_PYTHON_OLD_RUNTIME_H
#define PYNECK_PYTHON_OLD_RUNTIME_H

#include "python/elf_file.h"
#include "python/locate.h"

/* Set a location's `runtime` to the first of the variables, and layout.runtime to where the others lie from
 * there. The head of the list of interpreters, which is not exported, is searched for in the process's memory
 * where the file has no full symbol table.
 *
 * location  with the layout of its version
 * bias      is added to the file's addresses
 * returns   false when there is no list of interpreters (yet) */
bool old_runtime_find(pid_t pid, struct python_location *location, const struct elf_interpreter *interpreter,
                      uint64_t bias);

#endif

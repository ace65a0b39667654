/* Finding the list of interpreters in a process's memory, where no symbol and no section says where it is. */
#ifndef PYNECK_PYTHON_RUNTIME_SCAN_H
#define PYNECK_PYTHON_RUNTIME_SCAN_H

#include "python/elf_file.h"
#include "python/layout.h"

#include <sys/types.h>

/* Search the variables of a file for the one that holds the first interpreter: its first thread points back to it,
 * and what it has in the places of its modules and frames are a dict and a frame.
 *
 * layout   of the version
 * bias     is added to the file's addresses
 * returns  the variable's address before the load bias; 0 when there is none (yet) */
uint64_t runtime_scan_find_list(pid_t pid, const struct python_layout *layout,
                                const struct elf_interpreter *interpreter, uint64_t bias);

#endif

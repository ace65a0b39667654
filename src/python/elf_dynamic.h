/* What the dynamic loader needs of a file, which is there even when all section headers were stripped. */
#ifndef PYNECK_PYTHON_ELF_DYNAMIC_H
#define PYNECK_PYTHON_ELF_DYNAMIC_H

#include "python/elf_file.h"
#include "python/elf_hash.h"

#include <libelf.h>

/* Find the exported symbols by the segment PT_DYNAMIC (elf(5), "Dynamic tags").
 *
 * hash      its `fd` is that of the file; the rest is filled
 * elf       of a 64-bit file
 * segments  of the same file
 * returns   false when the file has no such segment, or no DT_GNU_HASH */
bool elf_dynamic_find(struct elf_hash *hash, Elf *elf, const struct elf_interpreter *segments);

#endif

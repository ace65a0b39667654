/* Looking a symbol up the way the dynamic loader does, by a few small reads: some programs export a hundred
 * thousand symbols, and most of them are no interpreters. */
#ifndef PYNECK_PYTHON_ELF_HASH_H
#define PYNECK_PYTHON_ELF_HASH_H

#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>

/* A 64-bit file's exported symbols, all of it as its section headers say. */
struct elf_hash {
    int fd;
    GElf_Shdr table;   /* SHT_GNU_HASH */
    GElf_Shdr symbols; /* SHT_DYNSYM */
    GElf_Shdr names;   /* its SHT_STRTAB */
};

/* Find a symbol that the file exports.
 *
 * address  receives its address before the load bias
 * source   the layout of .gnu.hash: binutils, bfd/elflink.c; glibc, elf/dl-lookup.c */
bool elf_hash_find(const struct elf_hash *hash, const char *name, uint64_t *address);

#endif

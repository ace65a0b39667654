/* What an ELF file says of the interpreter that may be in it. */
#ifndef PYNECK_PYTHON_ELF_FILE_H
#define PYNECK_PYTHON_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ELF_MAX_SEGMENTS = 16,
};

/* A part of the file that is loaded into memory. */
struct elf_segment {
    uint64_t offset;
    uint64_t address; /* before the load bias is added */
    uint64_t file_size;
    uint64_t memory_size;
    bool writable;
    bool executable;
};

/* CPython before 3.7: addresses of variables before the load bias, 0 where they are not found. */
struct elf_variables {
    uint64_t interpreters_head;
    uint64_t current_thread; /* thread state that holds the GIL */
    uint64_t finalizing;     /* 3.6: thread state that finalizes the runtime */
    uint64_t gil;            /* 3.6: the first of those that threads wait on */
    uint64_t gil_pointer;    /* 2.7: of the lock that is the GIL */
    uint64_t collecting;     /* int: a garbage collection runs */
};

struct elf_interpreter {
    const char *implementation; /* "CPython", "PyPy"; a constant; NULL when there is no interpreter in it */
    bool has_small_words;       /* of 32 bits */
    bool has_other_byte_order;  /* than pyneck's own machine */
    bool is_guess;              /* nothing but its texts tells that it is CPython, of which release */
    uint64_t runtime;           /* address of _PyRuntime before the load bias; 0 when there is none */
    struct elf_variables variables;
    uint32_t version; /* as PY_VERSION_HEX; 0 while unknown */
    struct elf_segment segments[ELF_MAX_SEGMENTS];
    size_t segment_count;
};

/* Look for an interpreter in a file that anybody may have made.
 *
 * fd    of a regular file
 * size  what fstat(2) says */
void elf_file_examine(struct elf_interpreter *interpreter, int fd, uint64_t size);

#endif

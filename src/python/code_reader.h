/* Reading one code object from a process. */
#ifndef PYNECK_PYTHON_CODE_READER_H
#define PYNECK_PYTHON_CODE_READER_H

#include "python/code_cache.h"

/* Whatever differs when an address holds another code object than before. Compared bytewise. */
struct code_identity {
    uint64_t type;
    uint64_t filename;
    uint64_t name;
    uint64_t qualname;
    uint64_t line_table;
    uint64_t bytecode; /* its length in units, or to 3.10 the address of the bytes object that it is in */
    uint64_t
        name_hash; /* of the qualified name, as the str keeps it: a freed name's place is soon used again too */
    uint32_t first_line;
};

enum {
    CODE_IDENTITIES_AT_ONCE = 32,
};

struct code_reader;

/* A reader of the code objects of one process; `layout` must live as long. */
struct code_reader *code_reader_new(pid_t pid, const struct python_layout *layout);
void code_reader_free(struct code_reader *reader);

/* Take the identity out of the bytes of a code object (layout->code.size of them), all but the hash of its name. */
void code_identity_parse(struct code_identity *identity, const struct python_layout *layout,
                         const unsigned char *bytes);

/* Read the hashes of the names that at most CODE_IDENTITIES_AT_ONCE identities point to; 0 where one cannot be read. */
void code_identities_read_names(struct code_identity *identities, size_t count, pid_t pid,
                                const struct python_layout *layout);

/* Take everything out of the bytes of a code object, and read what they point to.
 *
 * code      its address is given, its function and times are left alone, the rest is filled
 * function  receives its name, file and line; the texts are valid until the next call
 * returns   false when it is no code object (wrong type, lengths out of bounds, unreadable) */
bool code_reader_parse(struct code_reader *reader, const unsigned char *bytes, struct code_object *code,
                       struct code_identity *identity, struct function *function);

/* Whether a code object names another one, by the very str that is the other's name, or has it among its constants: a
 * function that calls one of a module or a class, a method, or a function inside of it does. False when it cannot be told. */
bool code_reader_names(struct code_reader *reader, uint64_t address, uint64_t other_name, uint64_t other);

#endif

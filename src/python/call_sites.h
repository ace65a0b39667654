/* Whether an instruction calls C code, or returns: an interpreter that executes a call of C code for long is in native code,
 * though it holds the GIL; and a frame at a return waits for nobody.
 *
 * From 3.11 on the interpreter puts a specialized instruction in the place of a call that is often made, and that one tells
 * what is called. Before that, and where it could not specialize, the callee may be Python code too. */
#ifndef PYNECK_PYTHON_CALL_SITES_H
#define PYNECK_PYTHON_CALL_SITES_H

#include "python/layout.h"

#include <sys/types.h>

enum call_site {
    CALL_SITE_NONE,
    CALL_SITE_ANY,    /* it calls, but nobody knows what */
    CALL_SITE_NATIVE, /* it calls C code */
    CALL_SITE_RETURN, /* it ends a call of Python code; told of 3.11 to 3.13 */
};

enum {
    CALL_SITES_REMEMBERED = 256,
};

/* What was read lately of one process, by address. Zero-initialized is empty. */
struct call_sites {
    struct {
        uint64_t instruction;
        enum call_site site;
    } known[CALL_SITES_REMEMBERED];
};

/* What the instruction at an address in the process does; it is read when it is not remembered. */
enum call_site call_sites_find(struct call_sites *sites, pid_t pid, const struct python_layout *layout,
                               uint64_t instruction);

/* Forget what was read: code goes, and instructions are specialized. */
void call_sites_forget(struct call_sites *sites);

/* What an opcode of a version does.
 *
 * version  as PY_VERSION_HEX
 * source   CPython Include/opcode.h (to 3.12), Include/opcode_ids.h (from 3.13 on) */
enum call_site call_site_of_opcode(uint32_t version, uint8_t opcode);

#endif

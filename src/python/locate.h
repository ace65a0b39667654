/* Finding the interpreter in a process: by what is mapped there, without running anything. */
#ifndef PYNECK_PYTHON_LOCATE_H
#define PYNECK_PYTHON_LOCATE_H

#include "base/error.h"
#include "python/layout.h"

#include <sys/types.h>

enum python_presence {
    PYTHON_ABSENT,     /* no interpreter is mapped */
    PYTHON_FOUND,      /* `location` says where */
    PYTHON_STARTING,   /* mapped, but _PyRuntime is not initialised yet; look again */
    PYTHON_UNREADABLE, /* an interpreter (or what may be one), but it cannot be read; the error says why */
    PYTHON_DENIED,     /* not even the list of mappings may be read: it may be Python or not */
    PYTHON_GONE,       /* the process has exited */
};

struct python_location {
    const char *implementation; /* "CPython"; a constant */
    uint64_t runtime;           /* address of _PyRuntime in the process */
    uint32_t version;           /* as PY_VERSION_HEX; 0 while unknown (see layout_version_is_exact()) */
    bool has_layout;
    struct python_layout layout;
};

/* What looks for interpreters, and remembers the files that it has examined. */
struct python_locator;

struct python_locator *python_locator_new(void);
void python_locator_free(struct python_locator *locator);

/* Look for an interpreter in one process. Names decide nothing: any mapped ELF file may hold one.
 *
 * Executable and libraries are read by libelf through /proc/PID/map_files or /proc/PID/root. What was found in a file
 * is remembered by its device, inode, size and times, so that a second process of the same interpreter costs a read of
 * its mappings only. (A build-id would not do: a hostile file can claim any.)
 *
 * That one cannot be read is believed when a second look says so, too.
 *
 * location  filled when PYTHON_FOUND, and as far as known when PYTHON_UNREADABLE (version)
 * error     receives why, with PYTHON_UNREADABLE and PYTHON_DENIED, and with PYTHON_STARTING what is not there yet; the
 *           caller frees it; else NULL */
enum python_presence python_locate(struct python_locator *locator, pid_t pid,
                                   struct python_location *location, struct error **error);

#endif

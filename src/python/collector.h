/* What the garbage collector of an interpreter has counted. */
#ifndef PYNECK_PYTHON_COLLECTOR_H
#define PYNECK_PYTHON_COLLECTOR_H

#include "model/tick.h"
#include "python/layout.h"

/* Nothing is known of a collector. */
#define COLLECTOR_UNKNOWN                                                                                    \
    ((struct collector_usage){.collecting_seconds = UNKNOWN_REAL, .tracked_objects = UNKNOWN_COUNT})

/* Add what one interpreter's collector has counted; begin with COLLECTOR_UNKNOWN. To 3.8 all interpreters have the same one.
 *
 * runtime  address of _PyRuntime
 * returns  false when it could not be read, or makes no sense: then nothing is added
 * source   CPython Include/internal/pycore_gc.h and, from 3.14 on, pycore_interp_structs.h: struct
 *          _gc_runtime_state; Python/gc.c of 3.15: the counts of a ring's newest element are of all time */
bool collector_read(pid_t pid, const struct python_layout *layout, uint64_t runtime, uint64_t interpreter,
                    struct collector_usage *usage);

#endif

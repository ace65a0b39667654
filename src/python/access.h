/* Why another process's memory may not be read. */
#ifndef PYNECK_PYTHON_ACCESS_H
#define PYNECK_PYTHON_ACCESS_H

#include "base/error.h"

#include <sys/types.h>

/* An error that says what is missing to read a process, and how to get it (ptrace(2), "Ptrace access mode
 * checking"). */
struct error *access_denied(pid_t pid);

#endif

/* Pythons that only a name gives away: implementations other than CPython, and an interpreter's file in which no
 * interpreter can be found. */
#ifndef PYNECK_PYTHON_SUSPECT_H
#define PYNECK_PYTHON_SUSPECT_H

#include "base/error.h"
#include "python/maps.h"

#include <sys/types.h>

/* The mapped file of a process that tells most; zero-initialized before the first. */
struct suspect {
    const char *implementation; /* "MicroPython"; a constant; NULL where the name says no more than Python */
    const char *path;           /* in the text of the maps; NULL while no name says anything */
    int number;                 /* the errno of the attempt to open it, or 0 */
    bool is_java;
    bool has_loader;  /* of the GNU C library; what it has loaded includes that library */
    bool has_library; /* any besides the loader */
};

/* Consider a mapped file in which no interpreter was found.
 *
 * number  the errno of the attempt to open it, or 0 */
void suspect_consider(struct suspect *suspect, const struct maps *maps, const struct mapped_file *file,
                      int number);

/* Whether a file is called Python, but the libraries that it needs are not mapped yet: the program was executed just
 * now. */
bool suspect_is_loading(const struct suspect *suspect);

/* Say why a process's stacks are not read; NULL when no name says that it is Python. For a Java machine its
 * arguments are looked through, and `implementation` is filled. */
struct error *suspect_explain(struct suspect *suspect, pid_t pid);

/* That an implementation is known, but not its stacks. */
struct error *suspect_explain_implementation(const char *implementation);

#endif

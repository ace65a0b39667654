/* Texts shortened so that what tells them apart stays: of a command line the script or module, of a function
 * its own name, of a place in a file the file's name and the line. */
#ifndef PYNECK_UI_SHORTEN_H
#define PYNECK_UI_SHORTEN_H

#include <stdbool.h>
#include <stddef.h>

/* Shorten a clean command line to `columns`. It stays whole when it fits; else the interpreter with its
 * options goes, then directories from the left. What is still too long is for the caller to cut at the right.
 *
 * text  receives the result */
void shorten_command(char *text, size_t size, const char *command, size_t columns, bool ascii);

/* The program's name in few words: "server.py", "-m http.server", "nginx". */
void shorten_to_program(char *text, size_t size, const char *command);

/* Shorten a function's qualified name: where it does not fit, "outer.<locals>.inner" becomes "outer.inner".
 * What is still too long is for the caller to cut at the left. */
void shorten_function(char *text, size_t size, const char *name, size_t columns);

/* A place in a file, "/srv/app/server.py:12" (without the number when `line` is 0); where cutting it at the
 * left would leave hardly more than the file's name, just "server.py:12". */
void shorten_place(char *text, size_t size, const char *file, unsigned int line, size_t columns);

#endif

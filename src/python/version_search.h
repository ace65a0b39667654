/* Guessing an old interpreter's version from the texts in its file, where no symbol gives it. */
#ifndef PYNECK_PYTHON_VERSION_SEARCH_H
#define PYNECK_PYTHON_VERSION_SEARCH_H

#include <stddef.h>
#include <stdint.h>

enum {
    VERSION_SEARCH_MINORS = 64,
    VERSION_SEARCH_OVERLAP = 32, /* no text that counts is longer */
};

/* What has been seen so far; zero-initialized before the first piece. */
struct version_search {
    uint32_t votes[2][VERSION_SEARCH_MINORS];  /* texts such as "python3.8" and "libpython2.7.so.1.0" */
    uint32_t micros[2][VERSION_SEARCH_MINORS]; /* "3.8.18", what sys.version starts with: 18 + 1 */
};

/* Look through a piece of the file; the last VERSION_SEARCH_OVERLAP bytes of it come again in the next. */
void version_search_piece(struct version_search *search, const char *bytes, size_t length);

/* As PY_VERSION_HEX; 0 when no text told it. */
uint32_t version_search_result(const struct version_search *search);

#endif

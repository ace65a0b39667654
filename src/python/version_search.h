/* Telling an interpreter's version from the texts in its file, where no symbol gives it. */
#ifndef PYNECK_PYTHON_VERSION_SEARCH_H
#define PYNECK_PYTHON_VERSION_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VERSION_SEARCH_MINORS = 64,
    VERSION_SEARCH_OVERLAP = 32, /* no text that counts is longer */
};

/* What was found so far, by major version (2 or 3) and minor version; zero-initialized before the first
 * piece. */
struct version_search {
    uint32_t votes
        [2]
        [VERSION_SEARCH_MINORS]; /* how often it was named: "python3.8", "libpython2.7.so.1.0", "cpython-38" */
    uint32_t releases[2][VERSION_SEARCH_MINORS]; /* PY_VERSION, the text "3.8.18"; as PY_VERSION_HEX */
    bool ambiguous[2][VERSION_SEARCH_MINORS];    /* there are several such texts, which differ */
};

/* Look through a piece of the file; the last VERSION_SEARCH_OVERLAP bytes of it come again in the next. */
void version_search_piece(struct version_search *search, const char *bytes, size_t length);

/* The version that was named most, as PY_VERSION_HEX; without what stands behind the minor version
 * (0x03080000) when the release is not known; 0 when none was named. */
uint32_t version_search_result(const struct version_search *search);

#endif

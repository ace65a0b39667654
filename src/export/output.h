/* Where printed text goes: standard output or a file. */
#ifndef PYNECK_EXPORT_OUTPUT_H
#define PYNECK_EXPORT_OUTPUT_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

struct output;

enum output_kind {
    /* Each piece is composed in memory and then written. When the disk is full in the middle of it, the part that was
     * written is taken back where that is possible (a regular file), so that no half line stays behind. */
    OUTPUT_PIECES,

    /* Each piece replaces the file as a whole, by rename(2), so that a reader never sees half of one; for a path that is
     * no regular file, and for standard output, pieces just follow. */
    OUTPUT_REPLACED_FILE,

    /* All pieces are one document, of any length, of which little is kept in memory. A regular file that cannot be
     * written to its end is removed. */
    OUTPUT_DOCUMENT,
};

/* Open an output.
 *
 * path    a file, created or emptied, but no SQLite database, which may be the recording that is read; NULL for
 *         standard output
 * output  receives the output; output_close() it */
struct error *output_open(struct output **output, const char *path, enum output_kind kind);

/* The stream in which the next piece is composed; it never fails. */
FILE *output_stream(struct output *output);

/* Write the piece that was composed; nothing when it is empty. A pipe that nobody reads any more is no error:
 * see output_is_closed(). */
struct error *output_write(struct output *output);

/* Whether the reader of the pipe has gone; pieces are dropped from then on. */
bool output_is_closed(const struct output *output);

/* Columns of the terminal that it goes to; 0 when it is none. */
size_t output_columns(const struct output *output);

/* Close and free it, without what was composed and not written. */
struct error *output_close(struct output *output);

#endif

/* Long columns of numbers, for exports that need all of one column before the next: a few bytes a number, of which some KiB
 * a column stay in memory and the rest lies in a temporary file. */
#ifndef PYNECK_EXPORT_NUMBER_LOG_H
#define PYNECK_EXPORT_NUMBER_LOG_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NO_NUMBER INT64_MIN /* stands for null */

/* The temporary file that columns share. It has no name, lies in $TMPDIR or /var/tmp, and is made when it is wanted; where
 * it cannot be made or is full, columns stay in memory. */
struct number_store;

struct number_store *number_store_new(void);

/* Free it, after the columns that lie in it were read for the last time. */
void number_store_free(struct number_store *store);

/* A column. Zero-initialized is empty; number_log_free() it. */
struct number_log {
    uint8_t *bytes; /* of the last numbers: each one's difference to the one before */
    size_t length;
    size_t capacity;
    struct number_piece *pieces; /* of the numbers before, in the store */
    size_t piece_count;
    size_t piece_capacity;
    size_t count;
    int64_t last; /* number; 0 when there is none */
};

/* Add a number at the end.
 *
 * store  the same at every call for a column */
void number_log_add(struct number_log *log, struct number_store *store, int64_t number);

typedef void number_visit(void *context, int64_t number);

/* Visit all numbers from the first on.
 *
 * returns  an error when the temporary file cannot be read */
struct error *number_log_walk(const struct number_log *log, const struct number_store *store,
                              number_visit *visit, void *context);

void number_log_free(struct number_log *log);

#endif

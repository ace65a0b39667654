/* The rows of the functions pane: a ranking, with what has changed since the one before. */
#ifndef PYNECK_UI_FUNCTION_ROWS_H
#define PYNECK_UI_FUNCTION_ROWS_H

#include "analysis/ranking.h"
#include "base/hash.h"

struct function_row {
    const struct ranking_row *ranked;
    const struct function *function;
    int moved; /* 1: its own share rose notably, -1: it fell, 0: neither */
};

struct function_rows {
    struct ranking ranking;
    struct function_row *rows;
    size_t capacity;
    struct hash_map shares; /* own share before, in tenths of a percent, by function and line */
    uint64_t subject;       /* what the shares are of; others are not compared with them */
};

/* Take over a ranking.
 *
 * subject  stands for process, window, mode and level: shares are compared only within one subject
 * compare  whether time has passed since the ranking before, so that what changed is to be marked anew */
void function_rows_take(struct function_rows *rows, struct ranking ranking, const struct call_tree *tree,
                        uint64_t subject, bool compare);

void function_rows_free(struct function_rows *rows);

/* Tenths of a percent, as shown: rows whose shown shares are equal keep their order. -1 for unknown. */
int64_t function_rows_tenths(double percent);

#endif

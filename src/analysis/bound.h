/* Bounds on a difference between two recordings, for programs that decide by it:
 *
 *     METRIC(FUNCTION) OPERATOR NUMBER[UNIT]      own_cpu_seconds(f) > 1.1x
 *     METRIC OPERATOR NUMBER[UNIT]                peak_resident_bytes > 500M
 *
 * It says what must not be: a bound is broken when it holds. The number is compared with the metric of NEW: in its own
 * unit (s, %, or bytes with K, M, G, T), or, with the unit x, as a multiple of the metric of OLD. */
#ifndef PYNECK_ANALYSIS_BOUND_H
#define PYNECK_ANALYSIS_BOUND_H

#include "analysis/profile_diff.h"
#include "base/error.h"

enum bound_operator {
    BOUND_GREATER,
    BOUND_GREATER_EQUAL,
    BOUND_LESS,
    BOUND_LESS_EQUAL,
};

struct bound_metric;

struct bound {
    const char *text; /* as it was given; it must outlive the bound */
    const struct bound_metric *metric;
    char *function; /* NULL for a metric of the whole recording */
    enum bound_operator comparison;
    double number;
    bool is_relative; /* to OLD */
};

/* Read a bound; bound_free() what is in it.
 *
 * returns  what is wrong with it; then there is nothing to free */
struct error *bound_read(struct bound *bound, const char *text);
void bound_free(struct bound *bound);

/* The function that a bound names, by its name or by FILE:NAME (the end of the file's path is enough); NULL in *function
 * for a metric of the whole recording.
 *
 * returns  an error when neither recording has it, or when it means several */
struct error *bound_find_function(const struct bound *bound, const struct profile_diff *diff,
                                  const struct diff_function **function);

/* Whether the bound is broken.
 *
 * function  that it names, as found above
 * reason    receives, then, why: an error that says so; NULL
 * returns   an error when a figure that it needs is not known */
struct error *bound_check(const struct bound *bound, const struct profile_diff *diff,
                          const struct diff_function *function, struct error **reason);

#endif

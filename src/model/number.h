/* Unknown is not zero: what could not be read is one of these, and every printer shows it as unknown. */
#ifndef PYNECK_MODEL_NUMBER_H
#define PYNECK_MODEL_NUMBER_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* For counts, bytes and ids, which are never negative. */
#define UNKNOWN_COUNT INT64_C(-1)

/* For rates, shares and seconds. */
#define UNKNOWN_REAL ((double)NAN)

static inline bool count_is_known(int64_t count)
{
    return count >= 0;
}

static inline bool real_is_known(double real)
{
    return !isnan(real);
}

/* The sum, or the nearest number that there is: what a recording says of amounts may be of any size. */
static inline int64_t amount_add(int64_t amount, int64_t more)
{
    int64_t sum;

    if (!__builtin_add_overflow(amount, more, &sum))
        return sum;
    return more < 0 ? INT64_MIN : INT64_MAX;
}

#endif

/* The order of samples as bytes, and back; a part of record/profile_codec.h. The runs here are those of one thread after
 * those of another, and `counter` in them is a place in the order of the counters. */
#ifndef PYNECK_RECORD_RUN_CODEC_H
#define PYNECK_RECORD_RUN_CODEC_H

#include "record/bytes.h"
#include "record/profile_order.h"

struct run_sequence {
    struct profile_run *runs;
    size_t count;
};

/* The runs of a profile, arranged like this; they lie in the arena. */
struct run_sequence runs_arrange(const struct profile *profile, const struct profile_order *order,
                                 struct arena *arena);

/* Which counters the samples of each thread fell into, one after the other. */
void runs_put_order(struct bytes *bytes, const struct run_sequence *list, const struct profile_order *order);
struct run_sequence runs_take_order(struct byte_cursor *cursor, const struct profile_order *order,
                                    struct arena *arena);

/* When they were, as far as that is not plain from the figures of the counters. What is taken brings the runs into the
 * order of their begin. */
void runs_put_times(struct bytes *bytes, const struct run_sequence *list, const struct profile_order *order,
                    const struct tick *tick);
void runs_take_times(struct byte_cursor *cursor, struct run_sequence *list, const struct profile_order *order,
                     const struct tick *tick);

/* Go on to what follows the times, for who does not need them. */
void runs_pass_times(struct byte_cursor *cursor, const struct run_sequence *list);

#endif

/* Two recordings, function by function and state by state, and which differences are more than the noise of sampling.
 *
 * The noise: a time is a number of samples, each of which stands for some of it. Were the samples taken at random, their
 * number would vary around the true one with a standard deviation of its square root (Poisson); so a time t of samples
 * that stand for w each has the standard error sqrt(w t). One sample is added, so that what was never seen is not certain
 * to be nothing. Samples at a steady rate scatter less, and so does a function with most of the time when the whole is
 * known (binomial); but two runs of one program differ by more than their samples do, so the greater error is the one to
 * trust. The errors of both recordings add up by their squares. A difference of up to three standard errors is noise: of
 * 400 functions that did not change, one comes out of it by chance. */
#ifndef PYNECK_ANALYSIS_PROFILE_DIFF_H
#define PYNECK_ANALYSIS_PROFILE_DIFF_H

#include "analysis/ranking.h"

enum diff_side {
    DIFF_OLD,
    DIFF_NEW,
    DIFF_SIDES,
};

/* What is known of one recording. */
struct diff_recording {
    const struct tick *whole; /* all of it in one tick (record/reader.h) */
    const struct call_tree *tree;
    bool is_run; /* a command from its begin to its end, so that its seconds count as they are */
    double real_seconds;
    double cpu_seconds;          /* of all processes */
    int64_t peak_resident_bytes; /* the same; unknown */
};

/* A difference in seconds, or in seconds for each second of recording. */
struct diff_change {
    double seconds; /* NEW less OLD */
    double noise;   /* three standard errors */
    bool is_noise;  /* it is not more than that */
};

struct diff_function {
    const char *name; /* these belong to the call tree of a recording that has the function */
    const char *file;
    bool is_in[DIFF_SIDES];
    struct ranking_row side[DIFF_SIDES]; /* all 0 where it is not */
    struct diff_change own;              /* in the mode */
    struct diff_change total;
};

struct diff_state {
    enum thread_state state;
    uint64_t wall_ns[DIFF_SIDES]; /* of all threads */
    double percent[DIFF_SIDES];   /* unknown when there is no time */
    struct diff_change change;
};

struct profile_diff {
    enum ranking_mode mode;
    bool
        per_second; /* changes are for each second of recording: the recordings are not of the same length, nor runs */
    struct diff_recording recordings[DIFF_SIDES];
    struct ranking rankings[DIFF_SIDES];
    struct diff_function
        *functions; /* first those that changed by more than noise, then by the amount of own change */
    size_t function_count;
    struct diff_state states[THREAD_STATES]; /* in the same order */
};

/* Compare two recordings; profile_diff_free() the result. Functions are the same when their names and files are; of
 * several in one file (as lambdas are) those with the same line, and then those that follow in the same order. Those that
 * are left are the same when their names and the names of their files are, in other directories, and no other's are. */
struct profile_diff profile_diff_new(const struct diff_recording *old, const struct diff_recording *new,
                                     enum ranking_mode mode);
void profile_diff_free(struct profile_diff *diff);

#endif

/* Reads a recording, finished or still being written. What the file says is not trusted: a file that is none of ours,
 * or damaged, or made to do harm, gives an error or the part that makes sense. */
#ifndef PYNECK_RECORD_READER_H
#define PYNECK_RECORD_READER_H

#include "base/error.h"
#include "model/call_tree.h"
#include "model/series.h"
#include "model/tick.h"
#include "record/writer.h"

struct reader;
struct reader_sum;

struct recording_info {
    const char *pyneck_version;
    const char *hostname;  /* NULL when unknown */
    const char *command;   /* the command line of a recording of `-- COMMAND`; NULL */
    double rate_hz;        /* that was asked for; UNKNOWN_REAL */
    uint64_t interval_ns;  /* the same; 0 when unknown */
    int64_t start_time_ns; /* CLOCK_REALTIME, when the recording began */
    int64_t end_time_ns;   /* UNKNOWN_COUNT while it is written, and when it was not ended in order */
    const struct recorded_usage *usage; /* of the command; NULL: there was none, or it has not ended */
};

/* Open a recording and check that it is one.
 *
 * reader  receives the reader; reader_close() it */
struct error *reader_open(struct reader **reader, const char *path);
void reader_close(struct reader *reader);

/* Read ticks without the order of their samples from now on (struct profile_run): in half of the time. */
void reader_leave_out_runs(struct reader *reader, bool leave_out);

/* What is known of the recording as a whole; valid until reader_refresh(). */
const struct recording_info *reader_info(const struct reader *reader);

/* Names for the ids in its ticks; lives as long as the reader. */
const struct call_tree *reader_call_tree(const struct reader *reader);

/* The ticks that are there: as it was opened, or at the last reader_refresh(). Empty: first == end. */
struct tick_span reader_ticks(const struct reader *reader);

/* See which ticks have come since (and which were dropped), and whether it has ended. */
struct error *reader_refresh(struct reader *reader);

/* The last tick whose time is at or before `time_ns` (CLOCK_REALTIME); the first when there is none. O(log n). */
struct error *reader_find_time(struct reader *reader, int64_t time_ns, uint64_t *sequence);

/* The first tick whose sequence is `sequence` or more; the end when there is none. A recording has no gaps, but one that
 * is dropped from, or damaged, may. */
struct error *reader_find_next(struct reader *reader, uint64_t sequence, uint64_t *found);

/* The tick with this sequence, as the live source built it.
 *
 * tick  receives it, tick_free() it; NULL when the recording has none there (it was dropped meanwhile) */
struct error *reader_read_tick(struct reader *reader, uint64_t sequence, struct tick **tick);

/* One tick that stands for all of a span: its interval is the time of the span, its processes are those that were
 * sampled in it, with the sums of their counters and waits (without runs), the means of their CPU and I/O, their
 * last memory. Figures that cannot be added up are unknown. So what ranks a tick ranks a span.
 *
 * pid   only this process; 0 for all
 * tick  receives it; tick_free() it */
struct error *reader_sum(struct reader *reader, struct tick_span span, pid_t pid, struct tick **tick);

/* The same of ticks that are read anyway: each is added, and what they add up to is made in the end.
 *
 * span  from the first to behind the last that was added */
struct reader_sum *reader_sum_new(struct reader *reader, pid_t pid);
void reader_sum_free(struct reader_sum *sum);
void reader_sum_add_tick(struct reader_sum *sum, const struct tick *tick);
struct error *reader_sum_finish(const struct reader_sum *sum, struct tick_span span, struct tick **tick);

/* The ticks of a span in few numbers each.
 *
 * pid     a process (a tick without it has unknown figures); 0: the machine
 * points  receives an array of *count; free() it */
struct error *reader_series(struct reader *reader, struct tick_span span, pid_t pid,
                            struct series_point **points, size_t *count);

#endif

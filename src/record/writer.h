/* Writes a recording: one transaction a tick, so that whatever happens in between, the file holds whole ticks. */
#ifndef PYNECK_RECORD_WRITER_H
#define PYNECK_RECORD_WRITER_H

#include "base/error.h"
#include "model/call_tree.h"
#include "model/tick.h"

struct writer;

struct writer_options {
    const char *path;
    bool replace;        /* a file that is there; else that is an error */
    const char *version; /* of pyneck */
    const char *command; /* the command line that is recorded; NULL */
    double rate_hz;      /* stack samples a second that were asked for */
    uint64_t interval_ns;
    int64_t max_size_bytes; /* of the file: the oldest ticks are dropped for it; 0 for no limit */
    uint64_t keep_ns;       /* ticks older than this are dropped; 0: none */
};

/* How a command that was recorded ended, as time(1) prints it. */
struct recorded_usage {
    int exit_status; /* 128 + N after signal N */
    double real_seconds;
    double user_seconds;
    double system_seconds;
    int64_t peak_resident_bytes;
    int64_t minor_faults;
    int64_t major_faults;
    int64_t voluntary_switches;
    int64_t involuntary_switches;
    int64_t storage_read_bytes;
    int64_t storage_write_bytes;
};

/* Create the file; texts of the options need not outlive the call.
 *
 * writer  receives the writer; writer_close() it */
struct error *writer_open(struct writer **writer, const struct writer_options *options);

/* Append a tick, or (after an error) nothing of it. After an error nothing more can be written.
 *
 * tree  in which the tick's nodes are; the same one at every call */
struct error *writer_append(struct writer *writer, const struct tick *tick, const struct call_tree *tree);

/* Bytes that the recording takes, with what is in its log only. */
int64_t writer_size_bytes(const struct writer *writer);

/* Pack what is left, write how it ended, and leave one file that opens read-only too; then free the writer.
 *
 * usage  of the command that was recorded; NULL */
struct error *writer_close(struct writer *writer, const struct recorded_usage *usage);

#endif

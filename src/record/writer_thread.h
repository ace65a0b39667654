/* A writer in a thread of its own: whoever hands over ticks never waits for the disk, which can take a tenth of a second
 * for a tick, and on a machine that is short of it much longer.
 *
 * Everything below is called by one other thread, the one that owns the ticks. */
#ifndef PYNECK_RECORD_WRITER_THREAD_H
#define PYNECK_RECORD_WRITER_THREAD_H

#include "record/writer.h"

struct writer_thread;

enum writer_phase {
    WRITER_OPENING,
    WRITER_WRITING,
    WRITER_ENDED, /* closed, or failed: writer_thread_join() tells, and does not wait any more */
};

struct writer_status {
    enum writer_phase phase;
    bool created; /* the file is there */
    uint64_t ticks;
    uint64_t lost; /* ticks that came while too many others still waited for the disk */
    int64_t size_bytes;
};

enum {
    WRITER_THREAD_QUEUE = 64, /* ticks that can wait */
};

/* Start the thread, which creates the file. Texts of the options need not outlive the call. */
struct error *writer_thread_start(struct writer_thread **thread, const struct writer_options *options);

/* Hand over a tick, which is shared until it is written; what was written is freed.
 *
 * tree  as for writer_append(); it must outlive the thread */
void writer_thread_append(struct writer_thread *thread, struct tick *tick, const struct call_tree *tree);

struct writer_status writer_thread_status(struct writer_thread *thread);

/* Let it write what it has and close the file; does not wait for that. */
void writer_thread_finish(struct writer_thread *thread);

/* The same, wait for it, and free it.
 *
 * status   receives how far it came
 * returns  why the recording, or the last part of it, could not be written */
struct error *writer_thread_join(struct writer_thread *thread, struct writer_status *status);

#endif

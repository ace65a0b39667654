/* What a thread's last walk found, so that the next one goes only over what changed.
 *
 * Which code object a frame executes, and whether it can be the caller of the frame above it, follows from the bytes
 * of the two frames and the code cache alone. So where frames lie as they did, byte for byte of what a walk looks at,
 * and each still links to the next, a walk would find the same again: they are compared, not walked. That a thread
 * returned and called anew in between does not matter. */
#ifndef PYNECK_PYTHON_WALK_MEMO_H
#define PYNECK_PYTHON_WALK_MEMO_H

#include <stddef.h>
#include <stdint.h>

struct frame_view;
struct stack_copy;

/* The frames of a thread's last walk that lie in chunks, innermost first. Zero-initialized is empty. */
struct walk_memo {
    struct frame_view
        *views; /* from `first` to the end, so that the outermost stay while inner ones change */
    size_t capacity;
    size_t first;
    uint64_t epoch; /* of the code cache */
};

void walk_memo_release(struct walk_memo *memo);

/* A walk that goes on, and what it adds to a memo. */
struct walk_record;

/* max_frames  how many a memo may have; free() it */
struct walk_record *walk_record_new(size_t max_frames);

/* Begin a walk, or begin it again.
 *
 * epoch  of the code cache: what a memo holds of an older one is forgotten */
void walk_record_begin(struct walk_record *record, struct walk_memo *memo, uint64_t epoch);

/* The frames that were walked so far are not part of the stack. */
void walk_record_restart(struct walk_record *record);

/* Add a frame that lies in a chunk, as it was walked.
 *
 * max_known  of the frames further out that may be skipped
 * known      receives those that follow it and are as they were at the last walk, in the order of a walk
 * returns    how many of them there are; they need not be walked */
size_t walk_record_add(struct walk_record *record, struct stack_copy *copy, const struct frame_view *view,
                       size_t max_known, const struct frame_view **known);

/* The walk reached its end: the memo is what it found, unless the cache has moved on meanwhile. */
void walk_record_commit(struct walk_record *record, uint64_t epoch);

#endif

/* The Python stack of one thread, read from outside while it runs.
 *
 * To 3.10 frames are objects of their own: src/python/unwind_objects.c. From 3.11 on frames of ordinary calls
 * lie side by side in chunks of memory that belong to the thread (its data stack), so one vectored read
 * brings nearly all of a stack at nearly one moment. That copy is the sample, whatever the thread did before and after it:
 * it alone tells which frames were alive.
 *
 * - 3.14 and later clear the executable of a frame that is popped. So the top is the last frame, upwards from
 * the outermost one, that has one and points back to the frame below it.
 * - To 3.13 a popped frame looks as it did in life, but a frame that executes has stacktop -1, and one that
 * has called a Python function keeps the depth of its stack there. So a frame above an executing one is a
 * leftover, and above one that waits for its call there is the callee. A frame whose call has returned looks like
 * one that waits until the one below it executes again, but it stands at a return.
 * - What has made a generator or coroutine stays as it was, code and all, and is told by where it stopped.
 *
 * Frames of generators and coroutines lie in their own objects and the interpreter's entry frames on the C
 * stack; where those were at the last sample is read along with the chunks, a few hundred nanoseconds later. By then a
 * generator has often been suspended, and does not tell any more who had resumed it: what it lay on when that was seen last
 * counts, if that leads to the frame that the data stack shows below it. Which generator executes above the last frame
 * of the data stack is told by the thread's frame pointer, which is read right behind the chunks, or once more where
 * generators are known; where that has moved on to a call in the data stack, the one counts that was seen there last.
 *
 * The chunks are copied before anything else that the thread writes. To read such memory takes it away from the CPU that
 * the thread runs on, and where it needs that memory next it waits until it has it back: what is read
 * some hundred nanoseconds later sees it there too often. In a trial with the thread state read first a function that had
 * 70 % of the time was seen in 55 % of the samples, and with the collector's state read first one that makes generators in
 * 16 % instead of 3 %.
 *
 * A copy is not quite one moment: the sampler may lose its CPU in the middle of it, and deep stacks take their time. So the
 * result says which frames were copied at one moment, as far as that can be told, and a read can be asked to prove
 * what it finds. Then all frames are copied twice, from the outermost one in, and a frame that is the same in both
 * copies was alive in between, with all frames below it. src/sampler/stack_path.h says what is believed.
 *
 * source  CPython Include/internal/pycore_frame.h (3.11 to 3.13), pycore_interpframe_structs.h (3.14, 3.15),
 *         Python/pystate.c: _PyThreadState_PushFrame, Python/ceval.c: clear_thread_frame */
#ifndef PYNECK_PYTHON_UNWIND_H
#define PYNECK_PYTHON_UNWIND_H

#include "python/code_cache.h"
#include "python/layout.h"
#include "python/read_pace.h"
#include "python/standing_frames.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    UNWIND_MAX_FRAMES = 2048, /* of a deeper stack, the innermost ones */
    UNWIND_PREFETCHED_FRAMES = 12,
    UNWIND_PREFETCHED_CHUNKS = 16,
};

enum stack_trust {
    STACK_WHOLE,   /* from the innermost frame to the outermost */
    STACK_PARTIAL, /* the outermost part of it; what stood above contradicts itself */
    STACK_INVALID, /* nothing could be read */
    STACK_GONE,    /* the thread state is not there any more */
};

struct frame {
    uint64_t address;     /* of the frame itself */
    uint64_t code;        /* address of the code object; it is in the code cache */
    uint64_t instruction; /* as the frame has it, for code_cache_line() */
};

struct object_hint; /* src/python/unwind_objects.c */

/* A chunk of the data stack, and how much of it was used. */
struct hinted_chunk {
    uint64_t address;
    uint32_t chunk_bytes; /* its size */
    uint32_t used_bytes;  /* of it, header included */
};

/* What a read needs to know from the last one; zero-initialized for a thread that was not read yet, and freed
 * by stack_hint_free(). */
struct stack_hint {
    struct read_pace pace;
    struct standing_frames standing;
    struct object_hint *objects;                /* to 3.10, and all there is then; else NULL */
    uint64_t cframe;                            /* 3.11 and 3.12: where the frame pointer is */
    uint64_t outside[UNWIND_PREFETCHED_FRAMES]; /* frames that were not in a chunk */
    uint32_t outside_count;
    uint32_t chunk_count;
    uint32_t newest;         /* of the chunks; those behind it were in use before */
    uint32_t unused_samples; /* since they were */
    struct hinted_chunk chunks[UNWIND_PREFETCHED_CHUNKS]; /* outermost first, each below the next */
};

/* Free-threaded builds: whether a thread may touch objects. A detached one that runs is in native code. */
enum thread_attachment {
    ATTACHMENT_UNKNOWN, /* there is a GIL, or the thread is suspended */
    THREAD_DETACHED,
    THREAD_ATTACHED,
};

/* The interpreter's state at the moment of a read. */
struct interpreter_moment {
    bool known;
    uint64_t threads_head;
    uint64_t gil_holder; /* thread state that holds the GIL, 0 when nobody does */
    bool gil_known;      /* false where there is no GIL */
    enum thread_attachment attachment;
    bool collecting;                 /* a garbage collection runs */
    uint64_t code_object_generation; /* 0 where there is none */
    uint32_t bytecode_generation;    /* 0 where there is none */
};

struct thread_reference {
    uint64_t address;     /* of the thread state */
    uint64_t interpreter; /* its interpreter state */
    uint64_t gil;         /* the interpreter's struct _gil_runtime_state, 0 when not known */
    uint64_t native_id;   /* as the target numbers it */
    uint64_t thread_id;   /* pthread_t */
    uint64_t runtime;     /* the location's, for fields that are not the interpreter's own */
};

void stack_hint_free(struct stack_hint *hint);

/* What one read found. */
struct stack {
    enum stack_trust trust;
    const struct frame *frames; /* innermost first, without internal ones; valid until the next read */
    size_t count;
    size_t proven; /* so many of the outermost ones certainly called one another; else that is only likely */
    size_t
        inner; /* so many of the innermost ones were copied at one moment: they lie above the older chunks */
};

struct unwinder;

/* A reader of the stacks of one process; unwinder_free() it. `layout` and `codes` must live as long. */
struct unwinder *unwinder_new(pid_t pid, const struct python_layout *layout, struct code_cache *codes);
void unwinder_free(struct unwinder *unwinder);

/* Called before each sample of a thread: the reads of one sample share the bounds of its work. */
void unwinder_begin_sample(struct unwinder *unwinder);

/* Read one thread's stack without stopping it.
 *
 * hint    of this thread; brought up to date
 * moment  receives the interpreter's state, when not NULL
 * prove   read everything twice in one go, which shows what stood still in between
 * now_ns  CLOCK_MONOTONIC */
struct stack unwinder_read(struct unwinder *unwinder, const struct thread_reference *thread,
                           struct stack_hint *hint, struct interpreter_moment *moment, bool prove,
                           uint64_t now_ns);

#endif

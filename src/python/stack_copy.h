/* A copy of one thread's Python stack, brought over in as few reads as possible.
 *
 * What it holds: the thread state, the chunks of the data stack as far as they are used, and those frames
 * that lie elsewhere (generators, entry frames on the C stack). src/python/stack_resolve.c makes a stack out
 * of it. */
#ifndef PYNECK_PYTHON_STACK_COPY_H
#define PYNECK_PYTHON_STACK_COPY_H

#include "python/unwind.h"

enum {
    STACK_COPY_MAX_OUTSIDE = 512,         /* frames outside of the chunks in one copy */
    STACK_COPY_MAX_CHUNK_BYTES = 1 << 20, /* copied of one chunk */
    STACK_COPY_CFRAMES = 8,               /* of a process that are known */
    FRAME_OWNED_BY_THREAD = 0,            /* in all versions */
};

struct chunk_copy {
    uint64_t address;
    uint64_t previous;
    unsigned char *bytes;
    size_t capacity;
    size_t length;        /* copied, from the chunk's start */
    size_t size;          /* of the whole chunk */
    unsigned char *again; /* the second copy of a read that proves */
    size_t again_capacity;
    bool has_again;
};

struct outside_frame {
    uint64_t address;
    unsigned char bytes[LAYOUT_MAX_FRAME_BYTES];
    unsigned char again[LAYOUT_MAX_FRAME_BYTES];
    bool has_again;
    bool is_late; /* it was not expected, and read after the others */
};

/* One frame as it was copied. */
struct frame_view {
    uint64_t address;
    uint64_t executable;
    uint64_t previous;
    uint64_t instruction;
    uint32_t bytecode_index;
    int32_t stacktop;
    uint8_t owner;
    bool is_entry;
    bool in_chunk;
};

struct stack_copy {
    pid_t pid;
    const struct python_layout *layout;

    struct chunk_copy *chunks; /* newest first; what lies behind chunk_count is room for others */
    size_t chunk_capacity;
    size_t chunk_count;
    size_t chunk_cursor; /* where the next look-up starts: a walk stays in a chunk, then goes to the next */
    size_t stack_bytes;  /* copied of all chunks */
    size_t used_bytes;   /* of the newest chunk */
    bool older_chunks_read;
    bool is_quick; /* nothing came between */
    bool has_late; /* some frame outside of the chunks was not expected, and read after the others */
    bool is_proof; /* all frames were copied a second time after the first */

    struct outside_frame *outside; /* in the order of the walk */
    size_t outside_capacity;
    size_t outside_count;
    size_t outside_cursor;                      /* where the next look-up starts */
    uint64_t visited[UNWIND_PREFETCHED_FRAMES]; /* the first frames that a walk found outside */
    size_t visited_count;

    unsigned char thread_state[LAYOUT_MAX_THREAD_BYTES];
    uint64_t pointer; /* the thread's frame pointer, read right behind the chunks */
    uint64_t thread;  /* address of the thread state */
    uint64_t
        cframes[STACK_COPY_CFRAMES]; /* 3.11 and 3.12: where the frame pointer was lately; 0 behind them */
};

enum copy_result {
    COPY_DONE,
    COPY_STALE, /* something that the hint named is not there any more, or makes no sense */
    COPY_GONE,  /* the thread state is not there any more */
};

/* Release what a copy holds; a zero-initialized copy with `pid` and `layout` set is ready for use. */
void stack_copy_release(struct stack_copy *copy);

/* Bring a thread's stack over; what was copied before is replaced.
 *
 * hint      what the last read found; when something of it is not there any more, it is left out
 * moment    receives the interpreter's state, when not NULL
 * is_proof  copy it twice in the same read, for stack_copy_stood() */
enum copy_result stack_copy_read(struct stack_copy *copy, const struct thread_reference *thread,
                                 struct stack_hint *hint, struct interpreter_moment *moment, bool is_proof);

/* Whether a frame was the same in both copies of a read that proves: then it was alive in between, and waited for the same
 * call. */
bool stack_copy_stood(struct stack_copy *copy, uint64_t address);

/* Whether a frame was copied together with the newest chunk: it lies in it, or outside of all chunks where it was expected. */
bool stack_copy_is_of_moment(struct stack_copy *copy, uint64_t address);

/* Copy the chunks below the newest one, as far as they are used and were not copied with it. */
void stack_copy_read_older(struct stack_copy *copy);

/* For the read itself: room for a chunk at a place among the others (what was copied there is kept), and for a frame
 * outside of the chunks. */
struct chunk_copy *stack_copy_place_chunk(struct stack_copy *copy, size_t place, uint64_t address,
                                          size_t length);
struct outside_frame *stack_copy_add_outside(struct stack_copy *copy, uint64_t address);

/* Take the chunk behind the others to them, if all that is used of it was copied. */
bool stack_copy_accept_chunk(struct stack_copy *copy);

/* What a chunk's header says: its size, and how much of it is used (known for all but the newest); 0 when it cannot be
 * one. */
size_t stack_copy_chunk_size(const struct python_layout *layout, const unsigned char *header);
size_t stack_copy_used_bytes(const struct python_layout *layout, const unsigned char *header);

/* Expect nothing of the next read of a thread. */
void stack_hint_forget(struct stack_hint *hint);

/* Note in the hint which frames and chunks a walk over the copy needed, for the next read. */
void stack_copy_remember(const struct stack_copy *copy, struct stack_hint *hint);

/* Read the thread's frame pointer, and the frame at an address, as they are now; false when they cannot be read, or
 * not at one moment. */
bool stack_copy_read_pointer(struct stack_copy *copy, uint64_t address, uint64_t *pointer,
                             struct frame_view *view);

/* Look at the frame at an address of the target; false when it cannot be read. A frame outside of the chunks that was not
 * copied is fetched, up to STACK_COPY_MAX_OUTSIDE of them. One in a chunk, beyond what was copied of it or in a chunk that
 * was none of the copied ones, is of another moment: false. */
bool stack_copy_view(struct stack_copy *copy, uint64_t address, struct frame_view *view);

/* Whether an address is in one of the chunks. */
bool stack_copy_has(struct stack_copy *copy, uint64_t address);

/* Expect a frame outside of the chunks to be needed at the next read too. */
void stack_copy_want(struct stack_copy *copy, uint64_t address);

/* Take a frame's fields out of its bytes; address and in_chunk stay as they are. */
void stack_copy_view_bytes(const struct python_layout *layout, const unsigned char *bytes,
                           struct frame_view *view);

/* Whether no frame was ever pushed onto the data stack, or all were popped. */
bool stack_copy_is_empty(const struct stack_copy *copy);

#endif

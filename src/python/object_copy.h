/* Copies of frame objects (to 3.10) around one moment: that at which the thread's frame pointer was read.
 *
 * How they are made, and what they prove, is told in src/python/unwind_objects.c, which makes a stack out of them. */
#ifndef PYNECK_PYTHON_OBJECT_COPY_H
#define PYNECK_PYTHON_OBJECT_COPY_H

#include "python/memory.h"
#include "python/unwind.h"

enum {
    OBJECT_COPY_MAX_INNER = 12,
    OBJECT_COPY_FRAME_BYTES = 256,
    OBJECT_COPY_THREAD_BYTES = 1024,
};

/* Two copies of an inner frame, before and after the pointer. */
enum side {
    BEFORE,
    AFTER,
    SIDES,
};

/* What a copy of a frame says. */
struct object_view {
    uint64_t back;
    uint64_t code;
    uint64_t references;
    uint64_t type;
    int32_t last_instruction;
    bool executes;
    bool leaves; /* on its way in or out; only the frame on top can be that */
};

/* A frame that has one copy, and where that lies in outer_bytes. */
struct outer_object {
    uint64_t address;
    size_t offset;
};

/* Zero-initialized but for the first two; what it holds is valid until the next read. */
struct object_copy {
    pid_t pid;
    const struct python_layout *layout;
    uint64_t frame_type; /* address of PyFrame_Type; 0 until it is learned */
    uint64_t thread;     /* address of the thread state */

    struct memory_piece *pieces;
    size_t piece_capacity;
    size_t piece_count;

    unsigned char thread_state[OBJECT_COPY_THREAD_BYTES];
    uint64_t pointer; /* the thread's innermost frame, 0 when it has none */
    uint64_t inner[OBJECT_COPY_MAX_INNER];
    size_t inner_count;
    unsigned char inner_bytes[SIDES][OBJECT_COPY_MAX_INNER][OBJECT_COPY_FRAME_BYTES];
    unsigned char pivot_again[OBJECT_COPY_FRAME_BYTES]; /* the last inner frame, after the outer ones */
    struct outer_object *outer;
    size_t outer_capacity;
    size_t outer_count;
    size_t outer_below;   /* from this one on they are the pivot's callers, */
    size_t outer_planned; /* up to here; those behind were read later, one by one */
    size_t outer_cursor;  /* where the next look-up starts */
    unsigned char *outer_bytes;
    size_t outer_bytes_capacity;
    size_t outer_bytes_used;
    size_t single_reads; /* the caller sets it to 0 for each sample */
};

void object_copy_release(struct object_copy *copy);

/* Say which frames the next read copies: begin anew, then add those that are copied before and after the pointer (at most
 * OBJECT_COPY_MAX_INNER; the last one is the pivot), and then those that are copied once, innermost first. */
void object_copy_begin(struct object_copy *copy);
void object_copy_add_inner(struct object_copy *copy, uint64_t address);
void object_copy_add_outer(struct object_copy *copy, uint64_t address, bool is_below_pivot);

/* Take the copies of a sample.
 *
 * moment   receives the interpreter's state, when not NULL
 * returns  false when the thread state is not there any more */
bool object_copy_read(struct object_copy *copy, const struct thread_reference *thread,
                      struct interpreter_moment *moment);

/* Look at a frame. Frames that are not inner ones have one copy; one that was not copied is read now, as far as the
 * bound of a sample lets. */
bool object_copy_view(struct object_copy *copy, uint64_t address, enum side side, struct object_view *view);

bool object_copy_is_inner(const struct object_copy *copy, uint64_t address);

/* Whether a frame was not expected, and read alone after all others. */
bool object_copy_is_late(struct object_copy *copy, uint64_t address);

/* Whether a type is that of frames; its address is learned from the first one. */
bool object_copy_is_frame_type(struct object_copy *copy, uint64_t type);

/* Whether a frame was live when it was copied: a reference is held, and it executes, or is the one on top and on its way
 * in or out. */
bool object_copy_is_alive(struct object_copy *copy, const struct object_view *view, bool is_top);

/* Whether a frame that has one copy is known to have stood still from before the pointer until it was copied: it is one of
 * the pivot's callers, and the pivot was live in the same call all the time. */
bool object_copy_stood(struct object_copy *copy, uint64_t address);

#endif

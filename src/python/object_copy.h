/* Copies of frame objects (to 3.10) around one moment: that at which the thread's frame pointer was read.
 *
 * How they are made, and what they prove, is told in src/python/unwind_objects.c, which makes a stack out of them. */
#ifndef PYNECK_PYTHON_OBJECT_COPY_H
#define PYNECK_PYTHON_OBJECT_COPY_H

#include "python/memory.h"
#include "python/unwind.h"

enum {
    OBJECT_COPY_STACK_FRAMES = 4, /* of the last stack, that are read before and after the pointer */
    OBJECT_COPY_RECENT_TOPS = 6,  /* frames that were on top lately, the same */
    OBJECT_COPY_MAX_INNER = OBJECT_COPY_STACK_FRAMES + OBJECT_COPY_RECENT_TOPS,
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

/* A frame further out, and where its copy lies in outer_bytes. */
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
    unsigned char
        inner_end_again[OBJECT_COPY_FRAME_BYTES]; /* the outermost inner frame, after the outer ones */
    struct outer_object *outer;
    size_t outer_capacity;
    size_t outer_count;
    size_t outer_planned; /* of them; those behind were read later, one by one */
    size_t outer_cursor;  /* where the next look-up starts */
    unsigned char *outer_bytes;
    size_t outer_bytes_capacity;
    size_t outer_bytes_used;
    size_t single_reads; /* the caller sets it to 0 for each sample */
};

void object_copy_release(struct object_copy *copy);

/* Take the copies of a sample.
 *
 * tops     frames that were on top lately
 * stack    the frames of the last stack, innermost first
 * moment   receives the interpreter's state, when not NULL
 * returns  false when the thread state is not there any more */
bool object_copy_read(struct object_copy *copy, const struct thread_reference *thread, const uint64_t *tops,
                      size_t top_count, const uint64_t *stack, size_t stack_count,
                      struct interpreter_moment *moment);

/* Look at a frame. Frames that are not inner ones have one copy; one that was not copied is read now, as far as the
 * bound of a sample lets. */
bool object_copy_view(struct object_copy *copy, uint64_t address, enum side side, struct object_view *view);

bool object_copy_is_inner(const struct object_copy *copy, uint64_t address);

/* Whether a frame was not expected, so that its copy is of another moment. */
bool object_copy_is_late(const struct object_copy *copy, uint64_t address);

/* Whether a type is that of frames; its address is learned from the first one. */
bool object_copy_is_frame_type(struct object_copy *copy, uint64_t type);

/* Whether a frame was live when it was copied: a reference is held, and it executes, or is the one on top and on its way
 * in or out. */
bool object_copy_is_alive(struct object_copy *copy, const struct object_view *view, bool is_top);

/* Whether the frames further out stood still while they were read, if the stack goes through the outermost inner frame:
 * that was the same before and after them. */
bool object_copy_outer_stood(struct object_copy *copy, enum side side);

#endif

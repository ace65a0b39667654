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
    OBJECT_COPY_MAX_FETCHED = 64, /* pages in one call */
};

/* Which copy of an inner frame. */
enum side {
    EARLY, /* right behind the pointer */
    LATER, /* with its page */
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

/* A part of a page, and where its copy lies in `bytes`. */
struct object_page {
    uint64_t address;
    size_t length;
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
    bool is_quick; /* nothing came between */

    unsigned char thread_state[OBJECT_COPY_THREAD_BYTES];
    uint64_t pointer; /* the thread's innermost frame, 0 when it has none */
    uint64_t inner[OBJECT_COPY_MAX_INNER];
    size_t inner_count;
    unsigned char inner_bytes[OBJECT_COPY_MAX_INNER][OBJECT_COPY_FRAME_BYTES];
    uint64_t pivot;                                    /* the last inner frame, 0 when there is none */
    unsigned char pivot_last[OBJECT_COPY_FRAME_BYTES]; /* its copy behind all others */
    struct object_page *pages;
    size_t page_capacity;
    size_t page_count;
    size_t page_planned; /* those from here on were read later, as they turned out to be needed */
    size_t page_cursor;  /* where the next look-up starts */
    unsigned char *bytes;
    size_t byte_capacity;
    size_t byte_count;
    size_t late_pages; /* the caller sets it to 0 for each sample */
};

void object_copy_release(struct object_copy *copy);

/* Say what the next read copies: begin anew, then add the frames that are copied at once (at most OBJECT_COPY_MAX_INNER), the
 * pivot among them, and then the parts of pages that all expected frames lie in. */
void object_copy_begin(struct object_copy *copy);
void object_copy_add_inner(struct object_copy *copy, uint64_t address);
void object_copy_add_pivot(struct object_copy *copy, uint64_t address);
void object_copy_add_page(struct object_copy *copy, uint64_t address, size_t length);

/* Take the copies of a sample.
 *
 * moment   receives the interpreter's state, when not NULL
 * returns  false when the thread state is not there any more */
bool object_copy_read(struct object_copy *copy, const struct thread_reference *thread,
                      struct interpreter_moment *moment, struct read_pace *pace);

/* Read the pages of frames that nobody expected, as far as the bound of a sample lets; frames that were copied are left out.
 *
 * count  at most OBJECT_COPY_MAX_FETCHED */
void object_copy_fetch(struct object_copy *copy, const uint64_t *addresses, size_t count);

/* Whether a frame was copied. */
bool object_copy_has(struct object_copy *copy, uint64_t address);

/* Look at a frame that was copied. One that is not an inner one has one copy. */
bool object_copy_view(struct object_copy *copy, uint64_t address, enum side side, struct object_view *view);

bool object_copy_is_inner(const struct object_copy *copy, uint64_t address);

/* Whether a frame was not expected, and read after all others. */
bool object_copy_is_late(struct object_copy *copy, uint64_t address);

/* Whether a type is that of frames; its address is learned from the first one. */
bool object_copy_is_frame_type(struct object_copy *copy, uint64_t type);

/* Whether a frame was live when it was copied: a reference is held, and it executes, or is the one on top and on its way
 * in or out. */
bool object_copy_is_alive(struct object_copy *copy, const struct object_view *view, bool is_top);

/* Whether the pivot was live in the same call all the time: then so were its callers, which were copied meanwhile. */
bool object_copy_pivot_stood(struct object_copy *copy);

#endif

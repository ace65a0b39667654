/* A make-believe interpreter in the test's own memory: a thread state, a data stack, code objects. What reads
 * another process's memory can read it as well, since the test's own is as good as any. */
#ifndef PYNECK_TESTS_FAKE_INTERPRETER_H
#define PYNECK_TESTS_FAKE_INTERPRETER_H

#include "python/unwind.h"

enum {
    FAKE_CODES = 8,
    FAKE_FRAME_WORDS = 4, /* locals and stack of each function */
};

struct fake_interpreter {
    struct python_layout layout;
    struct thread_reference thread;
    unsigned char *interpreter;
    unsigned char *thread_state;
    unsigned char *cframe;
    unsigned char *chunk;               /* the newest one */
    unsigned char *outside[FAKE_CODES]; /* room for frames that are not in the chunk */
    uint64_t codes[FAKE_CODES];         /* functions "f0" to "f7" */
    struct call_tree *tree;
    struct code_cache *cache;
    struct unwinder *unwinder;
    struct stack_hint hint;
    size_t used; /* of the chunk, in bytes */
};

/* version  0x030b0000 and 0x030c0000: as the table of layouts has them; 0x030e0000: with what is new in 3.14
 */
void fake_open(struct fake_interpreter *fake, uint32_t version);
void fake_close(struct fake_interpreter *fake);

/* Push a frame of function `index` onto the data stack, called by the frame at `previous`; returns its
 * address. It is not executing (stacktop 0). */
uint64_t fake_push(struct fake_interpreter *fake, size_t index, uint64_t previous);

/* Begin a new chunk of the data stack, in memory that may have been one before or else NULL; go back to the one below.
 * Frames may be pushed there anew from the first of them on. */
unsigned char *fake_push_chunk(struct fake_interpreter *fake, unsigned char *memory);
void fake_pop_chunk(struct fake_interpreter *fake);

/* Make a frame outside of the data stack. */
uint64_t fake_outside(struct fake_interpreter *fake, size_t index, uint64_t previous, uint8_t owner);

/* Change a frame: whether it executes; that it was popped as 3.14 does it; its link. */
void fake_set_executing(struct fake_interpreter *fake, uint64_t frame, bool executing);
void fake_clear_executable(struct fake_interpreter *fake, uint64_t frame);
void fake_set_previous(struct fake_interpreter *fake, uint64_t frame, uint64_t previous);
void fake_set_entry(struct fake_interpreter *fake, uint64_t frame);

/* Set the thread's frame pointer, and where its data stack ends. */
void fake_set_current(struct fake_interpreter *fake, uint64_t frame);
void fake_set_top(struct fake_interpreter *fake, uint64_t address);

/* Read the stack; the functions' names, innermost first, joined by spaces, go to `names`. */
enum stack_trust fake_read(struct fake_interpreter *fake, char names[static 256]);

#endif

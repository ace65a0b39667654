/* Code objects of one process, read once: name, file, line table.
 *
 * An address can be freed and used again for another code object. An entry therefore keeps the fields that
 * tell code objects apart, and code_cache_verify() compares them with the process's memory. */
#ifndef PYNECK_PYTHON_CODE_CACHE_H
#define PYNECK_PYTHON_CODE_CACHE_H

#include "model/call_tree.h"
#include "python/layout.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct code_cache;

/* What a frame's code object says; valid until the next call of a function below that may change the cache.
 */
struct code_object {
    uint64_t address;
    uint64_t instructions;      /* address of the first instruction */
    uint32_t instruction_bytes; /* length of the bytecode */
    uint32_t function;          /* id in the call tree */
    uint32_t frame_bytes;       /* size of its frame on the data stack: header, locals and stack */
    bool internal;              /* a shim or trampoline of the interpreter: never shown */
    uint32_t return_bytes;      /* so far in the bytecode a call has made a generator or coroutine, and
                                 * returns it (from 3.11 on); 0 where it makes none */
    uint64_t verified_ns;       /* CLOCK_MONOTONIC when memory was last seen to agree */
    uint64_t added_ns;          /* when it was read first */
};

/* An empty cache.
 *
 * layout  must live as long as the cache
 * tree    where functions are added; the caller is its writer */
struct code_cache *code_cache_new(pid_t pid, const struct python_layout *layout, struct call_tree *tree);
void code_cache_free(struct code_cache *cache);

/* Called before each sample: what one sample may read anew is bounded, whatever the process says. Beyond that
 * code objects are not found and lines not known until the next sample. */
void code_cache_begin_sample(struct code_cache *cache);

/* The entry of an address if it is known; reads no memory. */
struct code_object *code_cache_find(struct code_cache *cache, uint64_t address);

/* The entry of an address, read from the process when it is not known yet.
 *
 * returns  NULL when what is there is no code object (wrong type, lengths out of bounds, unreadable) */
struct code_object *code_cache_load(struct code_cache *cache, uint64_t address, uint64_t now_ns);

/* Compare entries with the process's memory in one vectored read. One that does not agree any more is read
 * anew (its function then is another one); one that is no code object any more is dropped.
 *
 * returns  how many had changed */
size_t code_cache_verify(struct code_cache *cache, const uint64_t *addresses, size_t count, uint64_t now_ns);

/* Whether the code object at one address names that at another one, which is known; see code_reader_names(). */
bool code_cache_names(struct code_cache *cache, uint64_t address, uint64_t other);

/* Counts the times that an entry became another one or was dropped. While it stands, the same address is the same code
 * object. */
uint64_t code_cache_epoch(const struct code_cache *cache);

/* The line that an instruction belongs to; 0 when it lies outside the bytecode or has no line.
 *
 * instruction  the frame's instruction pointer as it was read (its meaning depends on the version:
 *              python_layout.frame.instruction_is_previous) */
uint32_t code_cache_line(struct code_cache *cache, const struct code_object *code, uint64_t instruction);

/* Free-threaded builds from 3.14 on: turn an instruction in a thread's own copy of the bytecode into the one
 * in the code object that it was copied from.
 *
 * index        which copy it should be in; the others are looked through as well, for a thread that runs
 *              changes from one to the other in two steps
 * instruction  changed when it was found
 * returns      whether any copy contains it */
bool code_cache_find_original(struct code_cache *cache, const struct code_object *code, uint32_t index,
                              uint64_t *instruction);

/* Forget where the copies are. A copy stays where it is until its thread ends; call this when one has ended
 * or begun. */
void code_cache_forget_copies(struct code_cache *cache);

/* Whether an instruction pointer lies inside the code object. */
bool code_object_contains(const struct code_object *code, uint64_t instruction);

#endif

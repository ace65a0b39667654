/* From the frames of a stack to a node of the call tree.
 *
 * A thread's last stack is kept with the node of each frame, so of what stands as it did at the last sample nothing is
 * looked up again. Code objects are compared with the process's memory as often as their trust asks for: an address
 * can be freed and used again for another one.
 *
 * A stack that was read while it changed can show two functions one above the other of which neither ever called the other.
 * So a pair that was never seen is believed when the code of the one names the other; when the read proves it; or when
 * it is seen three times, copied at one moment, before 300 stacks in succession have shown no new pair: what is torn, one
 * copy in 10,000, hardly ever shows the same pair again so soon. While new pairs come up each read proves what it can.
 *
 * Other looks at the stack are evidence only: what stands for the sample is the first one. (Where another look stood for
 * it, functions that exec() had just made were seen in 11 % of the samples instead of 48 %: they were over by then.) */
#ifndef PYNECK_SAMPLER_STACK_PATH_H
#define PYNECK_SAMPLER_STACK_PATH_H

#include "base/hash.h"
#include "model/call_tree.h"
#include "python/code_cache.h"
#include "python/unwind.h"

/* What the threads of one process share; stack_namer_release() it. Zero-initialized but for the first two. */
struct stack_namer {
    struct code_cache *codes;
    struct call_tree *tree;
    uint64_t
        code_object_generation;  /* the interpreter's count of freed code objects; 0 where there is none */
    uint64_t suspect_ns;         /* code objects that were compared before this may be others now */
    struct hash_map known_calls; /* pairs of functions of which one certainly calls the other */
    struct hash_map new_calls;   /* pairs that are not believed, and how often they were seen */
    uint32_t settled_stacks;     /* in succession, that showed no new pair */
};

/* A frame of a thread's last stack and the node it led to. */
struct path_step {
    uint64_t code;
    uint64_t instruction;
    uint64_t trusted_until_ns; /* then the code object has to be compared again */
    uint64_t trusted_ns;       /* when that was decided */
    uint32_t node;
};

/* The last stack of one thread, outermost frame first. Zero-initialized is empty. */
struct stack_path {
    struct path_step *steps;
    size_t capacity;
    size_t count;
    uint64_t epoch;            /* of the code cache when it was made */
    uint64_t trusted_until_ns; /* of its steps the earliest, */
    uint64_t trusted_ns;       /* and here too */
    uint32_t base;             /* the node that it began at */
    bool is_same;              /* as the stack before it, instruction for instruction */
};

void stack_namer_release(struct stack_namer *namer);

/* Tell the interpreter's count of freed code objects, as it was read with the stack that is named next. */
void stack_namer_see_generation(struct stack_namer *namer, uint64_t generation, uint64_t now_ns);

/* Learn which function calls which from a stack that shows calls that are not known. They are seen once by that: a stack
 * must not be told twice. One without a moment (`inner` is 0) counts as no sight of them.
 *
 * base    the node of the frame that called the outermost one; CALL_TREE_ROOT when there is none
 * now_ns  CLOCK_MONOTONIC from before the stack was read */
void stack_namer_learn(struct stack_namer *namer, uint32_t base, const struct stack *stack, uint64_t now_ns);

/* Whether calls that are not known were seen lately: then it is worth its price to prove what a stack shows. */
bool stack_namer_is_learning(const struct stack_namer *namer);

/* The node of a stack, or of the outermost part of it up to a call that is not known.
 *
 * base    the node of the frame that called the outermost one; CALL_TREE_ROOT when there is none
 * now_ns  CLOCK_MONOTONIC from before the stack was read
 * node    receives the node
 *
 * returns  of how many frames it is the node */
size_t stack_path_find_node(struct stack_path *path, struct stack_namer *namer, uint32_t base,
                            const struct stack *stack, uint64_t now_ns, uint32_t *node);

void stack_path_release(struct stack_path *path);

#endif

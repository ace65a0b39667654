/* All that reads a target's memory, in the order in which the sampler has it read: the layout, the lists of
 * threads, their stacks, code objects and their names, line tables. */
#ifndef PYNECK_CHAIN_H
#define PYNECK_CHAIN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct call_tree;

struct chain {
    pid_t pid;
    uint64_t runtime;
    uint32_t version;
    uint32_t samples;
    struct call_tree *tree;
    void (*begin_sample)(void *context, uint32_t sample);
    /* Called when a list was read, and after each read of a stack with all that it takes to name it. */
    void (*check_work)(void *context, size_t most_reads, size_t most_bytes);
    void *context;
};

/* Returns how many frames were seen. */
size_t chain_run(const struct chain *chain);

#endif

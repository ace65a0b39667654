/* Fuzz target: the readers of a target's memory, from the layout to the lines, on a memory that an input
 * describes (simulated_memory.h). The work of each sample is bounded, whatever the target says. */
#include "chain.h"
#include "fuzz_target.h"
#include "model/call_tree.h"
#include "simulated_memory.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_TREE_FUNCTIONS = 1 << 12, /* then the runs that follow get a new call tree */
    MAX_TREE_NODES = 1 << 15,
};

static void begin_sample(void *context, uint32_t sample)
{
    struct simulated_memory *memory = context;

    memory->moment = sample;
    memory->reads = memory->bytes = 0;
}

static void check_work(void *context, size_t most_reads, size_t most_bytes)
{
    struct simulated_memory *memory = context;

    if (memory->reads > most_reads || memory->bytes > most_bytes) {
        fprintf(stderr, "%zu reads of %zu bytes, where %zu reads of %zu bytes are the most\n", memory->reads,
                memory->bytes, most_reads, most_bytes);
        abort();
    }
    memory->reads = memory->bytes = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct simulated_memory memory;
    static struct call_tree *tree;

    if (!simulated_memory_parse(&memory, data, size))
        return 0;
    if (tree != NULL && (call_tree_function_count(tree) > MAX_TREE_FUNCTIONS ||
                         call_tree_node_count(tree) > MAX_TREE_NODES)) {
        call_tree_free(tree);
        tree = NULL;
    }
    if (tree == NULL)
        tree = call_tree_new();
    simulated_memory_use(&memory);
    struct chain chain = {
        .pid = 1,
        .runtime = memory.runtime,
        .version = memory.version,
        .samples = memory.moments,
        .tree = tree,
        .begin_sample = begin_sample,
        .check_work = check_work,
        .context = &memory,
    };
    chain_run(&chain);
    return 0;
}

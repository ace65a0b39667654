#include "chain.h"

#include "base/text.h"
#include "model/call_tree.h"
#include "python/code_cache.h"
#include "python/interpreters.h"
#include "python/memory.h"
#include "python/thread_names.h"
#include "python/unwind.h"
#include "python/unwind_objects.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_SAMPLES = 4,
    MAX_THREADS = 4,
    MAX_VERIFIED = 64, /* as many as the sampler has compared at once */
    MOST_LISTING_READS = 40000,
    MOST_LISTING_BYTES = 1 << 20,
    MOST_SAMPLE_READS = 5000,
    MOST_SAMPLE_BYTES = 32 << 20,
};

struct run {
    const struct chain *chain;
    struct python_location location;
    struct code_cache *codes;
    struct unwinder *unwinder;
    struct thread_names *names;
    struct stack_hint hints[MAX_THREADS];
    size_t frame_count;
};

static bool find_layout(struct run *run)
{
    unsigned char bytes[LAYOUT_DEBUG_OFFSETS_MAX];
    size_t length = sizeof(bytes);

    run->location = (struct python_location){.runtime = run->chain->runtime, .version = run->chain->version};
    while (!memory_read(run->chain->pid, run->chain->runtime, bytes, length)) {
        length /= 2;
        if (length < 64)
            return false;
    }
    struct error *error = layout_has_debug_offsets(bytes, length)
                              ? layout_from_debug_offsets(&run->location.layout, bytes, length)
                              : layout_from_version(&run->location.layout, run->chain->version);
    run->location.has_layout = error == NULL;
    /* Before 3.7 there is no _PyRuntime: the head of the list stands for it. */
    if (run->location.layout.runtime.interpreters_head == LAYOUT_NONE)
        run->location.layout.runtime.interpreters_head = 0;
    error_free(error);
    return run->location.has_layout;
}

/* What is handed out is clean: cleaning it once more changes nothing. */
static void assert_clean(const char *text)
{
    char again[UINT16_MAX];
    size_t length = strlen(text);

    assert(length < sizeof(again));
    assert(text_clean(again, sizeof(again), text, length) == length && memcmp(again, text, length) == 0);
}

static void name_frames(struct run *run, const struct frame *frames, size_t count, uint64_t now_ns)
{
    uint64_t addresses[MAX_VERIFIED];
    uint32_t node = CALL_TREE_ROOT;

    assert(count <= UNWIND_MAX_FRAMES);
    for (size_t i = 0; i < count && i < MAX_VERIFIED; i++)
        addresses[i] = frames[i].code;
    code_cache_verify(run->codes, addresses, count < MAX_VERIFIED ? count : MAX_VERIFIED, now_ns);
    for (size_t i = count; i-- > 0;) {
        const struct code_object *code = code_cache_find(run->codes, frames[i].code);
        if (code == NULL)
            continue;
        uint32_t functions = call_tree_function_count(run->chain->tree);
        assert(code->function < functions);
        const struct function *function = call_tree_function(run->chain->tree, code->function);
        assert_clean(function->name);
        assert_clean(function->file);
        node = call_tree_add_node(run->chain->tree, node, code->function,
                                  code_cache_line(run->codes, code, frames[i].instruction));
    }
    run->frame_count += count;
}

static void take_sample(struct run *run, uint32_t sample, struct listed_thread **threads, size_t *capacity)
{
    const struct chain *chain = run->chain;
    struct interpreter_moment moment;
    size_t thread_count;
    uint64_t now_ns = sample + UINT64_C(1);

    chain->begin_sample(chain->context, sample);
    interpreters_list_threads(chain->pid, &run->location, threads, capacity, &thread_count);
    chain->check_work(chain->context, MOST_LISTING_READS, MOST_LISTING_BYTES);
    for (size_t i = 0; i < thread_count && i < MAX_THREADS && run->names != NULL; i++) {
        char name[THREAD_NAME_SIZE];
        const struct thread_reference *reference = &(*threads)[i].reference;
        thread_names_read(run->names, name, reference->interpreter, reference->thread_id, now_ns);
        assert_clean(name);
    }
    chain->check_work(chain->context, MOST_SAMPLE_READS, MOST_SAMPLE_BYTES);
    for (size_t i = 0; i < thread_count && i < MAX_THREADS; i++) {
        unwinder_begin_sample(run->unwinder);
        struct stack stack = unwinder_read(run->unwinder, &(*threads)[i].reference, &run->hints[i], &moment,
                                           sample % 2 == 1, now_ns);
        assert(stack.proven <= stack.count);
        name_frames(run, stack.frames, stack.count, now_ns);
        chain->check_work(chain->context, MOST_SAMPLE_READS, MOST_SAMPLE_BYTES);
    }
}

size_t chain_run(const struct chain *chain)
{
    struct run run = {.chain = chain};
    struct listed_thread *threads = NULL;
    size_t capacity = 0;

    chain->begin_sample(chain->context, 0);
    if (!find_layout(&run))
        return 0;
    run.codes = code_cache_new(chain->pid, &run.location.layout, chain->tree);
    run.unwinder = unwinder_new(chain->pid, &run.location.layout, run.codes);
    run.names = thread_names_new(chain->pid, &run.location.layout);
    for (uint32_t sample = 0; sample < chain->samples && sample < MAX_SAMPLES; sample++)
        take_sample(&run, sample, &threads, &capacity);
    for (size_t i = 0; i < MAX_THREADS; i++)
        stack_hint_free(&run.hints[i]);
    thread_names_free(run.names);
    unwinder_free(run.unwinder);
    code_cache_free(run.codes);
    free(threads);
    return run.frame_count;
}

#include "python/unwind.h"

#include "base/memory.h"
#include "python/stack_resolve.h"
#include "python/unwind_objects.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_SAMPLE_STEPS = 3 * 65536, /* frames looked at in one sample */
    ATTEMPTS = 3,                 /* to read a stack whose newest chunk comes and goes */
};

struct unwinder {
    const struct python_layout *layout;
    struct code_cache *codes;
    struct object_unwinder *objects; /* to 3.10; the rest of this struct is not used then */
    struct stack_resolver resolver;
    uint64_t copies_interpreter; /* where the generation of bytecode copies was seen last, and which */
    uint32_t copies_generation;
};

struct unwinder *unwinder_new(pid_t pid, const struct python_layout *layout, struct code_cache *codes)
{
    struct unwinder *unwinder = memory_allocate(1, sizeof(*unwinder));

    unwinder->layout = layout;
    unwinder->codes = codes;
    unwinder->resolver.layout = unwinder->resolver.copy.layout = layout;
    unwinder->resolver.codes = codes;
    unwinder->resolver.copy.pid = pid;
    if (layout->frame_storage == FRAMES_ARE_OBJECTS)
        unwinder->objects = object_unwinder_new(pid, layout, codes);
    return unwinder;
}

void unwinder_free(struct unwinder *unwinder)
{
    if (unwinder == NULL)
        return;
    stack_copy_release(&unwinder->resolver.copy);
    object_unwinder_free(unwinder->objects);
    free(unwinder);
}

/* Which thread has which copy of the bytecode may have changed: then no copy is where it was. */
static void check_copies(struct unwinder *unwinder, uint64_t interpreter, uint32_t generation)
{
    if (interpreter == unwinder->copies_interpreter && generation == unwinder->copies_generation)
        return;
    code_cache_forget_copies(unwinder->codes);
    unwinder->copies_interpreter = interpreter;
    unwinder->copies_generation = generation;
}

/* How many of the outermost frames certainly called one another: those that were the same in both copies. One above them
 * that was not may be another call's, for a loop makes the same calls at the same places again and again. */
static size_t count_proven(struct stack_resolver *resolver)
{
    size_t count = 0;

    while (count < resolver->frame_count &&
           stack_copy_stood(&resolver->copy, resolver->frames[resolver->frame_count - 1 - count].address))
        count++;
    return count;
}

/* How many of the innermost frames were copied at one moment. Between the copies of two chunks time may go by: a thread that
 * grows out of a chunk, or shrinks into it, holds the lock that the kernel copies under. */
static size_t count_inner(struct stack_resolver *resolver)
{
    size_t inner = 0;

    if (!resolver->copy.is_quick)
        return 0;
    if (resolver->copy.chunk_count == 1 && !resolver->copy.has_late)
        return resolver->frame_count;
    while (inner < resolver->frame_count &&
           stack_copy_is_of_moment(&resolver->copy, resolver->frames[inner].address))
        inner++;
    return inner;
}

static enum stack_trust read_once(struct unwinder *unwinder, const struct thread_reference *thread,
                                  struct stack_hint *hint, struct interpreter_moment *moment, bool prove)
{
    enum stack_trust trust;

    switch (stack_copy_read(&unwinder->resolver.copy, thread, hint, moment, prove)) {
    case COPY_DONE:
        if (moment != NULL)
            check_copies(unwinder, thread->interpreter, moment->bytecode_generation);
        trust = stack_resolve(&unwinder->resolver, &hint->standing);
        if (trust == STACK_INVALID)
            stack_hint_forget(hint);
        return trust;
    case COPY_STALE:
        return STACK_INVALID;
    case COPY_GONE:
        break;
    }
    return STACK_GONE;
}

/* Turn the frames around, and of too many keep the innermost ones. */
static void innermost_first(struct stack_resolver *resolver)
{
    size_t count = resolver->frame_count;

    for (size_t i = 0; i < count / 2; i++) {
        struct frame frame = resolver->frames[i];
        resolver->frames[i] = resolver->frames[count - 1 - i];
        resolver->frames[count - 1 - i] = frame;
    }
    resolver->frame_count = count < UNWIND_MAX_FRAMES ? count : UNWIND_MAX_FRAMES;
}

static struct stack read_data_stack(struct unwinder *unwinder, const struct thread_reference *thread,
                                    struct stack_hint *hint, struct interpreter_moment *moment, bool prove,
                                    uint64_t now_ns)
{
    struct stack_resolver *resolver = &unwinder->resolver;

    resolver->now_ns = now_ns;
    enum stack_trust trust = read_once(unwinder, thread, hint, moment, prove);
    for (int attempt = 1; attempt < ATTEMPTS && trust == STACK_INVALID; attempt++)
        trust = read_once(unwinder, thread, hint, moment, prove);
    if (trust == STACK_INVALID || trust == STACK_GONE) {
        stack_hint_forget(hint);
        return (struct stack){.trust = trust};
    }
    innermost_first(resolver);
    stack_copy_remember(&resolver->copy, hint);
    return (struct stack){
        .trust = trust,
        .frames = resolver->frames,
        .count = resolver->frame_count,
        .proven = prove ? count_proven(resolver) : 0,
        .inner = count_inner(resolver),
    };
}

static struct stack read_objects(struct unwinder *unwinder, const struct thread_reference *thread,
                                 struct stack_hint *hint, struct interpreter_moment *moment, bool prove,
                                 uint64_t now_ns)
{
    return object_unwinder_read(unwinder->objects, thread, hint, moment, prove, now_ns);
}

void unwinder_begin_sample(struct unwinder *unwinder)
{
    code_cache_begin_sample(unwinder->codes);
    unwinder->resolver.steps_left = MAX_SAMPLE_STEPS;
    if (unwinder->objects != NULL)
        object_unwinder_begin_sample(unwinder->objects);
}

struct stack unwinder_read(struct unwinder *unwinder, const struct thread_reference *thread,
                           struct stack_hint *hint, struct interpreter_moment *moment, bool prove,
                           uint64_t now_ns)
{
    static struct stack (*const readers[])(struct unwinder *, const struct thread_reference *,
                                           struct stack_hint *, struct interpreter_moment *, bool,
                                           uint64_t) = {
        [FRAMES_IN_DATA_STACK] = read_data_stack,
        [FRAMES_ARE_OBJECTS] = read_objects,
    };

    if (moment != NULL)
        moment->known = false;
    return readers[unwinder->layout->frame_storage](unwinder, thread, hint, moment, prove, now_ns);
}

void stack_hint_free(struct stack_hint *hint)
{
    object_hint_free(hint->objects);
    standing_frames_release(&hint->standing);
    *hint = (struct stack_hint){0};
}

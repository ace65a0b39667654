/* The contract between what hands out ticks (live, replay) and what takes them (the screen, the printers, the
 * recorder). Whoever takes ticks does this, in this order:
 *
 *     source_set_interval(), source_set_focus()      any time, any number of times
 *     loop: wait until source_due_ns(), then
 *           source_read_tick(&tick)                  error: stop, tell the user; tick NULL: there are no more
 *           ... read the tick, and names by source_call_tree() ...
 *           tick_free(tick)                          whenever it is no longer needed
 *     source_close()                                  after the last use of the call tree
 *
 * All of these are called by one thread. */
#ifndef PYNECK_SOURCE_SOURCE_H
#define PYNECK_SOURCE_SOURCE_H

#include "base/error.h"
#include "model/call_tree.h"
#include "model/tick.h"

/* What the reader looks at: it decides which details are worth their price. */
struct source_focus {
    pid_t pid; /* the process under the cursor: sampled at full rate, open files listed; 0 for none */
    bool all_processes;       /* list processes that are not Python too */
    bool proportional_memory; /* of the process `pid`, which is dear */
    bool all_details;         /* open files of every sampled process (headless), not only of `pid` */
};

struct source {
    const struct source_operations *operations;
};

struct source_operations {
    void (*set_interval)(struct source *source, uint64_t interval_ns);
    void (*set_focus)(struct source *source, const struct source_focus *focus);
    uint64_t (*due_ns)(const struct source *source);
    struct error *(*read_tick)(struct source *source, struct tick **tick);
    const struct call_tree *(*call_tree)(const struct source *source);
    void (*close)(struct source *source);
};

/* Time between ticks. */
static inline void source_set_interval(struct source *source, uint64_t interval_ns)
{
    source->operations->set_interval(source, interval_ns);
}

static inline void source_set_focus(struct source *source, const struct source_focus *focus)
{
    source->operations->set_focus(source, focus);
}

/* CLOCK_MONOTONIC when the next tick is due. The first is due at once; it holds no rates yet, and the second
 * one follows it soon, so that the screen has figures at an early moment. */
static inline uint64_t source_due_ns(const struct source *source)
{
    return source->operations->due_ns(source);
}

/* Build the next tick now; `*tick` belongs to the caller. Called early, the interval is shorter. */
static inline struct error *source_read_tick(struct source *source, struct tick **tick)
{
    return source->operations->read_tick(source, tick);
}

/* Names for the ids in ticks; lives as long as the source. */
static inline const struct call_tree *source_call_tree(const struct source *source)
{
    return source->operations->call_tree(source);
}

/* Stop everything that the source runs and free it. */
static inline void source_close(struct source *source)
{
    source->operations->close(source);
}

#endif

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
 * A source that keeps its ticks (a recording; the last minutes of the live one) can be asked for them again, at any time
 * and in any order, by the operations on the past below; the loop above goes on as if nothing had been asked.
 *
 * All of these are called by one thread. */
#ifndef PYNECK_SOURCE_SOURCE_H
#define PYNECK_SOURCE_SOURCE_H

#include "base/error.h"
#include "model/call_tree.h"
#include "model/series.h"
#include "model/tick.h"

/* What the reader looks at: it decides which details are worth their price. */
struct source_focus {
    pid_t pid; /* the process under the cursor: sampled at full rate, open files listed; 0 for none */
    bool all_processes;       /* list processes that are not Python too */
    bool proportional_memory; /* of the process `pid`, which is dear */
    bool all_details;         /* open files of every sampled process (headless), not only of `pid` */
    bool sample_order;        /* of every sampled process (struct profile_run) */
};

struct source {
    const struct source_operations *operations;
};

/* Takes one of the ticks that stand for a span. */
typedef void (*span_visitor)(void *context, const struct tick *tick);

/* What a source can do that keeps its ticks. */
struct past_operations {
    bool is_recording; /* its ticks are there already: whoever plays them keeps the time */
    struct error *(*span)(struct source *source, struct tick_span *span);
    struct error *(*read)(struct source *source, uint64_t sequence, struct tick **tick);
    struct error *(*find_time)(struct source *source, int64_t time_ns, uint64_t *sequence);
    struct error *(*visit)(struct source *source, struct tick_span span, pid_t pid, span_visitor visitor,
                           void *context);
    struct error *(*series)(struct source *source, struct tick_span span, pid_t pid,
                            struct series_point **points, size_t *count);
};

struct source_operations {
    void (*set_interval)(struct source *source, uint64_t interval_ns);
    void (*set_focus)(struct source *source, const struct source_focus *focus);
    uint64_t (*due_ns)(const struct source *source);
    struct error *(*read_tick)(struct source *source, struct tick **tick);
    const struct call_tree *(*call_tree)(const struct source *source);
    void (*close)(struct source *source);
    const struct past_operations *past; /* NULL: a tick that was handed out is gone */
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

/* Whether the operations below may be used; the ticks of a recording need not be waited for. */
static inline bool source_has_past(const struct source *source)
{
    return source->operations->past != NULL;
}

static inline bool source_is_recording(const struct source *source)
{
    return source_has_past(source) && source->operations->past->is_recording;
}

/* The ticks that are there by now. */
static inline struct error *source_past_span(struct source *source, struct tick_span *span)
{
    return source->operations->past->span(source, span);
}

/* The tick with this sequence, once more; tick_free() it. NULL: it is not, or no longer, there. */
static inline struct error *source_past_read(struct source *source, uint64_t sequence, struct tick **tick)
{
    return source->operations->past->read(source, sequence, tick);
}

/* The last tick whose time is at or before `time_ns` (CLOCK_REALTIME); the first when there is none. */
static inline struct error *source_past_find_time(struct source *source, int64_t time_ns, uint64_t *sequence)
{
    return source->operations->past->find_time(source, time_ns, sequence);
}

/* Hand over what a span's profiles add up to: its ticks one after the other, or fewer that sum them up.
 *
 * pid  only this process matters; 0 for all */
static inline struct error *source_past_visit(struct source *source, struct tick_span span, pid_t pid,
                                              span_visitor visitor, void *context)
{
    return source->operations->past->visit(source, span, pid, visitor, context);
}

/* The ticks of a span in few numbers each.
 *
 * pid     a process (a tick without it has unknown figures); 0: the machine
 * points  receives an array of *count; free() it */
static inline struct error *source_past_series(struct source *source, struct tick_span span, pid_t pid,
                                               struct series_point **points, size_t *count)
{
    return source->operations->past->series(source, span, pid, points, count);
}

/* Stop everything that the source runs and free it. */
static inline void source_close(struct source *source)
{
    source->operations->close(source);
}

#endif

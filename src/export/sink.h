/* The contract between what hands out ticks and what keeps or prints them: a printer of some format, a
 * recorder. Whoever feeds a sink does this, in this order:
 *
 *     ..._open()                    the sink's own; it may write what stands before the first tick
 *     sink_write_tick()             any number of times, in the order of time
 *     sink_close()                  once, also after an error: writes what stands after the last tick
 *
 * A sink keeps nothing of a tick: the tick may be freed after the call. */
#ifndef PYNECK_EXPORT_SINK_H
#define PYNECK_EXPORT_SINK_H

#include "base/error.h"
#include "model/call_tree.h"
#include "model/tick.h"

struct sink {
    const struct sink_operations *operations;
};

struct sink_operations {
    struct error *(*write_tick)(struct sink *sink, const struct tick *tick, const struct call_tree *tree);
    bool (*is_closed)(const struct sink *sink);
    struct error *(*close)(struct sink *sink);
};

/* Take one tick, whole or (after an error) not at all. */
static inline struct error *sink_write_tick(struct sink *sink, const struct tick *tick,
                                            const struct call_tree *tree)
{
    return sink->operations->write_tick(sink, tick, tree);
}

/* Whether nobody reads any more (a closed pipe): no error, but no reason to go on. */
static inline bool sink_is_closed(const struct sink *sink)
{
    return sink->operations->is_closed(sink);
}

/* Finish and free the sink. */
static inline struct error *sink_close(struct sink *sink)
{
    return sink->operations->close(sink);
}

#endif

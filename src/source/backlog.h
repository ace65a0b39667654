/* A source that keeps the last ticks of another one, so that one can look back while it goes on. */
#ifndef PYNECK_SOURCE_BACKLOG_H
#define PYNECK_SOURCE_BACKLOG_H

#include "source/source.h"

struct backlog_limits {
    uint64_t span_ns; /* ticks older than this are dropped, */
    size_t bytes;     /* and the oldest ones when all together take more; the last tick is always kept */
};

/* Wrap a source: what it hands out is kept too. The ticks are shared, not copied.
 *
 * source   receives the one to be used instead of `inner`; closing it closes both */
void backlog_open(struct source **source, struct source *inner, const struct backlog_limits *limits);

#endif

#include "source/backlog.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct backlog {
    struct source source; /* first: a pointer to it is one to the backlog */
    struct source *inner;
    struct backlog_limits limits;
    struct tick **ticks; /* oldest first */
    size_t count;
    size_t capacity;
    size_t bytes;
};

static struct backlog *backlog_of(struct source *source)
{
    return (struct backlog *)source;
}

static const struct backlog *const_backlog_of(const struct source *source)
{
    return (const struct backlog *)source;
}

/* ---- handed on ---- */

static void set_interval(struct source *source, uint64_t interval_ns)
{
    source_set_interval(backlog_of(source)->inner, interval_ns);
}

static void set_focus(struct source *source, const struct source_focus *focus)
{
    source_set_focus(backlog_of(source)->inner, focus);
}

static uint64_t due_ns(const struct source *source)
{
    return source_due_ns(const_backlog_of(source)->inner);
}

static const struct call_tree *call_tree(const struct source *source)
{
    return source_call_tree(const_backlog_of(source)->inner);
}

/* ---- keeping ---- */

static bool is_expired(const struct backlog *backlog, const struct tick *tick, uint64_t now_ns)
{
    return backlog->bytes > backlog->limits.bytes || tick->monotonic_ns + backlog->limits.span_ns < now_ns;
}

static void drop_expired(struct backlog *backlog, uint64_t now_ns)
{
    size_t expired = 0;

    while (expired + 1 < backlog->count && is_expired(backlog, backlog->ticks[expired], now_ns)) {
        backlog->bytes -= arena_bytes(backlog->ticks[expired]->arena);
        tick_free(backlog->ticks[expired++]);
    }
    backlog->count -= expired;
    memmove(backlog->ticks, backlog->ticks + expired, backlog->count * sizeof(*backlog->ticks));
}

static struct error *read_tick(struct source *source, struct tick **tick)
{
    struct backlog *backlog = backlog_of(source);
    struct error *error = source_read_tick(backlog->inner, tick);

    if (error != NULL || *tick == NULL)
        return error;
    backlog->ticks =
        memory_grow(backlog->ticks, &backlog->capacity, backlog->count + 1, sizeof(*backlog->ticks));
    backlog->ticks[backlog->count++] = tick_share(*tick);
    backlog->bytes += arena_bytes((*tick)->arena);
    drop_expired(backlog, (*tick)->monotonic_ns);
    return NULL;
}

static void close_source(struct source *source)
{
    struct backlog *backlog = backlog_of(source);

    for (size_t i = 0; i < backlog->count; i++)
        tick_free(backlog->ticks[i]);
    free(backlog->ticks);
    source_close(backlog->inner);
    free(backlog);
}

/* ---- the past ---- */

/* The place of the first tick from a sequence on; the sequences rise. */
static size_t place_of(const struct backlog *backlog, uint64_t sequence)
{
    size_t low = 0, high = backlog->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (backlog->ticks[middle]->sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct error *past_span(struct source *source, struct tick_span *span)
{
    const struct backlog *backlog = backlog_of(source);

    *span = (struct tick_span){0};
    if (backlog->count > 0)
        *span =
            (struct tick_span){backlog->ticks[0]->sequence, backlog->ticks[backlog->count - 1]->sequence + 1};
    return NULL;
}

static struct error *past_read(struct source *source, uint64_t sequence, struct tick **tick)
{
    const struct backlog *backlog = backlog_of(source);
    size_t place = place_of(backlog, sequence);
    bool found = place < backlog->count && backlog->ticks[place]->sequence == sequence;

    *tick = found ? tick_share(backlog->ticks[place]) : NULL;
    return NULL;
}

/* From the newest on: the clock may have been set meanwhile. */
static struct error *past_find_time(struct source *source, int64_t time_ns, uint64_t *sequence)
{
    const struct backlog *backlog = backlog_of(source);
    size_t place = backlog->count;

    while (place > 1 && backlog->ticks[place - 1]->time_ns > time_ns)
        place--;
    *sequence = place > 0 ? backlog->ticks[place - 1]->sequence : 0;
    return NULL;
}

static struct error *past_visit(struct source *source, struct tick_span span, pid_t pid, span_visitor visitor,
                                void *context)
{
    const struct backlog *backlog = backlog_of(source);

    (void)pid; /* all that is known of it is at hand */
    for (size_t i = place_of(backlog, span.first); i < place_of(backlog, span.end); i++)
        visitor(context, backlog->ticks[i]);
    return NULL;
}

static struct error *past_series(struct source *source, struct tick_span span, pid_t pid,
                                 struct series_point **points, size_t *count)
{
    const struct backlog *backlog = backlog_of(source);
    size_t first = place_of(backlog, span.first), end = place_of(backlog, span.end);

    *count = end > first ? end - first : 0;
    *points = memory_allocate(*count, sizeof(**points));
    for (size_t i = 0; i < *count; i++)
        (*points)[i] = series_point_of(backlog->ticks[first + i], pid);
    return NULL;
}

static const struct past_operations past = {
    .span = past_span,
    .read = past_read,
    .find_time = past_find_time,
    .visit = past_visit,
    .series = past_series,
};

static const struct source_operations operations = {
    .past = &past,
    .set_interval = set_interval,
    .set_focus = set_focus,
    .due_ns = due_ns,
    .read_tick = read_tick,
    .call_tree = call_tree,
    .close = close_source,
};

void backlog_open(struct source **source, struct source *inner, const struct backlog_limits *limits)
{
    struct backlog *backlog = memory_allocate(1, sizeof(*backlog));

    *backlog = (struct backlog){.source = {.operations = &operations}, .inner = inner, .limits = *limits};
    *source = &backlog->source;
}

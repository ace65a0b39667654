/* Ticks are kept as bytes: those of the last minute or two in open tracks, which take one tick after the other, and what is
 * older is packed. The newest one is there as it is too, for whoever shows it has it anyway. */
#include "source/backlog.h"

#include "base/memory.h"
#include "source/packed_ticks.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEGMENT_TICKS = 128,
    SEGMENT_BYTES =
        128 << 10, /* fewer ticks where they take more than this and twice what the first one takes */
};

#define NO_TICK UINT64_MAX

struct tick_times {
    int64_t time_ns;
    uint64_t monotonic_ns;
};

/* Ticks in a row. */
struct segment {
    uint64_t first;
    uint32_t count;
    struct tick_times times[SEGMENT_TICKS];
    struct packed_ticks packed; /* of the last segment there are the open tracks instead */

    struct series_point
        *points; /* of the first so many ticks, for the series that was asked for last; or NULL */
    uint32_t point_count;
    pid_t points_pid;
};

struct backlog {
    struct source source; /* first: a pointer to it is one to the backlog */
    struct source *inner;
    struct backlog_limits limits;
    struct tick *newest; /* NULL: there is none yet */

    struct segment *segments; /* oldest first */
    size_t count;
    size_t capacity;
    uint32_t expired; /* ticks of the first segment that are too old */
    size_t packed_bytes;
    struct tick_tracks open; /* of the last segment */
    size_t first_tick_bytes; /* in it */

    struct tick_tracks unpacked; /* of the packed segment that was read last, */
    uint64_t unpacked_first;     /* which begins with this tick; or NO_TICK */
    bool looked_back;            /* since the newest tick came, */
    bool looking_back;           /* or since the one before it */
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

static void forget_unpacked(struct backlog *backlog)
{
    tick_tracks_free(&backlog->unpacked);
    backlog->unpacked_first = NO_TICK;
}

static void drop_oldest(struct backlog *backlog)
{
    struct segment *oldest = &backlog->segments[0];

    backlog->packed_bytes -= oldest->packed.length;
    packed_ticks_free(&oldest->packed);
    free(oldest->points);
    memmove(backlog->segments, backlog->segments + 1, --backlog->count * sizeof(*backlog->segments));
    backlog->expired = 0;
    if (backlog->count == 0)
        tick_tracks_free(&backlog->open);
}

static size_t bytes_of(const struct backlog *backlog)
{
    return backlog->packed_bytes + tick_tracks_bytes(&backlog->open) +
           backlog->count * sizeof(*backlog->segments);
}

static bool is_expired(const struct backlog *backlog, uint64_t now_ns)
{
    return backlog->segments[0].times[backlog->expired].monotonic_ns + backlog->limits.span_ns < now_ns;
}

static void drop_expired(struct backlog *backlog, uint64_t now_ns)
{
    while (backlog->count > 0 && bytes_of(backlog) > backlog->limits.bytes)
        drop_oldest(backlog);
    while (backlog->count > 0 && is_expired(backlog, now_ns)) {
        if (++backlog->expired == backlog->segments[0].count)
            drop_oldest(backlog);
    }
}

static bool is_full(const struct backlog *backlog, const struct segment *segment)
{
    return segment->count == SEGMENT_TICKS ||
           backlog->open.bytes.length > 2 * backlog->first_tick_bytes + SEGMENT_BYTES;
}

/* The segment that takes a tick. */
static struct segment *segment_for(struct backlog *backlog, const struct tick *tick)
{
    struct segment *last = backlog->count > 0 ? &backlog->segments[backlog->count - 1] : NULL;

    if (last != NULL && last->first + last->count == tick->sequence && !is_full(backlog, last))
        return last;
    if (last != NULL) {
        packed_ticks_make(&last->packed, &backlog->open);
        backlog->packed_bytes += last->packed.length;
    }
    backlog->segments =
        memory_grow(backlog->segments, &backlog->capacity, backlog->count + 1, sizeof(*backlog->segments));
    struct segment *added = &backlog->segments[backlog->count++];
    *added = (struct segment){.first = tick->sequence};
    return added;
}

static void keep(struct backlog *backlog, const struct tick *tick)
{
    struct segment *segment = segment_for(backlog, tick);

    segment->times[segment->count++] = (struct tick_times){tick->time_ns, tick->monotonic_ns};
    tick_tracks_add(&backlog->open, tick, backlog->newest);
    if (segment->count == 1)
        backlog->first_tick_bytes = backlog->open.bytes.length;
}

/* Give back what looking back took, once nobody does any more. */
static void rest(struct backlog *backlog)
{
    bool over = backlog->looking_back && !backlog->looked_back;

    backlog->looking_back = backlog->looked_back;
    backlog->looked_back = false;
    if (!over)
        return;
    for (size_t i = 0; i < backlog->count; i++) {
        free(backlog->segments[i].points);
        backlog->segments[i].points = NULL;
    }
    forget_unpacked(backlog);
    memory_trim();
}

static struct error *read_tick(struct source *source, struct tick **tick)
{
    struct backlog *backlog = backlog_of(source);
    struct error *error = source_read_tick(backlog->inner, tick);

    if (error != NULL || *tick == NULL)
        return error;
    keep(backlog, *tick);
    tick_free(backlog->newest);
    backlog->newest = tick_share(*tick);
    drop_expired(backlog, (*tick)->monotonic_ns);
    rest(backlog);
    return NULL;
}

static void close_source(struct source *source)
{
    struct backlog *backlog = backlog_of(source);

    while (backlog->count > 0)
        drop_oldest(backlog);
    free(backlog->segments);
    tick_tracks_free(&backlog->unpacked);
    tick_free(backlog->newest);
    source_close(backlog->inner);
    free(backlog);
}

/* ---- the past ---- */

static struct tick_span span_of(const struct backlog *backlog)
{
    if (backlog->newest == NULL)
        return (struct tick_span){0};
    uint64_t newest = backlog->newest->sequence;
    uint64_t oldest = backlog->count > 0 ? backlog->segments[0].first + backlog->expired : newest;
    return (struct tick_span){oldest, newest + 1};
}

/* The packed or open segment that holds a tick, or NULL. */
static struct segment *find_segment(const struct backlog *backlog, uint64_t sequence)
{
    for (size_t i = 0; i < backlog->count && sequence >= span_of(backlog).first; i++) {
        struct segment *segment = &backlog->segments[i];
        if (sequence >= segment->first && sequence - segment->first < segment->count)
            return segment;
    }
    return NULL;
}

/* The tracks of a segment, unpacked if need be; NULL: there is no memory for them. */
static const struct tick_tracks *tracks_of(struct backlog *backlog, const struct segment *segment)
{
    backlog->looked_back = true;
    if (segment == &backlog->segments[backlog->count - 1])
        return &backlog->open;
    if (backlog->unpacked_first == segment->first)
        return &backlog->unpacked;
    tick_tracks_clear(&backlog->unpacked);
    bool whole = packed_ticks_unpack(&segment->packed, &backlog->unpacked);
    backlog->unpacked_first = whole ? segment->first : NO_TICK;
    return whole ? &backlog->unpacked : NULL;
}

/* Read a tick of a segment.
 *
 * pid  as for tick_tracks_read() */
static struct error *read_of_segment(struct backlog *backlog, const struct segment *segment, uint32_t index,
                                     pid_t pid, struct tick **tick)
{
    const struct tick_tracks *tracks = tracks_of(backlog, segment);

    *tick = tracks != NULL ? tick_tracks_read(tracks, index, pid) : NULL;
    if (*tick == NULL)
        return error_new("there is no memory to unpack the tick");
    (*tick)->sequence = segment->first + index;
    return NULL;
}

/* The same of any tick; NULL: it is not there. */
static struct error *read_kept(struct backlog *backlog, uint64_t sequence, pid_t pid, struct tick **tick)
{
    bool is_newest = backlog->newest != NULL && sequence == backlog->newest->sequence;
    const struct segment *segment = find_segment(backlog, sequence);

    *tick = is_newest ? tick_share(backlog->newest) : NULL;
    if (is_newest || segment == NULL)
        return NULL;
    return read_of_segment(backlog, segment, (uint32_t)(sequence - segment->first), pid, tick);
}

static struct error *past_span(struct source *source, struct tick_span *span)
{
    *span = span_of(backlog_of(source));
    return NULL;
}

static struct error *past_read(struct source *source, uint64_t sequence, struct tick **tick)
{
    return read_kept(backlog_of(source), sequence, TRACKS_ALL, tick);
}

/* From the newest on: the clock may have been set meanwhile. */
static struct error *past_find_time(struct source *source, int64_t time_ns, uint64_t *sequence)
{
    const struct backlog *backlog = backlog_of(source);
    bool found = backlog->newest == NULL || backlog->newest->time_ns <= time_ns;

    *sequence = backlog->newest != NULL ? backlog->newest->sequence : 0;
    for (size_t i = backlog->count; i-- > 0 && !found;) {
        const struct segment *segment = &backlog->segments[i];
        for (uint32_t j = segment->count; j-- > (i == 0 ? backlog->expired : 0) && !found;) {
            *sequence = segment->first + j;
            found = segment->times[j].time_ns <= time_ns;
        }
    }
    return NULL;
}

static struct tick_span clip(const struct backlog *backlog, struct tick_span span)
{
    struct tick_span there = span_of(backlog);

    there.first = span.first > there.first ? span.first : there.first;
    there.end = span.end < there.end ? span.end : there.end;
    there.end = there.end > there.first ? there.end : there.first;
    return there;
}

static struct error *past_visit(struct source *source, struct tick_span span, pid_t pid, span_visitor visitor,
                                void *context)
{
    struct backlog *backlog = backlog_of(source);
    struct tick_span there = clip(backlog, span);
    struct error *error = NULL;

    for (uint64_t sequence = there.first; sequence < there.end && error == NULL; sequence++) {
        struct tick *tick;
        error = read_kept(backlog, sequence, pid, &tick);
        if (tick != NULL)
            visitor(context, tick);
        tick_free(tick);
    }
    return error;
}

/* Bring the points of a segment up to date. */
static struct error *make_points(struct backlog *backlog, struct segment *segment, pid_t pid)
{
    struct error *error = NULL;

    backlog->looked_back = true;
    if (segment->points == NULL)
        segment->points = memory_allocate(SEGMENT_TICKS, sizeof(*segment->points));
    if (segment->points_pid != pid)
        segment->point_count = 0;
    segment->points_pid = pid;
    while (segment->point_count < segment->count && error == NULL) {
        struct tick *tick;
        error = read_of_segment(backlog, segment, segment->point_count, pid != 0 ? pid : TRACKS_MACHINE_ONLY,
                                &tick);
        if (error == NULL)
            segment->points[segment->point_count++] = series_point_of(tick, pid);
        tick_free(tick);
    }
    return error;
}

static struct error *past_series(struct source *source, struct tick_span span, pid_t pid,
                                 struct series_point **points, size_t *count)
{
    struct backlog *backlog = backlog_of(source);
    struct tick_span there = clip(backlog, span);
    struct error *error = NULL;

    *count = 0;
    *points = memory_allocate((size_t)(there.end - there.first), sizeof(**points));
    for (uint64_t sequence = there.first; sequence < there.end && error == NULL; sequence++) {
        struct segment *segment = find_segment(backlog, sequence);
        if (segment != NULL)
            error = make_points(backlog, segment, pid);
        if (segment != NULL && error == NULL)
            (*points)[(*count)++] = segment->points[sequence - segment->first];
        else if (segment == NULL && sequence == backlog->newest->sequence)
            (*points)[(*count)++] = series_point_of(backlog->newest, pid);
    }
    return error;
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

    *backlog = (struct backlog){
        .source = {.operations = &operations},
        .inner = inner,
        .limits = *limits,
        .unpacked_first = NO_TICK,
    };
    *source = &backlog->source;
}

#include "source/replay.h"

#include "base/memory.h"

#include <stdlib.h>

struct replay_source {
    struct source source;
    struct reader *reader;
    uint64_t next;
};

static struct replay_source *replay_of(struct source *source)
{
    return (struct replay_source *)source;
}

static const struct replay_source *const_replay_of(const struct source *source)
{
    return (const struct replay_source *)source;
}

/* A recording has the interval that it was made with, */
static void set_interval(struct source *source, uint64_t interval_ns)
{
    (void)source, (void)interval_ns;
}

/* and its details; but the order of samples is dear to read. */
static void set_focus(struct source *source, const struct source_focus *focus)
{
    reader_leave_out_runs(replay_of(source)->reader, !focus->sample_order);
}

static uint64_t due_ns(const struct source *source)
{
    (void)source;
    return 0;
}

static struct error *read_tick(struct source *source, struct tick **tick)
{
    struct replay_source *replay = replay_of(source);
    struct error *error = NULL;

    *tick = NULL;
    if (replay->next >= reader_ticks(replay->reader).end)
        error = reader_refresh(replay->reader);
    struct tick_span ticks = reader_ticks(replay->reader);
    if (replay->next < ticks.first)
        replay->next = ticks.first;
    /* One that was dropped in the meantime is passed over. */
    while (error == NULL && *tick == NULL && replay->next < ticks.end) {
        error = reader_read_tick(replay->reader, replay->next++, tick);
        if (error == NULL && *tick == NULL)
            error = reader_find_next(replay->reader, replay->next, &replay->next);
    }
    return error;
}

static const struct call_tree *call_tree(const struct source *source)
{
    return reader_call_tree(const_replay_of(source)->reader);
}

static void close_source(struct source *source)
{
    reader_close(replay_of(source)->reader);
    free(source);
}

/* ---- the past ---- */

/* The ticks that have come since are in it. */
static struct error *past_span(struct source *source, struct tick_span *span)
{
    struct error *error = reader_refresh(replay_of(source)->reader);

    *span = reader_ticks(replay_of(source)->reader);
    return error;
}

static struct error *past_read(struct source *source, uint64_t sequence, struct tick **tick)
{
    return reader_read_tick(replay_of(source)->reader, sequence, tick);
}

static struct error *past_find_time(struct source *source, int64_t time_ns, uint64_t *sequence)
{
    return reader_find_time(replay_of(source)->reader, time_ns, sequence);
}

static struct error *past_visit(struct source *source, struct tick_span span, pid_t pid, span_visitor visitor,
                                void *context)
{
    struct tick *sum;
    struct error *error = reader_sum(replay_of(source)->reader, span, pid, &sum);

    if (error != NULL)
        return error;
    visitor(context, sum);
    tick_free(sum);
    return NULL;
}

static struct error *past_series(struct source *source, struct tick_span span, pid_t pid,
                                 struct series_point **points, size_t *count)
{
    return reader_series(replay_of(source)->reader, span, pid, points, count);
}

static const struct past_operations past = {
    .is_recording = true,
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

struct error *replay_open(struct source **source, const char *path)
{
    struct reader *reader;
    struct error *error = reader_open(&reader, path);

    if (error != NULL)
        return error;
    struct replay_source *replay = memory_allocate(1, sizeof(*replay));
    *replay = (struct replay_source){
        .source = {.operations = &operations},
        .reader = reader,
        .next = reader_ticks(reader).first,
    };
    *source = &replay->source;
    return NULL;
}

void replay_seek(struct source *source, uint64_t sequence)
{
    struct replay_source *replay = replay_of(source);
    struct tick_span ticks = reader_ticks(replay->reader);

    replay->next = sequence < ticks.first ? ticks.first : sequence < ticks.end ? sequence : ticks.end;
}

struct error *replay_seek_time(struct source *source, int64_t time_ns)
{
    struct replay_source *replay = replay_of(source);

    return reader_find_time(replay->reader, time_ns, &replay->next);
}

uint64_t replay_position(const struct source *source)
{
    return const_replay_of(source)->next;
}

struct reader *replay_reader(struct source *source)
{
    return replay_of(source)->reader;
}

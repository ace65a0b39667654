#include "record/run_codec.h"

#include "record/profile_codec.h"

#include <stdlib.h>

/* The runs of a thread follow one another, so each is told by its counter and its samples. After a counter mostly comes
 * the one that came after it before: then a run is its samples alone. */

enum {
    RUN_NUMBERS = 1, /* a run is so many numbers at least, */
    TIME_NUMBERS = 2,
    RUN_IS_UNEXPECTED = 1 << 0, /* its counter follows */
    RUN_SHIFT = 1,
    MOST_OFF_STEPS = 2, /* of the clock: so far may the time of a run be off */
};

struct run_sequence runs_arrange(const struct profile *profile, const struct profile_order *order,
                                 struct arena *arena)
{
    struct run_sequence sequence = {
        .runs = arena_allocate(arena, profile->run_count, sizeof(*sequence.runs)),
        .count = profile->run_count,
    };
    size_t *next = arena_allocate(arena, order->part_count + 1, sizeof(*next));

    for (size_t i = 0; i < profile->run_count; i++)
        next[order->part_of[order->places[profile->runs[i].counter]] + 1]++;
    for (size_t part = 0; part < order->part_count; part++)
        next[part + 1] += next[part];
    for (size_t i = 0; i < profile->run_count; i++) {
        uint32_t place = order->places[profile->runs[i].counter];
        struct profile_run *run = &sequence.runs[next[order->part_of[place]]++];
        *run = profile->runs[i];
        run->counter = place;
    }
    return sequence;
}

/* ---- order ---- */

/* By counter: the one that came after it last time, counted from the first of the thread. A thread begins with what stands
 * at its first counter. */
static uint32_t *expect_nothing(const struct profile_order *order, struct arena *arena)
{
    return arena_allocate(arena, order->count, sizeof(uint32_t));
}

static void put_run_counts(struct bytes *bytes, const struct run_sequence *sequence,
                           const struct profile_order *order)
{
    size_t place = 0;

    for (size_t part = 0; part < order->part_count; part++) {
        size_t begin = place;
        while (place < sequence->count && order->part_of[sequence->runs[place].counter] == part)
            place++;
        bytes_put_unsigned(bytes, place - begin);
    }
}

void runs_put_order(struct bytes *bytes, const struct run_sequence *sequence,
                    const struct profile_order *order)
{
    struct arena *arena = arena_new();
    uint32_t *expected = expect_nothing(order, arena);
    uint32_t *after = NULL;

    bytes_put_unsigned(bytes, sequence->count);
    if (sequence->count > 0)
        put_run_counts(bytes, sequence, order);
    for (size_t i = 0; i < sequence->count; i++) {
        const struct profile_run *run = &sequence->runs[i];
        uint32_t part = order->part_of[run->counter];
        uint32_t first = (uint32_t)order->parts[part].first;
        if (i == 0 || part != order->part_of[run[-1].counter])
            after = &expected[first];
        uint32_t counter = run->counter - first;
        bool unexpected = counter != *after;
        bytes_put_unsigned(bytes, (uint64_t)run->samples << RUN_SHIFT | (unexpected ? RUN_IS_UNEXPECTED : 0));
        if (unexpected)
            bytes_put_unsigned(bytes, counter);
        *after = counter;
        after = &expected[run->counter];
    }
    arena_free(arena);
}

/* One run of a thread; false where it is of no counter of the thread's. */
static bool take_run(struct byte_cursor *cursor, struct profile_run *run, const struct profile_part *part,
                     uint32_t expected)
{
    uint64_t head = bytes_take_unsigned(cursor);
    uint64_t counter = (head & RUN_IS_UNEXPECTED) != 0 ? bytes_take_unsigned(cursor) : expected;
    uint64_t samples = head >> RUN_SHIFT;

    if (counter >= part->end - part->first)
        return false;
    run->counter = (uint32_t)(part->first + counter);
    run->samples = samples <= UINT32_MAX ? (uint32_t)samples : 0;
    return true;
}

/* How many runs each thread has; false where they are not all of them. */
static bool take_run_counts(struct byte_cursor *cursor, size_t left, const struct profile_order *order,
                            uint64_t *counts)
{
    for (size_t part = 0; part < order->part_count; part++) {
        counts[part] = bytes_take_unsigned(cursor);
        if (counts[part] > left)
            return false;
        left -= counts[part];
    }
    return left == 0;
}

struct run_sequence runs_take_order(struct byte_cursor *cursor, const struct profile_order *order,
                                    struct arena *arena)
{
    struct run_sequence sequence = {0};
    size_t count = bytes_take_count(cursor, RUN_NUMBERS);
    uint64_t *counts = arena_allocate(arena, order->part_count, sizeof(*counts));
    uint32_t *expected = expect_nothing(order, arena);

    if (count == 0)
        return sequence;
    sequence.runs = arena_allocate(arena, count, sizeof(*sequence.runs));
    bool makes_sense = take_run_counts(cursor, count, order, counts);
    for (size_t part = 0; makes_sense && part < order->part_count; part++) {
        size_t first = order->parts[part].first;
        uint32_t *after = &expected[first];
        for (uint64_t i = 0; makes_sense && i < counts[part]; i++) {
            struct profile_run *run = &sequence.runs[sequence.count];
            makes_sense = take_run(cursor, run, &order->parts[part], *after);
            if (!makes_sense)
                break;
            *after = run->counter - (uint32_t)first;
            after = &expected[run->counter];
            sequence.count++;
        }
    }
    cursor->failed = cursor->failed || !makes_sense;
    return sequence;
}

/* The runs of one thread are in order mostly, which is sooner seen than made. */
static void sort(void *elements, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    const unsigned char *element = elements;

    for (size_t i = 1; i < count; i++, element += size) {
        if (compare(element, element + size) > 0) {
            qsort(elements, count, size, compare);
            return;
        }
    }
}

/* ---- times ----
 *
 * The threads of a process are sampled at the same moments: a thread's next sample is of the next moment, unless it was
 * away for some. So one clock is enough for all of them. It goes evenly from moment to moment, and is set where that is
 * too far off. */

struct placed_run {
    uint64_t moment;
    size_t run;
};

struct moment_clock {
    uint64_t step_us;
    uint64_t moment;  /* at which it was set, */
    uint64_t time_us; /* since the interval began */
};

static uint64_t clock_time_us(const struct moment_clock *clock, uint64_t moment)
{
    return clock->time_us + profile_share(clock->step_us, moment - clock->moment, 1);
}

static int compare_lengths(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

/* How long a sample mostly stands. The mean would be longer: some moments come late. */
static uint64_t usual_step_us(const struct run_sequence *sequence, struct arena *arena)
{
    uint64_t *lengths = arena_allocate(arena, sequence->count, sizeof(*lengths));

    for (size_t i = 0; i < sequence->count; i++) {
        const struct profile_run *run = &sequence->runs[i];
        lengths[i] = profile_share(profile_microseconds(run->wall_ns), 1, run->samples);
    }
    qsort(lengths, sequence->count, sizeof(*lengths), compare_lengths);
    return lengths[sequence->count / 2];
}

/* What the counters have in all. */
struct counted {
    uint64_t wall_us;
    uint64_t samples;
};

static struct counted count_all(const struct profile_order *order)
{
    struct counted all = {0};

    for (size_t i = 0; i < order->count; i++) {
        all.wall_us += profile_microseconds(order->counters[i].wall_ns);
        all.samples += order->counters[i].samples;
    }
    return all;
}

static uint64_t begin_of(const struct tick *tick)
{
    return tick->monotonic_ns > tick->interval_ns ? tick->monotonic_ns - tick->interval_ns : 0;
}

static uint64_t run_begin_us(const struct profile_run *run, const struct tick *tick)
{
    return run->begin_ns > begin_of(tick) ? profile_microseconds(run->begin_ns - begin_of(tick)) : 0;
}

static int compare_moments(const void *left, const void *right)
{
    const struct placed_run *a = left, *b = right;

    if (a->moment != b->moment)
        return (a->moment > b->moment) - (a->moment < b->moment);
    return (a->run > b->run) - (a->run < b->run);
}

static bool begins_thread(const struct run_sequence *sequence, const struct profile_order *order, size_t run)
{
    const struct profile_run *runs = sequence->runs;

    return run == 0 || order->part_of[runs[run].counter] != order->part_of[runs[run - 1].counter];
}

/* Put the moments that threads were away for; the runs come in the order of their moments. */
static struct placed_run *put_moments(struct bytes *bytes, const struct run_sequence *sequence,
                                      const struct profile_order *order, const struct tick *tick,
                                      uint64_t step_us, struct arena *arena)
{
    struct placed_run *placed = arena_allocate(arena, sequence->count, sizeof(*placed));
    uint64_t moment = 0, end_us = 0;
    struct bytes absences = {0};
    size_t count = 0, last = 0;

    for (size_t i = 0; i < sequence->count; i++) {
        const struct profile_run *run = &sequence->runs[i];
        uint64_t begin_us = run_begin_us(run, tick);
        if (begins_thread(sequence, order, i))
            moment = end_us = 0;
        uint64_t away_us = begin_us > end_us ? begin_us - end_us : 0;
        uint64_t absent = profile_share(away_us + step_us / 2, 1, step_us);
        if (absent > 0) {
            bytes_put_unsigned(&absences, i - last);
            bytes_put_unsigned(&absences, absent);
            last = i;
            count++;
        }
        placed[i] = (struct placed_run){moment + absent, i};
        moment += absent + run->samples;
        end_us = begin_us + profile_microseconds(run->wall_ns);
    }
    bytes_put_unsigned(bytes, count);
    bytes_put_block(bytes, absences.start, absences.length);
    bytes_free(&absences);
    qsort(placed, sequence->count, sizeof(*placed), compare_moments);
    return placed;
}

void runs_put_times(struct bytes *bytes, const struct run_sequence *sequence,
                    const struct profile_order *order, const struct tick *tick)
{
    if (sequence->count == 0)
        return;
    struct arena *arena = arena_new();
    struct moment_clock clock = {.step_us = usual_step_us(sequence, arena)};
    const struct counted all = count_all(order);
    bytes_put_signed(bytes, (int64_t)(clock.step_us - profile_share(all.wall_us, 1, all.samples)));
    const struct placed_run *placed = put_moments(bytes, sequence, order, tick, clock.step_us, arena);
    struct bytes settings = {0};
    size_t count = 0, last = 0;

    for (size_t i = 0; i < sequence->count; i++) {
        uint64_t begin_us = run_begin_us(&sequence->runs[placed[i].run], tick);
        int64_t off_us = (int64_t)(begin_us - clock_time_us(&clock, placed[i].moment));
        if ((uint64_t)llabs(off_us) <= clock.step_us * MOST_OFF_STEPS)
            continue;
        bytes_put_unsigned(&settings, i - last);
        bytes_put_signed(&settings, off_us);
        clock.moment = placed[i].moment;
        clock.time_us = begin_us;
        last = i;
        count++;
    }
    bytes_put_unsigned(bytes, count);
    bytes_put_block(bytes, settings.start, settings.length);
    bytes_free(&settings);
    arena_free(arena);
}

static struct placed_run *take_moments(struct byte_cursor *cursor, const struct run_sequence *sequence,
                                       const struct profile_order *order, struct arena *arena)
{
    struct placed_run *placed = arena_allocate(arena, sequence->count, sizeof(*placed));
    size_t count = bytes_take_count(cursor, TIME_NUMBERS);
    uint64_t next = count > 0 ? bytes_take_unsigned(cursor) : UINT64_MAX, moment = 0;

    for (size_t i = 0; i < sequence->count; i++) {
        if (begins_thread(sequence, order, i))
            moment = 0;
        if (i == next) {
            moment += bytes_take_word(cursor);
            next = --count > 0 ? i + bytes_take_unsigned(cursor) : UINT64_MAX;
        }
        placed[i] = (struct placed_run){moment, i};
        moment += sequence->runs[i].samples;
    }
    cursor->failed = cursor->failed || count > 0;
    sort(placed, sequence->count, sizeof(*placed), compare_moments);
    return placed;
}

void runs_pass_times(struct byte_cursor *cursor, const struct run_sequence *sequence)
{
    if (sequence->count == 0)
        return;
    bytes_take_word(cursor);               /* the clock's step, */
    for (int part = 0; part < 2; part++) { /* absences, and settings of the clock */
        for (size_t i = bytes_take_count(cursor, TIME_NUMBERS) * TIME_NUMBERS; i > 0; i--)
            bytes_take_unsigned(cursor);
    }
}

static uint64_t take_step(struct byte_cursor *cursor, const struct counted *all)
{
    uint64_t step_us = profile_share(all->wall_us, 1, all->samples) + (uint64_t)bytes_take_signed(cursor);

    return step_us <= UINT32_MAX ? step_us : 0;
}

static int compare_begin(const void *left, const void *right)
{
    const struct profile_run *a = left, *b = right;

    if (a->begin_ns != b->begin_ns)
        return (a->begin_ns > b->begin_ns) - (a->begin_ns < b->begin_ns);
    return (a->counter > b->counter) - (a->counter < b->counter);
}

void runs_take_times(struct byte_cursor *cursor, struct run_sequence *sequence,
                     const struct profile_order *order, const struct tick *tick)
{
    if (sequence->count == 0)
        return;
    struct arena *arena = arena_new();
    const struct counted all = count_all(order);
    struct moment_clock clock = {.step_us = take_step(cursor, &all)};
    const struct placed_run *placed = take_moments(cursor, sequence, order, arena);
    size_t count = bytes_take_count(cursor, TIME_NUMBERS);
    uint64_t next = count > 0 ? bytes_take_unsigned(cursor) : UINT64_MAX;

    for (size_t i = 0; i < sequence->count; i++) {
        struct profile_run *run = &sequence->runs[placed[i].run];
        uint64_t time_us = clock_time_us(&clock, placed[i].moment);
        if (i == next) {
            time_us += (uint64_t)bytes_take_signed(cursor);
            clock.moment = placed[i].moment;
            clock.time_us = time_us;
            next = --count > 0 ? i + bytes_take_unsigned(cursor) : UINT64_MAX;
        }
        run->begin_ns = begin_of(tick) + profile_nanoseconds(time_us);
        run->wall_ns = profile_nanoseconds(profile_share(all.wall_us, run->samples, all.samples));
    }
    cursor->failed = cursor->failed || count > 0;
    sort(sequence->runs, sequence->count, sizeof(*sequence->runs), compare_begin);
    arena_free(arena);
}

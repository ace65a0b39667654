#include "record/profile_codec.h"

#include "model/call_tree.h"
#include "record/tick_fields.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    COUNTER_NUMBERS = 7, /* a counter is so many numbers, each of a byte at least */
    WAIT_NUMBERS = 8,
    RUN_NUMBERS = 1,
    RUN_HAS_SAMPLES = 1 << 0, /* more than one */
    RUN_HAS_BEGIN = 1 << 1,   /* it does not begin where it would be expected */
    RUN_SHIFT = 2,
};

/* How long a sample of the profile stands on the average. */
static uint64_t mean_sample_us(const struct profile *profile)
{
    uint64_t wall_us = 0, samples = 0;

    for (size_t i = 0; i < profile->counter_count; i++) {
        wall_us += profile_microseconds(profile->counters[i].wall_ns);
        samples += profile->counters[i].samples;
    }
    return samples > 0 ? wall_us / samples : 0;
}

/* ---- counters ----
 *
 * A counter is told by what it differs in from what one would expect: the node and the thread of the one before, the mean
 * time of a sample, and CPU time for all of the time on a CPU and for none off it. */

static int64_t expected_cpu_us(enum thread_state state, uint64_t wall_us)
{
    return thread_state_on_cpu(state) ? (int64_t)wall_us : 0;
}

static void put_counters(struct bytes *bytes, const struct profile *profile, uint64_t mean_us,
                         const struct encode_names *names)
{
    int64_t last_node = 0, last_tid = 0;

    bytes_put_unsigned(bytes, profile->counter_count);
    for (size_t i = 0; i < profile->counter_count; i++) {
        const struct profile_counter *counter = &profile->counters[i];
        uint64_t wall_us = profile_microseconds(counter->wall_ns);
        int64_t node = names->node_id(names->context, counter->node);
        bytes_put_signed(bytes, node - last_node);
        bytes_put_signed(bytes, counter->tid - last_tid);
        bytes_put_unsigned(bytes, counter->state);
        bytes_put_unsigned(bytes, counter->samples);
        bytes_put_signed(bytes, (int64_t)(wall_us - counter->samples * mean_us));
        bytes_put_signed(bytes, (int64_t)profile_microseconds(counter->cpu_ns) -
                                    expected_cpu_us(counter->state, wall_us));
        bytes_put_signed(bytes, counter->memory_growth_bytes);
        last_node = node;
        last_tid = counter->tid;
    }
}

/* A time that a hostile file cannot make overflow later. */
static uint64_t time_of(uint64_t microseconds)
{
    return microseconds < UINT32_MAX * UINT64_C(1000) ? microseconds * 1000 : 0;
}

static enum thread_state take_state(struct byte_cursor *cursor)
{
    uint64_t state = bytes_take_unsigned(cursor);

    return state < THREAD_STATES ? (enum thread_state)state : THREAD_OTHER;
}

/* The next number of a row that is kept as differences; 0 where it would leave the range of ids. */
static int64_t take_next(struct byte_cursor *cursor, int64_t last)
{
    int64_t next;

    if (__builtin_add_overflow(last, bytes_take_signed(cursor), &next) || next < 0 || next > UINT32_MAX)
        return 0;
    return next;
}

static void take_counters(struct byte_cursor *cursor, struct profile *profile, uint64_t mean_us,
                          const struct decode_names *names, struct arena *arena)
{
    int64_t node = 0, tid = 0;
    struct profile_counter *counters;

    profile->counter_count = bytes_take_count(cursor, COUNTER_NUMBERS);
    profile->counters = counters = arena_allocate(arena, profile->counter_count, sizeof(*counters));
    for (size_t i = 0; i < profile->counter_count; i++) {
        struct profile_counter *counter = &counters[i];
        node = take_next(cursor, node);
        tid = take_next(cursor, tid);
        counter->node = names->find_node(names->context, (uint32_t)node);
        counter->tid = tid <= INT_MAX ? (pid_t)tid : 0;
        counter->state = take_state(cursor);
        counter->samples = bytes_take_word(cursor);
        uint64_t wall_us = counter->samples * mean_us + (uint64_t)bytes_take_signed(cursor);
        uint64_t cpu_us =
            (uint64_t)expected_cpu_us(counter->state, wall_us) + (uint64_t)bytes_take_signed(cursor);
        counter->wall_ns = time_of(wall_us);
        counter->cpu_ns = time_of(cpu_us);
        counter->memory_growth_bytes = bytes_take_signed(cursor);
    }
}

/* ---- waits ---- */

static void put_waits(struct bytes *bytes, const struct profile *profile, const struct encode_names *names)
{
    bytes_put_unsigned(bytes, profile->wait_count);
    for (size_t i = 0; i < profile->wait_count; i++) {
        const struct profile_wait *wait = &profile->waits[i];
        const char *description = wait->description;
        bytes_put_unsigned(bytes, names->node_id(names->context, wait->node));
        bytes_put_signed(bytes, wait->tid);
        bytes_put_unsigned(bytes, wait->state);
        bytes_put_signed(bytes, wait->fd);
        bytes_put_unsigned(bytes, wait->lock_address);
        bytes_put_unsigned(bytes,
                           description != NULL ? names->texts.id_of(names->texts.context, description) : 0);
        bytes_put_unsigned(bytes, wait->samples);
        bytes_put_unsigned(bytes, profile_microseconds(wait->wall_ns));
    }
}

static int take_small(struct byte_cursor *cursor, int otherwise)
{
    int64_t number = bytes_take_signed(cursor);

    return number >= 0 && number <= INT_MAX ? (int)number : otherwise;
}

static void take_waits(struct byte_cursor *cursor, struct profile *profile, const struct decode_names *names,
                       struct arena *arena)
{
    struct profile_wait *waits;

    profile->wait_count = bytes_take_count(cursor, WAIT_NUMBERS);
    profile->waits = waits = arena_allocate(arena, profile->wait_count, sizeof(*waits));
    for (size_t i = 0; i < profile->wait_count; i++) {
        struct profile_wait *wait = &waits[i];
        wait->node = names->find_node(names->context, bytes_take_word(cursor));
        wait->tid = take_small(cursor, 0);
        wait->state = take_state(cursor);
        wait->fd = take_small(cursor, -1);
        wait->lock_address = bytes_take_unsigned(cursor);
        uint32_t text = bytes_take_word(cursor);
        wait->description = text > 0 ? names->texts.text_of(names->texts.context, text) : NULL;
        wait->samples = bytes_take_word(cursor);
        wait->wall_ns = time_of(bytes_take_unsigned(cursor));
    }
}

/* ---- runs ----
 *
 * The runs of a thread follow one another, and a sample of a counter stands for as long as any other of it. So a run is
 * told by its counter and its samples, and its times only where it is further off than a sample is long. */

struct run_times {
    uint64_t begin_ns;         /* of the tick's interval */
    uint32_t *first_of_thread; /* by counter: the first counter of the same thread, which stands for it */
    uint64_t *next_us;         /* by that counter: when the thread's next run should begin, after begin_ns */
};

struct counter_of_tid {
    pid_t tid;
    uint32_t counter;
};

static int compare_tids(const void *left, const void *right)
{
    const struct counter_of_tid *a = left, *b = right;

    if (a->tid != b->tid)
        return (a->tid > b->tid) - (a->tid < b->tid);
    return (a->counter > b->counter) - (a->counter < b->counter);
}

static struct run_times run_times_new(const struct profile *profile, const struct tick *tick,
                                      struct arena *arena)
{
    size_t count = profile->counter_count;
    struct run_times times = {
        .next_us = arena_allocate(arena, count, sizeof(*times.next_us)),
        .first_of_thread = arena_allocate(arena, count, sizeof(*times.first_of_thread)),
        .begin_ns = tick->monotonic_ns > tick->interval_ns ? tick->monotonic_ns - tick->interval_ns : 0,
    };
    struct counter_of_tid *order = arena_allocate(arena, count, sizeof(*order));

    for (size_t i = 0; i < count; i++)
        order[i] = (struct counter_of_tid){profile->counters[i].tid, (uint32_t)i};
    if (count > 1)
        qsort(order, count, sizeof(*order), compare_tids);
    for (size_t i = 0, first = 0; i < count; i++) {
        if (order[i].tid != order[first].tid)
            first = i;
        times.first_of_thread[order[i].counter] = order[first].counter;
    }
    return times;
}

/* How long a run should be. */
static uint64_t expected_wall_us(const struct profile_counter *counter, uint32_t samples)
{
    uint64_t wall_us = profile_microseconds(counter->wall_ns);

    return counter->samples > 0 ? wall_us * samples / counter->samples : 0;
}

static void put_runs(struct bytes *bytes, const struct profile *profile, const struct tick *tick,
                     uint64_t mean_us)
{
    struct arena *arena = arena_new();
    struct run_times times = run_times_new(profile, tick, arena);

    bytes_put_unsigned(bytes, profile->run_count);
    for (size_t i = 0; i < profile->run_count; i++) {
        const struct profile_run *run = &profile->runs[i];
        uint64_t *next_us = &times.next_us[times.first_of_thread[run->counter]];
        uint64_t since_ns = run->begin_ns > times.begin_ns ? run->begin_ns - times.begin_ns : 0;
        int64_t off_us = (int64_t)profile_microseconds(since_ns) - (int64_t)*next_us;
        bool has_begin = (uint64_t)llabs(off_us) > mean_us;
        unsigned int flags = (run->samples > 1 ? RUN_HAS_SAMPLES : 0) | (has_begin ? RUN_HAS_BEGIN : 0);
        bytes_put_unsigned(bytes, (uint64_t)run->counter << RUN_SHIFT | flags);
        if (run->samples > 1)
            bytes_put_unsigned(bytes, run->samples);
        if (has_begin) {
            bytes_put_signed(bytes, off_us);
            *next_us += (uint64_t)off_us;
        }
        *next_us += expected_wall_us(&profile->counters[run->counter], run->samples);
    }
    arena_free(arena);
}

static void take_runs(struct byte_cursor *cursor, struct profile *profile, const struct tick *tick,
                      struct arena *arena)
{
    struct profile_run *runs;
    struct run_times times = run_times_new(profile, tick, arena);

    profile->run_count = bytes_take_count(cursor, RUN_NUMBERS);
    profile->runs = runs = arena_allocate(arena, profile->run_count, sizeof(*runs));
    for (size_t i = 0; i < profile->run_count; i++) {
        uint64_t head = bytes_take_unsigned(cursor);
        uint64_t counter = head >> RUN_SHIFT;
        uint32_t samples = (head & RUN_HAS_SAMPLES) != 0 ? bytes_take_word(cursor) : 1;
        int64_t off_us = (head & RUN_HAS_BEGIN) != 0 ? bytes_take_signed(cursor) : 0;
        if (counter >= profile->counter_count) {
            cursor->failed = true;
            return;
        }
        uint64_t *next_us = &times.next_us[times.first_of_thread[counter]];
        uint64_t wall_us = expected_wall_us(&profile->counters[counter], samples);
        *next_us += (uint64_t)off_us;
        runs[i] = (struct profile_run){
            .counter = (uint32_t)counter,
            .samples = samples,
            .begin_ns = times.begin_ns + time_of(*next_us),
            .wall_ns = time_of(wall_us),
        };
        *next_us += wall_us;
    }
}

/* ---- all of it ---- */

void profile_encode(struct bytes *bytes, const struct profile *profile, const struct tick *tick,
                    const struct encode_names *names)
{
    uint64_t mean_us = mean_sample_us(profile);

    fields_put(bytes, &profile_fields, profile, &names->texts);
    bytes_put_unsigned(bytes, mean_us);
    put_counters(bytes, profile, mean_us, names);
    put_waits(bytes, profile, names);
    put_runs(bytes, profile, tick, mean_us);
}

struct profile *profile_decode(struct byte_cursor *cursor, const struct tick *tick,
                               const struct decode_names *names, struct arena *arena)
{
    struct profile *profile = arena_allocate(arena, 1, sizeof(*profile));

    fields_take(cursor, &profile_fields, profile, &names->texts);
    uint64_t mean_us = bytes_take_unsigned(cursor);
    take_counters(cursor, profile, mean_us, names, arena);
    take_waits(cursor, profile, names, arena);
    take_runs(cursor, profile, tick, arena);
    return profile;
}

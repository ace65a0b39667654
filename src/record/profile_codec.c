#include "record/profile_codec.h"

#include "base/clock.h"
#include "record/run_codec.h"
#include "record/tick_fields.h"

#include <limits.h>

/* Everything is told by what it differs in from what one would expect, and what is alike stands together: all nodes, then
 * all states, and so on. Most of the numbers are small then, or the same as in the tick before, and are packed well. */

enum {
    PART_NUMBERS = 3, /* a thread is so many numbers, each of a byte at least, besides */
    COUNTER_NUMBERS = 4,
    WAIT_NUMBERS = 6,
};

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

/* A number that is told by how far it is from what is expected. */
static void put_off(struct bytes *bytes, uint64_t number, uint64_t expected)
{
    bytes_put_signed(bytes, (int64_t)(number - expected));
}

static uint64_t take_off(struct byte_cursor *cursor, uint64_t expected)
{
    return expected + (uint64_t)bytes_take_signed(cursor);
}

/* ---- which counters there are ---- */

static void put_counter_names(struct bytes *bytes, const struct profile_order *order,
                              const struct encode_names *names)
{
    int64_t last_tid = 0, last_node = 0;

    bytes_put_unsigned(bytes, order->part_count);
    bytes_put_unsigned(bytes, order->count);
    for (size_t i = 0; i < order->part_count; i++) {
        bytes_put_signed(bytes, order->parts[i].tid - last_tid);
        last_tid = order->parts[i].tid;
    }
    for (size_t i = 0; i < order->part_count; i++)
        bytes_put_unsigned(bytes, order->parts[i].end - order->parts[i].first);
    for (size_t i = 0; i < order->count; i++) {
        int64_t node = names->node_id(names->context, order->counters[i].node);
        bytes_put_signed(bytes, node - last_node);
        last_node = node;
    }
    for (size_t i = 0; i < order->count; i++)
        bytes_put_unsigned(bytes, order->counters[i].state);
}

/* Take the threads, each one once, and how many counters each has; false where they are not all of them. */
static bool take_parts(struct byte_cursor *cursor, struct profile_order *order)
{
    int64_t tid = 0;
    size_t place = 0;

    for (size_t i = 0; i < order->part_count; i++) {
        int64_t next = take_next(cursor, tid);
        if (next > INT_MAX || (i > 0 && next <= tid))
            return false;
        order->parts[i].tid = (pid_t)(tid = next);
    }
    for (size_t i = 0; i < order->part_count; i++) {
        uint64_t size = bytes_take_unsigned(cursor);
        if (size == 0 || size > order->count - place)
            return false;
        order->parts[i].first = place;
        for (; size > 0; size--)
            order->part_of[place++] = (uint32_t)i;
        order->parts[i].end = place;
    }
    return place == order->count;
}

static struct profile_order take_counter_names(struct byte_cursor *cursor, const struct decode_names *names,
                                               struct arena *arena)
{
    struct profile_order order = {0};
    int64_t node = 0;

    order.part_count = bytes_take_count(cursor, PART_NUMBERS);
    order.count = bytes_take_count(cursor, COUNTER_NUMBERS);
    order.parts = arena_allocate(arena, order.part_count, sizeof(*order.parts));
    order.part_of = arena_allocate(arena, order.count, sizeof(*order.part_of));
    order.counters = arena_allocate(arena, order.count, sizeof(*order.counters));
    if (!take_parts(cursor, &order)) {
        cursor->failed = true;
        return (struct profile_order){0};
    }
    for (size_t i = 0; i < order.count; i++) {
        node = take_next(cursor, node);
        order.counters[i].node = names->find_node(names->context, (uint32_t)node);
        order.counters[i].tid = order.parts[order.part_of[i]].tid;
    }
    for (size_t i = 0; i < order.count; i++)
        order.counters[i].state = take_state(cursor);
    return order;
}

/* ---- samples: as many as there are in the runs ---- */

static uint64_t *samples_of_runs(const struct run_sequence *runs, const struct profile_order *order,
                                 struct arena *arena)
{
    uint64_t *samples = arena_allocate(arena, order->count, sizeof(*samples));

    for (size_t i = 0; i < runs->count; i++)
        samples[runs->runs[i].counter] += runs->runs[i].samples;
    return samples;
}

static void put_samples(struct bytes *bytes, const struct profile_order *order,
                        const struct run_sequence *runs, struct arena *arena)
{
    const uint64_t *expected = samples_of_runs(runs, order, arena);

    for (size_t i = 0; i < order->count; i++)
        put_off(bytes, order->counters[i].samples, expected[i]);
}

static void take_samples(struct byte_cursor *cursor, const struct profile_order *order,
                         const struct run_sequence *runs, struct arena *arena)
{
    const uint64_t *expected = samples_of_runs(runs, order, arena);

    for (size_t i = 0; i < order->count; i++) {
        uint64_t samples = take_off(cursor, expected[i]);
        order->counters[i].samples = samples <= UINT32_MAX ? (uint32_t)samples : 0;
    }
}

/* What the profile says in all, mostly. */
static uint64_t count_samples_of_all(const struct profile_order *order)
{
    uint64_t samples = 0;

    for (size_t i = 0; i < order->count; i++)
        samples += order->counters[i].samples;
    return samples;
}

/* ---- times of a thread ----
 *
 * Threads that live as long as the interval have the same time in all; a counter has its share by its samples; and of the
 * CPU time, which is told for the thread, a counter on a CPU has its share by its time. What is left is the part of one
 * counter, which needs no telling. */

struct thread_times {
    uint64_t samples;
    uint64_t wall_us;
    uint64_t cpu_us;
    uint64_t on_cpu_us; /* of the wall time */
    size_t rest;        /* the counter with the most samples */
    size_t cpu_rest;    /* the last one on a CPU; `end` of the thread for none */
};

static struct thread_times count_samples(const struct profile_order *order, const struct profile_part *part)
{
    struct thread_times times = {.rest = part->first, .cpu_rest = part->end};

    for (size_t i = part->first; i < part->end; i++) {
        const struct profile_counter *counter = &order->counters[i];
        times.samples += counter->samples;
        if (counter->samples > order->counters[times.rest].samples)
            times.rest = i;
        if (thread_state_on_cpu(counter->state))
            times.cpu_rest = i;
    }
    return times;
}

static void put_wall_times(struct bytes *bytes, const struct profile_order *order,
                           const struct profile_part *part, const struct thread_times *times)
{
    for (size_t i = part->first; i < part->end; i++) {
        const struct profile_counter *counter = &order->counters[i];
        if (i != times->rest)
            put_off(bytes, profile_microseconds(counter->wall_ns),
                    profile_share(times->wall_us, counter->samples, times->samples));
    }
}

static void put_cpu_times(struct bytes *bytes, const struct profile_order *order,
                          const struct profile_part *part, const struct thread_times *times)
{
    for (size_t i = part->first; i < part->end; i++) {
        const struct profile_counter *counter = &order->counters[i];
        uint64_t cpu_us = profile_microseconds(counter->cpu_ns);
        uint64_t wall_us = profile_microseconds(counter->wall_ns);
        if (!thread_state_on_cpu(counter->state))
            put_off(bytes, cpu_us, 0);
        else if (i != times->cpu_rest)
            put_off(bytes, cpu_us, profile_share(times->cpu_us, wall_us, times->on_cpu_us));
    }
}

static void put_times(struct bytes *bytes, const struct profile_order *order, uint64_t expected_us)
{
    for (size_t i = 0; i < order->part_count; i++) {
        const struct profile_part *part = &order->parts[i];
        struct thread_times times = count_samples(order, part);
        for (size_t j = part->first; j < part->end; j++) {
            const struct profile_counter *counter = &order->counters[j];
            uint64_t wall_us = profile_microseconds(counter->wall_ns);
            times.wall_us += wall_us;
            times.on_cpu_us += thread_state_on_cpu(counter->state) ? wall_us : 0;
            times.cpu_us += profile_microseconds(counter->cpu_ns);
        }
        put_off(bytes, times.wall_us, expected_us);
        put_wall_times(bytes, order, part, &times);
        put_off(bytes, times.cpu_us, times.on_cpu_us);
        put_cpu_times(bytes, order, part, &times);
        expected_us = times.wall_us;
    }
}

/* A part of what is left. So a thread has no more time than it says, whatever its counters say. */
static uint64_t take_part(struct byte_cursor *cursor, uint64_t expected, uint64_t *rest)
{
    uint64_t part = take_off(cursor, expected);

    part = part < *rest ? part : *rest;
    *rest -= part;
    return part;
}

static uint64_t take_total(struct byte_cursor *cursor, uint64_t expected)
{
    uint64_t total = take_off(cursor, expected);

    return total < PROFILE_MAX_MICROSECONDS ? total : 0;
}

static void take_wall_times(struct byte_cursor *cursor, const struct profile_order *order,
                            const struct profile_part *part, struct thread_times *times)
{
    uint64_t rest_us = times->wall_us;

    for (size_t i = part->first; i < part->end; i++) {
        struct profile_counter *counter = &order->counters[i];
        if (i == times->rest)
            continue;
        uint64_t wall_us = take_off(cursor, profile_share(times->wall_us, counter->samples, times->samples));
        counter->wall_ns = profile_nanoseconds(wall_us);
        rest_us -= wall_us;
    }
    order->counters[times->rest].wall_ns = profile_nanoseconds(rest_us);
    for (size_t i = part->first; i < part->end; i++) {
        if (thread_state_on_cpu(order->counters[i].state))
            times->on_cpu_us += profile_microseconds(order->counters[i].wall_ns);
    }
}

static void take_cpu_times(struct byte_cursor *cursor, const struct profile_order *order,
                           const struct profile_part *part, const struct thread_times *times)
{
    uint64_t rest_us = times->cpu_us;

    for (size_t i = part->first; i < part->end; i++) {
        struct profile_counter *counter = &order->counters[i];
        uint64_t wall_us = profile_microseconds(counter->wall_ns), expected_us = 0;
        if (i == times->cpu_rest)
            continue;
        if (thread_state_on_cpu(counter->state))
            expected_us = profile_share(times->cpu_us, wall_us, times->on_cpu_us);
        counter->cpu_ns = profile_nanoseconds(take_part(cursor, expected_us, &rest_us));
    }
    if (times->cpu_rest < part->end)
        order->counters[times->cpu_rest].cpu_ns = profile_nanoseconds(rest_us);
}

static void take_times(struct byte_cursor *cursor, const struct profile_order *order, uint64_t expected_us)
{
    for (size_t i = 0; i < order->part_count; i++) {
        const struct profile_part *part = &order->parts[i];
        struct thread_times times = count_samples(order, part);
        times.wall_us = take_total(cursor, expected_us);
        take_wall_times(cursor, order, part, &times);
        times.cpu_us = take_total(cursor, times.on_cpu_us);
        take_cpu_times(cursor, order, part, &times);
        expected_us = times.wall_us;
    }
}

/* ---- memory ---- */

static int64_t take_growth(struct byte_cursor *cursor)
{
    int64_t bytes = bytes_take_signed(cursor);

    return bytes <= PROFILE_MAX_GROWTH_BYTES && bytes >= -PROFILE_MAX_GROWTH_BYTES ? bytes : 0;
}

/* ---- waits ----
 *
 * A wait belongs to a counter, and the last wait of a counter has all that the others leave of its time. One that belongs
 * to none says of what it is. */

/* What is left of the counter that the waits are of. */
struct wait_rest {
    size_t counter;
    uint64_t samples;
    uint64_t wall_us;
};

static void begin_wait(struct wait_rest *rest, const struct profile_order *order, size_t counter)
{
    if (rest->counter == counter)
        return;
    *rest = (struct wait_rest){.counter = counter};
    if (counter < order->count) {
        rest->samples = order->counters[counter].samples;
        rest->wall_us = profile_microseconds(order->counters[counter].wall_ns);
    }
}

static void end_wait(struct wait_rest *rest, uint64_t samples, uint64_t wall_us)
{
    rest->samples -= samples < rest->samples ? samples : rest->samples;
    rest->wall_us -= wall_us < rest->wall_us ? wall_us : rest->wall_us;
}

static void put_wait(struct bytes *bytes, const struct profile_wait *wait, const struct wait_rest *rest,
                     const struct profile_wait *last, const struct encode_names *names)
{
    const struct field_texts *texts = &names->texts;

    bytes_put_signed(bytes, wait->fd);
    put_off(bytes, wait->lock_address, last->lock_address);
    bytes_put_unsigned(bytes,
                       wait->description != NULL ? texts->id_of(texts->context, wait->description) : 0);
    put_off(bytes, wait->samples, rest->samples);
    put_off(bytes, profile_microseconds(wait->wall_ns), rest->wall_us);
}

static void put_waits(struct bytes *bytes, const struct profile *profile, const struct profile_order *order,
                      const struct encode_names *names)
{
    struct wait_rest rest = {.counter = SIZE_MAX};
    const struct profile_wait none = {0}, *last = &none;

    bytes_put_unsigned(bytes, profile->wait_count);
    for (size_t i = 0; i < profile->wait_count; i++) {
        const struct profile_wait *wait = &profile->waits[i];
        size_t counter = profile_order_find(order, wait->tid, wait->node, wait->state);
        put_off(bytes, counter, rest.counter);
        begin_wait(&rest, order, counter);
        if (counter == order->count) {
            bytes_put_unsigned(bytes, names->node_id(names->context, wait->node));
            bytes_put_signed(bytes, wait->tid);
            bytes_put_unsigned(bytes, wait->state);
        }
        put_wait(bytes, wait, &rest, last, names);
        end_wait(&rest, wait->samples, profile_microseconds(wait->wall_ns));
        last = wait;
    }
}

static int take_small(struct byte_cursor *cursor, int otherwise)
{
    int64_t number = bytes_take_signed(cursor);

    return number >= 0 && number <= INT_MAX ? (int)number : otherwise;
}

static void take_wait(struct byte_cursor *cursor, struct profile_wait *wait, const struct wait_rest *rest,
                      const struct profile_wait *last, const struct decode_names *names)
{
    wait->fd = take_small(cursor, -1);
    wait->lock_address = take_off(cursor, last->lock_address);
    uint32_t text = bytes_take_word(cursor);
    wait->description = text > 0 ? names->texts.text_of(names->texts.context, text) : NULL;
    uint64_t samples = take_off(cursor, rest->samples);
    wait->samples = samples <= UINT32_MAX ? (uint32_t)samples : 0;
    wait->wall_ns = profile_nanoseconds(take_off(cursor, rest->wall_us));
}

static void take_waits(struct byte_cursor *cursor, struct profile *profile, const struct profile_order *order,
                       const struct decode_names *names, struct arena *arena)
{
    struct wait_rest rest = {.counter = SIZE_MAX};
    const struct profile_wait none = {0}, *last = &none;
    struct profile_wait *waits;

    profile->wait_count = bytes_take_count(cursor, WAIT_NUMBERS);
    profile->waits = waits = arena_allocate(arena, profile->wait_count, sizeof(*waits));
    for (size_t i = 0; i < profile->wait_count; i++) {
        struct profile_wait *wait = &waits[i];
        size_t counter = take_off(cursor, rest.counter);
        counter = counter < order->count ? counter : order->count;
        begin_wait(&rest, order, counter);
        if (counter < order->count) {
            const struct profile_counter *of = &order->counters[counter];
            *wait = (struct profile_wait){.node = of->node, .tid = of->tid, .state = of->state};
        } else {
            wait->node = names->find_node(names->context, bytes_take_word(cursor));
            wait->tid = take_small(cursor, 0);
            wait->state = take_state(cursor);
        }
        take_wait(cursor, wait, &rest, last, names);
        end_wait(&rest, wait->samples, profile_microseconds(wait->wall_ns));
        last = wait;
    }
}

/* ---- all of it ---- */

static uint64_t interval_us(const struct tick *tick)
{
    return profile_microseconds(tick->interval_ns);
}

void profile_encode(struct bytes *bytes, const struct profile *profile, const struct tick *tick,
                    const struct encode_names *names)
{
    struct arena *arena = arena_new();
    const struct profile_order order = profile_order_of(profile, arena);
    const struct run_sequence runs = runs_arrange(profile, &order, arena);
    struct profile told = *profile;

    told.samples -= count_samples_of_all(&order);
    fields_put(bytes, &profile_fields, &told, &names->texts);
    put_counter_names(bytes, &order, names);
    runs_put_order(bytes, &runs, &order);
    put_samples(bytes, &order, &runs, arena);
    put_times(bytes, &order, interval_us(tick));
    for (size_t i = 0; i < order.count; i++)
        bytes_put_signed(bytes, order.counters[i].memory_growth_bytes);
    runs_put_times(bytes, &runs, &order, tick);
    put_waits(bytes, profile, &order, names);
    arena_free(arena);
}

struct profile *profile_decode(struct byte_cursor *cursor, const struct tick *tick,
                               const struct decode_names *names, struct arena *arena)
{
    struct profile *profile = arena_allocate(arena, 1, sizeof(*profile));

    fields_take(cursor, &profile_fields, profile, &names->texts);
    const struct profile_order order = take_counter_names(cursor, names, arena);
    struct run_sequence runs = runs_take_order(cursor, &order, arena);
    take_samples(cursor, &order, &runs, arena);
    profile->samples += count_samples_of_all(&order);
    take_times(cursor, &order, interval_us(tick));
    for (size_t i = 0; i < order.count; i++)
        order.counters[i].memory_growth_bytes = take_growth(cursor);
    profile->counters = order.counters;
    profile->counter_count = order.count;
    if (names->without_runs) {
        runs_pass_times(cursor, &runs);
    } else {
        runs_take_times(cursor, &runs, &order, tick);
        profile->runs = runs.runs;
        profile->run_count = runs.count;
    }
    take_waits(cursor, profile, &order, names, arena);
    return profile;
}

#include "record/cpu_codec.h"

#include "base/clock.h"

#include <limits.h>

enum {
    SHARES = 8,
    LAST = SHARES - 1,
    CPU_NUMBERS = SHARES + 2, /* a CPU is so many numbers: its id, its ticks in all, and of each share */
    CLOCK_HZ = 100,           /* USER_HZ, in which /proc/stat counts */
    MOST_OFF = 64,            /* ticks: so far is the total looked for around what is expected, */
    MOST_TICKS = 1 << 13,     /* and else up to here */
    FINE_TICKS = 100 * 1000,
};

static const size_t offsets[SHARES] = {
    offsetof(struct cpu_usage, user_percent),  offsetof(struct cpu_usage, system_percent),
    offsetof(struct cpu_usage, nice_percent),  offsetof(struct cpu_usage, iowait_percent),
    offsetof(struct cpu_usage, irq_percent),   offsetof(struct cpu_usage, steal_percent),
    offsetof(struct cpu_usage, guest_percent), offsetof(struct cpu_usage, idle_percent),
};

/* The shares of a CPU in ticks. */
struct cpu_ticks {
    uint64_t total;
    uint64_t told[SHARES]; /* 0: unknown, else the ticks plus 1 */
};

static double share_of(const struct cpu_usage *cpu, size_t share)
{
    return *(const double *)(const void *)((const unsigned char *)cpu + offsets[share]);
}

static void set_share(struct cpu_usage *cpu, size_t share, double percent)
{
    *(double *)(void *)((unsigned char *)cpu + offsets[share]) = percent;
}

static bool are_whole(const struct cpu_usage *cpu, uint64_t total)
{
    const double little = 1e-6;

    for (size_t i = 0; i < SHARES; i++) {
        double ticks = share_of(cpu, i) / 100 * (double)total;
        if (real_is_known(ticks) && fabs(ticks - round(ticks)) > little)
            return false;
    }
    return total > 0;
}

/* How many ticks the shares are of: about as many as are expected. */
static uint64_t find_total(const struct cpu_usage *cpu, uint64_t expected)
{
    for (uint64_t off = 0; off <= MOST_OFF; off++) {
        if (are_whole(cpu, expected + off))
            return expected + off;
        if (off < expected && are_whole(cpu, expected - off))
            return expected - off;
    }
    for (uint64_t total = 1; total <= MOST_TICKS; total++) {
        if (are_whole(cpu, total))
            return total;
    }
    return FINE_TICKS;
}

static struct cpu_ticks count_ticks(const struct cpu_usage *cpu, uint64_t expected)
{
    struct cpu_ticks ticks = {.total = find_total(cpu, expected)};

    for (size_t i = 0; i < SHARES; i++) {
        double share = share_of(cpu, i);
        if (real_is_known(share) && share >= 0 && share <= 100)
            ticks.told[i] = (uint64_t)round(share / 100 * (double)ticks.total) + 1;
    }
    return ticks;
}

static void set_shares(struct cpu_usage *cpu, const struct cpu_ticks *ticks)
{
    for (size_t i = 0; i < SHARES; i++) {
        bool known = ticks->told[i] > 0 && ticks->told[i] - 1 <= ticks->total && ticks->total > 0;
        set_share(cpu, i, known ? (double)(ticks->told[i] - 1) / (double)ticks->total * 100 : UNKNOWN_REAL);
    }
}

static uint64_t expected_total(uint64_t interval_ns)
{
    return interval_ns / (NS_PER_SECOND / CLOCK_HZ);
}

/* The last share has the ticks that the others leave. */
static uint64_t expected_last(const struct cpu_ticks *ticks)
{
    uint64_t left = ticks->total + 1;

    for (size_t i = 0; i < LAST; i++)
        left -= ticks->told[i] > 0 ? ticks->told[i] - 1 : 0;
    return left;
}

static void put_off(struct bytes *bytes, uint64_t number, uint64_t expected)
{
    bytes_put_signed(bytes, (int64_t)(number - expected));
}

static uint64_t take_off(struct byte_cursor *cursor, uint64_t expected)
{
    return expected + (uint64_t)bytes_take_signed(cursor);
}

static void add_ticks(struct cpu_ticks *sum, const struct cpu_ticks *ticks)
{
    sum->total += ticks->total;
    for (size_t i = 0; i < SHARES; i++)
        sum->told[i] += ticks->told[i] > 0 ? ticks->told[i] - 1 : 0;
}

void cpus_put(struct bytes *bytes, const struct system_usage *system, uint64_t interval_ns)
{
    struct cpu_ticks sum = {.told = {1, 1, 1, 1, 1, 1, 1, 1}};

    bytes_put_unsigned(bytes, system->cpu_count);
    for (size_t i = 0; i < system->cpu_count; i++) {
        const struct cpu_ticks ticks = count_ticks(&system->cpus[i], expected_total(interval_ns));
        bytes_put_signed(bytes, system->cpus[i].id);
        put_off(bytes, ticks.total, expected_total(interval_ns));
        for (size_t share = 0; share < LAST; share++)
            bytes_put_unsigned(bytes, ticks.told[share]);
        put_off(bytes, ticks.told[LAST], expected_last(&ticks));
        add_ticks(&sum, &ticks);
    }
    const struct cpu_ticks all = count_ticks(&system->all_cpus, sum.total);
    put_off(bytes, all.total, sum.total);
    for (size_t share = 0; share < SHARES; share++)
        put_off(bytes, all.told[share], sum.told[share]);
}

static int take_id(struct byte_cursor *cursor)
{
    int64_t id = bytes_take_signed(cursor);

    return id >= 0 && id <= INT_MAX ? (int)id : 0;
}

void cpus_take(struct byte_cursor *cursor, struct system_usage *system, uint64_t interval_ns,
               struct arena *arena)
{
    struct cpu_ticks sum = {.told = {1, 1, 1, 1, 1, 1, 1, 1}}, all;
    struct cpu_usage *cpus;

    system->cpu_count = bytes_take_count(cursor, CPU_NUMBERS);
    system->cpus = cpus = arena_allocate(arena, system->cpu_count, sizeof(*cpus));
    for (size_t i = 0; i < system->cpu_count; i++) {
        struct cpu_ticks ticks;
        cpus[i].id = take_id(cursor);
        ticks.total = take_off(cursor, expected_total(interval_ns));
        for (size_t share = 0; share < LAST; share++)
            ticks.told[share] = bytes_take_unsigned(cursor);
        ticks.told[LAST] = take_off(cursor, expected_last(&ticks));
        set_shares(&cpus[i], &ticks);
        add_ticks(&sum, &ticks);
    }
    system->all_cpus.id = -1;
    all.total = take_off(cursor, sum.total);
    for (size_t share = 0; share < SHARES; share++)
        all.told[share] = take_off(cursor, sum.told[share]);
    set_shares(&system->all_cpus, &all);
}

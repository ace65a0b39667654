#include "python/read_pace.h"

enum {
    /* What a read costs as long as nothing comes between, in about a nanosecond. */
    CALL_COST = 1500,
    PIECE_COST = 200,
    BYTES_PER_COST = 8,

    SCALE = 1024, /* of the limit: time for cost */
    STEPS = 32, /* the limit moves by one part in so many, up for half of all reads and down for the others */
};

static uint64_t cost_of(const struct memory_piece *pieces, size_t count)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += pieces[i].size;
    return CALL_COST + PIECE_COST * count + bytes / BYTES_PER_COST;
}

bool read_pace_judge(struct read_pace *pace, uint64_t duration_ns, const struct memory_piece *pieces,
                     size_t count)
{
    uint64_t pace_now = duration_ns * SCALE / cost_of(pieces, count);
    bool is_quick = pace_now <= pace->limit;

    if (pace->limit == 0)
        pace->limit = pace_now + STEPS;
    else if (is_quick)
        pace->limit -= pace->limit / STEPS;
    else
        pace->limit += pace->limit / STEPS + 1;
    return is_quick;
}

#include "python/walk_memo.h"

#include "base/memory.h"
#include "python/stack_copy.h"

#include <stdlib.h>
#include <string.h>

struct walk_record {
    struct walk_memo *memo;
    uint64_t epoch;
    size_t cursor;     /* in the memo: frames before it were passed */
    uint64_t absent;   /* a chunk that no frame of the memo lies in, 0 for none */
    size_t kept_first; /* in the memo: frames that come behind the fresh ones */
    size_t kept_count;
    size_t max_frames;
    size_t fresh_count;
    struct frame_view fresh[];
};

void walk_memo_release(struct walk_memo *memo)
{
    free(memo->views);
}

struct walk_record *walk_record_new(size_t max_frames)
{
    struct walk_record *record = memory_allocate(1, sizeof(*record) + max_frames * sizeof(record->fresh[0]));

    record->max_frames = max_frames;
    return record;
}

void walk_record_begin(struct walk_record *record, struct walk_memo *memo, uint64_t epoch)
{
    if (memo->epoch != epoch)
        memo->first = memo->capacity;
    memo->epoch = epoch;
    record->memo = memo;
    record->epoch = epoch;
    record->cursor = memo->first;
    record->absent = 0;
    walk_record_restart(record);
}

void walk_record_restart(struct walk_record *record)
{
    record->fresh_count = record->kept_count = 0;
}

static void add_fresh(struct walk_record *record, const struct frame_view *views, size_t count)
{
    size_t room = record->max_frames - record->fresh_count;

    count = count < room ? count : room;
    memcpy(record->fresh + record->fresh_count, views, count * sizeof(*views));
    record->fresh_count += count;
}

/* What was kept in place is not the outermost part after all. */
static void add_kept(struct walk_record *record)
{
    if (record->kept_count > 0)
        add_fresh(record, record->memo->views + record->kept_first, record->kept_count);
    record->kept_count = 0;
}

/* Where the frame at an address is in the memo, or the memo's end. In a chunk, frames further out lie lower. */
static size_t find_known(struct walk_record *record, const struct stack_copy *copy, uint64_t address)
{
    const struct walk_memo *memo = record->memo;
    const struct chunk_copy *chunk = &copy->chunks[copy->chunk_cursor];
    size_t place = record->cursor;

    if (chunk->address == record->absent)
        return memo->capacity;
    while (place < memo->capacity &&
           (memo->views[place].address > address || memo->views[place].address < chunk->address))
        place++;
    if (place == memo->capacity) {
        record->absent = chunk->address;
        return place;
    }
    record->cursor = place;
    return memo->views[place].address == address ? place : memo->capacity;
}

size_t walk_record_add(struct walk_record *record, struct stack_copy *copy, const struct frame_view *view,
                       size_t max_known, const struct frame_view **known)
{
    const struct walk_memo *memo = record->memo;
    size_t place = find_known(record, copy, view->address);
    size_t available = memo->capacity - place;
    size_t same = 0;

    if (available > 0)
        same = stack_copy_count_same(copy, memo->views + place,
                                     available <= max_known ? available : max_known + 1);
    add_kept(record);
    if (same == 0) {
        add_fresh(record, view, 1);
        return 0;
    }
    record->kept_first = place;
    record->kept_count = same;
    record->cursor = place + same;
    *known = memo->views + place + 1;
    return same - 1;
}

void walk_record_commit(struct walk_record *record, uint64_t epoch)
{
    struct walk_memo *memo = record->memo;

    if (epoch != record->epoch) {
        memo->first = memo->capacity;
        return;
    }
    if (record->kept_first + record->kept_count < memo->capacity ||
        record->fresh_count + record->kept_count > record->max_frames)
        add_kept(record);
    size_t kept = record->kept_count;
    if (record->fresh_count + kept > memo->capacity) {
        size_t capacity = memo->capacity;
        memo->views =
            memory_grow(memo->views, &memo->capacity, record->fresh_count + kept, sizeof(*memo->views));
        memmove(memo->views + memo->capacity - kept, memo->views + capacity - kept,
                kept * sizeof(*memo->views));
    }
    memo->first = memo->capacity - kept - record->fresh_count;
    if (record->fresh_count > 0)
        memcpy(memo->views + memo->first, record->fresh, record->fresh_count * sizeof(*memo->views));
}

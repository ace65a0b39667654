#include "source/packed_ticks.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    LEVEL = 6,
    CHUNK_BYTES = 16 << 10,
    NAME_NUMBERS = 1, /* a name, a track and a version are so many numbers, each of a byte at least */
    TRACK_NUMBERS = 2,
    VERSION_NUMBERS = 2,
};

/* ---- packing ---- */

static int compare_tracks(const void *left, const void *right)
{
    pid_t a = ((const struct track *)left)->pid;
    pid_t b = ((const struct track *)right)->pid;

    return (a > b) - (a < b);
}

static int compare_versions(const void *left, const void *right)
{
    const struct track_version *a = left, *b = right;

    if (a->track != b->track)
        return a->track > b->track ? 1 : -1;
    return (a->tick > b->tick) - (a->tick < b->tick);
}

/* Bring the tracks into the order of their pids, and the versions into that of the tracks. */
static void arrange(struct tick_tracks *tracks)
{
    uint32_t *places = memory_allocate(tracks->track_count, sizeof(*places));

    for (size_t i = 0; i < tracks->track_count; i++)
        tracks->tracks[i].seen = (uint32_t)i;
    qsort(tracks->tracks, tracks->track_count, sizeof(*tracks->tracks), compare_tracks);
    for (size_t i = 0; i < tracks->track_count; i++)
        places[tracks->tracks[i].seen] = (uint32_t)i;
    for (size_t i = 0; i < tracks->version_count; i++)
        tracks->versions[i].track = places[tracks->versions[i].track];
    qsort(tracks->versions, tracks->version_count, sizeof(*tracks->versions), compare_versions);
    free(places);
}

struct packing {
    z_stream stream;
    struct bytes pending; /* not compressed yet */
    struct bytes packed;
};

static void compress_pending(struct packing *packing, int flush)
{
    unsigned char room[CHUNK_BYTES];

    packing->stream.next_in = packing->pending.start;
    packing->stream.avail_in = (uInt)packing->pending.length;
    do {
        packing->stream.next_out = room;
        packing->stream.avail_out = sizeof(room);
        deflate(&packing->stream, flush);
        bytes_put_block(&packing->packed, room, sizeof(room) - packing->stream.avail_out);
    } while (packing->stream.avail_out == 0);
    packing->pending.length = 0;
}

/* A part after its length. */
static void put_part(struct packing *packing, const struct tick_tracks *tracks, uint32_t offset,
                     uint32_t length)
{
    bytes_put_unsigned(&packing->pending, length);
    bytes_put_block(&packing->pending, tracks->bytes.start + offset, length);
    if (packing->pending.length >= CHUNK_BYTES)
        compress_pending(packing, Z_NO_FLUSH);
}

static void put_track(struct packing *packing, const struct tick_tracks *tracks, size_t track, size_t *next)
{
    size_t first = *next;

    while (*next < tracks->version_count && tracks->versions[*next].track == track)
        (*next)++;
    bytes_put_signed(&packing->pending, tracks->tracks[track].pid);
    bytes_put_unsigned(&packing->pending, *next - first);
    for (size_t i = first; i < *next; i++) {
        bytes_put_unsigned(&packing->pending, tracks->versions[i].tick);
        put_part(packing, tracks, tracks->versions[i].offset, tracks->versions[i].length);
    }
}

static void put_tracks(struct packing *packing, const struct tick_tracks *tracks)
{
    size_t version = 0;

    bytes_put_unsigned(&packing->pending, tracks->tick_count);
    bytes_put_unsigned(&packing->pending, tracks->name_count);
    for (size_t i = 0; i < tracks->name_count; i++)
        put_part(packing, tracks, tracks->names[i].offset, tracks->names[i].length);
    bytes_put_unsigned(&packing->pending, tracks->version_count);
    bytes_put_unsigned(&packing->pending, tracks->track_count);
    for (size_t i = 0; i < tracks->track_count; i++)
        put_track(packing, tracks, i, &version);
    compress_pending(packing, Z_FINISH);
}

void packed_ticks_make(struct packed_ticks *packed, struct tick_tracks *tracks)
{
    struct packing packing = {0};

    arrange(tracks);
    if (deflateInit(&packing.stream, LEVEL) == Z_OK)
        put_tracks(&packing, tracks);
    *packed = (struct packed_ticks){
        .bytes = memory_allocate(packing.packed.length, 1),
        .length = packing.packed.length,
        .unpacked_length = packing.stream.total_in,
    };
    if (packed->length > 0)
        memcpy(packed->bytes, packing.packed.start, packed->length);
    deflateEnd(&packing.stream);
    bytes_free(&packing.pending);
    bytes_free(&packing.packed);
    tick_tracks_clear(tracks);
}

/* ---- unpacking ---- */

/* Go past a part; where it begins, and its length. */
static uint32_t take_part(struct byte_cursor *cursor, const struct tick_tracks *tracks, uint32_t *length)
{
    size_t taken = bytes_take_count(cursor, 1);
    size_t offset = (size_t)(cursor->next - tracks->bytes.start);

    cursor->next += taken;
    *length = (uint32_t)taken;
    return (uint32_t)offset;
}

static void take_names(struct byte_cursor *cursor, struct tick_tracks *tracks)
{
    size_t count = bytes_take_count(cursor, NAME_NUMBERS);

    tracks->names = memory_grow(tracks->names, &tracks->name_capacity, count, sizeof(*tracks->names));
    tracks->name_count = count;
    for (size_t i = 0; i < count; i++)
        tracks->names[i].offset = take_part(cursor, tracks, &tracks->names[i].length);
}

static void take_versions(struct byte_cursor *cursor, struct tick_tracks *tracks, size_t count)
{
    for (; count > 0 && tracks->version_count < tracks->version_capacity; count--) {
        struct track_version *version = &tracks->versions[tracks->version_count++];
        version->track = (uint32_t)tracks->track_count;
        version->tick = bytes_take_word(cursor);
        version->offset = take_part(cursor, tracks, &version->length);
    }
}

static void take_tracks(struct byte_cursor *cursor, struct tick_tracks *tracks)
{
    size_t versions = bytes_take_count(cursor, VERSION_NUMBERS);
    size_t count = bytes_take_count(cursor, TRACK_NUMBERS);

    tracks->versions =
        memory_grow(tracks->versions, &tracks->version_capacity, versions, sizeof(*tracks->versions));
    tracks->tracks = memory_grow(tracks->tracks, &tracks->track_capacity, count, sizeof(*tracks->tracks));
    for (; count > 0; count--) {
        tracks->tracks[tracks->track_count].pid = (pid_t)bytes_take_signed(cursor);
        take_versions(cursor, tracks, bytes_take_count(cursor, VERSION_NUMBERS));
        tracks->track_count++;
    }
}

bool packed_ticks_unpack(const struct packed_ticks *packed, struct tick_tracks *tracks)
{
    uLongf length = packed->unpacked_length;

    tracks->bytes.start = memory_grow(tracks->bytes.start, &tracks->bytes.capacity, length, 1);
    bool whole = uncompress(tracks->bytes.start, &length, packed->bytes, packed->length) == Z_OK;
    struct byte_cursor cursor = {.next = tracks->bytes.start, .end = tracks->bytes.start + length};
    if (whole) {
        tracks->bytes.length = length;
        tracks->tick_count = bytes_take_word(&cursor);
        take_names(&cursor, tracks);
        take_tracks(&cursor, tracks);
        whole = !cursor.failed && cursor.next == cursor.end;
    }
    if (!whole)
        tick_tracks_clear(tracks);
    return whole;
}

void packed_ticks_free(struct packed_ticks *packed)
{
    free(packed->bytes);
    *packed = (struct packed_ticks){0};
}

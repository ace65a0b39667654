/* Some ticks in a row in little room: the machine and each process have a track, which holds as bytes
 * (record/tick_codec.h) what was known of it, where that differs from the tick before. Names, and what processes and
 * open files are, are there once. Nodes are those of the call tree that the ticks came with. */
#ifndef PYNECK_SOURCE_TICK_TRACKS_H
#define PYNECK_SOURCE_TICK_TRACKS_H

#include "base/error.h"
#include "base/hash.h"
#include "model/tick.h"
#include "record/bytes.h"

enum {
    TRACKS_MACHINE_ONLY = -1, /* no process */
    TRACKS_ALL = 0,           /* all processes */
};

struct track {
    pid_t pid;       /* 0: the machine */
    uint32_t newest; /* its last version */
    uint32_t seen;   /* the last tick that has it */
};

/* What was known from one tick on. */
struct track_version {
    uint32_t track;
    uint32_t tick;
    uint32_t offset;
    uint32_t length; /* 0: it is not there */
};

/* A text, or what a process or a file is. */
struct track_name {
    uint32_t offset;
    uint32_t length;
};

/* Zero-initialized is empty. */
struct tick_tracks {
    uint32_t tick_count;
    struct bytes bytes; /* which the versions and names are parts of */
    struct track *tracks;
    size_t track_count;
    size_t track_capacity;
    struct track_version *versions; /* of each track in the order of the ticks */
    size_t version_count;
    size_t version_capacity;
    struct track_name *names; /* by id - 1 */
    size_t name_count;
    size_t name_capacity;

    /* For adding only. */
    struct hash_map track_index; /* by pid */
    struct hash_map
        name_index; /* by a hash of 64 bits, keyed so that no program can choose names that collide */
    uint64_t key;
    struct bytes version; /* that is being made */
    struct bytes name;
};

/* Add a tick.
 *
 * before  the one that was added last, or NULL: what is as it was there costs next to nothing */
void tick_tracks_add(struct tick_tracks *tracks, const struct tick *tick, const struct tick *before);

/* Make the tick with this index again; it has no sequence. NULL when the bytes make no sense.
 *
 * pid  a process to be in it; or TRACKS_ALL, TRACKS_MACHINE_ONLY */
struct tick *tick_tracks_read(const struct tick_tracks *tracks, uint32_t index, pid_t pid);

/* Memory that they take. */
size_t tick_tracks_bytes(const struct tick_tracks *tracks);

/* Forget all ticks, keep the room. */
void tick_tracks_clear(struct tick_tracks *tracks);

void tick_tracks_free(struct tick_tracks *tracks);

#endif

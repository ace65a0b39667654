#include "source/tick_tracks.h"

#include "base/memory.h"
#include "record/tick_codec.h"

#include <stdlib.h>
#include <string.h>

enum {
    MACHINE = 0, /* the pid of its track */
};

/* What processes and open files are, which seldom changes. */

static const struct field process_rows[] = {
    {FIELD_INT, offsetof(struct process, pid), 0},
    {FIELD_UNSIGNED, offsetof(struct process, start_ticks), 0},
    {FIELD_INT, offsetof(struct process, parent_pid), 0},
    {FIELD_SIGNED, offsetof(struct process, start_time_ns), 0},
    {FIELD_WORD, offsetof(struct process, uid), 0},
    {FIELD_TEXT, offsetof(struct process, user), 0},
    {FIELD_TEXT, offsetof(struct process, name), 0},
    {FIELD_TEXT, offsetof(struct process, command), 0},
    {FIELD_BOOL, offsetof(struct process, is_python), 0},
    {FIELD_BOOL, offsetof(struct process, selected), 0},
};
static const struct field python_rows[] = {
    {FIELD_TEXT, offsetof(struct python_info, implementation), 0},
    {FIELD_TEXT, offsetof(struct python_info, version), 0},
    {FIELD_BOOL, offsetof(struct python_info, free_threaded), 0},
};
static const struct field file_rows[] = {
    {FIELD_INT, offsetof(struct open_file, fd), 0},
    {FIELD_ENUM, offsetof(struct open_file, kind), OPEN_FILE_KINDS},
    {FIELD_ENUM, offsetof(struct open_file, access), ACCESS_READ_WRITE + 1},
    {FIELD_TEXT, offsetof(struct open_file, path), 0},
    {FIELD_TEXT, offsetof(struct open_file, peer), 0},
    {FIELD_BOOL, offsetof(struct open_file, deleted), 0},
};
static const struct field socket_rows[] = {
    {FIELD_TEXT, offsetof(struct socket_info, protocol), 0},
    {FIELD_TEXT, offsetof(struct socket_info, state), 0},
    {FIELD_TEXT, offsetof(struct socket_info, local), 0},
    {FIELD_TEXT, offsetof(struct socket_info, remote), 0},
};

#define TABLE(rows)                                                                                          \
    {                                                                                                        \
        rows, sizeof(rows) / sizeof((rows)[0])                                                               \
    }

/* What an object is, and what a part of it is that it points to or has not. */
struct facts {
    struct fields own;
    struct fields part;
    size_t part_size;
    size_t part_offset; /* of the pointer */
};

static const struct facts process_facts = {
    TABLE(process_rows),
    TABLE(python_rows),
    sizeof(struct python_info),
    offsetof(struct process, python),
};
static const struct facts file_facts = {
    TABLE(file_rows),
    TABLE(socket_rows),
    sizeof(struct socket_info),
    offsetof(struct open_file, socket),
};

/* ---- names ---- */

static uint32_t append(struct bytes *bytes, const void *start, size_t length)
{
    uint32_t offset = (uint32_t)bytes->length;

    bytes_put_block(bytes, start, length);
    return offset;
}

static uint32_t name_id(struct tick_tracks *tracks, const void *start, size_t length)
{
    uint64_t hash = hash_bytes(start, length, tracks->key);
    const uint32_t *known = hash_map_find(&tracks->name_index, hash);

    if (known != NULL)
        return *known;
    tracks->names =
        memory_grow(tracks->names, &tracks->name_capacity, tracks->name_count + 1, sizeof(*tracks->names));
    tracks->names[tracks->name_count++] =
        (struct track_name){append(&tracks->bytes, start, length), (uint32_t)length};
    hash_map_set(&tracks->name_index, hash, (uint32_t)tracks->name_count);
    return (uint32_t)tracks->name_count;
}

static uint32_t text_id(void *context, const char *text)
{
    return name_id(context, text, strlen(text) + 1);
}

static uint32_t facts_id(struct tick_tracks *tracks, const struct facts *facts, const void *object)
{
    const struct field_texts texts = {.context = tracks, .id_of = text_id};
    const void *part;

    memcpy(&part, (const unsigned char *)object + facts->part_offset, sizeof(part));
    tracks->name.length = 0;
    fields_put(&tracks->name, &facts->own, object, &texts);
    fields_put_array(&tracks->name, &facts->part, part, part != NULL, facts->part_size, &texts);
    return name_id(tracks, tracks->name.start, tracks->name.length);
}

static uint32_t process_id(void *context, const struct process *process)
{
    return facts_id(context, &process_facts, process);
}

static uint32_t open_file_id(void *context, const struct process *process, const struct open_file *file)
{
    (void)process;
    return facts_id(context, &file_facts, file);
}

static uint32_t same_node(void *context, uint32_t node)
{
    (void)context;
    return node;
}

/* ---- adding ---- */

static void add_version(struct tick_tracks *tracks, uint32_t track, const struct bytes *version)
{
    tracks->versions = memory_grow(tracks->versions, &tracks->version_capacity, tracks->version_count + 1,
                                   sizeof(*tracks->versions));
    tracks->tracks[track].newest = (uint32_t)tracks->version_count;
    tracks->versions[tracks->version_count++] = (struct track_version){
        .track = track,
        .tick = tracks->tick_count,
        .offset = append(&tracks->bytes, version->start, version->length),
        .length = (uint32_t)version->length,
    };
}

static bool is_same(const struct tick_tracks *tracks, uint32_t newest, const struct bytes *version)
{
    const struct track_version *known = &tracks->versions[newest];

    return known->length == version->length &&
           memcmp(tracks->bytes.start + known->offset, version->start, version->length) == 0;
}

static struct track *find_track(const struct tick_tracks *tracks, pid_t pid)
{
    const uint32_t *place = hash_map_find(&tracks->track_index, (uint64_t)pid);

    return place != NULL ? &tracks->tracks[*place] : NULL;
}

/* Put what is known now of the machine or a process into its track. */
static void add_to_track(struct tick_tracks *tracks, pid_t pid)
{
    struct track *track = find_track(tracks, pid);
    bool is_new = track == NULL;

    if (is_new) {
        tracks->tracks = memory_grow(tracks->tracks, &tracks->track_capacity, tracks->track_count + 1,
                                     sizeof(*tracks->tracks));
        hash_map_set(&tracks->track_index, (uint64_t)pid, (uint32_t)tracks->track_count);
        track = &tracks->tracks[tracks->track_count++];
        *track = (struct track){.pid = pid};
    }
    track->seen = tracks->tick_count;
    if (is_new || !is_same(tracks, track->newest, &tracks->version))
        add_version(tracks, (uint32_t)(track - tracks->tracks), &tracks->version);
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Whether nothing at all is known to have changed. Two ticks that are there share no memory, so what else they point to
 * counts as changed. */
static bool is_unchanged(const struct process *process, const struct process *before)
{
    struct process now = *process;

    now.user = before->user;
    now.name = before->name;
    now.command = before->command;
    return memcmp(&now, before, sizeof(now)) == 0 && is_same_text(process->user, before->user) &&
           is_same_text(process->name, before->name) && is_same_text(process->command, before->command);
}

/* Let the track of a process go on as it is; false: it may have changed. */
static bool go_on(const struct tick_tracks *tracks, const struct process *process,
                  const struct process *before)
{
    struct track *track =
        before != NULL && is_unchanged(process, before) ? find_track(tracks, process->pid) : NULL;

    if (track == NULL)
        return false;
    track->seen = tracks->tick_count;
    return true;
}

/* The process in the tick before, when both are walked through by pid. */
static const struct process *find_next(const struct tick *before, size_t *place, pid_t pid)
{
    while (*place < before->process_count && before->processes[*place].pid < pid)
        (*place)++;
    return *place < before->process_count && before->processes[*place].pid == pid ? &before->processes[*place]
                                                                                  : NULL;
}

static void end_tracks_of_vanished(struct tick_tracks *tracks)
{
    const struct bytes nothing = {0};

    for (size_t i = 0; i < tracks->track_count; i++) {
        const struct track *track = &tracks->tracks[i];
        if (track->seen != tracks->tick_count && tracks->versions[track->newest].length > 0)
            add_version(tracks, (uint32_t)i, &nothing);
    }
}

void tick_tracks_add(struct tick_tracks *tracks, const struct tick *tick, const struct tick *before)
{
    const struct encode_names names = {{tracks, text_id, NULL}, tracks, process_id, same_node, open_file_id};
    size_t place = 0;

    if (tracks->key == 0)
        tracks->key = hash_random_key();
    tracks->version.length = 0;
    tick_encode_machine(&tracks->version, tick, &names);
    add_to_track(tracks, MACHINE);
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *process = &tick->processes[i];
        if (go_on(tracks, process, before != NULL ? find_next(before, &place, process->pid) : NULL))
            continue;
        tracks->version.length = 0;
        tick_encode_process(&tracks->version, process, tick, &names);
        add_to_track(tracks, process->pid);
    }
    end_tracks_of_vanished(tracks);
    tracks->tick_count++;
}

/* ---- reading ---- */

struct reading {
    const struct tick_tracks *tracks;
    struct arena *arena;
    const char **texts; /* by id - 1: those that are in the tick already */
};

static struct byte_cursor cursor_of(const struct tick_tracks *tracks, uint32_t offset, uint32_t length)
{
    const unsigned char *start = tracks->bytes.start + offset;

    return (struct byte_cursor){.next = start, .end = start + length};
}

static bool go_to_name(const struct tick_tracks *tracks, uint32_t id, struct byte_cursor *cursor)
{
    if (id == 0 || id > tracks->name_count)
        return false;
    *cursor = cursor_of(tracks, tracks->names[id - 1].offset, tracks->names[id - 1].length);
    return true;
}

static const char *find_text(void *context, uint32_t id)
{
    struct reading *reading = context;
    struct byte_cursor name;

    if (!go_to_name(reading->tracks, id, &name))
        return NULL;
    if (reading->texts[id - 1] == NULL)
        reading->texts[id - 1] =
            arena_copy(reading->arena, name.next, (size_t)(name.end - name.next), sizeof(char));
    return reading->texts[id - 1];
}

static bool find_facts(struct reading *reading, uint32_t id, const struct facts *facts, void *object,
                       struct arena *arena)
{
    const struct field_texts texts = {.context = reading, .text_of = find_text};
    struct byte_cursor name;
    size_t count;

    if (!go_to_name(reading->tracks, id, &name))
        return false;
    fields_take(&name, &facts->own, object, &texts);
    const void *part = fields_take_array(&name, &facts->part, &count, facts->part_size, &texts, arena);
    part = count > 0 ? part : NULL;
    memcpy((unsigned char *)object + facts->part_offset, &part, sizeof(part));
    return !name.failed;
}

static bool find_process(void *context, uint32_t id, struct process *process, struct arena *arena)
{
    return find_facts(context, id, &process_facts, process, arena);
}

static bool find_open_file(void *context, uint32_t id, struct open_file *file, struct arena *arena)
{
    return find_facts(context, id, &file_facts, file, arena);
}

/* The version of one track at one tick. */
struct present {
    pid_t pid;
    const struct track_version *version;
};

static int compare_present(const void *left, const void *right)
{
    pid_t a = ((const struct present *)left)->pid;
    pid_t b = ((const struct present *)right)->pid;

    return (a > b) - (a < b);
}

/* What the tick is made of, by pid.
 *
 * present  room for all tracks
 * returns  how many there are */
static size_t find_present(const struct tick_tracks *tracks, uint32_t index, pid_t pid,
                           struct present *present)
{
    size_t kept = 0;

    for (size_t i = 0; i < tracks->track_count; i++)
        present[i].pid = tracks->tracks[i].pid;
    for (size_t i = 0; i < tracks->version_count; i++) {
        if (tracks->versions[i].tick <= index)
            present[tracks->versions[i].track].version = &tracks->versions[i];
    }
    for (size_t i = 0; i < tracks->track_count; i++) {
        bool wanted = pid == TRACKS_ALL || present[i].pid == MACHINE || present[i].pid == pid;
        if (wanted && present[i].version != NULL && present[i].version->length > 0)
            present[kept++] = present[i];
    }
    qsort(present, kept, sizeof(*present), compare_present);
    return kept;
}

static bool read_parts(struct tick *tick, const struct tick_tracks *tracks, const struct present *present,
                       size_t count)
{
    struct reading reading = {
        .tracks = tracks,
        .arena = tick->arena,
        .texts = memory_allocate(tracks->name_count, sizeof(*reading.texts)),
    };
    const struct decode_names names = {
        .texts = {.context = &reading, .text_of = find_text},
        .context = &reading,
        .find_process = find_process,
        .find_open_file = find_open_file,
        .find_node = same_node,
    };
    struct process *processes = arena_allocate(tick->arena, count, sizeof(*processes));
    bool whole = count > 0 && present[0].pid == MACHINE;

    for (size_t i = 0; i < count && whole; i++) {
        struct byte_cursor cursor = cursor_of(tracks, present[i].version->offset, present[i].version->length);
        if (i == 0)
            whole = tick_decode_machine(&cursor, tick, &names);
        else
            whole = tick_decode_process(&cursor, &processes[tick->process_count++], tick, &names);
        whole = whole && !cursor.failed && cursor.next == cursor.end;
    }
    tick->processes = processes;
    free(reading.texts);
    return whole;
}

struct tick *tick_tracks_read(const struct tick_tracks *tracks, uint32_t index, pid_t pid)
{
    struct present *present = memory_allocate(tracks->track_count, sizeof(*present));
    size_t count = find_present(tracks, index, pid, present);
    struct tick *tick = tick_new();
    bool whole = read_parts(tick, tracks, present, count);

    free(present);
    if (whole)
        return tick;
    tick_free(tick);
    return NULL;
}

/* ---- room ---- */

size_t tick_tracks_bytes(const struct tick_tracks *tracks)
{
    return tracks->bytes.capacity + tracks->track_capacity * sizeof(*tracks->tracks) +
           tracks->version_capacity * sizeof(*tracks->versions) +
           tracks->name_capacity * sizeof(*tracks->names) +
           (tracks->track_index.capacity + tracks->name_index.capacity) * sizeof(struct hash_slot) +
           tracks->version.capacity + tracks->name.capacity;
}

void tick_tracks_clear(struct tick_tracks *tracks)
{
    tracks->tick_count = 0;
    tracks->bytes.length = 0;
    tracks->track_count = tracks->version_count = tracks->name_count = 0;
    hash_map_clear(&tracks->track_index);
    hash_map_clear(&tracks->name_index);
}

void tick_tracks_free(struct tick_tracks *tracks)
{
    bytes_free(&tracks->bytes);
    free(tracks->tracks);
    free(tracks->versions);
    free(tracks->names);
    hash_map_free(&tracks->track_index);
    hash_map_free(&tracks->name_index);
    bytes_free(&tracks->version);
    bytes_free(&tracks->name);
    *tracks = (struct tick_tracks){0};
}

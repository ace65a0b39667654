/* A tick as bytes, and back: what a recording holds of it besides the names.
 *
 * The bytes are numbers (record/bytes.h) in the order of record/tick_fields.c; man/pyneck-recording.5 describes them.
 * Names, nodes, and what processes and open files are, stay outside: here are their ids only. */
#ifndef PYNECK_RECORD_TICK_CODEC_H
#define PYNECK_RECORD_TICK_CODEC_H

#include "model/tick.h"
#include "record/fields.h"

/* Where the ids come from when a tick is written. */
struct encode_names {
    struct field_texts texts;
    void *context;
    uint32_t (*process_id)(void *context, const struct process *process);
    uint32_t (*node_id)(void *context, uint32_t node);
    /* `file` is one of process's */
    uint32_t (*open_file_id)(void *context, const struct process *process, const struct open_file *file);
};

/* What the ids stand for when a tick is read. */
struct decode_names {
    struct field_texts texts; /* what text_of() hands out has to live as long as the tick */
    void *context;
    /* Fill in what the process, the file is; false when there is none with this id. */
    bool (*find_process)(void *context, uint32_t id, struct process *process, struct arena *arena);
    bool (*find_open_file)(void *context, uint32_t id, struct open_file *file, struct arena *arena);
    uint32_t (*find_node)(void *context, uint32_t id); /* CALL_TREE_ROOT for what is none */
    bool without_runs;                                 /* the order of samples is passed over */
};

/* Numbers of a tick that belong together, and are mostly as many as in the tick before. */
struct tick_section {
    uint64_t part; /* the same in each tick: of the machine, or of one process; below 2^34 */
    size_t length; /* in bytes, at least 1 */
};

/* A growing list; zero-initialized is empty. */
struct tick_sections {
    struct tick_section *list;
    size_t count;
    size_t capacity;
};

/* Append a tick, and the sections that its bytes come in. Times of the profile are kept in whole microseconds. */
void tick_encode(struct bytes *bytes, const struct tick *tick, const struct encode_names *names,
                 struct tick_sections *sections);

/* Fill in an empty tick from bytes, which anybody may have made; false when they make no sense. */
bool tick_decode(struct tick *tick, const unsigned char *bytes, size_t length,
                 const struct decode_names *names);

/* The same in parts: a tick without its processes, and one process of a tick whose times are known. What is taken is
 * false when it makes no sense: of a process, that there is none with its id. */
void tick_encode_machine(struct bytes *bytes, const struct tick *tick, const struct encode_names *names);
void tick_encode_process(struct bytes *bytes, const struct process *process, const struct tick *tick,
                         const struct encode_names *names);
bool tick_decode_machine(struct byte_cursor *cursor, struct tick *tick, const struct decode_names *names);
bool tick_decode_process(struct byte_cursor *cursor, struct process *process, const struct tick *tick,
                         const struct decode_names *names);

#endif

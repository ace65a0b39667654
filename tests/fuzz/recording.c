/* Fuzz target: the bytes of a tick in a recording, and those of a segment, which anybody may have made. A tick that is
 * accepted is written again and read again: it is the same then. */
#include "fuzz_target.h"
#include "model/call_tree.h"
#include "record/segment_codec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_INPUT_BYTES = 1 << 16,
    KNOWN_IDS = 100,
};

static const char *text_of(void *context, uint32_t id)
{
    (void)context;
    return id < KNOWN_IDS ? "text" : NULL;
}

static bool find_process(void *context, uint32_t id, struct process *process, struct arena *arena)
{
    (void)context, (void)arena;
    process->pid = (pid_t)id;
    process->user = process->name = process->command = "process";
    return id > 0 && id < KNOWN_IDS;
}

static bool find_open_file(void *context, uint32_t id, struct open_file *file, struct arena *arena)
{
    static const struct socket_info socket = {.protocol = "tcp"};
    (void)context, (void)arena;

    file->fd = (int)id;
    file->socket = id % 2 == 0 ? &socket : NULL;
    return id > 0 && id < KNOWN_IDS;
}

static uint32_t find_node(void *context, uint32_t id)
{
    (void)context;
    return id < KNOWN_IDS ? id : CALL_TREE_ROOT;
}

static uint32_t id_of(void *context, const char *text)
{
    (void)context, (void)text;
    return 1;
}

static uint32_t process_id(void *context, const struct process *process)
{
    (void)context;
    return (uint32_t)process->pid;
}

static uint32_t node_id(void *context, uint32_t node)
{
    (void)context;
    return node;
}

static uint32_t open_file_id(void *context, const struct process *process, const struct open_file *file)
{
    (void)context, (void)process;
    return (uint32_t)file->fd;
}

static const struct decode_names decode_names = {
    .texts = {.text_of = text_of},
    .find_process = find_process,
    .find_open_file = find_open_file,
    .find_node = find_node,
};

static const struct encode_names encode_names = {
    .texts = {.id_of = id_of},
    .process_id = process_id,
    .node_id = node_id,
    .open_file_id = open_file_id,
};

static void encode(struct bytes *bytes, const struct tick *tick)
{
    struct tick_sections sections = {0};

    tick_encode(bytes, tick, &encode_names, &sections);
    free(sections.list);
}

/* What a tick promises its readers. */
static void assert_sound(const struct tick *tick)
{
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *process = &tick->processes[i];
        const struct profile *profile = process->profile;
        assert(i == 0 || process[-1].pid < process->pid);
        for (size_t j = 0; j < process->thread_detail_count; j++)
            assert(process->threads[j].state < THREAD_STATES);
        for (size_t j = 0; profile != NULL && j < profile->counter_count; j++)
            assert(profile->counters[j].state < THREAD_STATES && profile->counters[j].node < KNOWN_IDS);
        for (size_t j = 0; profile != NULL && j < profile->run_count; j++)
            assert(profile->runs[j].counter < profile->counter_count);
    }
}

/* Read what was written of a tick; `bytes` receives what that tick becomes when it is written. */
static void write_again(const struct bytes *written, struct bytes *bytes)
{
    struct tick *tick = tick_new();

    assert(tick_decode(tick, written->start, written->length, &decode_names));
    assert_sound(tick);
    encode(bytes, tick);
    tick_free(tick);
}

/* The first byte says how many ticks there are to be. */
static void try_segment(const uint8_t *data, size_t size)
{
    struct packed_segment *segment = segment_unpack(data + 1, size - 1, data[0]);
    struct bytes bytes = {0};

    for (size_t i = 0; segment != NULL && i < data[0]; i++)
        packed_segment_tick(segment, i, &bytes);
    bytes_free(&bytes);
    packed_segment_free(segment);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tick *tick = tick_new();
    struct bytes first = {0}, second = {0};

    if (size <= MAX_INPUT_BYTES && tick_decode(tick, data, size, &decode_names)) {
        assert_sound(tick);
        encode(&first, tick);
        write_again(&first, &second);
    }
    if (size > 0 && size <= MAX_INPUT_BYTES)
        try_segment(data, size);
    tick_free(tick);
    bytes_free(&first);
    bytes_free(&second);
    return 0;
}

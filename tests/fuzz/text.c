/* Fuzz target: what reads texts and tables that a target has a say in. The first byte of an input chooses the
 * reader, the rest is for it. */
#include "base/text.h"
#include "base/arena.h"
#include "fuzz_target.h"
#include "python/line_table.h"
#include "python/maps.h"
#include "python/unicode.h"
#include "python/version_search.h"
#include "sampler/thread_probe.h"
#include "system/open_file_text.h"
#include "system/process_text.h"
#include "system/socket_text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    MAX_INPUT_BYTES = 1 << 15,
};

/* What was cleaned is clean: cleaning it once more changes nothing. */
static void assert_clean(const char *text)
{
    static char again[MAX_INPUT_BYTES * 3 + 1];
    size_t length = strlen(text);

    assert(length < sizeof(again));
    assert(text_clean(again, sizeof(again), text, length) == length && memcmp(again, text, length) == 0);
}

static void read_clean(const char *bytes, size_t length)
{
    static char output[MAX_INPUT_BYTES * 3 + 1];
    size_t capacity = length > 0 ? 1 + (unsigned char)bytes[0] * 128U : 1;

    assert(text_clean(output, capacity, bytes, length) < capacity);
    assert_clean(output);
    size_t width = text_width(output);
    assert(text_fit(output, width) == strlen(output) && text_fit_end(output, width) == output);
}

static void read_line_table(const char *bytes, size_t length)
{
    static const enum line_table_format formats[] = {LINES_AS_LOCATIONS, LINES_AS_RANGES, LINES_AS_STEPS,
                                                     LINES_AS_STEPS_UP};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct line_table *table =
            line_table_decode(formats[i], (const unsigned char *)bytes, length, 1, UINT32_MAX);
        for (uint32_t unit = 0; unit < 64; unit++)
            assert(line_table_find(table, unit) <= INT32_MAX);
        for (size_t span = 1; span < table->count; span++)
            assert(table->spans[span].start >= table->spans[span - 1].start);
        free(table);
    }
}

static void read_unicode(const char *bytes, size_t length)
{
    static char text[UNICODE_TEXT_SIZE];

    for (uint8_t width = 1; width <= 4; width *= 2) {
        struct unicode_characters characters = {.width = width};
        characters.length = (uint32_t)(length / width);
        if (characters.length > UNICODE_MAX_CHARACTERS)
            characters.length = UNICODE_MAX_CHARACTERS;
        unicode_clean(text, &characters, (const unsigned char *)bytes);
        assert_clean(text);
    }
}

static void read_maps(const char *bytes, size_t length)
{
    static struct maps maps;

    maps_parse(&maps, bytes, length);
    for (size_t i = 0; i < maps.file_count; i++) {
        if (maps.files[i].path != MAPS_NONE)
            assert(maps.files[i].path < length && maps.text[maps.files[i].path] == '/');
        for (size_t next = maps.files[i].first; next != MAPS_NONE; next = maps.mappings[next].next)
            assert(next < maps.mapping_count);
    }
}

static void read_sockets(const char *bytes, size_t length)
{
    (void)length;
    for (size_t i = 0; i < SOCKET_FILES; i++) {
        struct socket_record record = {0};
        char path[SOCKET_PATH_SIZE] = "";
        if (!socket_files[i].parse(bytes, &record, path))
            continue;
        struct arena *arena = arena_new();
        record.protocol = (uint8_t)i;
        const struct socket_info *info = socket_describe(&record, path, bytes, arena);
        if (info->local != NULL)
            assert_clean(info->local);
        if (info->remote != NULL)
            assert_clean(info->remote);
        arena_free(arena);
    }
}

static void read_socket_name(const char *bytes, size_t length)
{
    char name[32];

    socket_format_protocol(name, sizeof(name), bytes, length);
    assert_clean(name);
}

static void read_descriptor(const char *bytes, size_t length)
{
    size_t kept = length;

    descriptor_parse_link(bytes);
    descriptor_parse_info(bytes);
    descriptor_parse_limit(bytes);
    if (descriptor_cut_deleted_mark(bytes, &kept))
        assert(kept < length);
}

static void read_process(const char *bytes, size_t length)
{
    struct process_stat stat;
    struct process_memory memory;

    (void)length;
    if (process_parse_stat(bytes, &stat))
        assert_clean(stat.name);
    process_parse_memory(bytes, &memory);
    process_parse_transfer(bytes);
}

static void read_command(const char *bytes, size_t length)
{
    static char output[4096];
    char *copy = malloc(length + 1);

    assert(copy != NULL);
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    assert(process_format_command(output, sizeof(output), copy, length) < sizeof(output));
    assert_clean(output);
    free(copy);
}

static void read_probe(const char *bytes, size_t length)
{
    static int fd = -1;
    struct schedule_counters counters;
    struct kernel_activity activity;

    if (fd < 0)
        fd = memfd_create("input", MFD_CLOEXEC);
    assert(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, bytes, length, 0) == (ssize_t)length);
    struct thread_probe probe = {.schedstat_fd = fd, .syscall_fd = fd};
    thread_probe_schedule(&probe, &counters);
    thread_probe_activity(&probe, &activity);
}

static void read_version(const char *bytes, size_t length)
{
    struct version_search search = {0};

    version_search_piece(&search, bytes, length);
    uint32_t version = version_search_result(&search);
    assert(version == 0 || version >> 24 == 2 || version >> 24 == 3);
}

static void (*const readers[])(const char *bytes, size_t length) = {
    read_clean,      read_line_table, read_unicode, read_maps,  read_sockets, read_socket_name,
    read_descriptor, read_process,    read_command, read_probe, read_version,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > MAX_INPUT_BYTES)
        return 0;
    char *text = malloc(size); /* what follows the choice, and a NUL, as files are read */
    assert(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    readers[data[0] % (sizeof(readers) / sizeof(readers[0]))](text, size - 1);
    free(text);
    return 0;
}

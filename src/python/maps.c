#include "python/maps.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    FIRST_TEXT_BYTES = 64 << 10,
    MAX_TEXT_BYTES = 32 << 20,
    MAX_MAPPINGS = 1 << 17,
    MAX_FILES = 4096,
};

/* Read the whole text; the kernel hands out a page of it at a time. */
static ssize_t read_text(struct maps *maps, pid_t pid)
{
    char path[64];
    size_t length = 0;

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (;;) {
        if (length + 1 >= maps->text_capacity) {
            if (length >= MAX_TEXT_BYTES)
                break;
            size_t wanted = maps->text_capacity > 0 ? maps->text_capacity * 2 : FIRST_TEXT_BYTES;
            maps->text = memory_grow(maps->text, &maps->text_capacity, wanted, 1);
        }
        ssize_t received = read(fd, maps->text + length, maps->text_capacity - length - 1);
        if (received < 0 && errno == EINTR)
            continue;
        if (received < 0) {
            int number = errno;
            close(fd);
            return -number;
        }
        if (received == 0)
            break;
        length += (size_t)received;
    }
    close(fd);
    maps->text[length] = '\0';
    return (ssize_t)length;
}

static uint64_t parse_number(char **cursor, unsigned base)
{
    uint64_t value = 0;

    for (;; (*cursor)++) {
        unsigned char c = (unsigned char)**cursor;
        unsigned digit = c >= '0' && c <= '9' ? c - '0' + 0U : c >= 'a' && c <= 'f' ? c - 'a' + 10U : base;
        if (digit >= base)
            return value;
        value = value * base + digit;
    }
}

static void skip(char **cursor, char expected)
{
    if (**cursor == expected)
        (*cursor)++;
}

/* The file a mapping belongs to: the one of the mapping before it, or another one, new or known. */
static struct mapped_file *find_file(struct maps *maps, dev_t device, uint64_t inode)
{
    uint64_t key = hash_u64(device) ^ inode;
    struct mapped_file *last = maps->file_count > 0 ? &maps->files[maps->file_count - 1] : NULL;

    if (last != NULL && last->device == device && last->inode == inode)
        return last;
    uint32_t *known = hash_map_find(&maps->file_index, key);
    if (known != NULL)
        return &maps->files[*known];
    if (maps->file_count >= MAX_FILES)
        return NULL;
    maps->files = memory_grow(maps->files, &maps->file_capacity, maps->file_count + 1, sizeof(*maps->files));
    hash_map_set(&maps->file_index, key, (uint32_t)maps->file_count);
    struct mapped_file *file = &maps->files[maps->file_count++];
    *file = (struct mapped_file){
        .device = device, .inode = inode, .path = MAPS_NONE, .first = MAPS_NONE, .last = MAPS_NONE};
    return file;
}

static void add_mapping(struct maps *maps, const struct mapping *mapping, struct mapped_file *file)
{
    size_t index = maps->mapping_count++;

    maps->mappings =
        memory_grow(maps->mappings, &maps->mapping_capacity, maps->mapping_count, sizeof(*mapping));
    maps->mappings[index] = *mapping;
    if (file->first == MAPS_NONE)
        file->first = index;
    else
        maps->mappings[file->last].next = index;
    file->last = index;
    file->looks_loaded |= !mapping->shared && (mapping->executable || mapping->offset == 0);
}

/* One line: "start-end rwxp offset major:minor inode  path". */
static void parse_line(struct maps *maps, char *line)
{
    char *cursor = line;
    struct mapping mapping = {.next = MAPS_NONE};

    mapping.start = parse_number(&cursor, 16);
    skip(&cursor, '-');
    mapping.end = parse_number(&cursor, 16);
    skip(&cursor, ' ');
    if (strnlen(cursor, 4) < 4)
        return;
    mapping.writable = cursor[1] == 'w';
    mapping.executable = cursor[2] == 'x';
    mapping.shared = cursor[3] == 's';
    cursor += 4;
    skip(&cursor, ' ');
    mapping.offset = parse_number(&cursor, 16);
    skip(&cursor, ' ');
    unsigned major_number = (unsigned)parse_number(&cursor, 16);
    skip(&cursor, ':');
    unsigned minor_number = (unsigned)parse_number(&cursor, 16);
    skip(&cursor, ' ');
    uint64_t inode = parse_number(&cursor, 10);
    if (inode == 0 || mapping.start >= mapping.end)
        return;
    while (*cursor == ' ')
        cursor++;

    struct mapped_file *file = find_file(maps, makedev(major_number, minor_number), inode);
    if (file == NULL || *cursor != '/')
        return;
    if (file->path == MAPS_NONE)
        file->path = (size_t)(cursor - maps->text);
    add_mapping(maps, &mapping, file);
}

static void clear(struct maps *maps)
{
    maps->mapping_count = 0;
    maps->file_count = 0;
    hash_map_clear(&maps->file_index);
}

static void parse_text(struct maps *maps)
{
    char *line = maps->text;

    while (*line != '\0' && maps->mapping_count < MAX_MAPPINGS) {
        char *end = strchrnul(line, '\n');
        char *next = *end == '\0' ? end : end + 1;
        *end = '\0';
        parse_line(maps, line);
        line = next;
    }
}

int maps_read(struct maps *maps, pid_t pid)
{
    clear(maps);
    ssize_t length = read_text(maps, pid);
    if (length < 0)
        return (int)length;
    parse_text(maps);
    return 0;
}

void maps_parse(struct maps *maps, const char *text, size_t length)
{
    clear(maps);
    maps->text = memory_grow(maps->text, &maps->text_capacity, length + 1, 1);
    memcpy(maps->text, text, length);
    maps->text[length] = '\0';
    parse_text(maps);
}

void maps_free(struct maps *maps)
{
    free(maps->mappings);
    free(maps->files);
    free(maps->text);
    hash_map_free(&maps->file_index);
    *maps = (struct maps){0};
}

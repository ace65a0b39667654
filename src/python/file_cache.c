#include "python/file_cache.h"

#include "base/clock.h"
#include "base/memory.h"
#include "python/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_FILES = 1 << 15,
    SAME_START_BYTES = 512, /* the ELF header, the program headers and often the build-id */
};

/* How long a file is taken for what it was without looking at it. */
static const uint64_t trusted_ns = 10 * NS_PER_SECOND;

struct known_file {
    dev_t device; /* as the list of mappings names it */
    uint64_t inode;
    off_t size;
    struct timespec modified;
    struct timespec changed;
    uint64_t checked_ns;
    struct elf_interpreter *interpreter; /* NULL: there is none in it */
};

/* ---- opening what is mapped ---- */

/* A path as /proc/PID/maps writes it: a newline is "\012", a deleted file has a mark at its end. */
static void copy_path(char *output, size_t capacity, const char *path)
{
    static const char deleted[] = " (deleted)";
    static const char newline[] = "\\012";
    size_t length = strlen(path);
    size_t written = 0;

    if (length > sizeof(deleted) - 1 && strcmp(path + length - (sizeof(deleted) - 1), deleted) == 0)
        length -= sizeof(deleted) - 1;
    for (size_t i = 0; i < length && written + 1 < capacity; i++) {
        bool is_newline = strncmp(path + i, newline, sizeof(newline) - 1) == 0;
        output[written++] = is_newline ? '\n' : path[i];
        if (is_newline)
            i += sizeof(newline) - 2;
    }
    output[written] = '\0';
}

/* Get hold of a file by its path without opening it: opening a device can have effects, opening a pipe can
 * wait for ever. */
static int hold(const char *path, struct stat *status)
{
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, status) != 0 || !S_ISREG(status->st_mode))) {
        close(fd);
        errno = EACCES;
        return -1;
    }
    return fd;
}

/* Open for reading what is held, and let go of it. */
static int open_held(int held)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", held);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    close(held);
    return fd;
}

/* Whether the process's memory starts as the file does. It tells files apart where the device numbers of
 * stat(2) and of the mappings differ (btrfs, overlayfs). */
static bool starts_alike(pid_t pid, const struct maps *maps, const struct mapped_file *file, int held)
{
    unsigned char in_memory[SAME_START_BYTES];
    unsigned char in_file[SAME_START_BYTES];
    const struct mapping *first = &maps->mappings[file->first];
    int copy = fcntl(held, F_DUPFD_CLOEXEC, 0);

    if (copy < 0)
        return false;
    int fd = open_held(copy);
    if (fd < 0)
        return false;
    bool alike = first->offset == 0 && pread(fd, in_file, sizeof(in_file), 0) == (ssize_t)sizeof(in_file) &&
                 memory_read(pid, first->start, in_memory, sizeof(in_memory)) &&
                 memcmp(in_memory, in_file, sizeof(in_file)) == 0;
    close(fd);
    return alike;
}

/* Get hold of a mapped file by a path where another file may have taken its place. */
static int hold_same(pid_t pid, const struct maps *maps, const struct mapped_file *file, const char *path,
                     struct stat *status)
{
    int held = hold(path, status);

    if (held < 0)
        return -1;
    if ((status->st_dev == file->device && status->st_ino == file->inode) ||
        starts_alike(pid, maps, file, held))
        return held;
    close(held);
    errno = ENOENT;
    return -1;
}

/* Get hold of a mapped file: by the mapping itself where that is permitted (it works for deleted files too),
 * else by its path, which is as the process sees it in another mount namespace (a container) and as pyneck
 * sees it in the same one (chroot), else as the process's program, deleted or not. */
static int hold_mapped(pid_t pid, const struct maps *maps, const struct mapped_file *file,
                       struct stat *status)
{
    const struct mapping *first = &maps->mappings[file->first];
    char path[4096 + 64];

    snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", (int)pid, (unsigned long long)first->start,
             (unsigned long long)first->end);
    int held = hold(path, status);
    if (held >= 0)
        return held;

    int length = snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
    copy_path(path + length, sizeof(path) - (size_t)length, maps->text + file->path);
    held = hold_same(pid, maps, file, path, status);
    if (held < 0)
        held = hold_same(pid, maps, file, path + length, status);
    if (held < 0) {
        snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
        held = hold_same(pid, maps, file, path, status);
    }
    return held;
}

/* ---- the cache ---- */

static bool same_time(const struct timespec *left, const struct timespec *right)
{
    return left->tv_sec == right->tv_sec && left->tv_nsec == right->tv_nsec;
}

static bool is_unchanged(const struct known_file *known, const struct stat *status)
{
    return known->size == status->st_size && same_time(&known->modified, &status->st_mtim) &&
           same_time(&known->changed, &status->st_ctim);
}

/* The place of a file in the cache, new or known. */
static struct known_file *find_file(struct file_cache *cache, const struct mapped_file *file)
{
    uint64_t key = hash_u64(file->device) ^ file->inode;
    uint32_t *place = hash_map_find(&cache->index, key);

    if (place != NULL && cache->files[*place].device == file->device &&
        cache->files[*place].inode == file->inode)
        return &cache->files[*place];
    if (cache->count >= MAX_FILES)
        file_cache_free(cache);
    cache->files = memory_grow(cache->files, &cache->capacity, cache->count + 1, sizeof(*cache->files));
    hash_map_set(&cache->index, key, (uint32_t)cache->count);
    struct known_file *added = &cache->files[cache->count++];
    *added = (struct known_file){.device = file->device, .inode = file->inode};
    return added;
}

static void examine(struct known_file *known, int held, const struct stat *status)
{
    struct elf_interpreter interpreter = {0};
    int fd = open_held(held);

    if (fd >= 0) {
        elf_file_examine(&interpreter, fd, (uint64_t)status->st_size);
        close(fd);
    }
    known->size = status->st_size;
    known->modified = status->st_mtim;
    known->changed = status->st_ctim;
    free(known->interpreter);
    known->interpreter = NULL;
    if (interpreter.implementation != NULL) {
        known->interpreter = memory_allocate(1, sizeof(interpreter));
        *known->interpreter = interpreter;
    }
}

const struct elf_interpreter *file_cache_examine(struct file_cache *cache, pid_t pid, const struct maps *maps,
                                                 const struct mapped_file *file, uint64_t now_ns, int *number)
{
    struct known_file *known = find_file(cache, file);
    struct stat status;

    *number = 0;
    if (known->checked_ns != 0 && now_ns - known->checked_ns < trusted_ns)
        return known->interpreter;
    int held = hold_mapped(pid, maps, file, &status);
    if (held < 0) {
        *number = errno;
        return known->interpreter;
    }
    if (known->checked_ns != 0 && is_unchanged(known, &status))
        close(held);
    else
        examine(known, held, &status);
    known->checked_ns = now_ns;
    return known->interpreter;
}

void file_cache_free(struct file_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++)
        free(cache->files[i].interpreter);
    free(cache->files);
    hash_map_free(&cache->index);
    *cache = (struct file_cache){0};
}

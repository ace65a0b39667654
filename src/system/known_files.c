#include "system/known_files.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "system/counter.h"
#include "system/open_file_text.h"
#include "system/process_root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
    MAX_FILES = 65536,
};

/* The directories in /proc/PID while a pass goes on. */
struct descriptor_directories {
    int fd;
    int fdinfo;
    struct process_root root;
};

/* Ask the file behind a descriptor what it is; returns whether a position in it means something. Following
 * the link opens nothing, so it has no side effects on devices and pipes; AT_STATX_DONT_SYNC takes what is
 * known here of a file on a server that may not answer. */
static bool read_status(struct known_file *file, int fd_directory, const char *name, const char *target)
{
    struct statx status;

    if (statx(fd_directory, name, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE | STATX_NLINK | STATX_INO,
              &status) != 0)
        return false;
    if (file->kind == OPEN_FILE_OTHER)
        file->kind = descriptor_kind_of_mode(status.stx_mode, status.stx_rdev_major, target);
    if (file->kind == OPEN_FILE_FILE || file->kind == OPEN_FILE_MEMFD)
        file->size_bytes = (int64_t)status.stx_size;
    file->deleted = file->kind != OPEN_FILE_MEMFD && status.stx_nlink == 0;
    file->device = makedev(status.stx_dev_major, status.stx_dev_minor);
    file->inode = status.stx_ino;
    return S_ISREG(status.stx_mode) || S_ISBLK(status.stx_mode);
}

static void read_path(struct known_file *file, const struct descriptor_directories *directories,
                      const char *target, size_t length)
{
    char clean[PATH_MAX];

    process_root_enter(&directories->root, &target, &length);
    /* A memfd never has a name, so that its name is deleted says nothing. */
    if (file->deleted || file->kind == OPEN_FILE_MEMFD)
        descriptor_cut_deleted_mark(target, &length);
    text_clean(clean, sizeof(clean), target, length);
    file->path = memory_copy_text(clean);
}

static void read_info(struct known_file *file, int fdinfo_directory, const char *name)
{
    char text[256]; /* position and flags come first */
    int fd = openat(fdinfo_directory, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    ssize_t length = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    struct descriptor_info info = descriptor_parse_info(text);
    file->position_bytes = info.position_bytes;
    if (info.access != ACCESS_UNKNOWN)
        file->access = info.access;
}

/* Ask a socket for its protocol, unless it was asked when the descriptor was read before. */
static void find_protocol(struct known_file *file, const struct known_file *before, int fd_directory)
{
    char path[48];

    if (before != NULL && before->kind == file->kind && before->inode == file->inode &&
        before->protocol[0] != '\0') {
        memcpy(file->protocol, before->protocol, sizeof(file->protocol));
        return;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d/%d", fd_directory, file->fd);
    ssize_t length = getxattr(path, "system.sockprotoname", file->protocol, sizeof(file->protocol) - 1);
    file->protocol[length > 0 ? length : 0] = '\0';
}

/* Read one descriptor; false when it is closed already. */
static bool read_file(struct known_file *file, const struct descriptor_directories *directories,
                      const char *name)
{
    char target[PATH_MAX];
    struct stat link_status;
    bool has_position = false;
    ssize_t length = readlinkat(directories->fd, name, target, sizeof(target) - 1);

    *file = (struct known_file){
        .fd = atoi(name),
        .kind = OPEN_FILE_OTHER,
        .position_bytes = UNKNOWN_COUNT,
        .size_bytes = UNKNOWN_COUNT,
        .bytes_per_second = UNKNOWN_REAL,
        .read_ns = clock_monotonic_ns(),
    };
    if (length < 0 && errno == ENOENT)
        return false;
    if (length < 0)
        length = 0; /* a path too long for the kernel to tell */
    target[length] = '\0';
    struct descriptor_link link = descriptor_parse_link(target);
    file->kind = link.kind;
    file->inode = link.inode;
    if (fstatat(directories->fd, name, &link_status, AT_SYMLINK_NOFOLLOW) == 0)
        file->access = descriptor_access_of_link(link_status.st_mode);
    if (link.has_path || link.kind == OPEN_FILE_MEMFD || length == 0)
        has_position = read_status(file, directories->fd, name, target);
    if (length > 0)
        read_path(file, directories, target, (size_t)length);
    if (has_position)
        read_info(file, directories->fdinfo, name);
    return true;
}

static void set_rate(struct known_file *file, const struct known_file *before)
{
    if (before == NULL)
        return;
    bool is_same_file =
        before->kind == file->kind && before->device == file->device && before->inode == file->inode;
    if (!is_same_file || !count_is_known(before->position_bytes) || !count_is_known(file->position_bytes))
        return;
    double seconds = (double)(file->read_ns - before->read_ns) / NS_PER_SECOND;
    file->bytes_per_second =
        counter_rate((uint64_t)before->position_bytes, (uint64_t)file->position_bytes, seconds);
}

/* Put a descriptor that was just read behind the others, in the place of what was known of it and of those
 * before it that are closed now. */
static void add_file(struct known_files *known, struct known_file file, int fd_directory)
{
    struct known_file_list *previous = &known->previous;
    struct known_file_list *fresh = &known->fresh;
    const struct known_file *same = NULL;

    while (known->previous_index < previous->count && previous->files[known->previous_index].fd <= file.fd) {
        struct known_file *before = &previous->files[known->previous_index++];
        if (before->fd == file.fd)
            same = before;
        free(before->path);
        before->path = NULL;
    }
    set_rate(&file, same);
    if (file.kind == OPEN_FILE_SOCKET)
        find_protocol(&file, same, fd_directory);
    fresh->files = memory_grow(fresh->files, &fresh->capacity, fresh->count + 1, sizeof(*fresh->files));
    fresh->files[fresh->count++] = file;
}

static void drop_rest(struct known_files *known)
{
    while (known->previous_index < known->previous.count)
        free(known->previous.files[known->previous_index++].path);
}

static void begin_pass(struct known_files *known)
{
    struct known_file_list old = known->previous;

    drop_rest(known);
    known->previous = known->fresh;
    known->previous_index = 0;
    known->fresh = old;
    known->fresh.count = 0;
    known->resume_offset = 0;
    known->is_cut = false;
}

/* Read the descriptors in a batch of directory entries; returns whether there was time for all. */
static bool read_batch(struct known_files *known, const struct descriptor_directories *directories,
                       const char *names, ssize_t length, uint64_t deadline_ns)
{
    for (ssize_t offset = 0; offset < length;) {
        const struct dirent64 *entry = (const struct dirent64 *)(names + offset);
        struct known_file file;
        offset += entry->d_reclen;
        if (entry->d_name[0] == '.')
            continue;
        if (read_file(&file, directories, entry->d_name))
            add_file(known, file, directories->fd);
        known->resume_offset = entry->d_off;
        if (clock_monotonic_ns() >= deadline_ns)
            return false;
    }
    return true;
}

/* Go through the directory from where the pass stands. */
static int go_on(struct known_files *known, const struct descriptor_directories *directories,
                 uint64_t deadline_ns)
{
    _Alignas(struct dirent64) char names[4096];
    ssize_t length;

    if (lseek(directories->fd, known->resume_offset, SEEK_SET) < 0)
        return errno;
    while ((length = getdents64(directories->fd, names, sizeof(names))) > 0) {
        known->is_cut = known->fresh.count >= MAX_FILES;
        if (known->is_cut)
            break;
        if (!read_batch(known, directories, names, length, deadline_ns))
            return 0;
    }
    if (length < 0)
        return errno;
    drop_rest(known);
    known->resume_offset = 0;
    known->is_complete = true;
    return 0;
}

int known_files_read(struct known_files *known, int process_fd, uint64_t deadline_ns)
{
    struct descriptor_directories directories = {
        .fd = openat(process_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

    if (directories.fd < 0)
        return errno;
    process_root_read(&directories.root, process_fd);
    directories.fdinfo = openat(process_fd, "fdinfo", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (known->resume_offset == 0)
        begin_pass(known);
    int status = go_on(known, &directories, deadline_ns);
    if (directories.fdinfo >= 0)
        close(directories.fdinfo);
    close(directories.fd);
    return status;
}

size_t known_files_count(const struct known_files *known)
{
    return known->fresh.count + known->previous.count - known->previous_index;
}

const struct known_file *known_files_at(const struct known_files *known, size_t place)
{
    if (place < known->fresh.count)
        return &known->fresh.files[place];
    return &known->previous.files[known->previous_index + place - known->fresh.count];
}

void known_files_free(struct known_files *known)
{
    drop_rest(known);
    for (size_t i = 0; i < known->fresh.count; i++)
        free(known->fresh.files[i].path);
    free(known->fresh.files);
    free(known->previous.files);
    *known = (struct known_files){0};
}

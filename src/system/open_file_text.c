#include "system/open_file_text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

struct descriptor_link descriptor_parse_link(const char *target)
{
    static const struct {
        const char *start;
        enum open_file_kind kind;
    } links[] = {
        {"pipe:[", OPEN_FILE_PIPE},
        {"socket:[", OPEN_FILE_SOCKET},
        {"anon_inode:[eventfd]", OPEN_FILE_EVENTFD},
        {"anon_inode:[eventpoll]", OPEN_FILE_EPOLL},
        {"anon_inode:[timerfd]", OPEN_FILE_TIMERFD},
        {"anon_inode:[signalfd]", OPEN_FILE_SIGNALFD},
        {"anon_inode:inotify", OPEN_FILE_INOTIFY},
        {"anon_inode:[inotify]", OPEN_FILE_INOTIFY},
        {"/memfd:", OPEN_FILE_MEMFD},
    };
    struct descriptor_link link = {.kind = OPEN_FILE_OTHER, .has_path = *target == '/'};

    for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
        if (!starts_with(target, links[i].start))
            continue;
        link.kind = links[i].kind;
        link.has_path = false;
        if (link.kind == OPEN_FILE_PIPE || link.kind == OPEN_FILE_SOCKET)
            sscanf(target + strlen(links[i].start), "%" SCNu64 "]", &link.inode);
    }
    return link;
}

/* Major numbers of terminals: the kernel's Documentation/admin-guide/devices.txt. */
static bool is_tty(unsigned int device_major, const char *path)
{
    return device_major == 4 || device_major == 5 || (device_major >= 136 && device_major <= 143) ||
           starts_with(path, "/dev/pts/") || starts_with(path, "/dev/tty");
}

enum open_file_kind descriptor_kind_of_mode(unsigned int mode, unsigned int device_major, const char *path)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return OPEN_FILE_FILE;
    case S_IFDIR:
        return OPEN_FILE_DIRECTORY;
    case S_IFIFO:
        return OPEN_FILE_PIPE;
    case S_IFSOCK:
        return OPEN_FILE_SOCKET;
    case S_IFCHR:
        return is_tty(device_major, path) ? OPEN_FILE_TTY : OPEN_FILE_DEVICE;
    case S_IFBLK:
        return OPEN_FILE_DEVICE;
    default:
        return OPEN_FILE_OTHER;
    }
}

bool descriptor_cut_deleted_mark(const char *target, size_t *length)
{
    static const char mark[] = " (deleted)";
    const size_t mark_length = sizeof(mark) - 1;

    if (*length <= mark_length || memcmp(target + *length - mark_length, mark, mark_length) != 0)
        return false;
    *length -= mark_length;
    return true;
}

struct descriptor_info descriptor_parse_info(const char *text)
{
    struct descriptor_info info = {UNKNOWN_COUNT, ACCESS_UNKNOWN};
    const char *flags_line = strstr(text, "flags:");
    unsigned int flags;

    if (sscanf(text, "pos: %" SCNd64, &info.position_bytes) != 1 || info.position_bytes < 0)
        info.position_bytes = UNKNOWN_COUNT;
    if (flags_line == NULL || sscanf(flags_line, "flags: %o", &flags) != 1 || (flags & O_PATH) != 0)
        return info;
    switch (flags & O_ACCMODE) {
    case O_RDONLY:
        info.access = ACCESS_READ;
        break;
    case O_WRONLY:
        info.access = ACCESS_WRITE;
        break;
    case O_RDWR:
        info.access = ACCESS_READ_WRITE;
        break;
    }
    return info;
}

enum open_file_access descriptor_access_of_link(unsigned int mode)
{
    bool reads = (mode & S_IRUSR) != 0;
    bool writes = (mode & S_IWUSR) != 0;

    if (reads && writes)
        return ACCESS_READ_WRITE;
    return reads ? ACCESS_READ : writes ? ACCESS_WRITE : ACCESS_UNKNOWN;
}

int64_t descriptor_parse_limit(const char *text)
{
    const char *line = strstr(text, "Max open files");
    int64_t limit;

    return line != NULL && sscanf(line, "Max open files %" SCNd64, &limit) == 1 ? limit : UNKNOWN_COUNT;
}

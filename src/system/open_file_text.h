/* What /proc/PID/fd and /proc/PID/fdinfo say of a descriptor, read from their text. */
#ifndef PYNECK_SYSTEM_OPEN_FILE_TEXT_H
#define PYNECK_SYSTEM_OPEN_FILE_TEXT_H

#include "model/tick.h"

#include <stddef.h>

/* What a link in /proc/PID/fd says. */
struct descriptor_link {
    enum open_file_kind kind;
    bool
        has_path; /* it names something in a file system, whose kind stat(2) tells; kind is OPEN_FILE_OTHER */
    uint64_t inode; /* of a pipe or a socket; 0 for others */
};

/* Read the target of a link: "/a/path", "pipe:[123]", "socket:[123]", "anon_inode:[eventpoll]" ...
 * Source: proc_pid_fd(5). */
struct descriptor_link descriptor_parse_link(const char *target);

/* The kind of what has a path, by its st_mode and, for devices, its major number and path. */
enum open_file_kind descriptor_kind_of_mode(unsigned int mode, unsigned int device_major, const char *path);

/* Whether the link's text says that the name was deleted; then `length` becomes what is left without the
 * mark. A name can end like that by itself: only a file without any name left (st_nlink 0) is really deleted.
 */
bool descriptor_cut_deleted_mark(const char *target, size_t *length);

struct descriptor_info {
    int64_t position_bytes; /* UNKNOWN_COUNT when the text does not say */
    enum open_file_access access;
};

/* Read the head of /proc/PID/fdinfo/FD: proc_pid_fdinfo(5). */
struct descriptor_info descriptor_parse_info(const char *text);

/* The access that the permission bits of the link in /proc/PID/fd itself stand for. */
enum open_file_access descriptor_access_of_link(unsigned int mode);

/* The soft limit of open files in /proc/PID/limits; UNKNOWN_COUNT when it is unlimited or not there. */
int64_t descriptor_parse_limit(const char *text);

#endif

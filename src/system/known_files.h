/* The open files of one process, remembered between readings: for rates, and so that a list that is too long
 * to be read at once is read in parts. */
#ifndef PYNECK_SYSTEM_KNOWN_FILES_H
#define PYNECK_SYSTEM_KNOWN_FILES_H

#include "model/tick.h"

enum {
    SOCKET_PROTOCOL_SIZE = 32, /* of struct proto's name in the kernel's include/net/sock.h, with its NUL */
};

/* One descriptor as it was read last. */
struct known_file {
    int fd;
    enum open_file_kind kind;
    enum open_file_access access;
    bool deleted;
    char *path; /* clean; NULL when unknown */
    int64_t position_bytes;
    int64_t size_bytes;
    double bytes_per_second;
    uint64_t device; /* with the inode: which file it is; device is 0 for pipes and sockets */
    uint64_t inode;
    uint64_t read_ns;                    /* CLOCK_MONOTONIC */
    char protocol[SOCKET_PROTOCOL_SIZE]; /* of a socket, as the kernel calls it, not clean; "" when unknown */
};

struct known_file_list {
    struct known_file *files; /* by fd */
    size_t count;
    size_t capacity;
};

/* Zero-initialized is "nothing known". */
struct known_files {
    struct known_file_list fresh;    /* read in this pass */
    struct known_file_list previous; /* read in the pass before; from previous_index on not yet replaced */
    size_t previous_index;
    int64_t resume_offset; /* where this pass stands in /proc/PID/fd */
    bool is_complete;      /* a pass has been finished */
    bool is_cut;           /* there are more descriptors than are remembered */
};

/* Go on with the pass through the descriptors, or begin a new one, until its end or until the time is over.
 *
 * process_fd   the process's directory in /proc
 * deadline_ns  CLOCK_MONOTONIC
 * returns      0, or the errno of why the descriptors cannot be listed */
int known_files_read(struct known_files *known, int process_fd, uint64_t deadline_ns);

/* How many descriptors are known, and each of them by its place, in the order of fd. */
size_t known_files_count(const struct known_files *known);
const struct known_file *known_files_at(const struct known_files *known, size_t place);

void known_files_free(struct known_files *known);

#endif

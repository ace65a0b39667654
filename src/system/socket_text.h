/* Sockets as the files of /proc/PID/net list them, read from their lines. */
#ifndef PYNECK_SYSTEM_SOCKET_TEXT_H
#define PYNECK_SYSTEM_SOCKET_TEXT_H

#include "base/arena.h"
#include "model/tick.h"

enum {
    SOCKET_PATH_SIZE = 109, /* sizeof(sun_path) and a final NUL; the bytes are not clean */
};

/* One socket, as small as it gets: there may be many. */
struct socket_record {
    uint64_t inode;
    uint64_t peer_inode; /* of a Unix socket; 0 when unknown */
    int64_t receive_queue_bytes;
    int64_t send_queue_bytes;
    uint8_t protocol; /* index into socket_files */
    uint8_t state;    /* as the file says */
    bool listens;     /* of a Unix socket */
    uint16_t local_port;
    uint16_t remote_port;
    uint32_t local_address[4]; /* as the file says: words of network order read as host order */
    uint32_t remote_address[4];
    uint32_t number; /* netlink: the port id */
    uint32_t path;   /* of a Unix socket: place in a pool of texts that the owner keeps; 0 for none */
};

/* The files, one a protocol. */
struct socket_file {
    const char *name;            /* in /proc/PID/net, and the protocol's name */
    const char *kernel_names[2]; /* of the protocols whose sockets it lists; NULL: no more */
    /* Read one line; false when it describes no socket that a process holds. `path`, SOCKET_PATH_SIZE bytes,
     * receives a Unix socket's name, or "". */
    bool (*parse)(const char *line, struct socket_record *record, char *path);
    const char *(*state_name)(const struct socket_record *record); /* NULL where there is none */
    enum {
        ADDRESS_NONE,
        ADDRESS_IPV4,
        ADDRESS_IPV6,
        ADDRESS_PATH,
        ADDRESS_NETLINK
    } address;
};

enum {
    SOCKET_FILE_TCP, /* the places of some */
    SOCKET_FILE_TCP6,
    SOCKET_FILE_UNIX = 4,
    SOCKET_FILES = 11,
};

extern const struct socket_file socket_files[SOCKET_FILES];

/* Which files may list a socket, as bits, 1 << place: the one of its protocol as the kernel calls it (the attribute
 * "system.sockprotoname", struct proto's name in include/net/sock.h), or all where that does not tell. */
uint32_t socket_files_of_protocol(const char *kernel_name);

/* What a record says, as texts in the arena.
 *
 * path, remote_path  of a Unix socket and its peer, not clean; NULL or "" for none */
struct socket_info *socket_describe(const struct socket_record *record, const char *path,
                                    const char *remote_path, struct arena *arena);

/* The protocol's name as this program writes it, from the kernel's in the attribute "system.sockprotoname":
 * "TCPv6" is "tcp6". For sockets that no file lists.
 *
 * name  receives the clean name, at most `capacity` bytes */
void socket_format_protocol(char *name, size_t capacity, const char *kernel_name, size_t length);

#endif

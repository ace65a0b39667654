/* Unix sockets of pyneck's own network namespace, asked from the kernel by sock_diag(7): unlike
 * /proc/net/unix it tells the socket at the other end and the length of the queues. */
#ifndef PYNECK_SYSTEM_UNIX_DIAG_H
#define PYNECK_SYSTEM_UNIX_DIAG_H

#include "model/number.h"

#include <stdbool.h>
#include <stddef.h>

struct unix_diag_socket {
    uint64_t inode;
    uint64_t peer_inode;         /* 0 when it has none */
    int64_t receive_queue_bytes; /* of a listening socket: connections that wait; UNKNOWN_COUNT */
    int64_t send_queue_bytes;
};

/* Ask for all Unix sockets; sock_diag.h says how the answer is read. */
int unix_diag_ask(void);

/* Read one message of an answer; false when it is not about a Unix socket. `length` bytes are valid. */
bool unix_diag_parse(const void *message, size_t length, struct unix_diag_socket *socket);

#endif

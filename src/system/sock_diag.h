/* Lists of the sockets of pyneck's own network namespace, asked from the kernel by netlink: sock_diag(7). */
#ifndef PYNECK_SYSTEM_SOCK_DIAG_H
#define PYNECK_SYSTEM_SOCK_DIAG_H

#include <stddef.h>

/* Ask for a list.
 *
 * request  the struct that sock_diag(7) names for the family, `length` bytes, at most SOCK_DIAG_MAX_REQUEST
 * returns  a descriptor to read the answer from and then close(2), or -1 when the kernel does not answer */
enum {
    SOCK_DIAG_MAX_REQUEST = 64,
};
int sock_diag_ask(const void *request, size_t length);

enum sock_diag_part {
    SOCK_DIAG_MORE,
    SOCK_DIAG_LAST,
    SOCK_DIAG_REFUSED, /* the kernel cannot list such sockets */
};

/* Read a part of the answer.
 *
 * take  called for each message in it, of `length` bytes */
enum sock_diag_part sock_diag_read(int fd, void (*take)(void *context, const void *message, size_t length),
                                   void *context);

#endif

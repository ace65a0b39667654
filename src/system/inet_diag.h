/* TCP sockets of pyneck's own network namespace, asked from the kernel by sock_diag(7). It goes through the same table as
 * for /proc/net/tcp, most of which is empty, but in a tenth of the time. */
#ifndef PYNECK_SYSTEM_INET_DIAG_H
#define PYNECK_SYSTEM_INET_DIAG_H

#include "system/socket_text.h"

/* Ask for the TCP sockets of AF_INET or AF_INET6 that a process holds; sock_diag.h says how the answer is read. */
int inet_diag_ask(int family);

/* Read one message of an answer into the same record as a line of /proc/net/tcp, without its `protocol`; false when it
 * describes no socket that a process holds. `length` bytes are valid. */
bool inet_diag_parse(const void *message, size_t length, struct socket_record *record);

#endif

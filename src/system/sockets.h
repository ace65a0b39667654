/* Tables of the sockets of network namespaces, kept for a short time. */
#ifndef PYNECK_SYSTEM_SOCKETS_H
#define PYNECK_SYSTEM_SOCKETS_H

#include "base/arena.h"
#include "model/tick.h"

struct socket_tables;
struct socket_table;

struct socket_tables *socket_tables_new(void);
void socket_tables_free(struct socket_tables *tables);

/* The table of a process's network namespace. It is read when it is older than about a second, or has not what is
 * asked for now; reading stops when the time is over and goes on at the next call, and until the new table is complete
 * the last one stands.
 *
 * process_fd   the process's directory in /proc
 * files        which of the kernel's lists are needed (socket_files_of_protocol()): those of TCP cost milliseconds on a
 *              machine that has much memory, however few connections there are
 * deadline_ns  clock_thread_cpu_ns()
 * returns      valid until the next call; NULL without permission, or when the first one is not complete yet
 *
 * Source: proc_pid_net(5), sock_diag(7) */
const struct socket_table *socket_tables_find(struct socket_tables *tables, int process_fd, uint32_t files,
                                              uint64_t deadline_ns);

/* What is known of a socket, from the arena; NULL when the table does not have it. `table` may be NULL. */
const struct socket_info *socket_table_describe(const struct socket_table *table, uint64_t inode,
                                                struct arena *arena);

/* The inode of the Unix socket at the other end; 0 when there is none or it is not known. */
uint64_t socket_table_peer(const struct socket_table *table, uint64_t inode);

#endif

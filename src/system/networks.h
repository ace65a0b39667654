/* What the network interfaces transfer. */
#ifndef PYNECK_SYSTEM_NETWORKS_H
#define PYNECK_SYSTEM_NETWORKS_H

#include "model/tick.h"

enum {
    NETWORK_NAME_SIZE = 64, /* IFNAMSIZ bytes, each perhaps three when cleaned */
};

struct network_counters {
    char name[NETWORK_NAME_SIZE]; /* clean */
    uint64_t receive_bytes;
    uint64_t transmit_bytes;
};

/* Read one line of /proc/net/dev; false when it is not about an interface (the two header lines).
 * Source: proc_pid_net(5), "dev". */
bool network_parse_line(const char *line, struct network_counters *network);

struct network_reader;

struct network_reader *network_reader_new(void);
void network_reader_free(struct network_reader *reader);

/* Set the networks of `usage`: every interface of this network namespace, lo too, in the kernel's order.
 *
 * seconds  since the last call */
void network_reader_read(struct network_reader *reader, struct arena *arena, double seconds,
                         struct system_usage *usage);

#endif

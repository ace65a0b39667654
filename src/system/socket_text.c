#include "system/socket_text.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* What "St" means: enum in the kernel's include/net/tcp_states.h; names as netstat(8) prints them. */
static const char *const tcp_states[] = {
    [1] = "ESTABLISHED", [2] = "SYN_SENT",  [3] = "SYN_RECV", [4] = "FIN_WAIT1",
    [5] = "FIN_WAIT2",   [6] = "TIME_WAIT", [7] = "CLOSE",    [8] = "CLOSE_WAIT",
    [9] = "LAST_ACK",    [10] = "LISTEN",   [11] = "CLOSING", [12] = "SYN_RECV",
};

enum {
    STATE_ESTABLISHED = 1,
    UNIX_CONNECTING = 2, /* enum socket_state in include/uapi/linux/net.h */
    UNIX_CONNECTED = 3,
    UNIX_DISCONNECTING = 4,
    UNIX_LISTENS = 0x10000, /* __SO_ACCEPTCON there */
};

static const char *tcp_state_name(const struct socket_record *record)
{
    return record->state < sizeof(tcp_states) / sizeof(*tcp_states) ? tcp_states[record->state] : NULL;
}

/* Protocols without connections know only "connected to someone" and nothing at all. */
static const char *datagram_state_name(const struct socket_record *record)
{
    return record->state == STATE_ESTABLISHED ? tcp_states[STATE_ESTABLISHED] : NULL;
}

static const char *unix_state_name(const struct socket_record *record)
{
    switch (record->state) {
    case UNIX_CONNECTING:
        return "CONNECTING";
    case UNIX_CONNECTED:
        return "CONNECTED";
    case UNIX_DISCONNECTING:
        return "DISCONNECTING";
    default:
        return record->listens ? "LISTENING" : NULL;
    }
}

static const char *no_state_name(const struct socket_record *record)
{
    (void)record;
    return NULL;
}

static bool parse_ipv4(const char *line, struct socket_record *record, char *path)
{
    int fields = sscanf(line,
                        " %*u: %8" SCNx32 ":%4" SCNx16 " %8" SCNx32 ":%4" SCNx16 " %2" SCNx8 " %" SCNx64
                        ":%" SCNx64 " %*x:%*x %*x %*u %*u %" SCNu64,
                        &record->local_address[0], &record->local_port, &record->remote_address[0],
                        &record->remote_port, &record->state, (uint64_t *)&record->send_queue_bytes,
                        (uint64_t *)&record->receive_queue_bytes, &record->inode);

    *path = '\0';
    return fields == 8 && record->inode != 0;
}

static bool parse_ipv6(const char *line, struct socket_record *record, char *path)
{
    uint32_t *local = record->local_address;
    uint32_t *remote = record->remote_address;
    int fields = sscanf(line,
                        " %*u: %8" SCNx32 "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 ":%4" SCNx16 " %8" SCNx32
                        "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 ":%4" SCNx16 " %2" SCNx8 " %" SCNx64 ":%" SCNx64
                        " %*x:%*x %*x %*u %*u %" SCNu64,
                        &local[0], &local[1], &local[2], &local[3], &record->local_port, &remote[0],
                        &remote[1], &remote[2], &remote[3], &record->remote_port, &record->state,
                        (uint64_t *)&record->send_queue_bytes, (uint64_t *)&record->receive_queue_bytes,
                        &record->inode);

    *path = '\0';
    return fields == 14 && record->inode != 0;
}

static bool parse_unix(const char *line, struct socket_record *record, char *path)
{
    uint32_t flags;
    int path_start = 0;
    int fields = sscanf(line, "%*x: %*x %*x %" SCNx32 " %*x %" SCNx8 " %" SCNu64 "%n", &flags, &record->state,
                        &record->inode, &path_start);

    if (fields != 3 || record->inode == 0)
        return false;
    record->listens = (flags & UNIX_LISTENS) != 0;
    record->receive_queue_bytes = UNKNOWN_COUNT;
    record->send_queue_bytes = UNKNOWN_COUNT;
    const char *name = line + path_start;
    snprintf(path, SOCKET_PATH_SIZE, "%s", *name == ' ' ? name + 1 : "");
    return true;
}

static bool parse_netlink(const char *line, struct socket_record *record, char *path)
{
    /* sk, protocol, port id, groups, receive and send memory, dump, locks, drops, inode */
    int fields = sscanf(line, "%*x %" SCNu8 " %" SCNu32 " %*x %" SCNd64 " %" SCNd64 " %*u %*u %*u %" SCNu64,
                        &record->state, &record->number, &record->receive_queue_bytes,
                        &record->send_queue_bytes, &record->inode);

    *path = '\0';
    return fields == 5 && record->inode != 0;
}

static bool parse_packet(const char *line, struct socket_record *record, char *path)
{
    /* sk, references, type, protocol, interface, running, receive memory, user, inode */
    int fields = sscanf(line, "%*x %*u %*u %*x %*d %*u %" SCNd64 " %*u %" SCNu64,
                        &record->receive_queue_bytes, &record->inode);

    record->send_queue_bytes = UNKNOWN_COUNT;
    *path = '\0';
    return fields == 2 && record->inode != 0;
}

const struct socket_file socket_files[SOCKET_FILES] = {
    [SOCKET_FILE_TCP] = {"tcp", {"TCP"}, parse_ipv4, tcp_state_name, ADDRESS_IPV4},
    [SOCKET_FILE_TCP6] = {"tcp6", {"TCPv6"}, parse_ipv6, tcp_state_name, ADDRESS_IPV6},
    {"udp", {"UDP"}, parse_ipv4, datagram_state_name, ADDRESS_IPV4},
    {"udp6", {"UDPv6"}, parse_ipv6, datagram_state_name, ADDRESS_IPV6},
    [SOCKET_FILE_UNIX] = {"unix", {"UNIX", "UNIX-STREAM"}, parse_unix, unix_state_name, ADDRESS_PATH},
    {"raw", {"RAW"}, parse_ipv4, datagram_state_name, ADDRESS_IPV4},
    {"raw6", {"RAWv6"}, parse_ipv6, datagram_state_name, ADDRESS_IPV6},
    {"icmp", {"PING"}, parse_ipv4, datagram_state_name, ADDRESS_IPV4},
    {"icmp6", {"PINGv6"}, parse_ipv6, datagram_state_name, ADDRESS_IPV6},
    {"netlink", {"NETLINK"}, parse_netlink, no_state_name, ADDRESS_NETLINK},
    {"packet", {"PACKET"}, parse_packet, no_state_name, ADDRESS_NONE},
};

static bool lists_protocol(const struct socket_file *file, const char *kernel_name)
{
    for (size_t i = 0; i < 2 && file->kernel_names[i] != NULL; i++) {
        if (strcmp(file->kernel_names[i], kernel_name) == 0)
            return true;
    }
    return false;
}

uint32_t socket_files_of_protocol(const char *kernel_name)
{
    for (size_t i = 0; i < SOCKET_FILES; i++) {
        if (lists_protocol(&socket_files[i], kernel_name))
            return UINT32_C(1) << i;
    }
    return (UINT32_C(1) << SOCKET_FILES) - 1;
}

static const char *format_ipv4(const uint32_t address[4], uint16_t port, struct arena *arena)
{
    char text[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, address, text, sizeof(text));
    return port == 0 && address[0] == 0 ? NULL : arena_format(arena, "%s:%u", text, port);
}

static const char *format_ipv6(const uint32_t address[4], uint16_t port, struct arena *arena)
{
    static const uint32_t any[4];
    char text[INET6_ADDRSTRLEN];

    inet_ntop(AF_INET6, address, text, sizeof(text));
    bool is_set = port != 0 || memcmp(address, any, sizeof(any)) != 0;
    return is_set ? arena_format(arena, "[%s]:%u", text, port) : NULL;
}

static const char *format_path(const char *path, struct arena *arena)
{
    char clean[3 * SOCKET_PATH_SIZE];

    if (path == NULL || *path == '\0')
        return NULL;
    size_t length = text_clean(clean, sizeof(clean), path, strlen(path));
    return arena_copy_text(arena, clean, length);
}

/* "route:1234": the family (linux/netlink.h) and the port id, which often is the owner's process id. */
static const char *format_netlink(const struct socket_record *record, struct arena *arena)
{
    static const char *const families[] = {
        [0] = "route",           [2] = "usersock", [4] = "sock_diag",  [6] = "xfrm",
        [7] = "selinux",         [9] = "audit",    [11] = "connector", [12] = "netfilter",
        [15] = "kobject_uevent", [16] = "generic", [21] = "crypto",
    };
    const char *family =
        record->state < sizeof(families) / sizeof(*families) ? families[record->state] : NULL;

    if (family != NULL)
        return arena_format(arena, "%s:%" PRIu32, family, record->number);
    return arena_format(arena, "%u:%" PRIu32, record->state, record->number);
}

struct socket_info *socket_describe(const struct socket_record *record, const char *path,
                                    const char *remote_path, struct arena *arena)
{
    const struct socket_file *file = &socket_files[record->protocol];
    struct socket_info *info = arena_allocate(arena, 1, sizeof(*info));

    *info = (struct socket_info){
        .protocol = file->name,
        .state = file->state_name(record),
        .receive_queue_bytes = record->receive_queue_bytes,
        .send_queue_bytes = record->send_queue_bytes,
    };
    switch (file->address) {
    case ADDRESS_NONE:
        break;
    case ADDRESS_IPV4:
        info->local = format_ipv4(record->local_address, record->local_port, arena);
        info->remote = format_ipv4(record->remote_address, record->remote_port, arena);
        break;
    case ADDRESS_IPV6:
        info->local = format_ipv6(record->local_address, record->local_port, arena);
        info->remote = format_ipv6(record->remote_address, record->remote_port, arena);
        break;
    case ADDRESS_PATH:
        info->local = format_path(path, arena);
        info->remote = format_path(remote_path, arena);
        break;
    case ADDRESS_NETLINK:
        info->local = format_netlink(record, arena);
        break;
    }
    return info;
}

void socket_format_protocol(char *name, size_t capacity, const char *kernel_name, size_t length)
{
    size_t written = text_clean(name, capacity, kernel_name, length);

    if (written >= 2 && strcmp(name + written - 2, "v6") == 0)
        strcpy(name + written - 2, "6");
    for (char *character = name; *character != '\0'; character++)
        *character = (char)tolower((unsigned char)*character);
}

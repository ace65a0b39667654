#include "system/unix_diag.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PART_BYTES = 32 * 1024, /* the kernel fills at most this much a part (netlink(7)) */
};

int unix_diag_ask(void)
{
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } message = {
        .header =
            {
                .nlmsg_len = sizeof(message),
                .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
            },
        .request =
            {
                .sdiag_family = AF_UNIX,
                .udiag_states = UINT32_MAX,
                .udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN,
            },
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd < 0)
        return -1;
    if (send(fd, &message, sizeof(message), 0) != (ssize_t)sizeof(message)) {
        close(fd);
        return -1;
    }
    return fd;
}

bool unix_diag_parse(const void *message, size_t length, struct unix_diag_socket *socket)
{
    struct unix_diag_msg fixed;
    const size_t attributes = NLMSG_ALIGN(sizeof(fixed));

    if (length < sizeof(fixed))
        return false;
    memcpy(&fixed, message, sizeof(fixed));
    if (fixed.udiag_family != AF_UNIX)
        return false;
    *socket = (struct unix_diag_socket){fixed.udiag_ino, 0, UNKNOWN_COUNT, UNKNOWN_COUNT};
    for (size_t offset = attributes; offset + sizeof(struct rtattr) <= length;) {
        struct rtattr attribute;
        memcpy(&attribute, (const char *)message + offset, sizeof(attribute));
        if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > length - offset)
            break;
        const char *payload = (const char *)message + offset + RTA_LENGTH(0);
        size_t payload_length = attribute.rta_len - RTA_LENGTH(0);
        uint32_t peer;
        struct unix_diag_rqlen queues;
        if (attribute.rta_type == UNIX_DIAG_PEER && payload_length >= sizeof(peer)) {
            memcpy(&peer, payload, sizeof(peer));
            socket->peer_inode = peer;
        } else if (attribute.rta_type == UNIX_DIAG_RQLEN && payload_length >= sizeof(queues)) {
            memcpy(&queues, payload, sizeof(queues));
            socket->receive_queue_bytes = queues.udiag_rqueue;
            socket->send_queue_bytes = queues.udiag_wqueue;
        }
        offset += RTA_ALIGN(attribute.rta_len);
    }
    return true;
}

size_t unix_diag_read(int fd, struct unix_diag_socket *sockets, size_t capacity, bool *is_done)
{
    _Alignas(struct nlmsghdr) char part[PART_BYTES];
    ssize_t received = recv(fd, part, sizeof(part), MSG_DONTWAIT);
    size_t count = 0;

    *is_done = received <= 0;
    for (size_t offset = 0; received > 0 && offset + NLMSG_HDRLEN <= (size_t)received && count < capacity;) {
        struct nlmsghdr header;
        memcpy(&header, part + offset, sizeof(header));
        if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > (size_t)received - offset)
            break;
        if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR)
            *is_done = true;
        else if (unix_diag_parse(part + offset + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN,
                                 &sockets[count]))
            count++;
        offset += NLMSG_ALIGN(header.nlmsg_len);
    }
    return count;
}

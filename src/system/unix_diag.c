#include "system/unix_diag.h"

#include "system/sock_diag.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

int unix_diag_ask(void)
{
    struct unix_diag_req request = {
        .sdiag_family = AF_UNIX,
        .udiag_states = UINT32_MAX,
        .udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN,
    };

    return sock_diag_ask(&request, sizeof(request));
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

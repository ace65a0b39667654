#include "system/sock_diag.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PART_BYTES = 32 * 1024, /* the kernel fills at most this much a part (netlink(7)) */
};

int sock_diag_ask(const void *request, size_t length)
{
    struct {
        struct nlmsghdr header;
        char request[SOCK_DIAG_MAX_REQUEST];
    } message = {
        .header =
            {
                .nlmsg_len = (uint32_t)NLMSG_LENGTH(length),
                .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
            },
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd < 0)
        return -1;
    memcpy(message.request, request, length);
    if (send(fd, &message, message.header.nlmsg_len, 0) != (ssize_t)message.header.nlmsg_len) {
        close(fd);
        return -1;
    }
    return fd;
}

enum sock_diag_part sock_diag_read(int fd, void (*take)(void *context, const void *message, size_t length),
                                   void *context)
{
    _Alignas(struct nlmsghdr) char part[PART_BYTES];
    ssize_t received = recv(fd, part, sizeof(part), MSG_DONTWAIT);

    if (received <= 0)
        return SOCK_DIAG_REFUSED;
    for (size_t offset = 0; offset + NLMSG_HDRLEN <= (size_t)received;) {
        struct nlmsghdr header;
        memcpy(&header, part + offset, sizeof(header));
        if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > (size_t)received - offset)
            return SOCK_DIAG_REFUSED;
        if (header.nlmsg_type == NLMSG_ERROR)
            return SOCK_DIAG_REFUSED;
        if (header.nlmsg_type == NLMSG_DONE)
            return SOCK_DIAG_LAST;
        take(context, part + offset + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
        offset += NLMSG_ALIGN(header.nlmsg_len);
    }
    return SOCK_DIAG_MORE;
}

#include "system/inet_diag.h"

#include "system/sock_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

int inet_diag_ask(int family)
{
    struct inet_diag_req_v2 request = {
        .sdiag_family = (uint8_t)family,
        .sdiag_protocol = IPPROTO_TCP,
        .idiag_states = ~(UINT32_C(1) << TCP_TIME_WAIT), /* which nobody holds */
    };

    return sock_diag_ask(&request, sizeof(request));
}

bool inet_diag_parse(const void *message, size_t length, struct socket_record *record)
{
    struct inet_diag_msg socket;

    if (length < sizeof(socket))
        return false;
    memcpy(&socket, message, sizeof(socket));
    bool is_ipv4 = socket.idiag_family == AF_INET;
    if ((!is_ipv4 && socket.idiag_family != AF_INET6) || socket.idiag_inode == 0)
        return false;
    *record = (struct socket_record){
        .inode = socket.idiag_inode,
        .receive_queue_bytes = socket.idiag_rqueue,
        /* of a listening socket it is how many connections may wait */
        .send_queue_bytes = socket.idiag_state != TCP_LISTEN ? socket.idiag_wqueue : 0,
        .state = socket.idiag_state,
        .local_port = ntohs(socket.id.idiag_sport),
        .remote_port = ntohs(socket.id.idiag_dport),
    };
    size_t address_bytes = is_ipv4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);
    memcpy(record->local_address, socket.id.idiag_src, address_bytes);
    memcpy(record->remote_address, socket.id.idiag_dst, address_bytes);
    return true;
}

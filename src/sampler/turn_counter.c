#include "sampler/turn_counter.h"

#include "base/memory.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ROOM_BYTES = 2048, /* more than an answer has */
    MAX_STALE = 8,     /* answers to earlier questions that are passed over */
};

struct turn_counter {
    int fd;
    uint16_t family; /* the number that taskstats has on this machine */
    uint32_t sequence;
};

/* A question with one attribute, or an answer. */
struct message {
    struct nlmsghdr header;
    struct genlmsghdr generic;
    unsigned char attributes[ROOM_BYTES];
};

/* An attribute that was found. */
struct attribute {
    uint16_t type;
    size_t size;
    const unsigned char *value;
};

/* Take the first attribute off some bytes; false when no whole one is there. */
static bool next_attribute(const unsigned char **bytes, size_t *size, struct attribute *attribute)
{
    struct nlattr head;

    if (*size < NLA_HDRLEN)
        return false;
    memcpy(&head, *bytes, sizeof(head));
    if (head.nla_len < NLA_HDRLEN || head.nla_len > *size)
        return false;
    *attribute = (struct attribute){
        .type = head.nla_type & NLA_TYPE_MASK,
        .size = head.nla_len - NLA_HDRLEN,
        .value = *bytes + NLA_HDRLEN,
    };
    size_t step = NLA_ALIGN(head.nla_len);
    *bytes += step < *size ? step : *size;
    *size -= step < *size ? step : *size;
    return true;
}

static bool find_attribute(const unsigned char *bytes, size_t size, uint16_t type,
                           struct attribute *attribute)
{
    while (next_attribute(&bytes, &size, attribute)) {
        if (attribute->type == type)
            return true;
    }
    return false;
}

/* Ask, and receive the answer, which the kernel has ready when the question is sent.
 *
 * returns  how many bytes of attributes it has; 0 when there is none */
static size_t ask(struct turn_counter *counter, uint16_t family, uint8_t command, uint16_t type,
                  const void *value, size_t size, struct message *answer)
{
    const struct nlattr head = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type};
    struct message question = {
        .header =
            {
                .nlmsg_len = (uint32_t)(NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(head.nla_len)),
                .nlmsg_type = family,
                .nlmsg_flags = NLM_F_REQUEST,
                .nlmsg_seq = ++counter->sequence,
            },
        .generic = {.cmd = command, .version = 1},
    };

    memcpy(question.attributes, &head, sizeof(head));
    memcpy(question.attributes + NLA_HDRLEN, value, size);
    if (send(counter->fd, &question, question.header.nlmsg_len, 0) < 0)
        return 0;
    for (size_t i = 0; i < MAX_STALE; i++) {
        ssize_t came = recv(counter->fd, answer, sizeof(*answer), MSG_DONTWAIT);
        if (came < (ssize_t)NLMSG_LENGTH(GENL_HDRLEN) || answer->header.nlmsg_len > (size_t)came ||
            answer->header.nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
            return 0;
        if (answer->header.nlmsg_seq == counter->sequence)
            return answer->header.nlmsg_type == family ? answer->header.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN)
                                                       : 0;
    }
    return 0;
}

static bool find_family(struct turn_counter *counter)
{
    static const char name[] = TASKSTATS_GENL_NAME;
    struct message answer;
    struct attribute id;
    size_t size =
        ask(counter, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, name, sizeof(name), &answer);

    if (!find_attribute(answer.attributes, size, CTRL_ATTR_FAMILY_ID, &id) ||
        id.size < sizeof(counter->family))
        return false;
    memcpy(&counter->family, id.value, sizeof(counter->family));
    return true;
}

bool turn_counter_read(struct turn_counter *counter, pid_t pid, uint64_t *turns)
{
    const size_t end = offsetof(struct taskstats, cpu_count) + sizeof(uint64_t);
    uint32_t group = (uint32_t)pid;
    struct message answer;
    struct attribute of_group, statistics;
    size_t size = ask(counter, counter->family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_TGID, &group,
                      sizeof(group), &answer);

    if (!find_attribute(answer.attributes, size, TASKSTATS_TYPE_AGGR_TGID, &of_group) ||
        !find_attribute(of_group.value, of_group.size, TASKSTATS_TYPE_STATS, &statistics) ||
        statistics.size < end)
        return false;
    memcpy(turns, statistics.value + offsetof(struct taskstats, cpu_count), sizeof(*turns));
    return *turns > 0; /* a kernel without CONFIG_TASK_DELAY_ACCT counts nothing */
}

struct turn_counter *turn_counter_new(void)
{
    struct turn_counter *counter = memory_allocate(1, sizeof(*counter));
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    uint64_t own_turns;

    counter->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    if (counter->fd >= 0 && connect(counter->fd, (const struct sockaddr *)&kernel, sizeof(kernel)) == 0 &&
        find_family(counter) && turn_counter_read(counter, getpid(), &own_turns))
        return counter;
    turn_counter_free(counter);
    return NULL;
}

void turn_counter_free(struct turn_counter *counter)
{
    if (counter != NULL && counter->fd >= 0)
        close(counter->fd);
    free(counter);
}

#include "sampler/watched_descriptors.h"

#include "python/memory.h"

#include <poll.h>
#include <string.h>

enum {
    MAX_WATCHED = 1024,
    BITS_OF_WORD = 64,
    MAX_WORDS = MAX_WATCHED / BITS_OF_WORD,
    CALL_STACK_BYTES = 4096, /* of the functions between a list on the stack and the system call */
};

static void add(struct watched_descriptors *watched, int fd)
{
    if (watched->count < WATCHED_MAX_NAMED)
        watched->fds[watched->count] = fd;
    watched->count++;
}

static struct watched_descriptors read_poll(pid_t pid, const struct kernel_activity *activity)
{
    struct watched_descriptors watched = {0};
    struct pollfd list[MAX_WATCHED];
    uint64_t address = activity->arguments[0];
    uint64_t count = activity->arguments[1];

    if (count > MAX_WATCHED || (count > 0 && !memory_read(pid, address, list, count * sizeof(list[0]))))
        return watched;
    for (size_t i = 0; i < count; i++) {
        if (list[i].fd >= 0) /* poll(2): others are ignored */
            add(&watched, list[i].fd);
    }
    watched.known = true;
    watched.in_call = activity->stack_pointer != 0 && address - activity->stack_pointer < CALL_STACK_BYTES;
    return watched;
}

/* One descriptor can be in several of the three sets. */
static struct watched_descriptors read_select(pid_t pid, const struct kernel_activity *activity)
{
    struct watched_descriptors watched = {0};
    uint64_t any[MAX_WORDS] = {0};
    uint64_t count = activity->arguments[0];
    size_t words = (size_t)(count + BITS_OF_WORD - 1) / BITS_OF_WORD;

    if (count > MAX_WATCHED)
        return watched;
    for (size_t set = 1; set <= 3; set++) {
        uint64_t bits[MAX_WORDS];
        uint64_t address = activity->arguments[set];
        if (address == 0 || words == 0)
            continue;
        if (!memory_read(pid, address, bits, words * sizeof(bits[0])))
            return watched;
        for (size_t i = 0; i < words; i++)
            any[i] |= bits[i];
    }
    for (size_t fd = 0; fd < count; fd++) {
        if ((any[fd / BITS_OF_WORD] >> fd % BITS_OF_WORD & 1) != 0)
            add(&watched, (int)fd);
    }
    watched.known = true;
    return watched;
}

struct watched_descriptors watched_descriptors_read(pid_t pid, const struct system_call *call,
                                                    const struct kernel_activity *activity)
{
    return call->class == CALL_POLL ? read_poll(pid, activity) : read_select(pid, activity);
}

/* Which processes hold which pipes and sockets: to tell who is at the other end. */
#ifndef PYNECK_SYSTEM_DESCRIPTOR_HOLDERS_H
#define PYNECK_SYSTEM_DESCRIPTOR_HOLDERS_H

#include "base/arena.h"
#include "model/tick.h"

struct descriptor_holders;

struct descriptor_holders *descriptor_holders_new(void);
void descriptor_holders_free(struct descriptor_holders *holders);

/* Look through the descriptors of all processes that may be read, until the time is over; the next call goes
 * on. Once all were seen, it rests for some seconds. A process whose CPU clock stands still is not looked at again: only
 * who runs can open and close.
 *
 * deadline_ns  clock_thread_cpu_ns() */
void descriptor_holders_update(struct descriptor_holders *holders, uint64_t deadline_ns);

struct descriptor_end {
    pid_t pid;
    int fd;
    enum open_file_access access;
};

/* Who holds a pipe's other end, or a socket, as "1234 (sort) fd 0" from the arena: another process where
 * there is one, else the same one by another descriptor; NULL when nobody is known.
 *
 * inode  the pipe's or the socket's
 * near   who asks: of a pipe, the end that is known; for a socket, with ACCESS_READ_WRITE */
const char *descriptor_holders_find(const struct descriptor_holders *holders, uint64_t inode,
                                    struct descriptor_end near, struct arena *arena);

#endif

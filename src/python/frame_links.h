/* What the frames outside of the data stack lay on when that was seen last.
 *
 * A generator's frame names the frame that resumed it only as long as it runs, and one of an entry from C goes with the C
 * stack: often neither is there any more when it is read, some hundred nanoseconds after the data stack, which proves that
 * it ran. Who resumed it is nearly always who did so the last time, and where that is not so the link leads elsewhere than
 * to the frame that the data stack shows below. */
#ifndef PYNECK_PYTHON_FRAME_LINKS_H
#define PYNECK_PYTHON_FRAME_LINKS_H

#include <stdint.h>

enum {
    FRAME_LINK_SETS = 128,
    FRAME_LINKS_A_SET = 4, /* links that would drive one another out are missed at each sample */
    LINK_UPWARDS =
        1, /* no callee: the link leads from a frame of the data stack up to what executed on it, */
    LINK_UPWARDS_FROM_WAITING = 2, /* and the same where that frame itself certainly did not execute */
};

/* Zero-initialized is unused. */
struct frame_link {
    uint64_t frame;  /* address */
    uint64_t callee; /* code object of the frame above it; 0 when it executed itself; one of LINK_UPWARDS */
    uint64_t executable;  /* its own code object; 0 for a frame of the interpreter's */
    uint64_t previous;    /* the frame below it, or above it where the link leads upwards */
    uint64_t instruction; /* with which it had called the callee, or what executed on it */
};

/* Of one process; zero-initialized is empty. */
struct frame_links {
    struct frame_link sets[FRAME_LINK_SETS][FRAME_LINKS_A_SET];
};

/* Remember a link, in place of the oldest of its set. */
void frame_links_learn(struct frame_links *links, const struct frame_link *link);

/* The link of a frame when it had called that callee, or NULL. Valid until the next one is learned. */
const struct frame_link *frame_links_find(struct frame_links *links, uint64_t frame, uint64_t callee);

#endif

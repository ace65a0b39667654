#include "python/frame_links.h"

#include "base/hash.h"

#include <stddef.h>
#include <string.h>

/* The links of one hash, which was learned last first. */
static struct frame_link *find_set(struct frame_links *links, uint64_t frame, uint64_t callee)
{
    return links->sets[hash_u64(frame ^ hash_u64(callee)) % FRAME_LINK_SETS];
}

static size_t find_place(const struct frame_link *set, uint64_t frame, uint64_t callee)
{
    size_t place = 0;

    while (place < FRAME_LINKS_A_SET && (set[place].frame != frame || set[place].callee != callee))
        place++;
    return place;
}

void frame_links_learn(struct frame_links *links, const struct frame_link *link)
{
    struct frame_link *set = find_set(links, link->frame, link->callee);
    size_t place = find_place(set, link->frame, link->callee);

    if (place == FRAME_LINKS_A_SET)
        place--;
    memmove(set + 1, set, place * sizeof(*set));
    set[0] = *link;
}

const struct frame_link *frame_links_find(struct frame_links *links, uint64_t frame, uint64_t callee)
{
    const struct frame_link *set = find_set(links, frame, callee);
    size_t place = find_place(set, frame, callee);

    return frame != 0 && place < FRAME_LINKS_A_SET ? &set[place] : NULL;
}

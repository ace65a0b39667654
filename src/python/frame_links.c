#include "python/frame_links.h"

#include "base/hash.h"

#include <stddef.h>

static size_t place_of(uint64_t frame, uint64_t callee)
{
    return (size_t)(hash_u64(frame ^ hash_u64(callee)) % FRAME_LINKS);
}

void frame_links_learn(struct frame_links *links, const struct frame_link *link)
{
    links->links[place_of(link->frame, link->callee)] = *link;
}

const struct frame_link *frame_links_find(const struct frame_links *links, uint64_t frame, uint64_t callee)
{
    const struct frame_link *link = &links->links[place_of(frame, callee)];

    return link->frame == frame && link->callee == callee ? link : NULL;
}

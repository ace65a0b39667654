/* The pages that the frame objects of a thread (to 3.10) lie in.
 *
 * Frames come and go, but in the same places: the allocator gives back what was freed last, and neighbours lie in one page, all of
 * which the kernel copies nearly as quickly as one frame of it. */
#ifndef PYNECK_PYTHON_FRAME_PAGES_H
#define PYNECK_PYTHON_FRAME_PAGES_H

#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_PAGE_BYTES = 4096,
    FRAME_PAGES_MAX = 2048, /* of one thread; then the one that was used longest ago is forgotten */
};

/* As much of a page as frames were seen in: from the first one's start to the last one's end, which may lie in the next page. */
struct frame_page {
    uint64_t address;
    uint32_t length;
    uint32_t sample; /* in which it was used last */
};

/* Those that were used last come first. Zero-initialized is empty; frame_pages_release() it. */
struct frame_pages {
    struct frame_page *pages;
    size_t capacity;
    size_t count;
};

/* Note that a frame of `size` bytes is at `address`: its page becomes the first one. */
void frame_pages_use(struct frame_pages *pages, uint64_t address, size_t size, uint32_t sample);

/* Forget the pages that were not used in that sample or a later one. */
void frame_pages_forget(struct frame_pages *pages, uint32_t sample);

void frame_pages_release(struct frame_pages *pages);

#endif

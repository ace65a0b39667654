#include "python/frame_pages.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static uint64_t page_of(uint64_t address)
{
    return address / FRAME_PAGE_BYTES;
}

/* Make room for a page in front of the others, in place of the one at `place`. */
static void move_to_front(struct frame_pages *pages, size_t place, struct frame_page page)
{
    memmove(&pages->pages[1], &pages->pages[0], place * sizeof(pages->pages[0]));
    pages->pages[0] = page;
}

static struct frame_page extended(struct frame_page page, uint64_t address, size_t size)
{
    uint64_t end = page.address + page.length > address + size ? page.address + page.length : address + size;
    uint64_t begin = page.address < address ? page.address : address;

    return (struct frame_page){.address = begin, .length = (uint32_t)(end - begin)};
}

void frame_pages_use(struct frame_pages *pages, uint64_t address, size_t size, uint32_t sample)
{
    struct frame_page page = {.address = address, .length = (uint32_t)size};
    size_t place = 0;

    while (place < pages->count && page_of(pages->pages[place].address) != page_of(address))
        place++;
    if (place < pages->count) {
        page = extended(pages->pages[place], address, size);
    } else if (pages->count < FRAME_PAGES_MAX) {
        pages->pages = memory_grow(pages->pages, &pages->capacity, pages->count + 1, sizeof(*pages->pages));
        pages->count++;
    } else {
        place--;
    }
    page.sample = sample;
    move_to_front(pages, place, page);
}

void frame_pages_forget(struct frame_pages *pages, uint32_t sample)
{
    size_t kept = 0;

    for (size_t i = 0; i < pages->count; i++) {
        if ((int32_t)(pages->pages[i].sample - sample) >= 0)
            pages->pages[kept++] = pages->pages[i];
    }
    pages->count = kept;
}

void frame_pages_release(struct frame_pages *pages)
{
    free(pages->pages);
    *pages = (struct frame_pages){0};
}

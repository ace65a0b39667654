#include "sampler/memory_growth.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void memory_growth_open(struct memory_growth *growth, pid_t pid)
{
    char path[40];

    snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    *growth = (struct memory_growth){
        .statm_fd = open(path, O_RDONLY | O_CLOEXEC),
        .page_bytes = sysconf(_SC_PAGESIZE),
    };
}

void memory_growth_close(struct memory_growth *growth)
{
    if (growth->statm_fd >= 0)
        close(growth->statm_fd);
    growth->statm_fd = -1;
}

/* The second number of statm; -1 when it cannot be read, and 0 of a process that has ended. */
static int64_t read_resident_pages(const struct memory_growth *growth)
{
    char text[128];
    char *cursor = text;
    ssize_t length = growth->statm_fd >= 0 ? pread(growth->statm_fd, text, sizeof(text) - 1, 0) : -1;

    if (length <= 0)
        return -1;
    text[length] = '\0';
    strtoll(cursor, &cursor, 10);
    return strtoll(cursor, &cursor, 10);
}

bool memory_growth_read(struct memory_growth *growth, uint64_t now_ns, int64_t *bytes)
{
    int64_t pages = read_resident_pages(growth);
    bool was_known = growth->known;

    growth->read_ns = now_ns;
    growth->known = pages > 0;
    if (growth->known && was_known)
        *bytes = (pages - growth->resident_pages) * growth->page_bytes;
    growth->resident_pages = pages;
    return growth->known && was_known;
}

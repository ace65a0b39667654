#include "system/pressure.h"

#include "base/file.h"
#include "system/counter.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int64_t pressure_parse_total(const char *text)
{
    int64_t total;

    if (strncmp(text, "some ", 5) != 0)
        return UNKNOWN_COUNT;
    const char *field = strstr(text, " total=");
    const char *end = strchr(text, '\n');
    if (field == NULL || (end != NULL && field > end))
        return UNKNOWN_COUNT;
    return sscanf(field, " total=%" SCNd64, &total) == 1 && total >= 0 ? total : UNKNOWN_COUNT;
}

static int64_t read_total(const char *path)
{
    char text[256];

    return file_read_at(AT_FDCWD, path, text, sizeof(text)) < 0 ? UNKNOWN_COUNT : pressure_parse_total(text);
}

static double share(int64_t before_us, int64_t now_us, double seconds)
{
    if (!count_is_known(before_us) || !count_is_known(now_us))
        return UNKNOWN_REAL;
    return counter_share((uint64_t)before_us * 1000, (uint64_t)now_us * 1000, seconds);
}

const struct pressure *pressure_reader_read(struct pressure_reader *reader, struct arena *arena,
                                            double seconds)
{
    struct pressure_reader now = {
        .cpu_us = read_total("/proc/pressure/cpu"),
        .memory_us = read_total("/proc/pressure/memory"),
        .io_us = read_total("/proc/pressure/io"),
        .has_previous = true,
    };

    if (!count_is_known(now.cpu_us) && !count_is_known(now.memory_us) && !count_is_known(now.io_us))
        return NULL;
    struct pressure *pressure = arena_allocate(arena, 1, sizeof(*pressure));
    double elapsed = reader->has_previous ? seconds : 0;
    *pressure = (struct pressure){
        .cpu_percent = share(reader->cpu_us, now.cpu_us, elapsed),
        .memory_percent = share(reader->memory_us, now.memory_us, elapsed),
        .io_percent = share(reader->io_us, now.io_us, elapsed),
    };
    *reader = now;
    return pressure;
}

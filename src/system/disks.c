#include "system/disks.h"

#include "base/memory.h"
#include "base/text.h"
#include "system/counter.h"
#include "system/libproc2_value.h"

#include <libproc2/diskstats.h>
#include <stdlib.h>
#include <string.h>

enum {
    DISK_NAME_SIZE = 64,
    SECTOR_BYTES = 512, /* whatever the device: Documentation/admin-guide/iostats.rst */
};

enum disk_item {
    DISK_NAME,
    DISK_TYPE,
    DISK_READ_SECTORS,
    DISK_WRITE_SECTORS,
    DISK_BUSY_MILLISECONDS,
    DISK_ITEMS,
};

struct disk_counters {
    char name[DISK_NAME_SIZE]; /* clean */
    uint64_t read_sectors;
    uint64_t write_sectors;
    uint64_t busy_ms;
};

struct disk_list {
    struct disk_counters *disks;
    size_t count;
    size_t capacity;
};

struct disk_reader {
    struct diskstats_info *diskstats;
    struct disk_list previous;
    struct disk_list current; /* room for the next reading */
};

struct error *disk_reader_open(struct disk_reader **reader)
{
    struct diskstats_info *diskstats = NULL;
    int status = procps_diskstats_new(&diskstats);

    if (status < 0)
        return error_new_errno(-status, "cannot read /proc/diskstats");
    *reader = memory_allocate(1, sizeof(**reader));
    (*reader)->diskstats = diskstats;
    return NULL;
}

void disk_reader_close(struct disk_reader *reader)
{
    procps_diskstats_unref(&reader->diskstats);
    free(reader->previous.disks);
    free(reader->current.disks);
    free(reader);
}

static struct disk_counters take_counters(const struct diskstats_stack *stack)
{
    struct disk_counters disk = {
        .read_sectors = LIBPROC2_VALUE(stack, DISK_READ_SECTORS, ul_int),
        .write_sectors = LIBPROC2_VALUE(stack, DISK_WRITE_SECTORS, ul_int),
        .busy_ms = LIBPROC2_VALUE(stack, DISK_BUSY_MILLISECONDS, ul_int),
    };
    const char *name = LIBPROC2_VALUE(stack, DISK_NAME, str);

    text_clean(disk.name, sizeof(disk.name), name, strlen(name));
    return disk;
}

static const struct disk_counters *find_previous(const struct disk_reader *reader, const char *name)
{
    for (size_t i = 0; i < reader->previous.count; i++) {
        if (strcmp(reader->previous.disks[i].name, name) == 0)
            return &reader->previous.disks[i];
    }
    return NULL;
}

static struct disk_usage usage_between(const struct disk_counters *before, const struct disk_counters *now,
                                       double seconds)
{
    if (before == NULL) {
        before = now;
        seconds = 0;
    }
    return (struct disk_usage){
        .read_bytes_per_second =
            counter_rate(before->read_sectors, now->read_sectors, seconds) * SECTOR_BYTES,
        .write_bytes_per_second =
            counter_rate(before->write_sectors, now->write_sectors, seconds) * SECTOR_BYTES,
        .busy_percent = counter_share(before->busy_ms * 1000000, now->busy_ms * 1000000, seconds),
    };
}

/* Read what is there now into reader->current. */
static void read_current(struct disk_reader *reader)
{
    enum diskstats_item items[DISK_ITEMS] = {
        [DISK_NAME] = DISKSTATS_NAME,
        [DISK_TYPE] = DISKSTATS_TYPE,
        [DISK_READ_SECTORS] = DISKSTATS_READ_SECTORS,
        [DISK_WRITE_SECTORS] = DISKSTATS_WRITE_SECTORS,
        [DISK_BUSY_MILLISECONDS] = DISKSTATS_IO_TIME,
    };
    struct diskstats_reaped *reaped = procps_diskstats_reap(reader->diskstats, items, DISK_ITEMS);
    struct disk_list *list = &reader->current;

    list->count = 0;
    for (int i = 0; reaped != NULL && i < reaped->total; i++) {
        const struct diskstats_stack *stack = reaped->stacks[i];
        if (LIBPROC2_VALUE(stack, DISK_TYPE, s_int) != DISKSTATS_TYPE_DISK)
            continue;
        struct disk_counters disk = take_counters(stack);
        if (disk.read_sectors == 0 && disk.write_sectors == 0)
            continue;
        list->disks = memory_grow(list->disks, &list->capacity, list->count + 1, sizeof(*list->disks));
        list->disks[list->count++] = disk;
    }
}

void disk_reader_read(struct disk_reader *reader, struct arena *arena, double seconds,
                      struct system_usage *usage)
{
    read_current(reader);
    size_t count = reader->current.count;
    struct disk_usage *disks = arena_allocate(arena, count, sizeof(*disks));

    for (size_t i = 0; i < count; i++) {
        const struct disk_counters *disk = &reader->current.disks[i];
        disks[i] = usage_between(find_previous(reader, disk->name), disk, seconds);
        disks[i].name = arena_copy_text(arena, disk->name, strlen(disk->name));
    }
    usage->disks = disks;
    usage->disk_count = count;

    struct disk_list old = reader->previous;
    reader->previous = reader->current;
    reader->current = old;
}

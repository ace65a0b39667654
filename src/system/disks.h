/* What the disks transfer, and how busy they are. */
#ifndef PYNECK_SYSTEM_DISKS_H
#define PYNECK_SYSTEM_DISKS_H

#include "base/error.h"
#include "model/tick.h"

struct disk_reader;

/* disk_reader_close() it. An error when /proc/diskstats cannot be read. */
struct error *disk_reader_open(struct disk_reader **reader);
void disk_reader_close(struct disk_reader *reader);

/* Set the disks of `usage`: whole disks that have transferred something since boot. Partitions are left out
 * (their disk counts them), and so are loop, ram and other devices that were never used.
 *
 * seconds  since the last call */
void disk_reader_read(struct disk_reader *reader, struct arena *arena, double seconds,
                      struct system_usage *usage);

#endif

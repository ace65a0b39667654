#include "system/machine.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "system/cpus.h"
#include "system/disks.h"
#include "system/libproc2_value.h"
#include "system/networks.h"
#include "system/pressure.h"

#include <libproc2/meminfo.h>
#include <libproc2/misc.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BYTES_PER_KIB = 1024,
};

struct machine {
    struct cpu_reader *cpus;
    struct disk_reader *disks; /* NULL on a machine without /proc/diskstats, such as some containers */
    struct network_reader *networks;
    struct meminfo_info *meminfo;
    struct pressure_reader pressure;
    uint64_t read_ns; /* CLOCK_MONOTONIC of the last reading, 0 before the first */
};

struct error *machine_open(struct machine **machine)
{
    struct meminfo_info *meminfo = NULL;
    int status = procps_meminfo_new(&meminfo);

    if (status < 0)
        return error_new_errno(-status, "cannot read /proc/meminfo");
    struct cpu_reader *cpus;
    struct error *error = cpu_reader_open(&cpus);
    if (error != NULL) {
        procps_meminfo_unref(&meminfo);
        return error;
    }
    struct disk_reader *disks = NULL;
    error_free(disk_reader_open(&disks));

    *machine = memory_allocate(1, sizeof(**machine));
    (*machine)->meminfo = meminfo;
    (*machine)->cpus = cpus;
    (*machine)->disks = disks;
    (*machine)->networks = network_reader_new();
    return NULL;
}

void machine_close(struct machine *machine)
{
    if (machine == NULL)
        return;
    cpu_reader_close(machine->cpus);
    if (machine->disks != NULL)
        disk_reader_close(machine->disks);
    network_reader_free(machine->networks);
    procps_meminfo_unref(&machine->meminfo);
    free(machine);
}

static const char *read_hostname(struct arena *arena)
{
    char name[HOST_NAME_MAX + 1];
    char clean[3 * sizeof(name)];

    if (gethostname(name, sizeof(name)) != 0)
        return NULL;
    name[sizeof(name) - 1] = '\0';
    size_t length = text_clean(clean, sizeof(clean), name, strlen(name));
    return arena_copy_text(arena, clean, length);
}

enum memory_item {
    MEMORY_TOTAL,
    MEMORY_AVAILABLE,
    MEMORY_BUFFERS,
    MEMORY_CACHED,
    MEMORY_SWAP_TOTAL,
    MEMORY_SWAP_USED,
    MEMORY_ITEMS,
};

static int64_t memory_bytes(const struct meminfo_stack *stack, enum memory_item item)
{
    return (int64_t)LIBPROC2_VALUE(stack, item, ul_int) * BYTES_PER_KIB;
}

static struct memory_usage read_memory(struct meminfo_info *meminfo)
{
    enum meminfo_item items[MEMORY_ITEMS] = {
        [MEMORY_TOTAL] = MEMINFO_MEM_TOTAL,       [MEMORY_AVAILABLE] = MEMINFO_MEM_AVAILABLE,
        [MEMORY_BUFFERS] = MEMINFO_MEM_BUFFERS,   [MEMORY_CACHED] = MEMINFO_MEM_CACHED_ALL,
        [MEMORY_SWAP_TOTAL] = MEMINFO_SWAP_TOTAL, [MEMORY_SWAP_USED] = MEMINFO_SWAP_USED,
    };
    const struct meminfo_stack *stack = procps_meminfo_select(meminfo, items, MEMORY_ITEMS);

    if (stack == NULL || memory_bytes(stack, MEMORY_TOTAL) == 0)
        return (struct memory_usage){UNKNOWN_COUNT, UNKNOWN_COUNT, UNKNOWN_COUNT, UNKNOWN_COUNT,
                                     UNKNOWN_COUNT, UNKNOWN_COUNT, UNKNOWN_COUNT};
    int64_t total = memory_bytes(stack, MEMORY_TOTAL);
    int64_t available = memory_bytes(stack, MEMORY_AVAILABLE);
    return (struct memory_usage){
        .total_bytes = total,
        /* in some containers more is available than there is */
        .used_bytes = available < total ? total - available : 0,
        .available_bytes = available,
        .buffers_bytes = memory_bytes(stack, MEMORY_BUFFERS),
        .cached_bytes = memory_bytes(stack, MEMORY_CACHED),
        .swap_total_bytes = memory_bytes(stack, MEMORY_SWAP_TOTAL),
        .swap_used_bytes = memory_bytes(stack, MEMORY_SWAP_USED),
    };
}

void machine_read(struct machine *machine, struct arena *arena, struct system_usage *usage)
{
    uint64_t now_ns = clock_monotonic_ns();
    double seconds = machine->read_ns > 0 ? (double)(now_ns - machine->read_ns) / NS_PER_SECOND : 0;

    *usage = (struct system_usage){
        .hostname = read_hostname(arena),
        .memory = read_memory(machine->meminfo),
        .pressure = pressure_reader_read(&machine->pressure, arena, seconds),
        .task_count = UNKNOWN_COUNT,
    };
    if (procps_uptime(&usage->uptime_seconds, NULL) < 0)
        usage->uptime_seconds = UNKNOWN_REAL;
    double *load = usage->load_average;
    if (procps_loadavg(&load[0], &load[1], &load[2]) < 0)
        load[0] = load[1] = load[2] = UNKNOWN_REAL;
    cpu_reader_read(machine->cpus, arena, usage);
    if (machine->disks != NULL)
        disk_reader_read(machine->disks, arena, seconds, usage);
    network_reader_read(machine->networks, arena, seconds, usage);
    machine->read_ns = now_ns;
}

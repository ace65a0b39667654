#include "system/cpus.h"

#include "base/memory.h"
#include "system/libproc2_value.h"

#include <libproc2/stat.h>
#include <stdlib.h>

enum cpu_item {
    CPU_ID,
    CPU_USER,
    CPU_NICE,
    CPU_SYSTEM,
    CPU_IDLE,
    CPU_IOWAIT,
    CPU_IRQ,
    CPU_SOFTIRQ,
    CPU_STEAL,
    CPU_GUEST,
    CPU_GUEST_NICE,
    CPU_TASKS_RUNNING,
    CPU_ITEMS,
};

struct cpu_list {
    struct cpu_ticks *cpus;
    size_t count;
    size_t capacity;
};

struct cpu_reader {
    struct stat_info *stat;
    struct cpu_list previous;
    struct cpu_list current; /* room for the next reading */
    struct cpu_ticks previous_all;
    bool has_previous_all;
};

/* Growth of a counter; idle and iowait are seen to go backwards by a tick (proc_stat(5)), which counts as
 * none. */
static double growth(uint64_t before, uint64_t now)
{
    return now > before ? (double)(now - before) : 0;
}

/* `whole` without `part` that it contains; the two are read a moment apart. */
static double without(double whole, double part)
{
    return whole > part ? whole - part : 0;
}

struct cpu_usage cpu_usage_between(const struct cpu_ticks *before, const struct cpu_ticks *now)
{
    const struct cpu_ticks *start = before != NULL ? before : now;
    double guest = growth(start->guest, now->guest);
    double guest_nice = growth(start->guest_nice, now->guest_nice);
    struct cpu_usage usage = {
        .id = now->id,
        .user_percent = without(growth(start->user, now->user), guest),
        .system_percent = growth(start->system, now->system),
        .nice_percent = without(growth(start->nice, now->nice), guest_nice),
        .iowait_percent = growth(start->iowait, now->iowait),
        .irq_percent = growth(start->irq, now->irq) + growth(start->softirq, now->softirq),
        .steal_percent = growth(start->steal, now->steal),
        .guest_percent = guest + guest_nice,
        .idle_percent = growth(start->idle, now->idle),
    };
    double *const shares[] = {
        &usage.user_percent, &usage.system_percent, &usage.nice_percent,  &usage.iowait_percent,
        &usage.irq_percent,  &usage.steal_percent,  &usage.guest_percent, &usage.idle_percent,
    };
    const size_t share_count = sizeof(shares) / sizeof(*shares);
    double total = 0;

    for (size_t i = 0; i < share_count; i++)
        total += *shares[i];
    for (size_t i = 0; i < share_count; i++)
        *shares[i] = total > 0 ? *shares[i] / total * 100 : UNKNOWN_REAL;
    return usage;
}

static struct cpu_ticks take_ticks(const struct stat_stack *stack, int id)
{
    return (struct cpu_ticks){
        .id = id,
        .user = LIBPROC2_VALUE(stack, CPU_USER, ull_int),
        .nice = LIBPROC2_VALUE(stack, CPU_NICE, ull_int),
        .system = LIBPROC2_VALUE(stack, CPU_SYSTEM, ull_int),
        .idle = LIBPROC2_VALUE(stack, CPU_IDLE, ull_int),
        .iowait = LIBPROC2_VALUE(stack, CPU_IOWAIT, ull_int),
        .irq = LIBPROC2_VALUE(stack, CPU_IRQ, ull_int),
        .softirq = LIBPROC2_VALUE(stack, CPU_SOFTIRQ, ull_int),
        .steal = LIBPROC2_VALUE(stack, CPU_STEAL, ull_int),
        .guest = LIBPROC2_VALUE(stack, CPU_GUEST, ull_int),
        .guest_nice = LIBPROC2_VALUE(stack, CPU_GUEST_NICE, ull_int),
    };
}

struct error *cpu_reader_open(struct cpu_reader **reader)
{
    struct stat_info *stat = NULL;
    int status = procps_stat_new(&stat);

    if (status < 0)
        return error_new_errno(-status, "cannot read /proc/stat");
    *reader = memory_allocate(1, sizeof(**reader));
    (*reader)->stat = stat;
    return NULL;
}

void cpu_reader_close(struct cpu_reader *reader)
{
    procps_stat_unref(&reader->stat);
    free(reader->previous.cpus);
    free(reader->current.cpus);
    free(reader);
}

/* The last reading of a CPU. The order seldom changes, so it is looked for at its old place first. */
static const struct cpu_ticks *find_previous(const struct cpu_reader *reader, int id, size_t place)
{
    if (place < reader->previous.count && reader->previous.cpus[place].id == id)
        return &reader->previous.cpus[place];
    for (size_t i = 0; i < reader->previous.count; i++) {
        if (reader->previous.cpus[i].id == id)
            return &reader->previous.cpus[i];
    }
    return NULL;
}

void cpu_reader_read(struct cpu_reader *reader, struct arena *arena, struct system_usage *usage)
{
    enum stat_item items[CPU_ITEMS] = {
        [CPU_ID] = STAT_TIC_ID,
        [CPU_USER] = STAT_TIC_USER,
        [CPU_NICE] = STAT_TIC_NICE,
        [CPU_SYSTEM] = STAT_TIC_SYSTEM,
        [CPU_IDLE] = STAT_TIC_IDLE,
        [CPU_IOWAIT] = STAT_TIC_IOWAIT,
        [CPU_IRQ] = STAT_TIC_IRQ,
        [CPU_SOFTIRQ] = STAT_TIC_SOFTIRQ,
        [CPU_STEAL] = STAT_TIC_STOLEN,
        [CPU_GUEST] = STAT_TIC_GUEST,
        [CPU_GUEST_NICE] = STAT_TIC_GUEST_NICE,
        [CPU_TASKS_RUNNING] = STAT_SYS_PROC_RUNNING,
    };
    static const struct cpu_ticks nothing = {.id = -1};
    struct stat_reaped *reaped = procps_stat_reap(reader->stat, STAT_REAP_CPUS_ONLY, items, CPU_ITEMS);

    usage->cpus = NULL;
    usage->cpu_count = 0;
    usage->all_cpus = cpu_usage_between(NULL, &nothing);
    usage->running_task_count = UNKNOWN_COUNT;
    if (reaped == NULL || reaped->cpus->total < 0)
        return;

    size_t count = (size_t)reaped->cpus->total;
    struct cpu_usage *cpus = arena_allocate(arena, count, sizeof(*cpus));
    struct cpu_list *current = &reader->current;
    current->cpus = memory_grow(current->cpus, &current->capacity, count, sizeof(*current->cpus));
    current->count = count;
    for (size_t i = 0; i < count; i++) {
        const struct stat_stack *stack = reaped->cpus->stacks[i];
        current->cpus[i] = take_ticks(stack, LIBPROC2_VALUE(stack, CPU_ID, s_int));
        cpus[i] = cpu_usage_between(find_previous(reader, current->cpus[i].id, i), &current->cpus[i]);
    }
    struct cpu_list old = reader->previous;
    reader->previous = reader->current;
    reader->current = old;

    struct cpu_ticks all = take_ticks(reaped->summary, -1);
    usage->all_cpus = cpu_usage_between(reader->has_previous_all ? &reader->previous_all : NULL, &all);
    reader->previous_all = all;
    reader->has_previous_all = true;
    usage->cpus = cpus;
    usage->cpu_count = count;
    usage->running_task_count = (int64_t)LIBPROC2_VALUE(reaped->summary, CPU_TASKS_RUNNING, ul_int);
}

#include "system/process_table.h"

#include "base/clock.h"
#include "base/memory.h"
#include "system/known_process.h"
#include "system/pid_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* A process that nobody asked for in this time is forgotten. */
#define KEEP_NS (60 * NS_PER_SECOND)

struct process_table {
    struct process_reader reader;
    struct pid_list pids;         /* as listed last */
    struct known_process **known; /* by pid */
    size_t known_count;
};

struct error *process_table_open(struct process_table **table)
{
    int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (proc_fd < 0)
        return error_new_errno(errno, "cannot open /proc");
    *table = memory_allocate(1, sizeof(**table));
    (*table)->reader = (struct process_reader){
        .proc_fd = proc_fd,
        .users = user_names_new(),
        .listed = &(*table)->pids,
        .buffer = memory_allocate(PROCESS_BUFFER_SIZE, 1),
        .ns_per_tick = NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK),
        .page_bytes = sysconf(_SC_PAGESIZE),
        .cpu_percent_limit = 100 * (double)sysconf(_SC_NPROCESSORS_CONF),
    };
    return NULL;
}

void process_table_close(struct process_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->known_count; i++)
        known_process_free(table->known[i]);
    free(table->known);
    pid_list_free(&table->pids);
    user_names_free(table->reader.users);
    free(table->reader.buffer);
    close(table->reader.proc_fd);
    free(table);
}

struct error *process_table_list(struct process_table *table, const pid_t **pids, size_t *count)
{
    int status = pid_list_read(&table->pids, table->reader.proc_fd);

    if (status != 0)
        return error_new_errno(status, "cannot list the processes in /proc");
    *pids = table->pids.pids;
    *count = table->pids.count;
    return NULL;
}

static const char *copy(struct arena *arena, const char *text)
{
    return arena_copy_text(arena, text, strlen(text));
}

/* The facts with their texts in the arena. */
static struct process take_facts(const struct known_process *process, struct arena *arena)
{
    struct process facts = process->facts;

    facts.name = copy(arena, facts.name);
    facts.command = copy(arena, facts.command);
    facts.user = copy(arena, facts.user);
    return facts;
}

/* Keep a process that was not asked for this time, or forget it. */
static void keep_or_forget(struct process_table *table, struct known_process *process, uint64_t now_ns)
{
    if (now_ns - process->read_ns < KEEP_NS)
        table->known[table->known_count++] = process;
    else
        known_process_free(process);
}

size_t process_table_read(struct process_table *table, const pid_t *pids, const struct cpu_reading *readings,
                          size_t pid_count, struct arena *arena, struct process **processes)
{
    struct known_process **old = table->known;
    size_t old_count = table->known_count;
    size_t old_index = 0;
    size_t count = 0;
    uint64_t now_ns = clock_monotonic_ns();
    struct sysinfo info;

    if (sysinfo(&info) == 0)
        table->reader.memory_bytes = (int64_t)info.totalram * info.mem_unit;
    *processes = arena_allocate(arena, pid_count, sizeof(**processes));
    table->known = memory_allocate(old_count + pid_count, sizeof(*table->known));
    table->known_count = 0;
    for (size_t i = 0; i < pid_count; i++) {
        if (i > 0 && pids[i] <= pids[i - 1])
            continue; /* out of order: not what the header asks for */
        while (old_index < old_count && old[old_index]->facts.pid < pids[i])
            keep_or_forget(table, old[old_index++], now_ns);
        bool is_known = old_index < old_count && old[old_index]->facts.pid == pids[i];
        struct known_process *process = is_known ? old[old_index++] : known_process_new(pids[i]);
        struct cpu_reading reading = readings != NULL ? readings[i] : (struct cpu_reading){0};
        if (known_process_refresh(process, &table->reader, reading)) {
            (*processes)[count++] = take_facts(process, arena);
            table->known[table->known_count++] = process;
        } else {
            known_process_free(process);
        }
    }
    while (old_index < old_count)
        keep_or_forget(table, old[old_index++], now_ns);
    free(old);
    return count;
}

/* What is known of the process in a row, or NULL. */
static struct known_process *find_known(const struct process_table *table, const struct process *row)
{
    size_t low = 0, high = table->known_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->known[middle]->facts.pid < row->pid)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < table->known_count && table->known[low]->facts.pid == row->pid &&
                 table->known[low]->facts.start_ticks == row->start_ticks;
    return found ? table->known[low] : NULL;
}

void process_table_read_memory_parts(struct process_table *table, struct process *row)
{
    struct known_process *process = find_known(table, row);

    if (process == NULL)
        return;
    known_process_refresh_parts(process, &table->reader);
    row->anonymous_bytes = process->parts.anonymous_bytes;
    row->file_bytes = process->parts.file_bytes;
    row->shared_memory_bytes = process->parts.shared_memory_bytes;
    row->swap_bytes = process->parts.swap_bytes;
}

void process_table_read_proportional(struct process_table *table, struct process *row)
{
    struct known_process *process = find_known(table, row);

    if (process == NULL)
        return;
    known_process_refresh_proportional(process, &table->reader);
    row->proportional_bytes = process->proportional_bytes;
}

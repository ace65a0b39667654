#include "source/live_files.h"

#include "base/clock.h"

#include <string.h>

static const uint64_t limit_interval_ns = 10 * NS_PER_SECOND;

static double growth_per_second(int64_t before, int64_t now, uint64_t before_ns, uint64_t now_ns)
{
    if (before_ns == 0 || now_ns <= before_ns || !count_is_known(before) || !count_is_known(now))
        return UNKNOWN_REAL;
    return (double)(now - before) * (double)NS_PER_SECOND / (double)(now_ns - before_ns);
}

/* A process that has not run has opened none. */
void live_files_count(struct watched_process *watched, struct process *row, uint64_t now_ns)
{
    bool has_run = watched->cpu_ns == 0 || watched->cpu_ns != watched->files_cpu_ns;
    int64_t before = watched->open_file_count;

    if (has_run || watched->limit_ns == 0)
        watched->open_file_count = open_files_count(watched->pid);
    if (watched->limit_ns == 0 || (has_run && now_ns - watched->limit_ns >= limit_interval_ns)) {
        watched->open_file_limit = open_files_limit(watched->pid);
        watched->limit_ns = now_ns;
    }
    row->open_file_count = watched->open_file_count;
    row->open_file_limit = watched->open_file_limit;
    row->open_file_growth_per_second =
        growth_per_second(before, watched->open_file_count, watched->counted_ns, now_ns);
    watched->files_cpu_ns = watched->cpu_ns;
    watched->counted_ns = now_ns;
}

/* How fast each kind grew between two complete lists. */
static void compare_kinds(struct watched_process *watched, struct process *row, uint64_t now_ns,
                          struct arena *arena)
{
    uint32_t counts[OPEN_FILE_KINDS] = {0};

    if (!row->open_files_listed || !row->open_files_complete) {
        watched->kinds_ns = 0;
        return;
    }
    for (size_t i = 0; i < row->open_file_detail_count; i++)
        counts[row->open_files[i].kind]++;
    if (watched->kinds_ns != 0) {
        double *growth = arena_allocate(arena, OPEN_FILE_KINDS, sizeof(*growth));
        for (size_t kind = 0; kind < OPEN_FILE_KINDS; kind++)
            growth[kind] =
                growth_per_second(watched->files_by_kind[kind], counts[kind], watched->kinds_ns, now_ns);
        row->open_file_growth_by_kind = growth;
    }
    memcpy(watched->files_by_kind, counts, sizeof(counts));
    watched->kinds_ns = now_ns;
}

void live_files_list(struct open_files *open_files, struct watched_process *watched, struct process *row,
                     uint64_t time_limit_ns, uint64_t now_ns, struct arena *arena)
{
    struct open_file_list list =
        open_files_read(open_files, row->pid, row->start_ticks, arena, time_limit_ns);

    row->open_files = list.files;
    row->open_file_detail_count = list.count;
    row->open_files_complete = list.complete;
    row->open_files_listed = list.error == NULL;
    if (count_is_known(list.total))
        row->open_file_count = list.total;
    error_free(list.error);
    compare_kinds(watched, row, now_ns, arena);
}

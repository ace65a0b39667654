#include "record/tick_sum.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* A process with what was counted so far. */
struct summed_process {
    struct process process;
    uint64_t samples;
    struct profile_counter *counters;
    size_t counter_count;
    size_t counter_capacity;
    struct profile_wait *waits;
    size_t wait_count;
    size_t wait_capacity;
};

struct tick_sum {
    struct arena *arena; /* of texts */
    struct summed_process *processes;
    size_t count;
    size_t capacity;
    struct hash_map places;   /* by pid and start */
    struct hash_map counters; /* by what they are of, hashed */
    struct hash_map waits;
};

struct tick_sum *tick_sum_new(void)
{
    struct tick_sum *sum = memory_allocate(1, sizeof(*sum));

    sum->arena = arena_new();
    return sum;
}

void tick_sum_free(struct tick_sum *sum)
{
    if (sum == NULL)
        return;
    for (size_t i = 0; i < sum->count; i++) {
        free(sum->processes[i].counters);
        free(sum->processes[i].waits);
    }
    free(sum->processes);
    hash_map_free(&sum->places);
    hash_map_free(&sum->counters);
    hash_map_free(&sum->waits);
    arena_free(sum->arena);
    free(sum);
}

/* ---- processes ---- */

/* The text that is there already where it is the same one, for a tick names its processes again; else a copy. */
static const char *keep_text(struct arena *arena, const char *text, const char *known)
{
    if (text == NULL || (known != NULL && strcmp(text, known) == 0))
        return text == NULL ? NULL : known;
    return arena_copy_text(arena, text, strlen(text));
}

static const struct python_info *keep_python(struct arena *arena, const struct python_info *python,
                                             const struct python_info *known)
{
    if (python == NULL)
        return NULL;
    struct python_info kept = *python;
    kept.implementation =
        keep_text(arena, python->implementation, known != NULL ? known->implementation : NULL);
    kept.version = keep_text(arena, python->version, known != NULL ? known->version : NULL);
    if (known != NULL && kept.implementation == known->implementation && kept.version == known->version &&
        kept.free_threaded == known->free_threaded)
        return known;
    return arena_copy(arena, &kept, 1, sizeof(kept));
}

/* What a process is, without its figures; `known`, which may be empty, is what it was before. */
static struct process keep_identity(struct arena *arena, const struct process *process,
                                    const struct process *known)
{
    return (struct process){
        .pid = process->pid,
        .start_ticks = process->start_ticks,
        .parent_pid = process->parent_pid,
        .start_time_ns = process->start_time_ns,
        .uid = process->uid,
        .user = keep_text(arena, process->user, known->user),
        .name = keep_text(arena, process->name, known->name),
        .command = keep_text(arena, process->command, known->command),
        .is_python = process->is_python,
        .selected = process->selected,
        .python = keep_python(arena, process->python, known->python),
    };
}

uint32_t tick_sum_place(struct tick_sum *sum, const struct process *process)
{
    uint64_t identity = hash_u64((uint64_t)process->pid) ^ process->start_ticks;
    const uint32_t *known = hash_map_find(&sum->places, identity);
    uint32_t place = known != NULL ? *known : (uint32_t)sum->count;

    if (known == NULL) {
        sum->processes = memory_grow(sum->processes, &sum->capacity, ++sum->count, sizeof(*sum->processes));
        hash_map_set(&sum->places, identity, place);
    }
    struct process *kept = &sum->processes[place].process;
    *kept = keep_identity(sum->arena, process, kept);
    return place;
}

/* ---- adding ---- */

static uint64_t counter_key(uint32_t place, uint32_t node, pid_t tid, enum thread_state state)
{
    return hash_u64(hash_u64(hash_u64((uint64_t)place << 8 | state) ^ (uint64_t)tid) ^ node);
}

void tick_sum_add_counter(struct tick_sum *sum, uint32_t place, const struct profile_counter *counter)
{
    struct summed_process *process = &sum->processes[place];
    uint64_t key = counter_key(place, counter->node, counter->tid, counter->state);
    const uint32_t *known = hash_map_find(&sum->counters, key);

    process->samples += counter->samples;
    if (known != NULL && *known < process->counter_count) {
        struct profile_counter *added = &process->counters[*known];
        added->samples += counter->samples;
        added->wall_ns += counter->wall_ns;
        added->cpu_ns += counter->cpu_ns;
        added->memory_growth_bytes = amount_add(added->memory_growth_bytes, counter->memory_growth_bytes);
        return;
    }
    hash_map_set(&sum->counters, key, (uint32_t)process->counter_count);
    process->counters = memory_grow(process->counters, &process->counter_capacity, process->counter_count + 1,
                                    sizeof(*process->counters));
    process->counters[process->counter_count++] = *counter;
}

void tick_sum_add_wait(struct tick_sum *sum, uint32_t place, const struct profile_wait *wait)
{
    struct summed_process *process = &sum->processes[place];
    const char *description = wait->description != NULL ? wait->description : "";
    uint64_t key = counter_key(place, wait->node, wait->tid, wait->state);

    key = hash_u64(hash_u64(key ^ (uint64_t)wait->fd) ^ wait->lock_address);
    key = hash_bytes(description, strlen(description), key);
    const uint32_t *known = hash_map_find(&sum->waits, key);
    if (known != NULL && *known < process->wait_count) {
        process->waits[*known].samples += wait->samples;
        process->waits[*known].wall_ns += wait->wall_ns;
        return;
    }
    hash_map_set(&sum->waits, key, (uint32_t)process->wait_count);
    process->waits = memory_grow(process->waits, &process->wait_capacity, process->wait_count + 1,
                                 sizeof(*process->waits));
    process->waits[process->wait_count] = *wait;
    process->waits[process->wait_count++].description = keep_text(sum->arena, wait->description, NULL);
}

void tick_sum_add_process(struct tick_sum *sum, const struct process *process)
{
    uint32_t place = tick_sum_place(sum, process);

    for (size_t i = 0; i < process->profile->counter_count; i++)
        tick_sum_add_counter(sum, place, &process->profile->counters[i]);
    for (size_t i = 0; i < process->profile->wait_count; i++)
        tick_sum_add_wait(sum, place, &process->profile->waits[i]);
}

/* ---- what came out ---- */

static void forget_figures(struct process *process)
{
    process->resident_bytes = process->shared_bytes = process->virtual_bytes = UNKNOWN_COUNT;
    process->anonymous_bytes = process->file_bytes = process->shared_memory_bytes = UNKNOWN_COUNT;
    process->swap_bytes = process->proportional_bytes = UNKNOWN_COUNT;
    process->thread_count = process->open_file_count = process->open_file_limit = UNKNOWN_COUNT;
    process->cpu_percent = process->cpu_seconds = process->memory_percent = UNKNOWN_REAL;
    process->growth_bytes_per_second = process->minor_faults_per_second = UNKNOWN_REAL;
    process->major_faults_per_second = process->open_file_growth_per_second = UNKNOWN_REAL;
    process->read_bytes_per_second = process->write_bytes_per_second = UNKNOWN_REAL;
    process->runnable_percent = process->throttled_percent = UNKNOWN_REAL;
}

static const struct profile *finish_profile(const struct summed_process *summed, struct arena *arena)
{
    struct profile_wait *waits = arena_copy(arena, summed->waits, summed->wait_count, sizeof(*summed->waits));
    const struct profile profile = {
        .rate_hz = UNKNOWN_REAL,
        .cpu_percent = UNKNOWN_REAL,
        .samples = summed->samples,
        .counters = arena_copy(arena, summed->counters, summed->counter_count, sizeof(*summed->counters)),
        .counter_count = summed->counter_count,
        .waits = waits,
        .wait_count = summed->wait_count,
    };

    for (size_t i = 0; i < summed->wait_count; i++)
        waits[i].description = keep_text(arena, waits[i].description, NULL);
    return arena_copy(arena, &profile, 1, sizeof(profile));
}

static int compare_pids(const void *left, const void *right)
{
    const struct process *a = left, *b = right;

    return (a->pid > b->pid) - (a->pid < b->pid);
}

struct process *tick_sum_finish(const struct tick_sum *sum, struct tick *tick)
{
    struct process *processes = arena_allocate(tick->arena, sum->count, sizeof(*processes));
    const struct process nothing = {0};

    for (size_t i = 0; i < sum->count; i++) {
        processes[i] = keep_identity(tick->arena, &sum->processes[i].process, &nothing);
        forget_figures(&processes[i]);
        processes[i].profile = finish_profile(&sum->processes[i], tick->arena);
    }
    if (sum->count > 1)
        qsort(processes, sum->count, sizeof(*processes), compare_pids);
    tick->processes = processes;
    tick->process_count = sum->count;
    return processes;
}

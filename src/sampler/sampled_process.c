#include "sampler/sampled_process.h"

#include "base/clock.h"
#include "base/memory.h"
#include "python/code_cache.h"
#include "python/interpreters.h"
#include "python/thread_names.h"
#include "python/unwind.h"
#include "sampler/accumulator.h"
#include "sampler/stack_path.h"
#include "sampler/thread_ids.h"
#include "sampler/thread_probe.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NOTABLE_WAIT = 50, /* one part of so many of the time */
    CONTENDED_SAMPLES = 32,
    MAX_NAMES_AT_ONCE = 256,     /* at a hand-over */
    MAX_STATES_OF_A_THREAD = 64, /* it has one in each sub-interpreter that it has entered */
};

static const uint64_t listing_interval_ns = NS_PER_SECOND;
static const uint64_t unknown_head_interval_ns = 2 * NS_PER_MILLISECOND;
static const uint64_t retry_interval_ns = 50 * NS_PER_MILLISECOND;
static const uint64_t displaced_tolerance_ns = NS_PER_MILLISECOND / 4;
static const uint64_t name_interval_ns = 2 * NS_PER_SECOND;

struct sampled_thread {
    struct thread_reference reference;
    pid_t tid;
    uint16_t number; /* in the accumulator */
    bool is_main;
    bool listed; /* found by the listing that runs */
    bool gone;
    bool is_young;   /* it came in this interval */
    bool is_shared;  /* several interpreters have a thread state for this thread */
    bool is_covered; /* of them, this is not the one that runs */
    uint32_t age;    /* of its interpreter among them: the newest has the lowest */
    struct thread_probe probe;
    struct stack_hint hint;

    struct schedule_counters schedule; /* at the last sample */
    uint64_t taken_cpu_ns;             /* at the last hand-over */
    uint64_t sampled_ns;               /* time of the last sample */
    bool blocked;                      /* at the last sample */
    uint32_t contended_samples;        /* for so many samples it is asked whether it waits for a CPU */
    bool has_stack;
    uint32_t node;
    struct wait_reason reason;

    struct stack_path path;

    char *name; /* NULL when unknown */
    uint64_t name_ns;
};

struct sampled_process {
    pid_t pid;
    uint64_t start_ticks;
    struct python_location location;
    struct stack_namer namer;
    struct unwinder *unwinder;
    struct thread_names *names; /* NULL where they cannot be read */
    struct thread_ids ids;
    struct wait_finder waits;

    struct sampled_thread *threads;
    size_t thread_count;
    size_t thread_capacity;
    uint16_t next_number;
    struct listed_thread *listing;
    size_t listing_capacity;
    uint64_t listed_ns;
    bool must_list;

    clockid_t cpu_clock; /* CPU time of the whole process */

    enum sampling_status status;
    struct interpreter_moment moment; /* at the last read */
    uint64_t threads_head;            /* of the last listing */

    struct accumulator accumulator;
    uint64_t moment_ns;    /* time of the last sample */
    uint64_t taken_cpu_ns; /* CPU time of the process at the last hand-over */
    pid_t *short_lived;    /* threads that came or went in this interval */
    size_t short_lived_count;
    size_t short_lived_capacity;
    uint64_t moments;
    uint64_t samples;
    uint64_t partial;
    uint64_t invalid;
    uint64_t late;
    uint64_t cost_ns;
};

struct sampled_process *sampled_process_new(pid_t pid, uint64_t start_ticks,
                                            const struct python_location *location, struct call_tree *tree)
{
    struct sampled_process *process = memory_allocate(1, sizeof(*process));

    process->pid = pid;
    process->start_ticks = start_ticks;
    process->location = *location;
    process->namer.tree = tree;
    process->namer.codes = code_cache_new(pid, &process->location.layout, tree);
    process->unwinder = unwinder_new(pid, &process->location.layout, process->namer.codes);
    process->names = thread_names_new(pid, &process->location.layout);
    process->ids.pid = process->waits.pid = pid;
    if (clock_getcpuclockid(pid, &process->cpu_clock) != 0)
        process->cpu_clock = CLOCK_MONOTONIC; /* it has gone, and this is never used */
    clock_read_ns(process->cpu_clock, &process->taken_cpu_ns);
    process->status = SAMPLING_STARTING;
    process->must_list = true;
    return process;
}

static void release_thread(struct sampled_thread *thread)
{
    thread_probe_close(&thread->probe);
    stack_hint_free(&thread->hint);
    stack_path_release(&thread->path);
    free(thread->name);
}

void sampled_process_free(struct sampled_process *process)
{
    for (size_t i = 0; i < process->thread_count; i++)
        release_thread(&process->threads[i]);
    free(process->threads);
    free(process->listing);
    free(process->short_lived);
    accumulator_free(&process->accumulator);
    thread_ids_free(&process->ids);
    thread_names_free(process->names);
    unwinder_free(process->unwinder);
    code_cache_free(process->namer.codes);
    free(process);
}

/* ---- which threads there are ---- */

static struct sampled_thread *find_thread(struct sampled_process *process,
                                          const struct thread_reference *reference)
{
    for (size_t i = 0; i < process->thread_count; i++) {
        struct sampled_thread *thread = &process->threads[i];
        if (thread->reference.address == reference->address &&
            thread->reference.native_id == reference->native_id && !thread->gone)
            return thread;
    }
    return NULL;
}

/* Whether one more thread state of a thread is taken: each costs two open files and some time in every
 * sample, and a target can list as many as it likes. */
static bool may_add(const struct sampled_process *process, pid_t tid)
{
    size_t states = 0;

    for (size_t i = 0; i < process->thread_count; i++)
        states += process->threads[i].tid == tid;
    return states < MAX_STATES_OF_A_THREAD;
}

static struct sampled_thread *add_thread(struct sampled_process *process, const struct listed_thread *listed,
                                         uint64_t now_ns)
{
    struct sampled_thread thread = {
        .reference = listed->reference,
        .is_main = listed->is_main,
        .listed = true,
        .sampled_ns = process->moment_ns != 0 ? process->moment_ns : now_ns,
        .is_young = process->moment_ns != 0,
        .number = process->next_number++,
        .reason = {.state = THREAD_OTHER, .fd = -1},
    };

    thread.tid = thread_ids_find(&process->ids, listed->reference.native_id);
    if (thread.tid == 0 || !may_add(process, thread.tid) ||
        !thread_probe_open(&thread.probe, process->pid, thread.tid))
        return NULL;
    if (!thread_probe_schedule(&thread.probe, &thread.schedule)) {
        release_thread(&thread);
        return NULL;
    }
    thread.taken_cpu_ns = thread.is_young ? 0 : thread.schedule.cpu_ns;
    process->threads = memory_grow(process->threads, &process->thread_capacity, process->thread_count + 1,
                                   sizeof(*process->threads));
    process->threads[process->thread_count] = thread;
    return &process->threads[process->thread_count++];
}

/* See which threads run the code of several interpreters: one calls another (sub-interpreters). */
static void find_shared_threads(struct sampled_process *process, size_t listed)
{
    bool several = listed > 0 && process->listing[0].reference.interpreter !=
                                     process->listing[listed - 1].reference.interpreter;
    struct hash_map first = {0};

    for (size_t i = 0; i < process->thread_count; i++)
        process->threads[i].is_shared = process->threads[i].is_covered = false;
    for (size_t i = 0; several && i < process->thread_count; i++) {
        struct sampled_thread *thread = &process->threads[i];
        const uint32_t *known = hash_map_find(&first, (uint64_t)thread->tid);
        if (known != NULL)
            thread->is_shared = process->threads[*known].is_shared = true;
        else
            hash_map_set(&first, (uint64_t)thread->tid, (uint32_t)i);
    }
    hash_map_free(&first);
}

static void add_short_lived(struct sampled_process *process, pid_t tid)
{
    process->short_lived = memory_grow(process->short_lived, &process->short_lived_capacity,
                                       process->short_lived_count + 1, sizeof(*process->short_lived));
    process->short_lived[process->short_lived_count++] = tid;
}

static void drop_unlisted_threads(struct sampled_process *process)
{
    size_t kept = 0;

    for (size_t i = 0; i < process->thread_count; i++) {
        struct sampled_thread *thread = &process->threads[i];
        if (thread->listed && !thread->gone) {
            process->threads[kept++] = *thread;
            continue;
        }
        add_short_lived(process, thread->tid);
        release_thread(thread);
    }
    process->thread_count = kept;
}

static enum sampling_status status_of_listing(enum listing listing, pid_t pid)
{
    static const enum sampling_status statuses[] = {
        [LISTING_DONE] = SAMPLING_WORKS,
        [LISTING_STARTING] = SAMPLING_STARTING,
        [LISTING_EXITING] = SAMPLING_EXITING,
        [LISTING_FAILED] = SAMPLING_BROKEN,
    };
    int reason = errno;

    if (listing != LISTING_FAILED)
        return statuses[listing];
    if (reason == EPERM)
        return SAMPLING_DENIED;
    struct thread_probe probe;
    if (reason == ESRCH || !thread_probe_open(&probe, pid, pid))
        return SAMPLING_GONE;
    thread_probe_close(&probe);
    return SAMPLING_BROKEN;
}

static void list_threads(struct sampled_process *process, uint64_t now_ns)
{
    size_t count = 0;

    errno = 0;
    enum listing listing = interpreters_list_threads(process->pid, &process->location, &process->listing,
                                                     &process->listing_capacity, &count);
    process->status = status_of_listing(listing, process->pid);
    process->listed_ns = now_ns;
    process->must_list = false;
    for (size_t i = 0; i < process->thread_count; i++)
        process->threads[i].listed = false;
    for (size_t i = 0; i < count; i++) {
        struct sampled_thread *thread = find_thread(process, &process->listing[i].reference);
        if (thread == NULL)
            thread = add_thread(process, &process->listing[i], now_ns);
        if (thread != NULL) {
            thread->listed = true;
            thread->age = (uint32_t)i;
        }
    }
    thread_ids_forget(&process->ids);
    drop_unlisted_threads(process);
    find_shared_threads(process, count);
}

static bool listing_is_due(const struct sampled_process *process, uint64_t now_ns)
{
    uint64_t age = now_ns - process->listed_ns;

    if (process->status == SAMPLING_WORKS)
        return process->must_list || age >= listing_interval_ns;
    return process->listed_ns == 0 || age >= retry_interval_ns;
}

/* ---- one sample ---- */

static int gil_of(const struct sampled_process *process, const struct sampled_thread *thread)
{
    if (!process->moment.known || !process->moment.gil_known)
        return -1;
    return process->moment.gil_holder == thread->reference.address;
}

static enum thread_state state_on_cpu(const struct sampled_process *process,
                                      const struct sampled_thread *thread)
{
    int holds_gil = gil_of(process, thread);
    enum thread_attachment attachment =
        process->moment.known ? process->moment.attachment : ATTACHMENT_UNKNOWN;

    if (holds_gil == 0 || attachment == THREAD_DETACHED)
        return THREAD_NATIVE;
    if ((holds_gil == 1 || attachment == THREAD_ATTACHED) && process->moment.collecting)
        return THREAD_GC;
    return THREAD_RUNNING;
}

/* Whether a thread that is not blocked waits for a CPU, as far as that is certain: it belongs to the CPU that the sampler
 * runs on just now. That may be the sampler's own doing, when it took the CPU from the thread: then the one stopped
 * when the other began. It is asked only of threads that had to wait lately, for the answer is dear. */
static bool is_waiting_for_cpu(const struct sampled_process *process, const struct sampled_thread *thread)
{
    if (thread->contended_samples == 0 || thread_probe_cpu(process->pid, thread->tid) != sched_getcpu())
        return false;
    uint64_t own_ns = thread_probe_last_run_ns(getpid(), gettid());
    uint64_t thread_ns = thread_probe_last_run_ns(process->pid, thread->tid);
    return thread_ns != 0 && thread_ns + displaced_tolerance_ns < own_ns;
}

/* Remember for some samples that a thread had to wait for a CPU a notable part of the time. */
static void note_contention(struct sampled_thread *thread, const struct schedule_counters *schedule,
                            uint64_t wall_ns)
{
    if (schedule->wait_ns - thread->schedule.wait_ns > wall_ns / NOTABLE_WAIT)
        thread->contended_samples = CONTENDED_SAMPLES;
    else if (thread->contended_samples > 0)
        thread->contended_samples--;
}

/* Whether the interpreter's newest thread is one that is not known yet. Its address alone does not tell: the thread state
 * of a thread that has ended is soon used again. A thread state without a thread is not listed, so it is not asked for
 * again at once. */
static bool is_new_head(const struct sampled_process *process, uint64_t now_ns)
{
    uint64_t head = process->moment.threads_head;

    if (!process->moment.known || head == 0)
        return false;
    for (size_t i = 0; i < process->thread_count; i++) {
        if (process->threads[i].reference.address == head && !process->threads[i].gone)
            return false;
    }
    return head != process->threads_head || now_ns - process->listed_ns >= unknown_head_interval_ns;
}

/* Read the stack, and count how far it can be trusted; false when the thread has gone. */
static bool read_stack(struct sampled_process *process, struct sampled_thread *thread, uint64_t now_ns)
{
    const struct frame *frames;
    size_t count;
    enum stack_trust trust = unwinder_read(process->unwinder, &thread->reference, &thread->hint,
                                           &process->moment, &frames, &count, now_ns);

    if (trust == STACK_GONE) {
        process->must_list = true;
        return false;
    }
    if (is_new_head(process, now_ns)) {
        process->threads_head = process->moment.threads_head;
        process->must_list = true;
    }
    thread->has_stack = trust != STACK_INVALID;
    stack_namer_see_generation(&process->namer, process->moment.code_object_generation, now_ns);
    thread->node = stack_path_find_node(&thread->path, &process->namer, frames, count, now_ns);
    process->partial += trust == STACK_PARTIAL;
    process->invalid += trust == STACK_INVALID;
    return true;
}

/* Whether another thread state stands for what a thread does: that of the newest interpreter which runs code. */
static bool is_covered(const struct sampled_process *process, const struct sampled_thread *thread)
{
    bool is_idle = thread->node == CALL_TREE_ROOT;

    for (size_t i = 0; i < process->thread_count; i++) {
        const struct sampled_thread *other = &process->threads[i];
        bool other_is_idle = other->node == CALL_TREE_ROOT;
        if (other == thread || other->tid != thread->tid || other->gone)
            continue;
        if (is_idle ? !other_is_idle || other->age > thread->age : !other_is_idle && other->age < thread->age)
            return true;
    }
    return false;
}

/* One sample of one thread.
 *
 * The order of the reads matters: the turns are read before the thread is seen blocked, and that before its
 * stack. So when it was blocked, and its turns are the same at the next sample, it has not run since before
 * its stack was read, and the stack still stands. */
static void sample_thread(struct sampled_process *process, struct sampled_thread *thread, uint64_t now_ns)
{
    struct schedule_counters schedule;
    struct kernel_activity activity;
    uint64_t wall_ns = now_ns - thread->sampled_ns;

    if (!thread_probe_schedule(&thread->probe, &schedule)) {
        thread->gone = process->must_list = true;
        return;
    }
    uint64_t ran_ns = schedule.cpu_ns - thread->schedule.cpu_ns;
    note_contention(thread, &schedule, wall_ns);
    if (!thread->blocked || schedule.turns != thread->schedule.turns || schedule.turns == 0) {
        if (!thread_probe_activity(&thread->probe, &activity)) {
            thread->gone = process->must_list = true;
            return;
        }
        if (!read_stack(process, thread, now_ns))
            return;
        thread->blocked = activity.known && !activity.running;
        thread->reason = (struct wait_reason){.state = state_on_cpu(process, thread), .fd = -1};
        if (thread->blocked)
            thread->reason = wait_reason_find(&process->waits, &activity, thread->reference.gil);
        else if (!activity.known && ran_ns == 0)
            thread->reason.state = THREAD_OTHER;
        else if (is_waiting_for_cpu(process, thread))
            thread->reason.state = THREAD_RUNNABLE;
    }
    thread->schedule = schedule;
    thread->sampled_ns = now_ns;
    thread->is_covered = thread->is_shared && is_covered(process, thread);
    if (thread->is_covered)
        return;
    process->samples++;
    accumulator_add(&process->accumulator, thread->number, thread->tid, thread->node, thread->reason.state, 1,
                    wall_ns, ran_ns);
}

void sampled_process_sample(struct sampled_process *process, uint64_t now_ns, bool late)
{
    if (listing_is_due(process, now_ns))
        list_threads(process, now_ns);
    if (process->status != SAMPLING_WORKS)
        return;
    for (size_t i = 0; i < process->thread_count; i++)
        sample_thread(process, &process->threads[i], now_ns);
    /* New threads are looked for at once where the samples show that there are some: they may be short-lived. */
    if (process->must_list && process->listed_ns != now_ns) {
        list_threads(process, now_ns);
        for (size_t i = 0; i < process->thread_count; i++) {
            if (process->threads[i].is_young && process->threads[i].sampled_ns != now_ns)
                sample_thread(process, &process->threads[i], now_ns);
        }
    }
    process->moment_ns = now_ns;
    process->moments++;
    process->late += late;
    process->cost_ns += clock_monotonic_ns() - now_ns;
}

/* ---- names of threads ---- */

/* The name that the program gave the thread, else the one that the kernel knows. */
static void read_name(struct sampled_process *process, struct sampled_thread *thread, uint64_t now_ns)
{
    char name[THREAD_NAME_SIZE] = "";

    if (process->names != NULL)
        thread_names_read(process->names, name, thread->reference.interpreter, thread->reference.thread_id,
                          now_ns);
    if (name[0] == '\0' && thread->is_main)
        strcpy(name, "MainThread"); /* as the threading module would call it */
    else if (name[0] == '\0')
        thread_read_kernel_name(name, process->pid, thread->tid);
    free(thread->name);
    thread->name = name[0] != '\0' ? memory_copy_text(name) : NULL;
    thread->name_ns = now_ns;
}

/* Read the names that are new or old. */
static void read_names(struct sampled_process *process, uint64_t now_ns)
{
    size_t left = MAX_NAMES_AT_ONCE;

    for (size_t i = 0; left > 0 && i < process->thread_count; i++) {
        struct sampled_thread *thread = &process->threads[i];
        if (thread->name_ns != 0 && now_ns - thread->name_ns < name_interval_ns)
            continue;
        read_name(process, thread, now_ns);
        left--;
    }
}

/* ---- hand-over ---- */

/* A thread's name as the oldest interpreter knows it: the others found it running already. */
static const char *name_of(const struct sampled_process *process, const struct sampled_thread *thread)
{
    const struct sampled_thread *oldest = thread;

    for (size_t i = 0; thread->is_shared && i < process->thread_count; i++) {
        const struct sampled_thread *other = &process->threads[i];
        if (other->tid == thread->tid && other->age > oldest->age)
            oldest = other;
    }
    return oldest->name;
}

/* Fill in a thread's record; false when another thread state stands for it. */
static bool record_thread(struct sampled_process *process, struct sampled_thread *thread,
                          struct thread_record *record, struct arena *arena, uint64_t *spread_ns)
{
    struct schedule_counters schedule;

    if (!thread_probe_schedule(&thread->probe, &schedule))
        schedule = thread->schedule;
    uint64_t cpu_ns = schedule.cpu_ns - thread->taken_cpu_ns;
    thread->taken_cpu_ns = schedule.cpu_ns;
    if (thread->is_covered)
        return false;
    if (thread->is_young) {
        thread->is_young = false;
        add_short_lived(process, thread->tid);
    } else if (cpu_ns > 0) {
        *spread_ns += cpu_ns;
        accumulator_spread_cpu(&process->accumulator, &thread->tid, 1, cpu_ns);
    }
    const char *name = name_of(process, thread);
    *record = (struct thread_record){
        .tid = thread->tid,
        .name = name != NULL ? arena_copy_text(arena, name, strlen(name)) : NULL,
        .reason = thread->reason,
        .cpu_ns = cpu_ns,
        .holds_gil = gil_of(process, thread),
        .has_stack = thread->has_stack,
        .node = thread->node,
    };
    return true;
}

/* Give the threads that came or went in this interval the CPU time that the process used and no lasting thread did, as
 * far as samples found them running: what single threads used before their first and after their last sample is
 * nowhere to be read any more, but the process's clock has it. */
static void spread_short_lived(struct sampled_process *process, uint64_t spread_ns)
{
    struct accumulator *accumulator = &process->accumulator;
    uint64_t cpu_ns = 0;

    if (clock_read_ns(process->cpu_clock, &cpu_ns) && process->short_lived_count > 0 &&
        cpu_ns > process->taken_cpu_ns) {
        uint64_t used_ns = cpu_ns - process->taken_cpu_ns;
        uint64_t left_ns = used_ns > spread_ns ? used_ns - spread_ns : 0;
        accumulator_sort_tids(process->short_lived, process->short_lived_count);
        uint64_t running_ns =
            accumulator_running_ns(accumulator, process->short_lived, process->short_lived_count);
        accumulator_spread_cpu(accumulator, process->short_lived, process->short_lived_count,
                               left_ns < running_ns ? left_ns : running_ns);
    }
    process->taken_cpu_ns = cpu_ns;
    process->short_lived_count = 0;
}

void sampled_process_take(struct sampled_process *process, struct arena *arena, struct process_record *record,
                          uint64_t begin_ns, uint64_t end_ns)
{
    double seconds = (double)(end_ns - begin_ns) / (double)NS_PER_SECOND;

    *record = (struct process_record){
        .pid = process->pid,
        .start_ticks = process->start_ticks,
        .status = process->status,
        .threads = arena_allocate(arena, process->thread_count, sizeof(*record->threads)),
    };
    uint64_t spread_ns = 0;
    read_names(process, end_ns);
    for (size_t i = 0; i < process->thread_count; i++)
        record->thread_count += record_thread(process, &process->threads[i],
                                              &record->threads[record->thread_count], arena, &spread_ns);

    spread_short_lived(process, spread_ns);

    struct accumulator *accumulator = &process->accumulator;
    struct profile_counter *counters = arena_allocate(arena, accumulator->count, sizeof(*counters));
    if (accumulator->count > 0)
        memcpy(counters, accumulator->counters, accumulator->count * sizeof(*counters));
    record->profile = (struct profile){
        .rate_hz = seconds > 0 ? (double)process->moments / seconds : UNKNOWN_REAL,
        .samples = process->samples,
        .partial = process->partial,
        .invalid = process->invalid,
        .late = process->late,
        .cpu_percent = seconds > 0 ? (double)process->cost_ns / 1e7 / seconds : UNKNOWN_REAL,
        .counters = counters,
        .counter_count = accumulator->count,
    };
    accumulator_clear(accumulator);
    process->moments = process->samples = process->partial = process->invalid = process->late =
        process->cost_ns = 0;
}

pid_t sampled_process_pid(const struct sampled_process *process)
{
    return process->pid;
}

uint64_t sampled_process_start_ticks(const struct sampled_process *process)
{
    return process->start_ticks;
}

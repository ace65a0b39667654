#include "sampler/thread_list.h"

#include "base/clock.h"
#include "base/memory.h"
#include "sampler/thread_sample.h"

#include <errno.h>
#include <stdlib.h>

enum {
    MAX_STATES_OF_A_THREAD = 64, /* it has one in each sub-interpreter that it has entered */
};

static const uint64_t listing_interval_ns = NS_PER_SECOND;
static const uint64_t retry_interval_ns = 50 * NS_PER_MILLISECOND;

static void release_thread(struct sampled_thread *thread)
{
    thread_probe_close(&thread->probe);
    stack_hint_free(&thread->hint);
    stack_path_release(&thread->path);
    free(thread->name);
}

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

/* The thread that one of the listed thread states belongs to; 0 when it has gone. */
static pid_t find_tid(struct sampled_process *process, const struct listed_thread *listed, size_t count,
                      bool *mended)
{
    pid_t tid = thread_ids_find(&process->ids, listed->native_id);

    if (tid != 0 || *mended)
        return tid;
    interpreters_mend_native_ids(process->pid, process->listing, count);
    *mended = true;
    return thread_ids_find(&process->ids, listed->native_id);
}

/* From where on the page faults of a new thread count. One that had less CPU time than has gone by since the last sample
 * is taken to have started meanwhile: all of them. */
static void begin_faults(struct sampled_process *process, struct sampled_thread *thread, uint64_t now_ns)
{
    thread->faults_known =
        (thread->is_young && thread->schedule.cpu_ns <= now_ns - process->moment_ns) ||
        thread_probe_minor_faults(&thread->probe, process->pid, thread->tid, &thread->minor_faults);
}

static struct sampled_thread *add_thread(struct sampled_process *process, const struct listed_thread *listed,
                                         pid_t tid, uint64_t now_ns)
{
    struct sampled_thread thread = {
        .tid = tid,
        .reference = listed->reference,
        .is_main = listed->is_main,
        .listed = true,
        .is_idle = true,
        .sampled_ns = process->moment_ns != 0 ? process->moment_ns : now_ns,
        .is_young = process->moment_ns != 0,
        .moment_number = process->moment_number,
        .number = process->next_number++,
        .reason = wait_reason_of_state(THREAD_OTHER),
        .holds_gil = -1,
    };

    if (tid == 0 || !may_add(process, tid) || !thread_probe_open(&thread.probe, process->pid, tid))
        return NULL;
    if (!thread_probe_schedule(&thread.probe, &thread.schedule)) {
        release_thread(&thread);
        return NULL;
    }
    begin_faults(process, &thread, now_ns);
    if (!thread.is_young) {
        thread.taken_cpu_ns = thread.schedule.cpu_ns;
        thread.taken_delay_ns = thread.schedule.wait_ns;
    }
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

void thread_list_add_short_lived(struct sampled_process *process, pid_t tid)
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
        thread_list_add_short_lived(process, thread->tid);
        thread_sample_catch_up(process, thread);
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

void thread_list_update(struct sampled_process *process, uint64_t now_ns)
{
    size_t count = 0;
    bool mended = false;

    errno = 0;
    enum listing listing = interpreters_list_threads(process->pid, &process->location, &process->listing,
                                                     &process->listing_capacity, &count);
    process->status = status_of_listing(listing, process->pid);
    process->listed_ns = now_ns;
    process->must_list = false;
    for (size_t i = 0; i < process->thread_count; i++)
        process->threads[i].listed = false;
    for (size_t i = 0; i < count; i++) {
        const struct listed_thread *listed = &process->listing[i];
        struct sampled_thread *thread = find_thread(process, &listed->reference);
        if (thread == NULL)
            thread = add_thread(process, listed, find_tid(process, listed, count, &mended), now_ns);
        if (thread != NULL) {
            thread->listed = true;
            thread->age = (uint32_t)i;
        }
    }
    thread_ids_forget(&process->ids);
    sleepers_wake(&process->sleepers);
    drop_unlisted_threads(process);
    find_shared_threads(process, count);
}

bool thread_list_is_due(const struct sampled_process *process, uint64_t now_ns)
{
    if (process->status == SAMPLING_WORKS)
        return process->must_list || now_ns - process->listed_ns >= listing_interval_ns;
    return now_ns >= thread_list_next_retry(process);
}

uint64_t thread_list_next_retry(const struct sampled_process *process)
{
    return process->listed_ns != 0 ? process->listed_ns + retry_interval_ns : 0;
}

void thread_list_free(struct sampled_process *process)
{
    for (size_t i = 0; i < process->thread_count; i++)
        release_thread(&process->threads[i]);
    free(process->threads);
    free(process->listing);
    free(process->short_lived);
    thread_ids_free(&process->ids);
}

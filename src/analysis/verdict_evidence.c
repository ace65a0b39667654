#include "analysis/verdict_collection.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    PARKED_CPU_PART = 1000,    /* a parked thread uses less than one part of so many of its time */
    PARKED_BELOW_PERCENT = 10, /* parked threads count where the others are less busy */
    PAGING_FAULTS_PER_SECOND = 10,
    MOST_UNDERCOUNTED = 2, /* waits take at most so many times what samples say */
};

static const uint64_t growth_watched_ns = 3 * NS_PER_SECOND;

/* What a thread's time in one state is, where its place does not say otherwise. */
static const struct {
    enum verdict_kind cause;
    enum awaited awaited; /* VERDICT_IDLE, where the place does not tell */
    bool by_place;        /* idle in a function that waits for work */
} causes[THREAD_STATES] = {
    [THREAD_RUNNING] = {.cause = VERDICT_PYTHON_CPU},
    [THREAD_RUNNABLE] = {.cause = VERDICT_CPU_STARVED},
    [THREAD_GIL] = {.cause = VERDICT_GIL},
    [THREAD_LOCK] = {.cause = VERDICT_LOCK, .by_place = true},
    [THREAD_SLEEP] = {.cause = VERDICT_SLEEP},
    [THREAD_DISK] = {.cause = VERDICT_DISK},
    [THREAD_NETWORK] = {.cause = VERDICT_NETWORK, .by_place = true},
    [THREAD_PIPE] = {.cause = VERDICT_PIPE, .by_place = true},
    [THREAD_POLL] = {.cause = VERDICT_IDLE, .awaited = AWAITED_EVENTS, .by_place = true},
    [THREAD_CHILD] = {.cause = VERDICT_IDLE, .awaited = AWAITED_CHILDREN},
    [THREAD_GC] = {.cause = VERDICT_GC},
    [THREAD_NATIVE] = {.cause = VERDICT_NATIVE_CPU},
    [THREAD_OTHER] = {.cause = EVIDENCE_UNKNOWN},
};

bool verdict_is_on_cpu(enum verdict_kind cause)
{
    return cause == VERDICT_PYTHON_CPU || cause == VERDICT_NATIVE_CPU || cause == VERDICT_GC;
}

bool verdict_is_busy(enum verdict_kind cause)
{
    return cause != VERDICT_IDLE && cause != VERDICT_SLEEP;
}

enum verdict_kind verdict_cause_of(const struct verdict_collection *collection, enum thread_state state,
                                   uint32_t node, enum awaited *awaited)
{
    *awaited = AWAITED_UNKNOWN;
    if (state >= THREAD_STATES)
        return EVIDENCE_UNKNOWN;
    if (causes[state].by_place)
        *awaited = wait_place_awaits(collection->tree, node);
    if (*awaited != AWAITED_UNKNOWN)
        return VERDICT_IDLE;
    *awaited = causes[state].awaited;
    return causes[state].cause == EVIDENCE_UNKNOWN ? collection->paging : causes[state].cause;
}

/* ---- the threads ---- */

/* The index of a counter's thread, which mostly is that of the counter before. */
static uint32_t find_thread(struct verdict_collection *collection, const struct profile_counter *counter,
                            uint32_t before)
{
    if (before < collection->thread_count && collection->threads[before].tid == counter->tid)
        return before;
    const uint32_t *known = hash_map_find(&collection->index, (uint64_t)counter->tid);
    if (known != NULL)
        return *known;
    collection->threads = memory_grow(collection->threads, &collection->thread_capacity,
                                      collection->thread_count + 1, sizeof(*collection->threads));
    hash_map_set(&collection->index, (uint64_t)counter->tid, (uint32_t)collection->thread_count);
    collection->threads[collection->thread_count] =
        (struct thread_time){.tid = counter->tid, .node = counter->node, .state = counter->state};
    return (uint32_t)collection->thread_count++;
}

static void add_to_thread(struct thread_time *thread, const struct collected_counter *collected)
{
    const struct profile_counter *counter = collected->counter;

    thread->moved = thread->moved || thread->node != counter->node || thread->state != counter->state;
    thread->wall_ns += counter->wall_ns;
    thread->cpu_ns += counter->cpu_ns;
    thread->cause_ns[collected->cause] += counter->wall_ns;
    if (collected->cause == VERDICT_IDLE)
        thread->idle_ns[collected->awaited] += counter->wall_ns;
}

static void collect_slice(struct verdict_collection *collection, const struct verdict_slice *slice)
{
    uint32_t thread = 0;

    for (size_t i = 0; i < slice->counter_count; i++) {
        const struct profile_counter *counter = &slice->counters[i];
        struct collected_counter *collected = &collection->counters[collection->counter_count++];
        collected->counter = counter;
        collected->thread = thread = find_thread(collection, counter, thread);
        collected->cause = verdict_cause_of(collection, counter->state, counter->node, &collected->awaited);
        add_to_thread(&collection->threads[thread], collected);
    }
}

static void collect_threads(struct verdict_collection *collection)
{
    size_t count = 0;

    for (size_t i = 0; i < collection->slice_count; i++)
        count += collection->slices[i].counter_count;
    collection->counters = memory_allocate(count, sizeof(*collection->counters));
    for (size_t i = 0; i < collection->slice_count; i++)
        collect_slice(collection, &collection->slices[i]);
}

static bool is_parked(const struct thread_time *thread)
{
    return !thread->moved && !thread_state_on_cpu(thread->state) && thread->state != THREAD_RUNNABLE &&
           thread->cpu_ns < thread->wall_ns / PARKED_CPU_PART + 1;
}

bool verdict_thread_counts(const struct verdict_collection *collection, const struct thread_time *thread)
{
    return collection->with_parked || !is_parked(thread);
}

static double busy_ns(const struct thread_time *thread)
{
    uint64_t sum_ns = 0;

    for (int cause = 0; cause < EVIDENCE_CAUSES; cause++) {
        if (verdict_is_busy((enum verdict_kind)cause))
            sum_ns += thread->cause_ns[cause];
    }
    return (double)sum_ns;
}

/* Whether one thread is more telling than another: it is busier (by a percent of its time or more), or it waits for
 * something outside and the other for threads. */
static bool is_busier(const struct verdict_collection *collection, const struct thread_time *one,
                      const struct thread_time *other)
{
    double percent_ns = (double)collection->span_ns / 100;
    double difference = round(busy_ns(one) / percent_ns) - round(busy_ns(other) / percent_ns);
    bool one_waits = one->idle_ns[AWAITED_THREADS] > one->wall_ns / 2;
    bool other_waits = other->idle_ns[AWAITED_THREADS] > other->wall_ns / 2;

    if (difference != 0)
        return difference > 0;
    if (one_waits != other_waits)
        return other_waits;
    return one->tid < other->tid;
}

/* ---- shares ---- */

/* What the threads that count add up to. */
struct sum {
    double cause_ns[EVIDENCE_CAUSES];
    double busy_ns;
    double busiest_ns; /* of the busiest thread, or of those that came and went */
};

/* Whether a thread was there for less than half of the window, as one for each request is. */
static bool is_passing(const struct verdict_collection *collection, const struct thread_time *thread)
{
    return thread->wall_ns < collection->span_ns / 2;
}

/* How long threads that came and went kept the process busy, taken together: one of them alone says little. As many as
 * were there at once on average share the time of a slice. */
static double passing_busy_ns(const struct verdict_collection *collection)
{
    const struct collected_counter *collected = collection->counters;
    double sum_ns = 0;

    for (size_t i = 0; i < collection->slice_count; i++) {
        const struct verdict_slice *slice = &collection->slices[i];
        double wall_ns = 0, slice_busy_ns = 0;
        for (const struct collected_counter *end = collected + slice->counter_count; collected < end;
             collected++) {
            const struct thread_time *thread = &collection->threads[collected->thread];
            if (!verdict_thread_counts(collection, thread) || !is_passing(collection, thread))
                continue;
            wall_ns += (double)collected->counter->wall_ns;
            if (verdict_is_busy(collected->cause))
                slice_busy_ns += (double)collected->counter->wall_ns;
        }
        sum_ns += slice_busy_ns / fmax(1, wall_ns / (double)(slice->end_ns - slice->start_ns));
    }
    return sum_ns;
}

/* The time that threads wanted a CPU and had none: unknown when the kernel did not tell it in every slice. */
static double runnable_ns(const struct verdict_collection *collection)
{
    double sum_ns = 0;

    for (size_t i = 0; i < collection->slice_count; i++) {
        const struct verdict_slice *slice = &collection->slices[i];
        sum_ns += slice->runnable_percent / 100 * (double)(slice->end_ns - slice->start_ns);
    }
    return sum_ns;
}

/* Put exact figures in the place of those that samples estimate: CPU time, and time without one. What the threads did
 * besides gets the rest of their time. */
static void correct_cpu_time(const struct verdict_collection *collection, struct sum *sum, double wall_ns,
                             double cpu_ns)
{
    double sampled_cpu_ns =
        sum->cause_ns[VERDICT_PYTHON_CPU] + sum->cause_ns[VERDICT_NATIVE_CPU] + sum->cause_ns[VERDICT_GC];
    double sampled_ns = sampled_cpu_ns + sum->cause_ns[VERDICT_CPU_STARVED];

    if (cpu_ns <= 0) /* nothing used, or a kernel that does not count it: the samples stand */
        return;
    double known_ns = runnable_ns(collection);
    double starved_ns = real_is_known(known_ns) ? known_ns : fmax(0, sampled_ns - cpu_ns);
    /* The kernel counts a wait for a CPU when it is over, so a long one is missing at first. */
    starved_ns = fmax(starved_ns, wall_ns - cpu_ns - MOST_UNDERCOUNTED * (wall_ns - sampled_ns));
    double real_ns = fmin(cpu_ns + starved_ns, wall_ns);
    double elsewhere = wall_ns > sampled_ns ? (wall_ns - real_ns) / (wall_ns - sampled_ns) : 0;

    if (sampled_cpu_ns <= 0)
        sum->cause_ns[VERDICT_PYTHON_CPU] = sampled_cpu_ns = 1;
    for (int cause = 0; cause < EVIDENCE_CAUSES; cause++)
        sum->cause_ns[cause] *=
            verdict_is_on_cpu((enum verdict_kind)cause) ? cpu_ns / sampled_cpu_ns : elsewhere;
    sum->cause_ns[VERDICT_CPU_STARVED] = fmax(0, real_ns - cpu_ns);
}

static struct sum add_up(struct verdict_collection *collection)
{
    struct sum sum = {0};
    double wall_ns = 0;
    double cpu_ns = 0;

    collection->busiest = NULL;
    for (size_t i = 0; i < collection->thread_count; i++) {
        const struct thread_time *thread = &collection->threads[i];
        if (!verdict_thread_counts(collection, thread))
            continue;
        for (int cause = 0; cause < EVIDENCE_CAUSES; cause++)
            sum.cause_ns[cause] += (double)thread->cause_ns[cause];
        wall_ns += (double)thread->wall_ns;
        cpu_ns += (double)thread->cpu_ns;
        if (collection->busiest == NULL || is_busier(collection, thread, collection->busiest))
            collection->busiest = thread;
    }
    double sampled_busy_ns = 0;
    for (int cause = 0; cause < EVIDENCE_CAUSES; cause++)
        sampled_busy_ns += verdict_is_busy((enum verdict_kind)cause) ? sum.cause_ns[cause] : 0;
    correct_cpu_time(collection, &sum, wall_ns, cpu_ns);
    for (int cause = 0; cause < EVIDENCE_CAUSES; cause++)
        sum.busy_ns += verdict_is_busy((enum verdict_kind)cause) ? sum.cause_ns[cause] : 0;
    if (collection->busiest != NULL && sampled_busy_ns > 0)
        sum.busiest_ns =
            fmax(busy_ns(collection->busiest), passing_busy_ns(collection)) * sum.busy_ns / sampled_busy_ns;
    else
        sum.busiest_ns = sum.busy_ns;
    return sum;
}

/* How busy the process was, in percent of the window. */
static double activity_of(const struct verdict_collection *collection, const struct sum *sum)
{
    double gil_ns = collection->has_gil ? sum->cause_ns[VERDICT_PYTHON_CPU] + sum->cause_ns[VERDICT_GC] : 0;

    return fmin(100, 100 * fmax(sum->busiest_ns, gil_ns) / (double)collection->span_ns);
}

static void fill_shares(struct evidence *evidence, const struct verdict_collection *collection,
                        const struct sum *sum)
{
    const struct thread_time *busiest = collection->busiest;
    double activity = activity_of(collection, sum);
    double rest_ns = 0;

    for (int cause = 0; cause < EVIDENCE_CAUSES; cause++) {
        if (verdict_is_busy((enum verdict_kind)cause) && sum->busy_ns > 0)
            evidence->percent[cause] = activity * sum->cause_ns[cause] / sum->busy_ns;
    }
    if (busiest != NULL)
        rest_ns = (double)(busiest->cause_ns[VERDICT_SLEEP] + busiest->cause_ns[VERDICT_IDLE]);
    double sleep = busiest != NULL && rest_ns > 0 ? (double)busiest->cause_ns[VERDICT_SLEEP] / rest_ns : 0;
    evidence->percent[VERDICT_SLEEP] = (100 - activity) * sleep;
    evidence->percent[VERDICT_IDLE] = (100 - activity) * (1 - sleep);
    for (int awaited = 0; busiest != NULL && awaited < AWAITED_KINDS; awaited++) {
        if (busiest->idle_ns[awaited] > busiest->idle_ns[evidence->awaited])
            evidence->awaited = (enum awaited)awaited;
    }
}

static void count_waiting_threads(struct evidence *evidence, const struct verdict_collection *collection)
{
    for (size_t i = 0; i < collection->thread_count; i++) {
        const struct thread_time *thread = &collection->threads[i];
        if (!verdict_thread_counts(collection, thread))
            continue;
        evidence->gil_threads += thread->cause_ns[VERDICT_GIL] > 0;
        evidence->lock_threads += thread->cause_ns[VERDICT_LOCK] > 0;
    }
}

/* ---- growth ---- */

struct growth_sum {
    double amount;
    uint64_t grew_ns;
    uint64_t watched_ns;
};

static void add_growth(struct growth_sum *sum, double per_second, uint64_t ns)
{
    if (!real_is_known(per_second))
        return;
    sum->amount += per_second * (double)ns / (double)NS_PER_SECOND;
    sum->grew_ns += per_second > 0 ? ns : 0;
    sum->watched_ns += ns;
}

/* room: what is left of it, UNKNOWN_REAL when there is no limit. */
static struct growth growth_of(const struct growth_sum *sum, double room)
{
    struct growth growth = {.per_second = UNKNOWN_REAL, .seconds_left = UNKNOWN_REAL};

    if (sum->watched_ns < growth_watched_ns)
        return growth;
    growth.percent = 100 * (double)sum->grew_ns / (double)sum->watched_ns;
    growth.per_second = sum->amount / ((double)sum->watched_ns / (double)NS_PER_SECOND);
    if (growth.per_second > 0)
        growth.seconds_left = room / growth.per_second;
    return growth;
}

static double room_below(int64_t limit, int64_t used)
{
    return count_is_known(limit) && count_is_known(used) ? (double)(limit - used) : UNKNOWN_REAL;
}

static void fill_growth(struct evidence *evidence, const struct verdict_collection *collection)
{
    const struct verdict_slice *newest = &collection->slices[collection->slice_count - 1];
    struct growth_sum memory = {0};
    struct growth_sum files = {0};

    for (size_t i = 0; i < collection->slice_count; i++) {
        const struct verdict_slice *slice = &collection->slices[i];
        uint64_t ns = slice->end_ns - slice->start_ns;
        add_growth(&memory, slice->growth_bytes_per_second, ns);
        add_growth(&files, slice->open_file_growth_per_second, ns);
    }
    evidence->memory = growth_of(&memory, room_below(newest->available_bytes, 0));
    evidence->open_files = growth_of(&files, room_below(newest->open_file_limit, newest->open_file_count));
}

/* ---- all of it ---- */

struct verdict_slice verdict_slice_of(const struct tick *tick, const struct process *process)
{
    const struct profile *profile = process->profile;

    return (struct verdict_slice){
        .start_ns = tick->monotonic_ns - tick->interval_ns,
        .end_ns = tick->monotonic_ns,
        .counters = profile != NULL ? profile->counters : NULL,
        .counter_count = profile != NULL ? profile->counter_count : 0,
        .waits = profile != NULL ? profile->waits : NULL,
        .wait_count = profile != NULL ? profile->wait_count : 0,
        .has_gil = process->python == NULL || !process->python->free_threaded,
        .runnable_percent = process->runnable_percent,
        .throttled_percent = process->throttled_percent,
        .major_faults_per_second = process->major_faults_per_second,
        .growth_bytes_per_second = process->growth_bytes_per_second,
        .open_file_growth_per_second = process->open_file_growth_per_second,
        .swap_bytes = process->swap_bytes,
        .available_bytes = tick->system.memory.available_bytes,
        .open_file_count = process->open_file_count,
        .open_file_limit = process->open_file_limit,
    };
}

/* A thread that is blocked outside of a system call waits for a page, when the process has faults that need storage. */
static enum verdict_kind cause_of_paging(const struct verdict_slice *slices, size_t count)
{
    bool faults = false;

    for (size_t i = 0; i < count; i++)
        faults = faults || slices[i].major_faults_per_second >= PAGING_FAULTS_PER_SECOND;
    if (!faults)
        return EVIDENCE_UNKNOWN;
    return slices[count - 1].swap_bytes > 0 ? VERDICT_SWAP : VERDICT_DISK;
}

static double throttled_percent(const struct verdict_slice *slices, size_t count, uint64_t span_ns)
{
    double sum_ns = 0;

    for (size_t i = 0; i < count; i++)
        sum_ns += slices[i].throttled_percent / 100 * (double)(slices[i].end_ns - slices[i].start_ns);
    return 100 * sum_ns / (double)span_ns;
}

/* Where most time for disks went to page faults, and the process's memory is swapped out, it is swap's. */
static void tell_swap_from_disk(struct evidence *evidence, const struct verdict_collection *collection)
{
    const struct profile_wait *wait = evidence->carriers[VERDICT_DISK].wait;

    if (collection->paging != VERDICT_SWAP || wait == NULL || wait->description == NULL ||
        strcmp(wait->description, "page fault") != 0)
        return;
    evidence->percent[VERDICT_SWAP] += evidence->percent[VERDICT_DISK];
    evidence->percent[VERDICT_DISK] = 0;
    evidence->swap_is_disk = true;
}

static void fill_evidence(struct evidence *evidence, struct verdict_collection *collection)
{
    collect_threads(collection);
    struct sum sum = add_up(collection);
    if (activity_of(collection, &sum) < PARKED_BELOW_PERCENT) {
        collection->with_parked = true;
        sum = add_up(collection);
    }
    fill_shares(evidence, collection, &sum);
    count_waiting_threads(evidence, collection);
    verdict_find_waits(evidence, collection);
    tell_swap_from_disk(evidence, collection);
    fill_growth(evidence, collection);
}

bool evidence_collect(struct evidence *evidence, const struct verdict_slice *slices, size_t count,
                      const struct call_tree *tree)
{
    struct verdict_collection *collection = memory_allocate(1, sizeof(*collection));

    *collection = (struct verdict_collection){.slices = slices, .slice_count = count, .tree = tree};
    *evidence = (struct evidence){.collection = collection};
    for (size_t i = 0; i < count; i++)
        collection->span_ns += slices[i].end_ns - slices[i].start_ns;
    if (collection->span_ns == 0)
        return false;
    collection->has_gil = slices[count - 1].has_gil;
    collection->paging = cause_of_paging(slices, count);
    evidence->throttled_percent = throttled_percent(slices, count, collection->span_ns);
    fill_evidence(evidence, collection);
    return collection->thread_count > 0;
}

void evidence_free(struct evidence *evidence)
{
    free(evidence->collection->counters);
    free(evidence->collection->threads);
    hash_map_free(&evidence->collection->index);
    free(evidence->collection);
}

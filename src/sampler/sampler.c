#include "sampler/sampler.h"

#include "base/clock.h"
#include "base/memory.h"
#include "sampler/budget.h"
#include "sampler/pause.h"
#include "sampler/sampled_process.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const int sampler_nice = -15;
static const uint64_t straggler_interval_ns = NS_PER_MILLISECOND;
/* To sleep and wake up takes more CPU time than this, so a moment that is nearer is waited for. */
static const uint64_t shortest_sleep_ns = 10 * NS_PER_MICROSECOND;
static const uint64_t no_slot = UINT64_MAX;
static const uint64_t never_ns = UINT64_MAX;

/* What the other thread wants done. */
enum order_kind {
    ORDER_ADD,
    ORDER_REMOVE,
    ORDER_FOCUS,
    ORDER_BUDGET,
    ORDER_RUNS,
    ORDER_TAKE,
    ORDER_STOP,
};

struct order {
    enum order_kind kind;
    pid_t pid;
    uint64_t start_ticks;
    double percent;                  /* ORDER_BUDGET */
    bool keep_runs;                  /* ORDER_RUNS */
    struct sampled_process *process; /* ORDER_ADD: now the sampler's */
};

/* A process and how often it has its turn: at every `divisor`th moment. */
struct member {
    struct sampled_process *process;
    uint32_t divisor;
    uint32_t phase;
};

struct sampler {
    pthread_t thread;
    struct call_tree *tree;
    struct pause *pause;               /* NULL: threads run on; used by the sampler thread only */
    struct turn_counter *turn_counter; /* NULL: the kernel has none for us; used by the sampler thread only */
    uint64_t period_ns;
    sem_t wake;     /* orders have come */
    sem_t answered; /* a batch was handed over */
    _Atomic(struct sampler_batch *) batch;
    bool take_is_pending; /* the other thread's */

    pthread_mutex_t orders_mutex; /* the sampler only ever tries it */
    struct order *orders;
    size_t order_count;
    size_t order_capacity;

    /* From here on the sampler thread's own. */
    struct member *members;
    size_t member_count;
    size_t member_capacity;
    pid_t focus;
    bool keep_runs;
    struct budget budget;
    uint64_t random;
    uint64_t start_ns;
    uint64_t slot;
    uint64_t batch_begin_ns;
    uint64_t batch_cpu_ns; /* of the thread at that time */
    bool stopping;
};

static uint64_t thread_cpu_ns(void)
{
    uint64_t used_ns = 0;

    clock_read_ns(CLOCK_THREAD_CPUTIME_ID, &used_ns);
    return used_ns;
}

/* ---- budget ---- */

static bool is_focus(const struct sampler *sampler, const struct member *member)
{
    return sampled_process_pid(member->process) == sampler->focus || sampler->member_count == 1;
}

static void set_divisors(struct sampler *sampler)
{
    for (size_t i = 0; i < sampler->member_count; i++) {
        struct member *member = &sampler->members[i];
        member->divisor =
            is_focus(sampler, member) ? sampler->budget.focus_divisor : sampler->budget.other_divisor;
        member->phase = (uint32_t)i;
    }
}

/* Keep the thread's own CPU time inside the budget. */
static void keep_budget(struct sampler *sampler, uint64_t now_ns)
{
    if (!budget_is_due(&sampler->budget, now_ns))
        return;
    budget_keep(&sampler->budget, now_ns, thread_cpu_ns(), sampler->member_count > 1);
    set_divisors(sampler);
}

/* ---- orders ---- */

static void remove_member(struct sampler *sampler, pid_t pid, uint64_t start_ticks)
{
    for (size_t i = 0; i < sampler->member_count; i++) {
        struct sampled_process *process = sampler->members[i].process;
        if (sampled_process_pid(process) == pid && sampled_process_start_ticks(process) == start_ticks) {
            sampled_process_free(process);
            sampler->members[i] = sampler->members[--sampler->member_count];
            return;
        }
    }
}

static void keep_runs(struct sampler *sampler, bool keep)
{
    sampler->keep_runs = keep;
    for (size_t i = 0; i < sampler->member_count; i++)
        sampled_process_keep_runs(sampler->members[i].process, keep);
}

static void hand_over(struct sampler *sampler)
{
    struct arena *arena = arena_new();
    struct sampler_batch *batch = arena_allocate(arena, 1, sizeof(*batch));

    /* On a busy machine the first moment may not have come yet. */
    for (size_t i = 0; i < sampler->member_count; i++) {
        if (!sampled_process_has_begun(sampler->members[i].process))
            sampled_process_sample(sampler->members[i].process, clock_monotonic_ns(), false);
    }
    batch->arena = arena;
    batch->begin_ns = sampler->batch_begin_ns;
    batch->end_ns = sampler->batch_begin_ns = clock_monotonic_ns();
    budget_set_interval(&sampler->budget, batch->end_ns - batch->begin_ns, sampler->period_ns);
    uint64_t cpu_ns = thread_cpu_ns();
    batch->cpu_ns = cpu_ns - sampler->batch_cpu_ns;
    sampler->batch_cpu_ns = cpu_ns;
    batch->process_count = sampler->member_count;
    batch->processes = arena_allocate(arena, sampler->member_count, sizeof(*batch->processes));
    for (size_t i = 0; i < sampler->member_count; i++)
        sampled_process_take(sampler->members[i].process, arena, &batch->processes[i], batch->begin_ns,
                             batch->end_ns);
    atomic_store_explicit(&sampler->batch, batch, memory_order_release);
    sem_post(&sampler->answered);
}

static void carry_out(struct sampler *sampler, const struct order *order)
{
    switch (order->kind) {
    case ORDER_ADD:
        sampler->members = memory_grow(sampler->members, &sampler->member_capacity, sampler->member_count + 1,
                                       sizeof(*sampler->members));
        sampler->members[sampler->member_count++] = (struct member){.process = order->process};
        sampled_process_keep_runs(order->process, sampler->keep_runs);
        break;
    case ORDER_REMOVE:
        remove_member(sampler, order->pid, order->start_ticks);
        break;
    case ORDER_FOCUS:
        sampler->focus = order->pid;
        break;
    case ORDER_BUDGET:
        sampler->budget.percent = order->percent;
        break;
    case ORDER_RUNS:
        keep_runs(sampler, order->keep_runs);
        break;
    case ORDER_TAKE:
        hand_over(sampler);
        break;
    case ORDER_STOP:
        sampler->stopping = true;
        break;
    }
}

/* Carry out what was ordered; when the queue is being written to just now, the order that is added brings it here again. */
static void carry_out_orders(struct sampler *sampler)
{
    if (pthread_mutex_trylock(&sampler->orders_mutex) != 0)
        return;
    size_t count = sampler->order_count;
    for (size_t i = 0; i < count; i++)
        carry_out(sampler, &sampler->orders[i]);
    sampler->order_count = 0;
    pthread_mutex_unlock(&sampler->orders_mutex);
    if (count > 0)
        set_divisors(sampler);
}

/* ---- the clock ---- */

static uint64_t next_random(struct sampler *sampler)
{
    uint64_t value = sampler->random;

    value ^= value << 13;
    value ^= value >> 7;
    value ^= value << 17;
    sampler->random = value;
    return value;
}

/* When to sample in a slot: time is cut into slots of one period each, and each has its moment at a random
 * place, so that the mean rate is exact and no rhythm of the target can keep step. no_slot has none. */
static uint64_t moment_in_slot(struct sampler *sampler, uint64_t slot)
{
    if (slot == no_slot)
        return never_ns;
    return sampler->start_ns + slot * sampler->period_ns + next_random(sampler) % sampler->period_ns;
}

static uint64_t slot_of(const struct sampler *sampler, uint64_t time_ns)
{
    return time_ns > sampler->start_ns ? (time_ns - sampler->start_ns) / sampler->period_ns : 0;
}

/* The first slot from `slot` on in which any process has its turn; no_slot when none has. */
static uint64_t find_next_slot(const struct sampler *sampler, uint64_t slot)
{
    uint64_t first = no_slot;

    for (size_t i = 0; first > slot && i < sampler->member_count; i++) {
        const struct member *member = &sampler->members[i];
        uint64_t awake = slot_of(sampler, sampled_process_rests_until(member->process));
        uint64_t turn = budget_next_turn(awake > slot ? awake : slot, member->divisor, member->phase);
        first = turn < first ? turn : first;
    }
    return first;
}

/* The first slot that is still to come. To wake up costs more than many a sample, so slots in which no process has its
 * turn are slept through. */
static uint64_t plan_slot(const struct sampler *sampler, uint64_t earliest, uint64_t now_ns)
{
    uint64_t current = slot_of(sampler, now_ns);

    return find_next_slot(sampler, current > earliest ? current : earliest);
}

/* Sleep until a time; returns early, and false, when orders have come. */
static bool sleep_until(struct sampler *sampler, uint64_t time_ns, uint64_t now_ns)
{
    struct timespec deadline = {
        .tv_sec = (time_t)(time_ns / NS_PER_SECOND),
        .tv_nsec = (long)(time_ns % NS_PER_SECOND),
    };

    if (time_ns == never_ns) {
        sem_wait(&sampler->wake);
        return false;
    }
    if (time_ns <= now_ns + shortest_sleep_ns) {
        while (now_ns < time_ns)
            now_ns = clock_monotonic_ns();
        return sem_trywait(&sampler->wake) != 0;
    }
    if (sem_clockwait(&sampler->wake, CLOCK_MONOTONIC, &deadline) == 0)
        return false;
    return errno == ETIMEDOUT;
}

/* The same, and let those threads go that come to a stop only after they were read. */
static bool wait_for_moment(struct sampler *sampler, uint64_t moment_ns, uint64_t now_ns)
{
    while (sampler->pause != NULL && pause_let_go(sampler->pause)) {
        now_ns = clock_monotonic_ns();
        uint64_t soon_ns = now_ns + straggler_interval_ns;
        if (soon_ns >= moment_ns)
            break;
        if (!sleep_until(sampler, soon_ns, now_ns))
            return false;
    }
    return sleep_until(sampler, moment_ns, now_ns);
}

/* Sample those whose turn it is; returns the time when that was done. */
static uint64_t sample_members(struct sampler *sampler, bool late, uint64_t now_ns)
{
    for (size_t i = 0; i < sampler->member_count; i++) {
        struct member *member = &sampler->members[i];
        if (budget_next_turn(sampler->slot, member->divisor, member->phase) == sampler->slot)
            now_ns = sampled_process_sample(member->process, now_ns, late);
    }
    return now_ns;
}

static void *run(void *context)
{
    struct sampler *sampler = context;

    prctl(PR_SET_NAME, "pyneck-sampler");
    prctl(PR_SET_TIMERSLACK, 1UL);
    /* On a machine with more work than CPUs, samples that come late come when the target has just lost its CPU. Where it
     * is allowed the sampler goes first; it takes a few microseconds at a time, inside its budget. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), sampler_nice);
    sampler->slot = no_slot;
    uint64_t moment_ns = never_ns;
    uint64_t earliest = 0;
    uint64_t now_ns = clock_monotonic_ns();
    for (;;) {
        bool slept = wait_for_moment(sampler, moment_ns, now_ns);
        now_ns = clock_monotonic_ns();
        if (slept) {
            now_ns = sample_members(sampler, now_ns > moment_ns + sampler->period_ns, now_ns);
            keep_budget(sampler, now_ns);
            earliest = sampler->slot + 1;
        } else {
            carry_out_orders(sampler);
            now_ns = clock_monotonic_ns();
        }
        if (sampler->stopping)
            return NULL;
        uint64_t slot = plan_slot(sampler, earliest, now_ns);
        if (!slept && slot >= sampler->slot)
            continue; /* what was ordered has brought no turn forward: the moment stands */
        sampler->slot = slot;
        moment_ns = moment_in_slot(sampler, slot);
    }
}

/* ---- for the other thread ---- */

static void order(struct sampler *sampler, struct order order)
{
    pthread_mutex_lock(&sampler->orders_mutex);
    sampler->orders = memory_grow(sampler->orders, &sampler->order_capacity, sampler->order_count + 1,
                                  sizeof(*sampler->orders));
    sampler->orders[sampler->order_count++] = order;
    pthread_mutex_unlock(&sampler->orders_mutex);
    sem_post(&sampler->wake);
}

/* Start the thread with all signals blocked: they are for the thread that owns the terminal. */
static int start_thread(struct sampler *sampler)
{
    sigset_t all, previous;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    int result = pthread_create(&sampler->thread, NULL, run, sampler);
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    return result;
}

struct error *sampler_start(struct sampler **result, struct call_tree *tree,
                            const struct sampler_options *options)
{
    struct sampler *sampler = memory_allocate(1, sizeof(*sampler));

    sampler->tree = tree;
    sampler->pause = options->pause ? pause_new() : NULL;
    sampler->turn_counter = turn_counter_new();
    sampler->period_ns = (uint64_t)((double)NS_PER_SECOND / options->rate_hz);
    if (sampler->period_ns == 0)
        sampler->period_ns = 1;
    sampler->start_ns = sampler->batch_begin_ns = clock_monotonic_ns();
    budget_begin(&sampler->budget, options->budget_percent, sampler->start_ns);
    sampler->random = sampler->start_ns | 1;
    sem_init(&sampler->wake, 0, 0);
    sem_init(&sampler->answered, 0, 0);
    pthread_mutex_init(&sampler->orders_mutex, NULL);
    int number = start_thread(sampler);
    if (number != 0) {
        pause_free(sampler->pause);
        turn_counter_free(sampler->turn_counter);
        free(sampler);
        return error_new_errno(number, "cannot start the sampler's thread");
    }
    *result = sampler;
    return NULL;
}

void sampler_stop(struct sampler *sampler)
{
    order(sampler, (struct order){.kind = ORDER_STOP});
    pthread_join(sampler->thread, NULL);
    struct sampler_batch *batch = atomic_exchange(&sampler->batch, NULL);
    if (batch != NULL)
        arena_free(batch->arena);
    for (size_t i = 0; i < sampler->member_count; i++)
        sampled_process_free(sampler->members[i].process);
    pause_free(sampler->pause);
    turn_counter_free(sampler->turn_counter);
    for (size_t i = 0; i < sampler->order_count; i++) {
        if (sampler->orders[i].kind == ORDER_ADD)
            sampled_process_free(sampler->orders[i].process);
    }
    free(sampler->members);
    free(sampler->orders);
    sem_destroy(&sampler->wake);
    sem_destroy(&sampler->answered);
    pthread_mutex_destroy(&sampler->orders_mutex);
    free(sampler);
}

void sampler_add(struct sampler *sampler, pid_t pid, uint64_t start_ticks,
                 const struct python_location *location)
{
    order(sampler, (struct order){
                       .kind = ORDER_ADD,
                       .process = sampled_process_new(pid, start_ticks, location, sampler->tree,
                                                      sampler->pause, sampler->turn_counter),
                   });
}

void sampler_remove(struct sampler *sampler, pid_t pid, uint64_t start_ticks)
{
    order(sampler, (struct order){.kind = ORDER_REMOVE, .pid = pid, .start_ticks = start_ticks});
}

void sampler_set_focus(struct sampler *sampler, pid_t pid)
{
    order(sampler, (struct order){.kind = ORDER_FOCUS, .pid = pid});
}

void sampler_keep_runs(struct sampler *sampler, bool keep)
{
    order(sampler, (struct order){.kind = ORDER_RUNS, .keep_runs = keep});
}

void sampler_set_budget(struct sampler *sampler, double percent)
{
    order(sampler, (struct order){.kind = ORDER_BUDGET, .percent = percent});
}

struct sampler_batch *sampler_take(struct sampler *sampler, uint64_t timeout_ns)
{
    uint64_t deadline_ns = clock_monotonic_ns() + timeout_ns;
    struct timespec deadline = {
        .tv_sec = (time_t)(deadline_ns / NS_PER_SECOND),
        .tv_nsec = (long)(deadline_ns % NS_PER_SECOND),
    };

    if (!sampler->take_is_pending)
        order(sampler, (struct order){.kind = ORDER_TAKE});
    sampler->take_is_pending = true;
    while (sem_clockwait(&sampler->answered, CLOCK_MONOTONIC, &deadline) != 0) {
        if (errno != EINTR)
            return NULL;
    }
    sampler->take_is_pending = false;
    return atomic_exchange_explicit(&sampler->batch, NULL, memory_order_acquire);
}

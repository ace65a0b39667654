#include "sampler/thread_sample.h"

#include "base/clock.h"
#include "base/memory.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

enum {
    NOTABLE_WAIT = 50, /* one part of so many of the time */
    CONTENDED_SAMPLES = 32,
    MAX_LOOKS = 8, /* at a thread whose stack shows a call which was never seen */
};

static const uint64_t unknown_head_interval_ns = 2 * NS_PER_MILLISECOND;
static const uint64_t displaced_tolerance_ns = NS_PER_MILLISECOND / 4;

int thread_sample_holds_gil(const struct sampled_process *process, const struct sampled_thread *thread)
{
    bool is_same_gil = process->moment.known && process->moment_gil == thread->reference.gil;

    if (is_same_gil && process->moment.gil_known)
        return process->moment.gil_holder == thread->reference.address;
    return thread->holds_gil;
}

/* Whether the interpreter executes a call of C code. Where nobody knows what is called, one that is as it was at the last
 * sample takes long, and a call of Python code never does by itself: the callee has a frame of its own. */
static bool is_in_native_call(struct sampled_process *process, const struct sampled_thread *thread)
{
    if (thread->instruction == 0)
        return false;
    enum call_site site =
        call_sites_find(&process->call_sites, process->pid, &process->location.layout, thread->instruction);
    return site == CALL_SITE_NATIVE || (site == CALL_SITE_ANY && thread->path.is_same);
}

static enum thread_state state_on_cpu(struct sampled_process *process, const struct sampled_thread *thread)
{
    int holds_gil = thread->holds_gil;
    enum thread_attachment attachment =
        process->moment.known ? process->moment.attachment : ATTACHMENT_UNKNOWN;

    if (holds_gil == 0 || attachment == THREAD_DETACHED)
        return THREAD_NATIVE;
    if ((holds_gil == 1 || attachment == THREAD_ATTACHED) && process->moment.collecting)
        return THREAD_GC;
    return is_in_native_call(process, thread) ? THREAD_NATIVE : THREAD_RUNNING;
}

/* Whether a thread that is not blocked waits for a CPU, as far as that is certain: it belongs to the CPU that the sampler
 * runs on just now. That may be the sampler's own doing, when it took the CPU from the thread: then the one stopped
 * when the other began. It is asked only of threads that had to wait lately, for the answer is dear, and not of one that
 * ran, or waited until it ran, nearly all the time since the last sample: its CPU time is exact when it is not running.
 *
 * elsewhere_ns  time since the last sample in which it is not known to have run or waited */
static bool is_waiting_for_cpu(const struct sampled_process *process, struct sampled_thread *thread,
                               uint64_t elsewhere_ns)
{
    if (thread->contended_samples == 0 || elsewhere_ns <= displaced_tolerance_ns ||
        thread_probe_cpu(&thread->probe, process->pid, thread->tid) != sched_getcpu())
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

/* Note whether a thread held the GIL when its stack was read. A thread that is blocked can neither get nor lose it, so
 * that holds until it has run again. */
static void note_gil(struct sampled_process *process, struct sampled_thread *thread)
{
    const struct interpreter_moment *moment = &process->moment;

    process->moment_gil = thread->reference.gil;
    thread->holds_gil =
        moment->known && moment->gil_known ? moment->gil_holder == thread->reference.address : -1;
}

static bool read_stack(struct sampled_process *process, struct sampled_thread *thread, uint64_t now_ns);

/* The node of the frame that called into a thread's interpreter: in the next older one that the thread has entered.
 * Interpreters are entered in the order that they were made in, as far as anybody can tell from outside. */
static uint32_t find_caller_node(struct sampled_process *process, const struct sampled_thread *thread,
                                 uint64_t now_ns)
{
    struct sampled_thread *caller = NULL;

    for (size_t i = 0; thread->is_shared && i < process->thread_count; i++) {
        struct sampled_thread *other = &process->threads[i];
        if (other->tid == thread->tid && !other->gone && other->age > thread->age &&
            (caller == NULL || other->age < caller->age))
            caller = other;
    }
    if (caller == NULL || (caller->stack_ns != now_ns && !read_stack(process, caller, now_ns)))
        return CALL_TREE_ROOT;
    return caller->node;
}

/* Whether a thread cannot have changed its stack while that was read: it was seen blocked before, or is held by us, and has had
 * no CPU since. */
static bool has_stood_still(const struct sampled_process *process, struct sampled_thread *thread)
{
    const struct thread_look *look = &thread->look;
    struct schedule_counters now;

    return process->pause != NULL ||
           (look->activity.known && !look->activity.running && look->schedule.turns != 0 &&
            thread_probe_schedule(&thread->probe, &now) && now.turns == look->schedule.turns);
}

/* Keep the frames of a stack when another one is read. */
static void keep_frames(struct sampled_process *process, struct stack *stack)
{
    process->kept_frames =
        memory_grow(process->kept_frames, &process->kept_capacity, stack->count, sizeof(struct frame));
    memcpy(process->kept_frames, stack->frames, stack->count * sizeof(struct frame));
    stack->frames = process->kept_frames;
}

/* Name a stack that shows a call which is not known: it may tell by itself that it is one, or further looks at the thread may.
 *
 * returns  how many of its frames have names */
static size_t learn_and_name(struct sampled_process *process, struct sampled_thread *thread,
                             uint32_t caller_node, struct stack stack, uint64_t look_ns)
{
    struct stack_namer *namer = &process->namer;
    size_t named = 0;

    if (has_stood_still(process, thread))
        stack.proven = stack.count;
    stack_namer_learn(namer, caller_node, &stack, look_ns);
    keep_frames(process, &stack);
    for (size_t look = 1;; look++) {
        named = stack_path_find_node(&thread->path, namer, caller_node, &stack, look_ns, &thread->node);
        if (named == stack.count || look == MAX_LOOKS)
            return named;
        look_ns = clock_monotonic_ns();
        struct stack proof =
            unwinder_read(process->unwinder, &thread->reference, &thread->hint, NULL, true, look_ns);
        proof.inner = 0; /* so soon behind the others it may be torn in the same way */
        if (has_stood_still(process, thread))
            proof.proven = proof.count;
        stack_namer_learn(namer, caller_node, &proof, look_ns);
    }
}

/* Read the stack as it is now, and find the node that it leads to. Each look has a time of its own: code objects that were
 * compared with memory before it may be others by then. */
static enum stack_trust read_and_name(struct sampled_process *process, struct sampled_thread *thread,
                                      uint32_t caller_node)
{
    uint64_t look_ns = clock_monotonic_ns();

    unwinder_begin_sample(process->unwinder);
    struct stack stack = unwinder_read(process->unwinder, &thread->reference, &thread->hint, &process->moment,
                                       stack_namer_is_learning(&process->namer), look_ns);

    if (stack.trust == STACK_GONE)
        return STACK_GONE;
    uint64_t instruction = stack.count > 0 ? stack.frames[0].instruction : 0;
    stack_namer_see_generation(&process->namer, process->moment.code_object_generation, look_ns);
    size_t named =
        stack_path_find_node(&thread->path, &process->namer, caller_node, &stack, look_ns, &thread->node);
    if (named < stack.count)
        named = learn_and_name(process, thread, caller_node, stack, look_ns);
    thread->has_stack = stack.trust != STACK_INVALID;
    thread->is_idle = stack.count == 0;
    bool is_whole = stack.trust == STACK_WHOLE && named == stack.count;
    thread->instruction = is_whole ? instruction : 0;
    return stack.trust == STACK_WHOLE && !is_whole ? STACK_PARTIAL : stack.trust;
}

/* Read the stack, and count how far it can be trusted; false when the thread has gone. */
static bool read_stack(struct sampled_process *process, struct sampled_thread *thread, uint64_t now_ns)
{
    uint32_t caller_node = find_caller_node(process, thread, now_ns);
    enum stack_trust trust = read_and_name(process, thread, caller_node);

    if (trust == STACK_GONE) {
        process->must_list = true;
        return false;
    }
    if (is_new_head(process, now_ns)) {
        process->threads_head = process->moment.threads_head;
        process->must_list = true;
    }
    note_gil(process, thread);
    thread->stack_ns = now_ns;
    process->partial += trust == STACK_PARTIAL;
    process->invalid += trust == STACK_INVALID;
    return true;
}

/* Whether another thread state stands for what a thread does: that of the newest interpreter which runs code. */
static bool is_covered(const struct sampled_process *process, const struct sampled_thread *thread)
{
    for (size_t i = 0; i < process->thread_count; i++) {
        const struct sampled_thread *other = &process->threads[i];
        if (other == thread || other->tid != thread->tid || other->gone)
            continue;
        if (thread->is_idle ? !other->is_idle || other->age > thread->age
                            : !other->is_idle && other->age < thread->age)
            return true;
    }
    return false;
}

/* Whether a thread that was running, or waited for a CPU, does so still: when it leaves the CPU its CPU time goes on, when
 * it gets one its turns do.
 *
 * source  kernel/sched/fair.c, update_curr() as dequeue_entity() and put_prev_entity() call it;
 *         kernel/sched/stats.h, sched_info_arrive() */
static bool still_wants_cpu(const struct sampled_thread *thread, const struct schedule_counters *schedule)
{
    return thread->wants_cpu && schedule->turns != 0 && schedule->turns == thread->schedule.turns &&
           schedule->cpu_ns == thread->schedule.cpu_ns;
}

/* What a thread that is not blocked does. */
static enum thread_state state_awake(struct sampled_process *process, struct sampled_thread *thread,
                                     uint64_t wall_ns)
{
    const struct schedule_counters *now = &thread->look.schedule;
    const struct schedule_counters *before = &thread->schedule;
    uint64_t counted_ns = now->cpu_ns - before->cpu_ns + now->wait_ns - before->wait_ns;
    bool is_waiting =
        thread->look.wants_cpu_still
            ? thread->reason.state == THREAD_RUNNABLE
            : is_waiting_for_cpu(process, thread, counted_ns < wall_ns ? wall_ns - counted_ns : 0);

    return is_waiting ? THREAD_RUNNABLE : state_on_cpu(process, thread);
}

/* Why a thread whose stack was read just now is in the state that it is in. */
static struct wait_reason find_reason(struct sampled_process *process, struct sampled_thread *thread,
                                      uint64_t wall_ns, uint64_t ran_ns)
{
    const struct kernel_activity *activity = &thread->look.activity;

    if (thread->blocked)
        return wait_reason_find(&process->wait_finder, &thread->reference, thread->tid, activity);
    if (!activity->known && ran_ns == 0)
        return wait_reason_of_state(THREAD_OTHER);
    return wait_reason_of_state(state_awake(process, thread, wall_ns));
}

/* Count samples at one place; they stand for the time from the last one before them until `until_ns`. */
static void count_samples(struct sampled_process *process, struct sampled_thread *thread, uint32_t samples,
                          uint64_t until_ns, uint64_t ran_ns)
{
    uint64_t begin_ns = thread->sampled_ns;
    uint64_t wall_ns = until_ns - begin_ns;

    thread->sampled_ns = until_ns;
    if (thread->is_covered)
        return;
    process->samples += samples;
    thread->counter = accumulator_add(&process->accumulator, thread->number, thread->tid, thread->node,
                                      thread->reason.state, samples, wall_ns, ran_ns);
    if (thread->blocked)
        wait_counts_add(&process->wait_counts, thread->counter, thread->node, thread->tid, &thread->reason,
                        samples, wall_ns);
    if (process->keep_runs)
        run_list_add(&process->runs, thread->number, thread->counter, samples, begin_ns, wall_ns);
    if (thread->holds_gil == 1)
        thread->gil_ns += wall_ns;
}

void thread_sample_catch_up(struct sampled_process *process, struct sampled_thread *thread)
{
    uint64_t counted = thread->moment_number;

    if (counted >= process->moment_number) /* also the sample of the moment that is not over yet */
        return;
    thread->moment_number = process->moment_number;
    if (!thread->blocked)
        return;
    thread->look.has_run = false;
    count_samples(process, thread, (uint32_t)(process->moment_number - counted), process->moment_ns, 0);
}

/* The order of the reads matters: the turns are read before the thread is seen blocked, and that before its
 * stack. So when it was blocked, and its turns are the same at the next sample, it has not run since before
 * its stack was read, and the stack still stands. */
void thread_sample_look(struct sampled_process *process, struct sampled_thread *thread)
{
    struct thread_look *look = &thread->look;
    struct schedule_counters *schedule = &look->schedule;

    if (!thread_probe_schedule(&thread->probe, schedule)) {
        thread->gone = process->must_list = true;
        return;
    }
    bool has_run = !thread->blocked || schedule->turns != thread->schedule.turns || schedule->turns == 0;
    if (has_run || thread->is_shared)
        thread_sample_catch_up(process, thread);
    look->has_run = has_run;
    look->wants_cpu_still = still_wants_cpu(thread, schedule);
    look->activity = (struct kernel_activity){.known = true, .running = true};
    if (look->has_run && !look->wants_cpu_still && !thread_probe_activity(&thread->probe, &look->activity))
        thread->gone = process->must_list = true;
}

void thread_sample_take(struct sampled_process *process, struct sampled_thread *thread, uint64_t now_ns)
{
    const struct schedule_counters *schedule = &thread->look.schedule;
    const struct kernel_activity *activity = &thread->look.activity;

    if (thread->gone || (!thread->look.has_run && !thread->is_shared))
        return;
    uint64_t wall_ns = now_ns - thread->sampled_ns;
    uint64_t ran_ns = schedule->cpu_ns - thread->schedule.cpu_ns;
    note_contention(thread, schedule, wall_ns);
    if (thread->look.has_run) {
        if (thread->stack_ns != now_ns && !read_stack(process, thread, now_ns)) {
            thread->blocked = false;
            return;
        }
        thread->blocked = activity->known && !activity->running;
        thread->wants_cpu = activity->known && activity->running;
        thread->reason = find_reason(process, thread, wall_ns, ran_ns);
        thread->waiting_since_ns = now_ns;
    }
    thread->schedule = *schedule;
    thread->is_covered = thread->is_shared && is_covered(process, thread);
    thread->moment_number = process->moment_number + 1;
    count_samples(process, thread, 1, now_ns, ran_ns);
}

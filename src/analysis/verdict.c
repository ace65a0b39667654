#include "analysis/verdict.h"

#include "analysis/verdict_evidence.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
    MIXED_BELOW_PERCENT = 40,
    SECOND_ABOVE_PERCENT = 25,
    GROWING_PERCENT = 75, /* of the time, what grows must do so */
    OPENING_PERCENT = 50, /* descriptors are whole: a slow leak stands still in some intervals */
    THROTTLED_PERCENT = 10,
    HORIZON_SECONDS = 3600, /* what will be full later than that is no matter yet */
    LEAST_GROWTH_BYTES = 256 * 1024,
    LONGEST_DESCRIPTION = VERDICT_SUBJECT_SIZE - 20, /* bytes */
};

static const double least_opened_per_second = 0.2;

static double time_share(const struct evidence *evidence, enum verdict_kind kind)
{
    return evidence->percent[kind];
}

static bool will_be_full(const struct growth *growth, double least_per_second, double growing_percent)
{
    return isgreaterequal(growth->per_second, least_per_second) && growth->percent >= growing_percent &&
           isless(growth->seconds_left, HORIZON_SECONDS);
}

static double memory_share(const struct evidence *evidence, enum verdict_kind kind)
{
    (void)kind;
    return will_be_full(&evidence->memory, LEAST_GROWTH_BYTES, GROWING_PERCENT) ? evidence->memory.percent
                                                                                : 0;
}

static double descriptor_share(const struct evidence *evidence, enum verdict_kind kind)
{
    (void)kind;
    return will_be_full(&evidence->open_files, least_opened_per_second, OPENING_PERCENT)
               ? evidence->open_files.percent
               : 0;
}

static double no_share(const struct evidence *evidence, enum verdict_kind kind)
{
    (void)evidence;
    (void)kind;
    return 0;
}

/* ---- subjects ---- */

#define SUBJECT(cause, ...) snprintf((cause)->subject, sizeof((cause)->subject), __VA_ARGS__)

static void say_time_left(struct verdict_cause *cause, const char *amount, double seconds_left)
{
    SUBJECT(cause, "%s a second, full in %.0f %s", amount,
            seconds_left >= 120 ? seconds_left / 60 : seconds_left, seconds_left >= 120 ? "min" : "s");
}

static void say_growth(struct verdict_cause *cause, const struct evidence *evidence)
{
    char amount[TEXT_AMOUNT_SIZE];

    text_format_bytes(amount, evidence->memory.per_second);
    say_time_left(cause, amount, evidence->memory.seconds_left);
}

static void say_opened(struct verdict_cause *cause, const struct evidence *evidence)
{
    char amount[TEXT_AMOUNT_SIZE];

    snprintf(amount, sizeof(amount), "%.1f", evidence->open_files.per_second);
    say_time_left(cause, amount, evidence->open_files.seconds_left);
}

static void say_limit(struct verdict_cause *cause, const struct evidence *evidence)
{
    bool throttled = isgreater(evidence->throttled_percent, THROTTLED_PERCENT);

    SUBJECT(cause, "%s", throttled ? "a CPU, held back by its cgroup's limit" : "a CPU");
    if (throttled)
        cause->advice = "raise the limit (cpu.max), or use fewer threads";
}

static void say_gil(struct verdict_cause *cause, const struct evidence *evidence)
{
    SUBJECT(cause, "the GIL, which %zu threads want", evidence->gil_threads);
}

static void say_lock(struct verdict_cause *cause, const struct evidence *evidence)
{
    if (evidence->lock_threads > 1)
        SUBJECT(cause, "locks that %zu threads want", evidence->lock_threads);
    else
        SUBJECT(cause, "a lock");
}

/* A long description keeps its end: the name of a file, the port of an address. */
static void say_descriptor(struct verdict_cause *cause, const struct evidence *evidence)
{
    static const char *const unnamed[VERDICT_KINDS] = {
        [VERDICT_DISK] = "a file or its disk",
        [VERDICT_NETWORK] = "the network",
        [VERDICT_PIPE] = "a pipe, terminal or Unix socket",
    };
    const struct profile_wait *wait = evidence->carriers[cause->kind].wait;

    if (wait == NULL) {
        SUBJECT(cause, "%s", unnamed[cause->kind]);
        return;
    }
    const char *description = wait->description != NULL ? wait->description : unnamed[cause->kind];
    SUBJECT(cause, "%s", text_end(description, LONGEST_DESCRIPTION));
    size_t length = strlen(cause->subject);
    if (wait->fd >= 0)
        snprintf(cause->subject + length, sizeof(cause->subject) - length, " (fd %d)", wait->fd);
}

static void say_sleep(struct verdict_cause *cause, const struct evidence *evidence)
{
    if (evidence->carriers[VERDICT_SLEEP].in_event_loop)
        cause->advice = "it stops the event loop: await asyncio.sleep() there";
}

static void say_idleness(struct verdict_cause *cause, const struct evidence *evidence)
{
    static const struct {
        const char *subject;
        const char *advice;
    } reasons[] = {
        [AWAITED_UNKNOWN] = {"something", "look at its threads"},
        [AWAITED_EVENTS] = {"events or connections", "look at who should send it work"},
        [AWAITED_THREADS] = {"its own threads", "look at who should give them work"},
        [AWAITED_CHILDREN] = {"its child processes", "look at the children"},
    };

    SUBJECT(cause, "%s", reasons[evidence->awaited].subject);
    cause->advice = reasons[evidence->awaited].advice;
}

/* ---- the table ---- */

static const struct rule {
    const char *name;
    double (*percent)(const struct evidence *evidence, enum verdict_kind kind);
    void (*say)(struct verdict_cause *cause, const struct evidence *evidence); /* NULL: it has no subject */
    bool comes_first; /* whatever the others' shares */
    const char *sentence;
    const char *advice;
    const char *condition;
} rules[VERDICT_KINDS] = {
    [VERDICT_MEMORY_GROWTH] = {"memory-growth", memory_share, say_growth, true, "grows by {subject}",
                               "look at what keeps these objects",
                               "Resident memory grew by 256 KiB a second or more, in at least three quarters "
                               "of 3 seconds or more, and\n"
                               "at this rate takes all available memory within an hour.\n"
                               "The share is the part of the time in which it grew.\n"
                               "It comes first, whatever the time goes to."},
    [VERDICT_FD_LEAK] = {"fd-leak", descriptor_share, say_opened, true,
                         "opens more files than it closes: {subject}",
                         "close them (with), and look at the open files",
                         "The number of descriptors grew by 0.2 a second or more, in at least half of 3 "
                         "seconds or more, and\n"
                         "at this rate reaches its limit within an hour.\n"
                         "The share is the part of the time in which it grew.\n"
                         "It comes first, too."},
    [VERDICT_SWAP] = {"swap", time_share, NULL, false,
                      "waits {percent} of the time for memory that was swapped out",
                      "give the machine more memory, or the program less data",
                      "Threads were blocked outside of system calls, while page faults needed storage and "
                      "part of the process\n"
                      "was swapped out."},
    [VERDICT_CPU_STARVED] =
        {"cpu-starved", time_share, say_limit, false, "waits {percent} of the time for {subject}",
         "see who else uses the CPUs, or start fewer threads",
         "Threads wanted a CPU and had none, by the kernel's own count.\n"
         "Where the CPU limit of its cgroup held the process back, the sentence says so."},
    [VERDICT_GIL] = {"gil", time_share, say_gil, false,
                     "waits {percent} of the time for {subject}; it is held most",
                     "use processes, or native code that releases it",
                     "Threads waited for the GIL.\n"
                     "The function is the one that held it most."},
    [VERDICT_GC] = {"gc", time_share, NULL, false, "collects garbage {percent} of the time",
                    "make fewer objects that live on, or call gc.freeze()",
                    "Threads were on a CPU while the interpreter's garbage collector ran.\n"
                    "The function is the one that set it off."},
    [VERDICT_LOCK] = {"lock", time_share, say_lock, false, "waits {percent} of the time for {subject}",
                      "hold them for a shorter time, or use more of them",
                      "Threads waited for a lock that is not the GIL.\n"
                      "Waiting for a thread to end, for an item of a queue or for an event is idle instead."},
    [VERDICT_DISK] = {"disk", time_share, say_descriptor, false, "waits {percent} of the time for {subject}",
                      "read and sync less often, in larger pieces",
                      "Threads were blocked in system calls on files, or waited for pages of mapped files."},
    [VERDICT_NETWORK] = {"network", time_share, say_descriptor, false,
                         "waits {percent} of the time for {subject}",
                         "look at the other side, or batch the calls",
                         "Threads were blocked in calls on internet sockets.\n"
                         "Waiting for a connection in accept is idle instead."},
    [VERDICT_PIPE] = {"pipe", time_share, say_descriptor, false, "waits {percent} of the time for {subject}",
                      "look at the process at the other end",
                      "Threads were blocked in calls on pipes, terminals or Unix sockets."},
    [VERDICT_NATIVE_CPU] =
        {"native-cpu", time_share, NULL, false, "runs native code {percent} of the time",
         "call it less often, or in more threads",
         "Threads were on a CPU without the GIL, or where the interpreter executes a call of C code.\n"
         "C code that other instructions run, such as the arithmetic of large numbers, counts as Python "
         "code.\n"
         "The function is the one that called it."},
    [VERDICT_PYTHON_CPU] = {"python-cpu", time_share, NULL, false, "runs Python code {percent} of the time",
                            "look for a better algorithm there",
                            "Threads were on a CPU and ran Python code.\n"
                            "The function is the one with most CPU time of its own."},
    [VERDICT_SLEEP] = {"sleep", time_share, say_sleep, false, "sleeps {percent} of the time",
                       "wait for what it waits for, not for a time",
                       "The busiest thread slept for a time that it asked for."},
    [VERDICT_IDLE] =
        {"idle", time_share, say_idleness, false,
         "has nothing to do {percent} of the time, waits for {subject}", "",
         "The busiest thread waited in poll, select, epoll or accept, for its children, or for its other\n"
         "threads."},
    [VERDICT_MIXED] = {"mixed", no_share, NULL, false, "has no single cause: {subject}", "",
                       "No cause has 40 % of the time; the sentence names the greatest."},
};

const char *verdict_kind_name(enum verdict_kind kind)
{
    return rules[kind].name;
}

const char *verdict_kind_condition(enum verdict_kind kind)
{
    return rules[kind].condition;
}

const char *verdict_kind_advice(enum verdict_kind kind)
{
    return rules[kind].advice;
}

/* ---- the decision ---- */

static struct verdict_cause make_cause(const struct evidence *evidence, enum verdict_kind kind)
{
    const struct rule *rule = &rules[kind];
    struct verdict_cause cause = {
        .kind = kind,
        .percent = rule->percent(evidence, kind),
        .sentence = rule->sentence,
        .advice = rule->advice,
        .function = evidence->carriers[kind].function,
        .line = evidence->carriers[kind].line,
    };

    if (rule->say != NULL)
        rule->say(&cause, evidence);
    return cause;
}

/* The kinds by their shares, greatest first; those that come first before them. */
static void rank_kinds(const struct evidence *evidence, enum verdict_kind kinds[static VERDICT_KINDS])
{
    double weights[VERDICT_KINDS] = {0};

    for (int kind = 0; kind < VERDICT_KINDS; kind++) {
        double weight = rules[kind].percent(evidence, (enum verdict_kind)kind);
        weight += rules[kind].comes_first && weight > 0 ? 1000 : 0;
        int place = kind;
        for (; place > 0 && weights[place - 1] < weight; place--) {
            weights[place] = weights[place - 1];
            kinds[place] = kinds[place - 1];
        }
        weights[place] = weight;
        kinds[place] = (enum verdict_kind)kind;
    }
}

/* Name the greatest causes, none of which is great. */
static void mix(struct verdict *verdict, const struct evidence *evidence, const enum verdict_kind *kinds)
{
    struct verdict_cause *cause = &verdict->first;
    size_t length = 0;

    *cause = make_cause(evidence, VERDICT_MIXED);
    cause->percent = evidence->percent[kinds[0]];
    cause->advice = rules[kinds[0]].advice;
    cause->function = evidence->carriers[kinds[0]].function;
    cause->line = evidence->carriers[kinds[0]].line;
    for (int i = 0; i < 3 && evidence->percent[kinds[i]] >= 1; i++)
        length += (size_t)snprintf(cause->subject + length, sizeof(cause->subject) - length, "%s%s %.0f %%",
                                   i > 0 ? ", " : "", rules[kinds[i]].name, evidence->percent[kinds[i]]);
}

/* false: there is none, for what the threads did is not known. */
static bool decide(struct verdict *verdict, struct evidence *evidence)
{
    enum verdict_kind kinds[VERDICT_KINDS];

    rank_kinds(evidence, kinds);
    evidence_find_place(evidence, kinds[0]);
    verdict->first = make_cause(evidence, kinds[0]);
    if (!rules[kinds[0]].comes_first && verdict->first.percent < evidence->percent[EVIDENCE_UNKNOWN])
        return false;
    if (verdict->first.percent < MIXED_BELOW_PERCENT)
        mix(verdict, evidence, kinds);
    verdict->has_second = rules[kinds[1]].percent(evidence, kinds[1]) > SECOND_ABOVE_PERCENT;
    if (verdict->has_second) {
        evidence_find_place(evidence, kinds[1]);
        verdict->second = make_cause(evidence, kinds[1]);
    }
    return true;
}

bool verdict_of_slices(const struct verdict_slice *slices, size_t count, const struct call_tree *tree,
                       struct verdict *verdict)
{
    struct evidence evidence;

    *verdict = (struct verdict){0};
    bool known = evidence_collect(&evidence, slices, count, tree) && decide(verdict, &evidence);
    evidence_free(&evidence);
    return known;
}

bool verdict_of_process(const struct tick *tick, const struct process *process, const struct call_tree *tree,
                        struct verdict *verdict)
{
    struct verdict_slice slice = verdict_slice_of(tick, process);

    *verdict = (struct verdict){0};
    return process->profile != NULL && verdict_of_slices(&slice, 1, tree, verdict);
}

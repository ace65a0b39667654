/* The verdict: why a process is as slow as it is, in one of a few kinds, with the share of time behind it.
 *
 * Share of time, for a program with many threads: only threads that matter count.
 *
 * - A thread's time is parted by what its samples show. Time in poll, select and epoll, in accept, in wait4, and in the
 *   library's own ways to wait for another thread (a queue, an event, a future, join) is idle: somebody else is to act.
 * - A thread that was blocked in one place for the whole window, and never ran, is parked. It does not count beside
 *   threads that do something, however many there are of it; where nobody does, it is what the program waits in.
 * - How busy the process was is how busy its busiest thread was (not idle, not asleep). Threads that hold the GIL run one
 *   at a time, so their CPU time adds up to no less than that. This share is parted among the causes as the time of the
 *   threads is: eight threads that run in turns wait seven eighths of the time for the GIL.
 * - The rest is the busiest thread's own rest: sleep or idleness. So all shares add up to 100.
 * - CPU time is what the kernel counted, not what the samples say. Time that threads wanted a CPU and had none is the
 *   kernel's figure too; where it is not known, what samples on a CPU stand for beyond the CPU time.
 * - Growth of memory and of the number of descriptors takes no time, but ends the program: where it lasts, it comes first,
 *   and its share is the part of the window in which it grew.
 *
 * The kind is the cause with the greatest share; below 40 % it is mixed. Where most of the time is unknown (nothing was
 * sampled, or the system calls may not be read), there is no verdict. */
#ifndef PYNECK_ANALYSIS_VERDICT_H
#define PYNECK_ANALYSIS_VERDICT_H

#include "model/call_tree.h"
#include "model/tick.h"

/* In the order in which causes with equal shares come. */
enum verdict_kind {
    VERDICT_MEMORY_GROWTH,
    VERDICT_FD_LEAK,
    VERDICT_SWAP,
    VERDICT_CPU_STARVED,
    VERDICT_GIL,
    VERDICT_GC,
    VERDICT_LOCK,
    VERDICT_DISK,
    VERDICT_NETWORK,
    VERDICT_PIPE,
    VERDICT_NATIVE_CPU,
    VERDICT_PYTHON_CPU,
    VERDICT_SLEEP,
    VERDICT_IDLE,
    VERDICT_MIXED,
    VERDICT_KINDS,
};

enum {
    VERDICT_SUBJECT_SIZE = 160,
    VERDICT_SUMMARY_SIZE = 768,
};

/* One cause, with what its sentence is made from. */
struct verdict_cause {
    enum verdict_kind kind;
    double percent;                     /* of the window */
    const char *sentence;               /* what it is, with {percent} and {subject} in it */
    const char *advice;                 /* what to look at next */
    char subject[VERDICT_SUBJECT_SIZE]; /* what it waits for, or an amount; clean text */
    const struct function
        *function; /* that carries most of it, NULL when none does; it lives as long as the tree */
    uint32_t line; /* of them the one that carries most, 0 when unknown */
};

struct verdict {
    struct verdict_cause first;
    struct verdict_cause second; /* only when has_second: it has more than a quarter */
    bool has_second;
};

/* Judge one process by one tick.
 *
 * returns  false when too little is known for a verdict */
bool verdict_of_process(const struct tick *tick, const struct process *process, const struct call_tree *tree,
                        struct verdict *verdict);

/* The kind's name in output and JSON: "python-cpu", "fd-leak", ... */
const char *verdict_kind_name(enum verdict_kind kind);

/* When it is this kind, in the manual's words (mdoc, one sentence a line). */
const char *verdict_kind_condition(enum verdict_kind kind);

/* What to look at next, in a few words; "" for a kind that has no advice of its own. */
const char *verdict_kind_advice(enum verdict_kind kind);

/* Write a cause as a sentence. When it does not fit into `columns`, the advice goes first, then directories and
 * qualifiers of names; what is still too long is for the caller to cut. 0 columns: there is no limit.
 *
 * text  receives clean text */
void verdict_format(char text[static VERDICT_SUMMARY_SIZE], const struct verdict_cause *cause,
                    size_t columns);

/* A window holds what a verdict is made from, of one process over some ticks. */
struct verdict_window;

/* span_ns: how much of the past the window keeps. */
struct verdict_window *verdict_window_new(uint64_t span_ns);
void verdict_window_free(struct verdict_window *window);

/* Add a process's part of a tick; the tick may be freed afterwards. */
void verdict_window_add(struct verdict_window *window, const struct tick *tick,
                        const struct process *process);

/* Judge what the window holds, as verdict_of_process() does. */
bool verdict_window_judge(const struct verdict_window *window, const struct call_tree *tree,
                          struct verdict *verdict);

#endif

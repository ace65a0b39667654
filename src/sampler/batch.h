/* What the sampler thread hands over at a tick. */
#ifndef PYNECK_SAMPLER_BATCH_H
#define PYNECK_SAMPLER_BATCH_H

#include "base/arena.h"
#include "model/tick.h"
#include "sampler/wait_counts.h"

enum sampling_status {
    SAMPLING_WORKS,
    SAMPLING_STARTING, /* the interpreter has no thread yet */
    SAMPLING_EXITING,  /* the interpreter is being finalized */
    SAMPLING_DENIED,   /* its memory may not be read */
    SAMPLING_TRACED, /* its threads cannot be paused, because another program does that or the kernel forbids it */
    SAMPLING_BROKEN, /* its memory makes no sense */
    SAMPLING_GONE,   /* the process has ended */
};

struct thread_record {
    pid_t tid;
    const char *name;          /* NULL when unknown; from the batch's arena */
    struct wait_reason reason; /* of the last sample; the state alone when it was on a CPU */
    uint64_t waited_ns;        /* in it, since the sample that saw it first */
    uint64_t cpu_ns;           /* in the interval */
    int holds_gil;             /* as in struct thread */
    uint64_t gil_ns;           /* for so long it held the GIL */
    bool has_stack;
    uint32_t node;
};

struct process_record {
    pid_t pid;
    uint64_t start_ticks;
    enum sampling_status status;
    struct collector_usage collector;
    struct profile profile;    /* counters from the batch's arena; without waits */
    struct wait_record *waits; /* what they are named by is not known here */
    size_t wait_count;
    uint64_t delay_ns; /* its threads wanted a CPU and had none */
    struct thread_record *threads;
    size_t thread_count;
};

struct sampler_batch {
    struct arena *arena; /* holds all of it; the taker frees it */
    struct process_record *processes;
    size_t process_count;
    uint64_t begin_ns; /* CLOCK_MONOTONIC: the counters are of the time between these two */
    uint64_t end_ns;
    uint64_t cpu_ns; /* that the sampler thread used in this time */
};

#endif

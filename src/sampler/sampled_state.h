/* What is known of one process under the sampler between two samples. Its files share it: sampled_process.c (its life and
 * one moment of all threads), thread_list.c (which threads there are), sleepers.c (which of
 * them need not be asked), thread_sample.c (one sample of one thread) and
 * hand_over.c (what was counted). */
#ifndef PYNECK_SAMPLER_SAMPLED_STATE_H
#define PYNECK_SAMPLER_SAMPLED_STATE_H

#include "python/call_sites.h"
#include "python/code_cache.h"
#include "python/interpreters.h"
#include "python/thread_names.h"
#include "python/unwind.h"
#include "sampler/accumulator.h"
#include "sampler/batch.h"
#include "sampler/memory_growth.h"
#include "sampler/pause.h"
#include "sampler/run_list.h"
#include "sampler/sleepers.h"
#include "sampler/stack_path.h"
#include "sampler/thread_ids.h"
#include "sampler/thread_probe.h"

/* What the kernel said of a thread before its stack was read. */
struct thread_look {
    struct schedule_counters schedule;
    struct kernel_activity activity; /* when it has run */
    bool has_run;                    /* since it was seen blocked, as far as can be told */
    bool wants_cpu_still;            /* it runs, or waits for a CPU, all the time since the last sample */
};

struct sampled_thread {
    struct thread_reference reference;
    pid_t tid;
    uint16_t number; /* in the accumulator */
    bool is_main;
    bool listed; /* found by the listing that runs */
    bool gone;
    bool is_young;   /* it came in this interval */
    bool is_shared;  /* several interpreters have a thread state for this thread */
    bool is_idle;    /* no Python code runs in this one */
    bool is_covered; /* of them, this is not the one that runs */
    uint32_t age;    /* of its interpreter among them: the newest has the lowest */
    struct thread_probe probe;
    struct stack_hint hint;

    struct thread_look look;
    struct schedule_counters schedule; /* at the last sample */
    uint64_t taken_cpu_ns;             /* at the last hand-over */
    uint64_t owed_cpu_ns;              /* of the time until then, no sample was there to have it */
    uint64_t taken_delay_ns;           /* of schedule.wait_ns, at the last hand-over */
    uint64_t sampled_ns;               /* time of the last sample */
    uint64_t moment_number;            /* of the last moment that its samples are counted of */
    uint32_t counter;                  /* in the accumulator, of the last sample */
    uint64_t stack_ns;                 /* time when its stack was read */
    bool blocked;                      /* at the last sample */
    bool wants_cpu;                    /* it was running then, or waiting for a CPU */
    uint32_t contended_samples;        /* for so many samples it is asked whether it waits for a CPU */
    bool has_stack;
    uint32_t node;
    uint64_t instruction; /* of the innermost frame; 0 when that is not certain */
    struct wait_reason reason;
    uint64_t waiting_since_ns; /* when it was seen blocked first, and has not run since */
    bool faults_known;
    bool faults_due;        /* it has run since they were counted */
    uint64_t minor_faults;  /* when they were counted last */
    uint64_t growth_weight; /* its part of the growth that is shared out now */
    int holds_gil;          /* at the last sample, as in struct thread */
    uint64_t gil_ns;        /* in this interval, the time of the samples that held it */

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
    struct frame *kept_frames; /* of a stack that shows what is not known, while others are read */
    size_t kept_capacity;
    struct thread_names *names;
    struct thread_ids ids;
    struct wait_finder wait_finder;
    struct call_sites call_sites;

    struct sampled_thread *threads;
    size_t thread_count;
    size_t thread_capacity;
    uint16_t next_number;
    struct listed_thread *listing;
    size_t listing_capacity;
    uint64_t listed_ns;
    bool must_list;

    struct sleepers sleepers;

    clockid_t cpu_clock; /* CPU time of the whole process */
    struct pause *pause; /* the sampler's, to hold threads while they are read; NULL when they run on */

    enum sampling_status status;
    struct interpreter_moment moment; /* at the last read */
    uint64_t moment_gil;              /* which GIL it is of */
    uint64_t threads_head;            /* of the last listing */

    struct memory_growth growth;
    bool growth_began_known; /* it was read at the beginning of the interval */
    struct accumulator accumulator;
    struct wait_counts wait_counts;
    bool keep_runs; /* the order of samples is wanted */
    struct run_list runs;
    uint64_t moment_ns; /* time of the last sample */
    uint64_t moment_number;
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

#endif

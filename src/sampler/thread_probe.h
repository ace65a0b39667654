/* What the kernel says of one thread, cheap enough to be asked at each sample. */
#ifndef PYNECK_SAMPLER_THREAD_PROBE_H
#define PYNECK_SAMPLER_THREAD_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The files stay open: one read each then. */
struct thread_probe {
    int schedstat_fd;
    int stat_fd; /* from the start only where there is no schedstat */
    int syscall_fd;
};

/* The three numbers of /proc/PID/task/TID/schedstat.
 *
 * source  Documentation/scheduler/sched-stats.rst */
struct schedule_counters {
    uint64_t cpu_ns;  /* time on a CPU, brought up to date at scheduler ticks and switches */
    uint64_t wait_ns; /* time it was runnable and had no CPU */
    uint64_t turns;   /* how often it was given a CPU */
};

/* What a thread does in the kernel: /proc/PID/task/TID/syscall (proc_pid_syscall(5)). */
struct kernel_activity {
    bool known;
    bool running; /* on a CPU or runnable */
    long number;  /* of the system call it is blocked in, -1 when blocked elsewhere (a page fault, say) */
    uint64_t arguments[6];
    uint64_t stack_pointer; /* in user space; 0 when not known */
};

/* Open a thread's files; false when the thread is gone or may not be looked at. */
bool thread_probe_open(struct thread_probe *probe, pid_t pid, pid_t tid);
void thread_probe_close(struct thread_probe *probe);

/* The same with the thread's directory in /proc. */
bool thread_probe_open_directory(struct thread_probe *probe, const char *directory);

/* Read schedstat; false when the thread is gone. Where the kernel has none (CONFIG_SCHED_INFO), cpu_ns is of stat, in steps
 * of the clock tick, and the others are 0. */
bool thread_probe_schedule(const struct thread_probe *probe, struct schedule_counters *counters);

/* Read syscall; false when the thread is gone. */
bool thread_probe_activity(const struct thread_probe *probe, struct kernel_activity *activity);

/* Count a thread's page faults that were served without reading from storage, since it started; false when that is not
 * known. It costs three microseconds after thread_probe_keep_stat(), else an open(2) more.
 *
 * source  proc_pid_stat(5), minflt: in a thread's own directory it is of that thread alone */
bool thread_probe_minor_faults(const struct thread_probe *probe, pid_t pid, pid_t tid, uint64_t *faults);

/* Keep the file that the call above reads open from now on, if that can be had. */
void thread_probe_keep_stat(struct thread_probe *probe, pid_t pid, pid_t tid);

enum {
    KERNEL_NAME_SIZE = 64,
};

/* The name that the kernel knows a thread by, clean; empty when it is the process's own, which every thread
 * has at first, or cannot be read. */
void thread_read_kernel_name(char name[static KERNEL_NAME_SIZE], pid_t pid, pid_t tid);

/* Whether a thread is in state D: it waits for storage, also outside of any system call (a page that has to be read).
 * Costs an open(2), as the call below. */
bool thread_probe_is_uninterruptible(pid_t pid, pid_t tid);

/* The CPU that a thread runs on or ran on last; -1 when it cannot be told. Costs three microseconds; from the first call on
 * stat stays open. */
int thread_probe_cpu(struct thread_probe *probe, pid_t pid, pid_t tid);

/* When a thread last began to run, or was last seen to run, by the clock of the CPU that it ran on (in nanoseconds; only
 * threads of one CPU can be compared). 0 when it cannot be told. Costs an open(2).
 *
 * source  /proc/PID/task/TID/sched, kernel/sched/debug.c: se.exec_start */
uint64_t thread_probe_last_run_ns(pid_t pid, pid_t tid);

#endif

/* A tick: everything known about one interval.
 *
 * A source builds it, then it never changes; the screen, the recorder and the printers read it. All of it
 * lies in one arena and is freed at once by tick_free(). Texts are clean (base/text.h). Unknown values are
 * UNKNOWN_COUNT or UNKNOWN_REAL (model/number.h), a text that is not known is NULL. Rates are of this
 * interval; where no interval has passed yet (the first tick) they are unknown. Percentages of CPU: 100 is
 * one core. */
#ifndef PYNECK_MODEL_TICK_H
#define PYNECK_MODEL_TICK_H

#include "base/arena.h"
#include "model/number.h"
#include "model/thread_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- the machine ---- */

/* Shares of one CPU's time in the interval, in percent; they add up to 100. */
struct cpu_usage {
    int id;
    double user_percent; /* without nice and guest */
    double system_percent;
    double nice_percent;
    double iowait_percent;
    double irq_percent; /* hardware and software interrupts */
    double steal_percent;
    double guest_percent;
    double idle_percent; /* without iowait */
};

struct memory_usage {
    int64_t total_bytes;
    int64_t used_bytes; /* as free(1) counts it: total - available */
    int64_t available_bytes;
    int64_t buffers_bytes;
    int64_t cached_bytes; /* page cache and reclaimable slab */
    int64_t swap_total_bytes;
    int64_t swap_used_bytes;
};

/* Pressure stall information: share of the interval in which some task was held up. */
struct pressure {
    double cpu_percent;
    double memory_percent;
    double io_percent;
};

struct disk_usage {
    const char *name; /* whole disks only, as in /proc/diskstats */
    double read_bytes_per_second;
    double write_bytes_per_second;
    double busy_percent;
};

struct network_usage {
    const char *name;
    double receive_bytes_per_second;
    double transmit_bytes_per_second;
};

struct system_usage {
    const char *hostname;
    double uptime_seconds;
    double load_average[3];
    const struct cpu_usage *cpus;
    size_t cpu_count;
    struct cpu_usage all_cpus; /* the mean over all CPUs; id is -1 */
    struct memory_usage memory;
    const struct pressure *pressure; /* NULL where the kernel has none */
    const struct disk_usage *disks;
    size_t disk_count;
    const struct network_usage *networks;
    size_t network_count;
    int64_t task_count;         /* processes of the machine, all of them */
    int64_t running_task_count; /* threads that are running or runnable, as /proc/loadavg counts them */
};

/* ---- open files ---- */

enum open_file_kind {
    OPEN_FILE_FILE,
    OPEN_FILE_DIRECTORY,
    OPEN_FILE_PIPE,
    OPEN_FILE_SOCKET,
    OPEN_FILE_TTY,
    OPEN_FILE_EVENTFD,
    OPEN_FILE_EPOLL,
    OPEN_FILE_TIMERFD,
    OPEN_FILE_SIGNALFD,
    OPEN_FILE_INOTIFY,
    OPEN_FILE_MEMFD,
    OPEN_FILE_DEVICE,
    OPEN_FILE_OTHER,
    OPEN_FILE_KINDS,
};

enum open_file_access {
    ACCESS_UNKNOWN,
    ACCESS_READ,
    ACCESS_WRITE,
    ACCESS_READ_WRITE,
};

struct socket_info {
    const char *protocol; /* "tcp" "tcp6" "udp" "udp6" "unix" "netlink" "packet" "raw" ... */
    const char *state;    /* "ESTABLISHED" "LISTEN" ... as netstat(8) names them; NULL where there is none */
    const char *local;    /* "127.0.0.1:80", "[::1]:80", a path, "@abstract"; NULL when unknown */
    const char *remote;
    int64_t receive_queue_bytes;
    int64_t send_queue_bytes;
};

struct open_file {
    int fd;
    enum open_file_kind kind;
    enum open_file_access access;
    const char
        *path; /* the target's own path; for pipes and the like what /proc/PID/fd says, e.g. "pipe:[123]" */
    const char
        *peer; /* of a pipe or a Unix socket: "1234 (sort) fd 0", the process at the other end; or NULL */
    int64_t position_bytes;
    int64_t size_bytes;
    double bytes_per_second; /* how fast the position moved; unknown where there is no position */
    bool deleted;
    const struct socket_info *socket; /* NULL when it is none, or when it could not be found out */
};

/* "file", "directory", ... as in JSON */
const char *open_file_kind_name(enum open_file_kind kind);

/* "read", "write", "read-write"; NULL when unknown */
const char *open_file_access_name(enum open_file_access access);

/* ---- Python ---- */

struct python_info {
    const char *implementation; /* "CPython" */
    const char *version;        /* "3.11.2" */
    bool free_threaded;
};

struct waiting {
    const char *kind; /* the state's name, or a closer word such as "futex" */
    int fd;           /* -1 when it waits for no descriptor */
    const char *description;
    uint64_t lock_address; /* of the futex that it waits for, in the target; 0 when it waits for none */
    int64_t waited_ns;     /* since the sample that saw it first; unknown when that is not known */
};

struct thread {
    pid_t tid;        /* as pyneck's own PID namespace numbers it */
    const char *name; /* NULL when unknown */
    enum thread_state state;
    double cpu_percent;
    int holds_gil;       /* 1 yes, 0 no, -1 unknown or there is no GIL */
    double gil_percent;  /* of the interval, it held the GIL; unknown as above */
    bool has_stack;      /* false: no Python stack is known */
    uint32_t stack_node; /* innermost frame in the call tree; CALL_TREE_ROOT when it runs no Python code */
    const struct waiting *waiting; /* NULL: does not wait, or not known for what */
};

/* What the samples of the interval add to one node under one thread in one state. */
struct profile_counter {
    uint32_t node;
    pid_t tid;
    enum thread_state state;
    uint32_t samples;
    uint64_t wall_ns;
    uint64_t cpu_ns;
    int64_t memory_growth_bytes; /* of resident memory while this thread ran here; below 0: freed */
};

/* Of the time in the counters above that its thread was blocked, the part that was spent on one thing: a descriptor, a lock,
 * a child, or what the description says. Together they are all of it. */
struct profile_wait {
    uint32_t node;
    pid_t tid;
    enum thread_state state;
    int fd;                  /* as in struct waiting, */
    uint64_t lock_address;   /* like */
    const char *description; /* these */
    uint32_t samples;
    uint64_t wall_ns;
};

/* Samples of one thread that came one after the other and fell into the same counter. */
struct profile_run {
    uint32_t counter;  /* index into the profile's counters */
    uint32_t samples;  /* at least 1 */
    uint64_t begin_ns; /* CLOCK_MONOTONIC of the first */
    uint64_t wall_ns;  /* that all of them stand for */
};

/* What sampling found in one process in the interval. A sample is one thread's stack at one moment. */
struct profile {
    double rate_hz; /* moments a second that were really reached */
    uint64_t samples;
    uint64_t partial;     /* of them, only the outermost part of the stack could be trusted */
    uint64_t invalid;     /* of them, no stack could be read; their time is under CALL_TREE_ROOT */
    uint64_t late;        /* moments that came later than a whole period after their time */
    double cpu_percent;   /* what watching this process cost pyneck */
    bool growth_measured; /* memory_growth_bytes of the counters add up to that of the process */
    const struct profile_counter *counters;
    size_t counter_count;
    const struct profile_wait *waits;
    size_t wait_count;
    const struct profile_run *runs; /* in the order of their begin; only when the source was asked for them */
    size_t run_count;
};

/* What the collector of the interpreter says of itself. */
struct collector_usage {
    int generation_count;      /* 1 to 3; 0: nothing is known */
    int64_t collections[3];    /* since the process started, youngest generation first */
    double collecting_seconds; /* since the process started; unknown before 3.15 */
    int64_t tracked_objects;   /* unknown where it is not published or would be dear */
};

/* ---- processes ---- */

struct process {
    pid_t pid;
    uint64_t start_ticks; /* with the pid it is the identity: clock ticks after boot, stat's field 22 */
    pid_t parent_pid;
    int64_t start_time_ns; /* CLOCK_REALTIME */
    uid_t uid;
    const char *user;    /* name, or the number when there is none */
    const char *name;    /* the kernel's, comm */
    const char *command; /* the arguments joined by spaces; "[name]" where there are none */
    char state;          /* as ps(1): R S D T t Z I X */
    int priority;
    int nice;
    double cpu_percent;
    double cpu_seconds; /* since it started, user and system */
    int64_t resident_bytes;
    int64_t shared_bytes;
    int64_t virtual_bytes;
    double memory_percent;          /* resident_bytes of the machine's memory */
    int64_t anonymous_bytes;        /* these four of sampled processes only: /proc/PID/status RssAnon, */
    int64_t file_bytes;             /* RssFile, */
    int64_t shared_memory_bytes;    /* RssShmem, */
    int64_t swap_bytes;             /* VmSwap */
    int64_t proportional_bytes;     /* Pss of /proc/PID/smaps_rollup; unknown unless asked for, it is dear */
    double growth_bytes_per_second; /* of resident_bytes in the interval */
    double minor_faults_per_second; /* page faults without, and */
    double major_faults_per_second; /* with reading from storage (a mapped file, or swap) */
    double read_bytes_per_second;   /* from and to storage, /proc/PID/io; unknown without permission */
    double write_bytes_per_second;
    int64_t thread_count;
    int64_t open_file_count; /* unknown without permission */
    int64_t open_file_limit; /* soft limit; unknown when there is none or it is not readable */
    double open_file_growth_per_second;
    const double *open_file_growth_by_kind; /* a second; NULL where two complete lists are not known */
    double runnable_percent;  /* time that its threads wanted a CPU and had none; 100: one of them always */
    double throttled_percent; /* of the interval, its cgroup's CPU limit held it back; unknown without one */
    bool is_python;
    bool selected;     /* named by the user, started by pyneck, or a Python child of one */
    const char *error; /* why its Python side could not be read, one line with what to do; NULL */
    const char *phase; /* "starting" or "exiting" while its interpreter is not up yet or no more; else NULL */
    const struct python_info *python;        /* NULL when it is no Python process, or not known */
    const struct profile *profile;           /* NULL when it was not sampled in this interval */
    const struct collector_usage *collector; /* NULL when not known */
    const struct thread *threads;            /* the interpreter's threads, when sampled */
    size_t thread_detail_count;
    const struct open_file *open_files; /* by fd; listed for the processes the source was asked for */
    size_t open_file_detail_count;
    bool open_files_listed;   /* false: nobody asked, or it was not permitted */
    bool open_files_complete; /* false: there was no time for all of them */
};

struct tick {
    struct arena *arena;
    unsigned int other_owners;
    uint64_t sequence;     /* 0 for the first, then counting */
    int64_t time_ns;       /* CLOCK_REALTIME at its end */
    uint64_t monotonic_ns; /* CLOCK_MONOTONIC at its end */
    uint64_t interval_ns;  /* since the one before; 0 for the first */
    struct system_usage system;
    const struct process *processes; /* by pid */
    size_t process_count;
    double own_cpu_percent; /* what pyneck itself used, all of its threads */
    double budget_percent;  /* how much it may use for sampling; unknown when there is no budget */
    const char *notice;     /* one line for the user (a missing permission, say), or NULL */
};

/* An empty tick with its arena. */
struct tick *tick_new(void);

/* One more owner of a tick, in the same thread; each calls tick_free(). Returns the tick. */
struct tick *tick_share(struct tick *tick);

/* Free a tick and all that is in it, when nobody else owns it; NULL is allowed. */
void tick_free(struct tick *tick);

/* The process with this pid, or NULL. */
const struct process *tick_find_process(const struct tick *tick, pid_t pid);

#endif

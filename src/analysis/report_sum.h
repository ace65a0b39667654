/* What a recording says of each process over time, in an amount of memory that does not depend on its length: the
 * verdicts, memory, open files, when it came and went. (Where its time went is a matter of adding up: reader_sum().) */
#ifndef PYNECK_ANALYSIS_REPORT_SUM_H
#define PYNECK_ANALYSIS_REPORT_SUM_H

#include "analysis/profile_sum.h"
#include "analysis/verdict.h"
#include "base/hash.h"

enum {
    REPORT_MAX_SPANS = 64, /* of verdicts, of one process */
};

/* A time in which the verdict on a process was of one kind. */
struct report_span {
    int64_t begin_ns; /* CLOCK_REALTIME */
    int64_t end_ns;
    struct verdict_cause cause; /* as it was where it was clearest; its percent is the mean */
};

/* An amount over time; unknown where it never was known. */
struct report_course {
    int64_t first;
    int64_t peak;
    int64_t last;
};

struct report_process {
    pid_t pid;
    uint64_t start_ticks; /* with the pid it is the identity */
    pid_t parent_pid;
    char *command;        /* NULL when unknown */
    char *python_version; /* NULL when unknown */
    int64_t first_ns;     /* CLOCK_REALTIME, the end of the first and of the last tick that it is in */
    int64_t last_ns;
    bool came;          /* it was not there at the first tick, */
    bool went;          /* not at the last */
    double cpu_seconds; /* in the selected time, of all its threads; unknown */
    struct report_course resident_bytes;
    struct report_course open_files;
    int64_t open_file_limit;                          /* the last one; unknown */
    double open_files_by_kind[OPEN_FILE_KINDS];       /* more than at first, now, and */
    double open_file_growth_by_kind[OPEN_FILE_KINDS]; /* at most */
    bool open_file_kinds_known;                       /* these are */
    bool growth_measured;                             /* of memory, by function */
    struct report_span *spans; /* in the order of time; there are gaps where too little was known */
    size_t span_count;
    size_t span_capacity;
    struct verdict_window *window; /* what comes into the next verdict; NULL when it is empty */
    int64_t window_begin_ns;
    int64_t window_end_ns;
};

struct report_sum {
    struct profile_selection selection;
    char *hostname;   /* NULL when unknown */
    int64_t begin_ns; /* CLOCK_REALTIME, of the selected ticks; both 0 when there are none */
    int64_t end_ns;
    uint64_t first_sequence;
    uint64_t last_sequence;
    uint64_t ticks;
    uint64_t samples;
    uint64_t partial;
    uint64_t invalid;
    uint64_t late;
    double sampled_seconds;           /* of processes, and */
    double rate_sum;                  /* how many samples at the rate that was reached there was time for */
    double own_cpu_seconds;           /* what watching cost; 0 seconds where it is unknown */
    int64_t peak_resident_bytes;      /* of all processes together; unknown */
    struct report_process *processes; /* in the order in which they were first seen */
    size_t process_count;
    size_t process_capacity;
    struct hash_map places; /* by pid: the process that had it last */
};

/* Prepare an empty sum; report_sum_free() what is in it. */
void report_sum_init(struct report_sum *sum, const struct profile_selection *selection);
void report_sum_free(struct report_sum *sum);

/* Add a tick, when it is selected; it may be freed afterwards.
 *
 * tree  in which its nodes are; it must outlive the sum */
void report_sum_add(struct report_sum *sum, const struct tick *tick, const struct call_tree *tree);

/* Judge what is left, when all ticks were added. */
void report_sum_finish(struct report_sum *sum, const struct call_tree *tree);

/* What the samples of the whole time say of a process: that of `whole` (reader_sum()) which is the same one; NULL when it
 * was not sampled. */
const struct process *report_process_find_sampled(const struct report_process *process,
                                                  const struct tick *whole);

/* From one moment to another; in floating point, for a damaged recording may hold any time. */
double report_seconds_between(int64_t begin_ns, int64_t end_ns);

/* Samples a second that were reached, the mean over time; unknown. */
double report_sum_rate_hz(const struct report_sum *sum);

#endif

/* One process, remembered between readings: for rates, and so that what cannot have changed is not read
 * again. */
#ifndef PYNECK_SYSTEM_KNOWN_PROCESS_H
#define PYNECK_SYSTEM_KNOWN_PROCESS_H

#include "model/tick.h"
#include "system/pid_list.h"
#include "system/process_table.h"
#include "system/process_text.h"
#include "system/user_names.h"

#include <time.h>

/* What reading any process needs. */
struct process_reader {
    int proc_fd; /* /proc */
    struct user_names *users;
    char *buffer; /* PROCESS_BUFFER_SIZE bytes, for a file's text */
    uint64_t ns_per_tick;
    int64_t page_bytes;
    int64_t memory_bytes;          /* of the machine */
    double cpu_percent_limit;      /* what all CPUs together give */
    const struct pid_list *listed; /* which processes there were lately; may be empty */
};

enum {
    PROCESS_BUFFER_SIZE = 16 * 1024,
    PROCESS_COMMAND_SIZE = 4096, /* a longer command line is cut */
};

struct known_process {
    struct process facts;             /* as read last; its texts are valid until the next refresh */
    char *name;                       /* facts.name */
    char *command;                    /* facts.command */
    bool has_command;                 /* false: it has to be read (again) at the next occasion */
    struct process_transfer transfer; /* as read last */
    uint64_t minor_faults;            /* as read last */
    uint64_t major_faults;
    struct process_memory_parts parts;
    int64_t proportional_bytes;
    uint64_t arguments_address; /* of the command line that was read */
    clockid_t cpu_clock;        /* the process's CPU-time clock */
    bool has_cpu_clock;
    uint64_t cpu_ns; /* all threads, also those that have ended */
    /* The times are CLOCK_MONOTONIC. */
    uint64_t read_ns;       /* last reading, 0 before the first */
    uint64_t run_ns;        /* last reading at which it had run since the one before */
    uint64_t full_due_ns;   /* when it is read in full even if it has not run, */
    uint64_t memory_due_ns; /* and when its memory is */
    uint64_t command_read_ns;
    uint64_t memory_read_ns;       /* last reading of its memory */
    uint64_t parts_read_ns;        /* last reading of `parts`, 0 before the first */
    uint64_t proportional_read_ns; /* last reading of `proportional_bytes`, 0 before the first */
};

/* A process of which nothing is known yet. */
struct known_process *known_process_new(pid_t pid);
void known_process_free(struct known_process *process);

/* Bring `process->facts` up to date, with rates since the last reading.
 *
 * A process whose CPU time is to the nanosecond what it was has not run, so nearly nothing of it can have
 * changed, and it is not read again; what others can do to it is looked at each time (nice, a new parent), once in
 * 10 s (memory taken away: resident and shared bytes lag by that much) or once in a minute (a priority set without
 * another nice value, a command line written into its memory).
 *
 * reading  of its CPU clock, or zeros: then the clock is read
 * returns  false when there is no such process any more */
bool known_process_refresh(struct known_process *process, struct process_reader *reader,
                           struct cpu_reading reading);

/* Bring `process->parts` up to date: read again only when its memory was since. */
void known_process_refresh_parts(struct known_process *process, struct process_reader *reader);

/* Bring `process->proportional_bytes` up to date: at most once in some seconds, for the kernel walks all page
 * tables of the process for it (a microsecond for every few pages). */
void known_process_refresh_proportional(struct known_process *process, struct process_reader *reader);

#endif

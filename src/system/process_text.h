/* What the files of /proc/PID say, read from their text. */
#ifndef PYNECK_SYSTEM_PROCESS_TEXT_H
#define PYNECK_SYSTEM_PROCESS_TEXT_H

#include "model/number.h"

#include <stddef.h>
#include <sys/types.h>

enum {
    PROCESS_NAME_SIZE = 200, /* a kernel worker's name has up to 63 bytes, each perhaps three when cleaned */
};

struct process_stat {
    char name[PROCESS_NAME_SIZE]; /* clean */
    char state;
    pid_t parent_pid;
    bool is_kernel_thread;
    uint64_t minor_faults; /* since it started */
    uint64_t major_faults;
    uint64_t cpu_ticks; /* user and system */
    int priority;
    int nice;
    int64_t thread_count;
    uint64_t start_ticks;
    uint64_t arguments_address; /* where argv lies: another after exec(3); 0 without permission */
};

/* Read /proc/PID/stat; false when the text is not what proc_pid_stat(5) describes. */
bool process_parse_stat(const char *text, struct process_stat *stat);

struct process_memory {
    int64_t virtual_pages;
    int64_t resident_pages;
    int64_t shared_pages;
};

/* Read /proc/PID/statm; false when the text is not what proc_pid_statm(5) describes. */
bool process_parse_memory(const char *text, struct process_memory *memory);

/* What the resident memory consists of, and what lies in swap, in bytes; UNKNOWN_COUNT when the text does not say. */
struct process_memory_parts {
    int64_t anonymous_bytes;
    int64_t file_bytes;
    int64_t shared_memory_bytes;
    int64_t swap_bytes;
};

/* Read /proc/PID/status: RssAnon, RssFile, RssShmem (Linux 4.5 and later) and VmSwap, proc_pid_status(5). */
struct process_memory_parts process_parse_memory_parts(const char *text);

/* Read Pss of /proc/PID/smaps_rollup (Linux 4.14 and later), proc_pid_smaps(5): bytes, or UNKNOWN_COUNT. */
int64_t process_parse_proportional_bytes(const char *text);

struct process_transfer {
    int64_t read_bytes; /* from storage; UNKNOWN_COUNT when the text does not say */
    int64_t write_bytes;
};

/* Read /proc/PID/io: proc_pid_io(5). */
struct process_transfer process_parse_transfer(const char *text);

/* Write the arguments in /proc/PID/cmdline as one clean line, with single spaces between them.
 *
 * bytes    the file's content, which is changed
 * returns  length of the line, 0 when the process has no arguments (kernel threads, zombies) */
size_t process_format_command(char *output, size_t capacity, char *bytes, size_t length);

#endif

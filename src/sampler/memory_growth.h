/* By how much the resident memory of a process grows between samples. */
#ifndef PYNECK_SAMPLER_MEMORY_GROWTH_H
#define PYNECK_SAMPLER_MEMORY_GROWTH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct memory_growth {
    int statm_fd; /* it stays open: a microsecond a read */
    int64_t page_bytes;
    bool known; /* resident_pages is */
    int64_t resident_pages;
    uint64_t read_ns; /* last reading */
};

/* Open the process's file; when that fails, nothing is ever known. */
void memory_growth_open(struct memory_growth *growth, pid_t pid);
void memory_growth_close(struct memory_growth *growth);

/* Read how much it grew since the reading before, in bytes (below 0: it shrank).
 *
 * returns  false when that is not known: at the first reading, and when the process is gone
 *
 * The kernel's number is exact from Linux 6.16 on. Before, it lags behind by some pages a CPU (6.2 and later), or by 64
 * pages a thread: what is missing in one reading comes in a later one, so sums stay right.
 *
 * source  proc_pid_statm(5); include/linux/mm.h: get_mm_counter(), get_mm_counter_sum() */
bool memory_growth_read(struct memory_growth *growth, uint64_t now_ns, int64_t *bytes);

#endif

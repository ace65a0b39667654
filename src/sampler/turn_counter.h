/* How often all threads of a process together were given a CPU: one question to the kernel, however many they are. */
#ifndef PYNECK_SAMPLER_TURN_COUNTER_H
#define PYNECK_SAMPLER_TURN_COUNTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct turn_counter;

/* Connect to the kernel; NULL where it does not answer: that needs CAP_NET_ADMIN, and a kernel with taskstats.
 *
 * source  Documentation/accounting/taskstats.rst */
struct turn_counter *turn_counter_new(void);
void turn_counter_free(struct turn_counter *counter);

/* Read the sum of what the third number of each thread's schedstat counts, those of threads that have ended among them: it
 * never falls, but for the moment in which a thread that ends is counted twice. It costs four microseconds, and less than 50
 * nanoseconds for each thread.
 *
 * returns  false when it cannot be told, as of a process that has gone
 * source   kernel/taskstats.c, fill_stats_for_tgid(); kernel/delayacct.c, delayacct_add_tsk() */
bool turn_counter_read(struct turn_counter *counter, pid_t pid, uint64_t *turns);

#endif

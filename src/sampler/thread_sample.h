/* One sample of one thread: its stack, its state, and what it waits for. */
#ifndef PYNECK_SAMPLER_THREAD_SAMPLE_H
#define PYNECK_SAMPLER_THREAD_SAMPLE_H

#include "sampler/sampled_state.h"

/* Ask the kernel what a thread does, ahead of thread_sample_take(); a thread that has ended is marked as gone. */
void thread_sample_look(struct sampled_process *process, struct sampled_thread *thread);

/* Take a sample of a thread that was looked at, and count it. One that has not run since it was seen blocked has the same
 * stack and waits for the same, and its samples of all moments until it runs are counted together, by the call below. */
void thread_sample_take(struct sampled_process *process, struct sampled_thread *thread, uint64_t now_ns);

/* Count the samples of the moments that a thread was blocked all through and that were not counted yet. To be called
 * before anything is handed over, and before a thread is dropped. */
void thread_sample_catch_up(struct sampled_process *process, struct sampled_thread *thread);

/* Whether a thread holds the GIL, as in struct thread, by the last of all reads: of two threads that held it one after the
 * other during one sample, only one holds it still. */
int thread_sample_holds_gil(const struct sampled_process *process, const struct sampled_thread *thread);

#endif

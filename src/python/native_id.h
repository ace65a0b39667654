/* The kernel's number of a thread, from its pthread_t: CPython to 3.10 keeps only that, and later versions keep
 * a number of old where a program forked without telling them. */
#ifndef PYNECK_PYTHON_NATIVE_ID_H
#define PYNECK_PYTHON_NATIVE_ID_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Find the numbers of threads, as the target's PID namespace counts them.
 *
 * In glibc and musl a pthread_t is the address of the thread's descriptor, which holds the number. At which
 * offset depends on the C library's version: it is the one at which every descriptor has the number of
 * another thread of this process, or, in the child of a fork, every descriptor of a thread that is still there.
 * Where that is not found, or found at two places that differ, a number is known only if there is just one
 * thread.
 *
 * thread_ids  pthread_t of each thread; one that occurs twice is the same thread
 * native_ids  receives the numbers; 0 where not known, or when the thread is no more */
void native_id_find(pid_t pid, const uint64_t *thread_ids, uint64_t *native_ids, size_t count);

#endif

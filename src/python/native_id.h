/* The numbers that threads have in their own PID namespace: of a thread, and from its pthread_t, for CPython to
 * 3.10 keeps only that, and later versions keep a number of old where a program forked without telling them. */
#ifndef PYNECK_PYTHON_NATIVE_ID_H
#define PYNECK_PYTHON_NATIVE_ID_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The number of one thread, as its own PID namespace counts it (line "NSpid:" of proc_pid_status(5)).
 *
 * tid      as /proc numbers it
 * levels   receives how many namespaces number it, from that of /proc inwards: more than one when it has one of
 *          its own; 0 where the kernel does not say
 * returns  0 when it has gone, or the kernel does not say */
uint32_t native_id_of_task(pid_t pid, pid_t tid, size_t *levels);

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

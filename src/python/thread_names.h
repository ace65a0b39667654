/* The names that a program gave to its threads: Thread.name, from the threading module's own list of them. */
#ifndef PYNECK_PYTHON_THREAD_NAMES_H
#define PYNECK_PYTHON_THREAD_NAMES_H

#include "python/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    THREAD_NAME_MAX_CHARACTERS = 128, /* what lies behind is cut off */
    THREAD_NAME_SIZE = THREAD_NAME_MAX_CHARACTERS * 4 + 1,
};

struct thread_names;

/* A reader of the names in one process; thread_names_free() it. `layout` must live as long. */
struct thread_names *thread_names_new(pid_t pid, const struct python_layout *layout);
void thread_names_free(struct thread_names *names);

/* The name of one thread.
 *
 * name         receives clean text; empty when there is none, as before `import threading`
 * interpreter  address of the interpreter state
 * thread_id    pthread_t, as the thread state has it
 * now_ns       CLOCK_MONOTONIC: the list is read once for all questions of one moment */
void thread_names_read(struct thread_names *names, char name[static THREAD_NAME_SIZE], uint64_t interpreter,
                       uint64_t thread_id, uint64_t now_ns);

#endif

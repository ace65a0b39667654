/* The interpreters of one process and their threads. */
#ifndef PYNECK_PYTHON_INTERPRETERS_H
#define PYNECK_PYTHON_INTERPRETERS_H

#include "python/locate.h"
#include "python/unwind.h"

enum {
    INTERPRETERS_MAX = 256,
    INTERPRETERS_MAX_THREADS = 8192, /* of all of them */
};

struct listed_thread {
    struct thread_reference reference;
    uint64_t native_id; /* that the thread really has; see interpreters_mend_native_ids() */
    bool is_main;       /* the interpreter's main thread */
};

enum listing {
    LISTING_DONE,
    LISTING_STARTING, /* no interpreter is there yet */
    LISTING_EXITING,  /* the runtime is being finalized */
    LISTING_FAILED,   /* memory could not be read, or the lists contradict themselves */
};

/* List the threads of all interpreters.
 *
 * threads  an array that grows (base/memory.h), newest thread of the first interpreter first
 * count    how many it holds then */
enum listing interpreters_list_threads(pid_t pid, const struct python_location *location,
                                       struct listed_thread **threads, size_t *capacity, size_t *count);

/* Give every thread that it can be found for the `native_id` that the kernel has it under now, and 0 to those that
 * are no more. A program that forks without PyOS_AfterFork_Child(), as uWSGI does, leaves the interpreter with the
 * parent's threads and their numbers; reference.native_id stays as the interpreter has it. */
void interpreters_mend_native_ids(pid_t pid, struct listed_thread *threads, size_t count);

#endif

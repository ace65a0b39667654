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
    bool is_main; /* the interpreter's main thread */
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

#endif

#include "record/writer_thread.h"

#include "base/memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>

struct writer_thread {
    pthread_t thread;
    struct writer_options options; /* with texts of its own */
    char *path;
    char *command;

    /* Ticks by their number, modulo the size of the queue; those from `freed` on are shared. */
    struct tick *ticks[WRITER_THREAD_QUEUE];
    uint64_t freed; /* the other thread's */

    pthread_mutex_t mutex; /* of what follows; never held while the disk is waited for */
    pthread_cond_t changed;
    uint64_t added;
    uint64_t done;
    const struct call_tree *tree;
    bool finishing;
    struct writer_status status;
    struct error *error;
};

/* ---- in the thread ---- */

/* Wait for a tick; NULL: there are no more. */
static struct tick *next_tick(struct writer_thread *thread, const struct call_tree **tree)
{
    struct tick *tick = NULL;

    pthread_mutex_lock(&thread->mutex);
    while (thread->done == thread->added && !thread->finishing)
        pthread_cond_wait(&thread->changed, &thread->mutex);
    if (thread->done < thread->added)
        tick = thread->ticks[thread->done % WRITER_THREAD_QUEUE];
    *tree = thread->tree;
    pthread_mutex_unlock(&thread->mutex);
    return tick;
}

static void note_written(struct writer_thread *thread, int64_t size_bytes)
{
    pthread_mutex_lock(&thread->mutex);
    thread->done++;
    thread->status.ticks++;
    thread->status.size_bytes = size_bytes;
    pthread_mutex_unlock(&thread->mutex);
}

static void note_opened(struct writer_thread *thread)
{
    pthread_mutex_lock(&thread->mutex);
    thread->status.phase = WRITER_WRITING;
    thread->status.created = true;
    pthread_mutex_unlock(&thread->mutex);
}

static void note_end(struct writer_thread *thread, struct error *error)
{
    struct stat status;
    bool is_there = stat(thread->path, &status) == 0; /* packed now, so smaller than it was */

    pthread_mutex_lock(&thread->mutex);
    if (is_there)
        thread->status.size_bytes = status.st_size;
    thread->status.phase = WRITER_ENDED;
    thread->error = error;
    pthread_mutex_unlock(&thread->mutex);
}

static struct error *write_ticks(struct writer_thread *thread, struct writer *writer)
{
    const struct call_tree *tree;
    struct error *error = NULL;
    struct tick *tick;

    while (error == NULL && (tick = next_tick(thread, &tree)) != NULL) {
        error = writer_append(writer, tick, tree);
        if (error == NULL)
            note_written(thread, writer_size_bytes(writer));
    }
    struct error *close_error = writer_close(writer, NULL);
    if (error == NULL)
        return close_error;
    error_free(close_error);
    return error;
}

static void *run(void *context)
{
    struct writer_thread *thread = context;
    struct writer *writer;

    prctl(PR_SET_NAME, "pyneck-writer");
    struct error *error = writer_open(&writer, &thread->options);
    if (error == NULL) {
        note_opened(thread);
        error = write_ticks(thread, writer);
    }
    note_end(thread, error);
    return NULL;
}

/* ---- for the other thread ---- */

/* Free what has been written. */
static void free_written(struct writer_thread *thread, uint64_t done)
{
    while (thread->freed < done)
        tick_free(thread->ticks[thread->freed++ % WRITER_THREAD_QUEUE]);
}

static void free_thread(struct writer_thread *thread)
{
    free_written(thread, thread->added);
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->mutex);
    free(thread->path);
    free(thread->command);
    free(thread);
}

/* Start it with all signals blocked: they are for the thread that owns the terminal, and a file that grows too large
 * (SIGXFSZ) is then an error like others. */
static int start(struct writer_thread *thread)
{
    sigset_t all, previous;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    int number = pthread_create(&thread->thread, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &previous, NULL);
    return number;
}

struct error *writer_thread_start(struct writer_thread **result, const struct writer_options *options)
{
    struct writer_thread *thread = memory_allocate(1, sizeof(*thread));

    thread->options = *options;
    thread->options.path = thread->path = memory_copy_text(options->path);
    if (options->command != NULL)
        thread->options.command = thread->command = memory_copy_text(options->command);
    pthread_mutex_init(&thread->mutex, NULL);
    pthread_cond_init(&thread->changed, NULL);
    int number = start(thread);
    if (number != 0) {
        free_thread(thread);
        return error_new_errno(number, "cannot start a thread that records");
    }
    *result = thread;
    return NULL;
}

void writer_thread_append(struct writer_thread *thread, struct tick *tick, const struct call_tree *tree)
{
    pthread_mutex_lock(&thread->mutex);
    uint64_t done = thread->done;
    bool has_room = thread->added - done < WRITER_THREAD_QUEUE;
    if (thread->status.phase == WRITER_ENDED || !has_room) {
        thread->status.lost++;
        pthread_mutex_unlock(&thread->mutex);
        return;
    }
    pthread_mutex_unlock(&thread->mutex);

    free_written(thread, done); /* before its places are used again */
    thread->ticks[thread->added % WRITER_THREAD_QUEUE] = tick_share(tick);

    pthread_mutex_lock(&thread->mutex);
    thread->tree = tree;
    thread->added++;
    pthread_cond_signal(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
}

struct writer_status writer_thread_status(struct writer_thread *thread)
{
    pthread_mutex_lock(&thread->mutex);
    struct writer_status status = thread->status;
    pthread_mutex_unlock(&thread->mutex);
    return status;
}

void writer_thread_finish(struct writer_thread *thread)
{
    pthread_mutex_lock(&thread->mutex);
    thread->finishing = true;
    pthread_cond_signal(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
}

struct error *writer_thread_join(struct writer_thread *thread, struct writer_status *status)
{
    writer_thread_finish(thread);
    pthread_join(thread->thread, NULL);
    struct error *error = thread->error;
    *status = thread->status;
    free_thread(thread);
    return error;
}

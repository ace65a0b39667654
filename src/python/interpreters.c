#include "python/interpreters.h"

#include "base/hash.h"
#include "base/memory.h"
#include "python/memory.h"
#include "python/native_id.h"

#include <stdlib.h>

/* Where the interpreter's GIL is: to 3.11 there is one for all, later each interpreter points to its own or
 * to one that it shares. */
static uint64_t find_gil(pid_t pid, const struct python_location *location, uint64_t interpreter)
{
    const struct python_layout *layout = &location->layout;
    uint64_t gil;

    if (layout->runtime.gil != LAYOUT_NONE)
        return location->runtime + layout->runtime.gil;
    if (layout->runtime.gil_pointer != LAYOUT_NONE)
        return memory_read_word(pid, location->runtime + layout->runtime.gil_pointer, &gil) ? gil : 0;
    if (layout->interpreter.gil == LAYOUT_NONE ||
        !memory_read_word(pid, interpreter + layout->interpreter.gil, &gil) || !memory_is_pointer(gil))
        return 0;
    return gil;
}

/* How far a linked list was followed. One that leads back into itself is noticed after at most three rounds
 * (R. Brent, An improved Monte Carlo factorization algorithm, 1980). */
struct walk {
    uint64_t mark;
    size_t steps;
    size_t next_mark;
};

/* Whether the walk may go on to an element. */
static bool walk_on(struct walk *walk, uint64_t address, size_t most)
{
    if (!memory_is_pointer(address) || address == walk->mark || walk->steps >= most)
        return false;
    if (walk->steps++ == walk->next_mark) {
        walk->mark = address;
        walk->next_mark = walk->next_mark * 2 + 1;
    }
    return true;
}

static bool list_threads_of(pid_t pid, const struct python_location *location, uint64_t interpreter,
                            size_t *steps_left, struct listed_thread **threads, size_t *capacity,
                            size_t *count)
{
    const struct python_layout *layout = &location->layout;
    struct walk walk = {0};
    uint64_t gil = find_gil(pid, location, interpreter);
    uint64_t main_thread = 0;
    uint64_t address;

    if (layout->interpreter.threads_main != LAYOUT_NONE)
        memory_read_word(pid, interpreter + layout->interpreter.threads_main, &main_thread);
    if (!memory_read_word(pid, interpreter + layout->interpreter.threads_head, &address))
        return false;
    while (address != 0) {
        uint64_t owner, thread_id, next, native_id = 0;
        struct memory_piece pieces[] = {
            {address + layout->thread.interpreter, &owner, sizeof(owner)},
            {address + layout->thread.thread_id, &thread_id, sizeof(thread_id)},
            {address + layout->thread.next, &next, sizeof(next)},
            {address + layout->thread.native_thread_id, &native_id, sizeof(native_id)},
        };
        size_t piece_count = layout->thread.native_thread_id != LAYOUT_NONE ? 4 : 3;
        if (!walk_on(&walk, address, *steps_left) ||
            memory_read_pieces(pid, pieces, piece_count) != piece_count || owner != interpreter)
            return false;
        /* A thread state that is not bound to a thread yet has no id: nothing runs on it. */
        if (piece_count == 4 ? native_id != 0 : thread_id != 0) {
            *threads = memory_grow(*threads, capacity, *count + 1, sizeof(**threads));
            (*threads)[(*count)++] = (struct listed_thread){
                .reference = {.address = address,
                              .interpreter = interpreter,
                              .gil = gil,
                              .native_id = native_id,
                              .thread_id = thread_id,
                              .runtime = location->runtime},
                .native_id = native_id,
                .is_main = main_thread != 0 ? address == main_thread : next == 0,
            };
        }
        address = next;
    }
    *steps_left -= walk.steps;
    return true;
}

/* A thread of an interpreter, as a key. */
static uint64_t key_of(const struct listed_thread *thread)
{
    return hash_u64(thread->reference.interpreter) ^ thread->native_id;
}

/* Memory that held the descriptor of a thread which is no more may serve a new thread: a thread state that is
 * left from before the fork is not that one's, who has its own in the same interpreter. */
static void drop_left_states(struct listed_thread *threads, size_t count)
{
    struct hash_map owners = {0};

    for (size_t i = 0; i < count; i++) {
        if (threads[i].native_id == threads[i].reference.native_id)
            hash_map_set(&owners, key_of(&threads[i]), (uint32_t)i);
    }
    for (size_t i = 0; i < count; i++) {
        if (threads[i].native_id != threads[i].reference.native_id &&
            hash_map_find(&owners, key_of(&threads[i])) != NULL)
            threads[i].native_id = 0;
    }
    hash_map_free(&owners);
}

void interpreters_mend_native_ids(pid_t pid, struct listed_thread *threads, size_t count)
{
    uint64_t *thread_ids = memory_allocate(count + 1, sizeof(*thread_ids));
    uint64_t *native_ids = memory_allocate(count + 1, sizeof(*native_ids));

    for (size_t i = 0; i < count; i++)
        thread_ids[i] = threads[i].reference.thread_id;
    native_id_find(pid, thread_ids, native_ids, count);
    for (size_t i = 0; i < count; i++)
        threads[i].native_id = native_ids[i];
    drop_left_states(threads, count);
    free(thread_ids);
    free(native_ids);
}

/* Fill in the native ids, which the interpreter did not keep to 3.10; threads without one are left out. */
static void add_native_ids(pid_t pid, struct listed_thread *threads, size_t *count)
{
    size_t kept = 0;

    interpreters_mend_native_ids(pid, threads, *count);
    for (size_t i = 0; i < *count; i++) {
        if (threads[i].native_id == 0)
            continue;
        threads[kept] = threads[i];
        threads[kept].reference.native_id = threads[i].native_id;
        kept++;
    }
    *count = kept;
}

static enum listing list_all_threads(pid_t pid, const struct python_location *location,
                                     struct listed_thread **threads, size_t *capacity, size_t *count)
{
    const struct python_layout *layout = &location->layout;
    uint64_t interpreter, finalizing = 0;
    size_t steps_left = INTERPRETERS_MAX_THREADS;
    struct walk walk = {0};

    *count = 0;
    if (!memory_read_word(pid, location->runtime + layout->runtime.interpreters_head, &interpreter))
        return LISTING_FAILED;
    if (layout->runtime.finalizing != LAYOUT_NONE)
        memory_read_word(pid, location->runtime + layout->runtime.finalizing, &finalizing);
    if (interpreter == 0)
        return finalizing != 0 ? LISTING_EXITING : LISTING_STARTING;
    while (interpreter != 0) {
        if (!walk_on(&walk, interpreter, INTERPRETERS_MAX) ||
            !list_threads_of(pid, location, interpreter, &steps_left, threads, capacity, count) ||
            !memory_read_word(pid, interpreter + layout->interpreter.next, &interpreter))
            return *count > 0 ? LISTING_DONE : LISTING_FAILED;
    }
    if (*count > 0)
        return LISTING_DONE;
    return finalizing != 0 ? LISTING_EXITING : LISTING_STARTING;
}

enum listing interpreters_list_threads(pid_t pid, const struct python_location *location,
                                       struct listed_thread **threads, size_t *capacity, size_t *count)
{
    enum listing listing = list_all_threads(pid, location, threads, capacity, count);

    if (location->layout.thread.native_thread_id == LAYOUT_NONE)
        add_native_ids(pid, *threads, count);
    return listing;
}

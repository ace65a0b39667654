#include "python/interpreters.h"

#include "base/memory.h"
#include "python/memory.h"

/* Where the interpreter's GIL is: 3.11 has one in the runtime, later each interpreter points to its own or to
 * one that it shares. */
static uint64_t find_gil(pid_t pid, const struct python_location *location, uint64_t interpreter)
{
    const struct python_layout *layout = &location->layout;
    uint64_t gil;

    if (layout->runtime.gil != LAYOUT_NONE)
        return location->runtime + layout->runtime.gil;
    if (layout->interpreter.gil == LAYOUT_NONE ||
        !memory_read_word(pid, interpreter + layout->interpreter.gil, &gil) || !memory_is_pointer(gil))
        return 0;
    return gil;
}

static bool list_threads_of(pid_t pid, const struct python_location *location, uint64_t interpreter,
                            struct listed_thread **threads, size_t *capacity, size_t *count)
{
    const struct python_layout *layout = &location->layout;
    uint64_t gil = find_gil(pid, location, interpreter);
    uint64_t main_thread = 0;
    uint64_t address;

    if (layout->interpreter.threads_main != LAYOUT_NONE)
        memory_read_word(pid, interpreter + layout->interpreter.threads_main, &main_thread);
    if (!memory_read_word(pid, interpreter + layout->interpreter.threads_head, &address))
        return false;
    for (size_t i = 0; address != 0; i++) {
        uint64_t owner, native_id, thread_id, next;
        struct memory_piece pieces[] = {
            {address + layout->thread.interpreter, &owner, sizeof(owner)},
            {address + layout->thread.native_thread_id, &native_id, sizeof(native_id)},
            {address + layout->thread.thread_id, &thread_id, sizeof(thread_id)},
            {address + layout->thread.next, &next, sizeof(next)},
        };
        if (i >= INTERPRETER_MAX_THREADS || !memory_is_pointer(address) ||
            memory_read_pieces(pid, pieces, 4) != 4 || owner != interpreter)
            return false;
        /* A thread state that is not bound to a thread yet has no native id: nothing runs on it. */
        if (native_id != 0) {
            *threads = memory_grow(*threads, capacity, *count + 1, sizeof(**threads));
            (*threads)[(*count)++] = (struct listed_thread){
                .reference = {.address = address,
                              .interpreter = interpreter,
                              .gil = gil,
                              .native_id = native_id,
                              .thread_id = thread_id},
                .is_main = main_thread != 0 ? address == main_thread : next == 0,
            };
        }
        address = next;
    }
    return true;
}

enum listing interpreters_list_threads(pid_t pid, const struct python_location *location,
                                       struct listed_thread **threads, size_t *capacity, size_t *count)
{
    const struct python_layout *layout = &location->layout;
    uint64_t interpreter, finalizing = 0;

    *count = 0;
    if (!memory_read_word(pid, location->runtime + layout->runtime.interpreters_head, &interpreter))
        return LISTING_FAILED;
    memory_read_word(pid, location->runtime + layout->runtime.finalizing, &finalizing);
    if (interpreter == 0)
        return finalizing != 0 ? LISTING_EXITING : LISTING_STARTING;
    for (size_t i = 0; interpreter != 0; i++) {
        if (i >= INTERPRETERS_MAX || !memory_is_pointer(interpreter))
            return *count > 0 ? LISTING_DONE : LISTING_FAILED;
        if (!list_threads_of(pid, location, interpreter, threads, capacity, count) ||
            !memory_read_word(pid, interpreter + layout->interpreter.next, &interpreter))
            return *count > 0 ? LISTING_DONE : LISTING_FAILED;
    }
    if (*count > 0)
        return LISTING_DONE;
    return finalizing != 0 ? LISTING_EXITING : LISTING_STARTING;
}

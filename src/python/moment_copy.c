#include "python/moment_copy.h"

/* Put the pieces in the order of their addresses: one that begins close behind the one before it costs little. */
static void sort_pieces(struct memory_piece *pieces, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct memory_piece piece = pieces[i];
        size_t place = i;
        for (; place > 0 && pieces[place - 1].address > piece.address; place--)
            pieces[place] = pieces[place - 1];
        pieces[place] = piece;
    }
}

size_t moment_copy_plan(struct moment_copy *copy, const struct python_layout *layout,
                        const struct thread_reference *thread, struct memory_piece *pieces)
{
    const struct {
        uint64_t base; /* 0 where it is not known */
        uint32_t offset;
        uint32_t size;
        void *buffer;
    } fields[MOMENT_MAX_PIECES] = {
        {thread->interpreter, layout->interpreter.threads_head, sizeof(copy->threads_head),
         &copy->threads_head},
        {thread->interpreter, layout->interpreter.gc_collecting, sizeof(copy->collecting), &copy->collecting},
        {thread->runtime, layout->runtime.gc_collecting, sizeof(copy->collecting), &copy->collecting},
        {thread->runtime, layout->runtime.current_thread, sizeof(copy->current_thread),
         &copy->current_thread},
        {thread->interpreter, layout->interpreter.code_object_generation,
         sizeof(copy->code_object_generation), &copy->code_object_generation},
        {thread->interpreter, layout->interpreter.bytecode_generation, sizeof(copy->bytecode_generation),
         &copy->bytecode_generation},
        {thread->gil, layout->gil.last_holder, sizeof(copy->gil_last_holder), &copy->gil_last_holder},
        {thread->gil, layout->gil.locked, sizeof(copy->gil_locked), &copy->gil_locked},
        {thread->gil, layout->gil.enabled, sizeof(copy->gil_enabled), &copy->gil_enabled},
    };
    size_t count = 0;

    for (size_t i = 0; i < MOMENT_MAX_PIECES; i++) {
        if (fields[i].base != 0 && fields[i].offset != LAYOUT_NONE)
            pieces[count++] =
                (struct memory_piece){fields[i].base + fields[i].offset, fields[i].buffer, fields[i].size};
    }
    sort_pieces(pieces, count);
    return count;
}

struct interpreter_moment moment_copy_take(const struct moment_copy *copy, const struct python_layout *layout,
                                           const struct thread_reference *thread)
{
    bool has_current_thread = layout->runtime.current_thread != LAYOUT_NONE;
    bool has_gil = thread->gil != 0 && (layout->gil.enabled == LAYOUT_NONE || copy->gil_enabled != 0);
    struct interpreter_moment moment = {
        .known = true,
        .threads_head = copy->threads_head,
        .gil_holder = copy->current_thread,
        .gil_known = has_current_thread || has_gil,
        .collecting = copy->collecting == 1,
        .code_object_generation = copy->code_object_generation,
        .bytecode_generation = copy->bytecode_generation,
    };

    if (!has_current_thread && has_gil && (int32_t)copy->gil_locked > 0)
        moment.gil_holder = copy->gil_last_holder;
    return moment;
}

#include "fake_interpreter.h"

#include "base/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    CHUNK_BYTES = 16 * 1024,
    INSTRUCTIONS = 8,
};

static void put_u64(unsigned char *bytes, size_t offset, uint64_t value)
{
    memcpy(bytes + offset, &value, sizeof(value));
}

static void put_u32(unsigned char *bytes, size_t offset, uint32_t value)
{
    memcpy(bytes + offset, &value, sizeof(value));
}

static uint64_t address_of(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

static unsigned char *at(uint64_t address)
{
    return (unsigned char *)(uintptr_t)address;
}

/* Nothing of it is freed before the test program ends. */
static unsigned char *keep(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert(memory != MAP_FAILED);
    return memory;
}

static uint64_t make_text(const struct python_layout *layout, const char *text)
{
    unsigned char *object = keep(4096);

    put_u64(object, layout->unicode.length, strlen(text));
    put_u32(object, layout->unicode.state,
            1U << layout->unicode.kind_shift | 1U << layout->unicode.compact_shift |
                1U << layout->unicode.ascii_shift);
    memcpy(object + layout->unicode.ascii_data, text, strlen(text) + 1);
    return address_of(object);
}

static uint64_t make_code(const struct python_layout *layout, uint64_t type, const char *name)
{
    unsigned char *object = keep(4096);
    unsigned char *lines = keep(4096);

    put_u64(object, layout->object.type, type);
    put_u64(object, layout->code.filename, make_text(layout, "fake.py"));
    put_u64(object, layout->code.name, make_text(layout, name));
    put_u64(object, layout->code.qualname, make_text(layout, name));
    put_u64(object, layout->code.linetable, address_of(lines));
    put_u32(object, layout->code.firstlineno, 1);
    put_u32(object, layout->code.nlocalsplus, FAKE_FRAME_WORDS / 2);
    put_u32(object, layout->code.stacksize, FAKE_FRAME_WORDS / 2);
    put_u64(object, layout->code.code_units, INSTRUCTIONS);
    return address_of(object);
}

static uint64_t make_code_type(const struct python_layout *layout)
{
    unsigned char *type = keep(4096);
    static const char name[] = "code";

    put_u64(type, layout->object.type_name, address_of(name));
    return address_of(type);
}

void fake_open(struct fake_interpreter *fake, uint32_t version)
{
    *fake = (struct fake_interpreter){0};
    struct error *error = layout_from_version(&fake->layout, version < 0x030d0000 ? version : 0x030c0000);
    assert(error == NULL);
    if (version >= 0x030d0000) {
        fake->layout.frame.popped_is_null = true;
        fake->layout.frame.stacktop = LAYOUT_NONE;
        fake->layout.thread.current_frame = fake->layout.thread.cframe;
        fake->layout.thread.cframe = LAYOUT_NONE;
    }
    struct python_layout *layout = &fake->layout;
    fake->interpreter = keep(64 * 1024);
    fake->thread_state = keep(4096);
    fake->cframe = keep(4096);
    fake->chunk = keep(CHUNK_BYTES);
    fake->used = layout->chunk.data + 8;
    fake->thread = (struct thread_reference){
        .address = address_of(fake->thread_state),
        .interpreter = address_of(fake->interpreter),
        .native_id = 4711,
    };
    put_u64(fake->thread_state, layout->thread.interpreter, fake->thread.interpreter);
    put_u64(fake->thread_state, layout->thread.native_thread_id, fake->thread.native_id);
    put_u64(fake->thread_state, layout->thread.datastack_chunk, address_of(fake->chunk));
    put_u64(fake->chunk, layout->chunk.size, CHUNK_BYTES);
    if (layout->thread.cframe != LAYOUT_NONE)
        put_u64(fake->thread_state, layout->thread.cframe, address_of(fake->cframe));
    fake_set_top(fake, address_of(fake->chunk) + fake->used);
    uint64_t type = make_code_type(layout);
    for (size_t i = 0; i < FAKE_CODES; i++) {
        char name[8];
        snprintf(name, sizeof(name), "f%zu", i);
        fake->codes[i] = make_code(layout, type, name);
        fake->outside[i] = keep(4096);
    }
    fake->tree = call_tree_new();
    fake->cache = code_cache_new(getpid(), layout, fake->tree);
    fake->unwinder = unwinder_new(getpid(), layout, fake->cache);
}

void fake_close(struct fake_interpreter *fake)
{
    stack_hint_free(&fake->hint);
    unwinder_free(fake->unwinder);
    code_cache_free(fake->cache);
    call_tree_free(fake->tree);
}

static void fill_frame(const struct fake_interpreter *fake, unsigned char *frame, size_t index,
                       uint64_t previous, uint8_t owner)
{
    const struct python_layout *layout = &fake->layout;

    memset(frame, 0, layout->frame.size);
    put_u64(frame, layout->frame.executable, fake->codes[index]);
    put_u64(frame, layout->frame.previous, previous);
    put_u64(frame, layout->frame.instruction, fake->codes[index] + layout->code.instructions + 4);
    frame[layout->frame.owner] = owner;
}

uint64_t fake_push(struct fake_interpreter *fake, size_t index, uint64_t previous)
{
    unsigned char *frame = fake->chunk + fake->used;

    fill_frame(fake, frame, index, previous, 0);
    fake->used += fake->layout.frame.size + FAKE_FRAME_WORDS * 8;
    fake_set_top(fake, address_of(fake->chunk) + fake->used);
    return address_of(frame);
}

static void use_chunk(struct fake_interpreter *fake, unsigned char *chunk, size_t used)
{
    fake->chunk = chunk;
    fake->used = used;
    put_u64(fake->thread_state, fake->layout.thread.datastack_chunk, address_of(chunk));
    fake_set_top(fake, address_of(chunk) + used);
}

unsigned char *fake_push_chunk(struct fake_interpreter *fake, unsigned char *memory)
{
    const struct python_layout *layout = &fake->layout;
    unsigned char *chunk = memory != NULL ? memory : keep(CHUNK_BYTES);

    put_u64(fake->chunk, layout->chunk.top, (fake->used - layout->chunk.data) / 8);
    put_u64(chunk, layout->chunk.size, CHUNK_BYTES);
    put_u64(chunk, layout->chunk.previous, address_of(fake->chunk));
    use_chunk(fake, chunk, layout->chunk.data);
    return chunk;
}

void fake_pop_chunk(struct fake_interpreter *fake)
{
    uint64_t previous;

    memcpy(&previous, fake->chunk + fake->layout.chunk.previous, sizeof(previous));
    use_chunk(fake, at(previous), fake->layout.chunk.data + 8);
}

uint64_t fake_outside(struct fake_interpreter *fake, size_t index, uint64_t previous, uint8_t owner)
{
    fill_frame(fake, fake->outside[index], index, previous, owner);
    return address_of(fake->outside[index]);
}

void fake_set_executing(struct fake_interpreter *fake, uint64_t frame, bool executing)
{
    if (fake->layout.frame.stacktop != LAYOUT_NONE)
        put_u32(at(frame), fake->layout.frame.stacktop, executing ? UINT32_MAX : 0);
}

void fake_clear_executable(struct fake_interpreter *fake, uint64_t frame)
{
    put_u64(at(frame), fake->layout.frame.executable, 0);
}

void fake_set_previous(struct fake_interpreter *fake, uint64_t frame, uint64_t previous)
{
    put_u64(at(frame), fake->layout.frame.previous, previous);
}

void fake_set_entry(struct fake_interpreter *fake, uint64_t frame)
{
    at(frame)[fake->layout.frame.is_entry] = 1;
}

void fake_set_current(struct fake_interpreter *fake, uint64_t frame)
{
    if (fake->layout.thread.cframe != LAYOUT_NONE)
        put_u64(fake->cframe, fake->layout.thread.cframe_current_frame, frame);
    else
        put_u64(fake->thread_state, fake->layout.thread.current_frame, frame);
}

void fake_set_top(struct fake_interpreter *fake, uint64_t address)
{
    put_u64(fake->thread_state, fake->layout.thread.datastack_top, address);
}

enum stack_trust fake_read(struct fake_interpreter *fake, char names[static 256])
{
    unwinder_begin_sample(fake->unwinder);
    struct stack stack = unwinder_read(fake->unwinder, &fake->thread, &fake->hint, NULL, false, 1000000);

    names[0] = '\0';
    for (size_t i = 0; i < stack.count; i++) {
        const struct code_object *code = code_cache_find(fake->cache, stack.frames[i].code);
        size_t length = strlen(names);
        snprintf(names + length, 256 - length, "%s%s", i > 0 ? " " : "",
                 call_tree_function(fake->tree, code->function)->name);
    }
    return stack.trust;
}

/* A program that passes itself off as CPython 3.14 and lies about what is in its memory.
 *
 * usage: lying_interpreter LIE
 *
 * It prints "ready" when the lie stands, and then waits, or keeps changing what it says. */
#include "debug_offsets.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    CHUNK_BYTES = 16 * 1024,
    FRAMES = 3,
    MANY = 50000,
    LONG_NAME = 100 * 1000,
    RUNTIME_BYTES = 8192,
    /* as debug_offsets_3_14 has them */
    RUNTIME_INTERPRETERS = 808,
    INTERPRETER_NEXT = 7272,
    INTERPRETER_THREADS = 7344,
    INTERPRETER_BYTES = 320 * 1024,
    THREAD_NEXT = 8,
    THREAD_INTERPRETER = 16,
    THREAD_FRAME = 72,
    THREAD_ID = 152,
    THREAD_NATIVE_ID = 160,
    THREAD_CHUNK = 232,
    THREAD_TOP = 240,
    FRAME_BYTES = 80,
    CODE_BYTES = 256,
    UNICODE_DATA = 40,
};

unsigned long Py_Version = 0x030e0af0;
__attribute__((section(".PyRuntime"), used, aligned(32))) unsigned char _PyRuntime[RUNTIME_BYTES];

const char *Py_GetVersion(void);
const char *Py_GetVersion(void)
{
    return "3.14.10";
}

static unsigned char *interpreter, *thread, *chunk, *code_type;

static unsigned char *keep(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        abort();
    return memory;
}

static void put(unsigned char *bytes, size_t offset, uint64_t value)
{
    memcpy(bytes + offset, &value, sizeof(value));
}

static void put_pointer(unsigned char *bytes, size_t offset, const void *pointer)
{
    put(bytes, offset, (uint64_t)(uintptr_t)pointer);
}

/* A str of one byte a character: ASCII, or Latin-1 where its bytes are more. */
static unsigned char *make_text(const char *text, size_t length, uint64_t claimed_length)
{
    unsigned char *object = keep(UNICODE_DATA + 16 + length);
    int is_ascii = 1;

    for (size_t i = 0; i < length; i++)
        is_ascii &= (unsigned char)text[i] < 128;
    put(object, 16, claimed_length);
    put(object, 32, is_ascii ? 0x64 : 0x24);
    memcpy(object + (is_ascii ? UNICODE_DATA : UNICODE_DATA + 16), text, length);
    return object;
}

static unsigned char *make_code(unsigned char *object, unsigned char *name, unsigned char *file)
{
    static unsigned char lines[64] = {[16] = 2, [32] = 0x80 | 7, [33] = 0};

    put_pointer(object, 8, code_type);
    put(object, 16, 16); /* code units */
    put(object, 68, 1);  /* co_firstlineno */
    put_pointer(object, 112, file);
    put_pointer(object, 120, name);
    put_pointer(object, 128, name);
    put_pointer(object, 136, lines);
    return object;
}

static void make_frame(unsigned char *frame, const unsigned char *code, const unsigned char *previous)
{
    put_pointer(frame, 0, code);
    put_pointer(frame, 8, previous);
    put_pointer(frame, 56, code + 208 + 4);
}

/* ---- the lies ---- */

static unsigned char *first_frame(void)
{
    return chunk + 24 + 8;
}

static unsigned char *code_of_first(void)
{
    unsigned char *code;

    memcpy(&code, first_frame(), sizeof(code));
    return code;
}

static void set_name(const char *text, size_t length, uint64_t claimed_length)
{
    unsigned char *name = make_text(text, length, claimed_length);

    put_pointer(code_of_first(), 112, name);
    put_pointer(code_of_first(), 128, name);
}

static void lie_nothing(void)
{
}

static void lie_escapes(void)
{
    static const char name[] = "\x1b[31mRED\x1b]0;OWNED\a\r\n\b\x9b"
                               "2J\x84\xff\x7f"
                               "end";

    set_name(name, sizeof(name) - 1, sizeof(name) - 1);
}

static void lie_bidi(void)
{
    static const uint16_t name[] = {'a',    0x202e, 'b',  0x2066, 0x200f, 0xd800,
                                    0xfeff, 0x2028, 0x9b, '2',    'J',    'z'};
    unsigned char *object = keep(4096);

    put(object, 16, sizeof(name) / 2);
    put(object, 32, 0x28); /* compact, two bytes a character */
    memcpy(object + UNICODE_DATA + 16, name, sizeof(name));
    put_pointer(code_of_first(), 128, object);
}

static void lie_long_name(void)
{
    char *name = malloc(LONG_NAME);

    memset(name, 'n', LONG_NAME);
    set_name(name, LONG_NAME, LONG_NAME);
}

static void lie_endless_name(void)
{
    set_name("name", 4, UINT64_C(1) << 40);
}

static void lie_negative_name(void)
{
    set_name("name", 4, UINT64_MAX);
}

static void lie_chunk_size(void)
{
    put(chunk, 8, UINT64_C(1) << 60);
    put(chunk, 16, UINT64_C(1) << 60);
}

static void lie_chunk_circle(void)
{
    put_pointer(chunk, 0, chunk);
    put_pointer(thread, THREAD_FRAME, (void *)0x4242424240);
}

static void lie_top(void)
{
    put(thread, THREAD_TOP, UINT64_MAX);
}

static void lie_frame_circle(void)
{
    put_pointer(first_frame(), 8, first_frame() + (FRAMES - 1) * FRAME_BYTES);
}

static void lie_thread_circle(void)
{
    put_pointer(thread, THREAD_NEXT, thread);
}

static void lie_many_threads(void)
{
    unsigned char *states = keep((size_t)MANY * 512);

    for (size_t i = 0; i < MANY; i++) {
        memcpy(states + i * 512, thread, 512);
        put_pointer(states + i * 512, THREAD_NEXT, states + (i + 1) % MANY * 512);
    }
    put_pointer(interpreter, INTERPRETER_THREADS, states);
}

static void lie_interpreter_circle(void)
{
    put_pointer(interpreter, INTERPRETER_NEXT, interpreter);
}

static void lie_line_table(void)
{
    unsigned char *lines = keep(2 << 20);

    put(lines, 16, 1 << 20);
    memset(lines + 32, 0x87, 1 << 20);
    put_pointer(code_of_first(), 136, lines);
    put(code_of_first(), 16, 8 << 20);
}

static void lie_line_table_length(void)
{
    unsigned char *lines = keep(4096);

    put(lines, 16, UINT64_C(1) << 40);
    put_pointer(code_of_first(), 136, lines);
}

static void lie_code(void)
{
    put_pointer(first_frame(), 0, interpreter);
}

/* As many functions as fit, each with a long name of its own. */
static void lie_many_codes(void)
{
    unsigned char *frames = keep((size_t)MANY * FRAME_BYTES);
    unsigned char *previous = NULL;
    static char text[4096];

    memset(text, 'f', sizeof(text));
    for (size_t i = 0; i < MANY; i++) {
        int length = snprintf(text, sizeof(text), "function_%zu_", i);
        text[length] = 'f';
        unsigned char *name = make_text(text, sizeof(text), sizeof(text));
        make_frame(frames + i * FRAME_BYTES, make_code(keep(CODE_BYTES), name, name), previous);
        previous = frames + i * FRAME_BYTES;
    }
    put_pointer(thread, THREAD_FRAME, previous);
}

/* Offsets that point anywhere. */
static void lie_offsets(void)
{
    for (size_t i = 3; i < sizeof(debug_offsets_3_14) / 8; i++)
        put(_PyRuntime, i * 8, i % 3 == 0 ? UINT64_C(1) << 60 : UINT64_MAX - i);
}

static void lie_large_offsets(void)
{
    put(_PyRuntime, 28 * 8, 4080); /* native_thread_id, so that the thread state seems to be large */
    put(thread, 4080, (uint64_t)syscall(SYS_gettid));
}

/* What stands in memory changes all the time. */
static void lie_chaos(void)
{
    unsigned char *const targets[] = {chunk, thread, code_of_first(), interpreter + INTERPRETER_NEXT,
                                      _PyRuntime + 800};
    uint64_t random = 88172645463325252U;
    unsigned char saved[5][256];

    for (size_t i = 0; i < 5; i++)
        memcpy(saved[i], targets[i], sizeof(saved[i]));
    puts("ready");
    fflush(stdout);
    for (;;) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t which = random % 5;
        if (random & 0x100)
            put(targets[which], (random >> 16) % 31 * 8,
                random & 0x200 ? random : (uint64_t)(uintptr_t)targets[random % 3]);
        else
            memcpy(targets[which], saved[which], sizeof(saved[which]));
    }
}

static const struct {
    const char *name;
    void (*tell)(void);
} lies[] = {
    {"nothing", lie_nothing},
    {"escapes", lie_escapes},
    {"bidi", lie_bidi},
    {"long-name", lie_long_name},
    {"endless-name", lie_endless_name},
    {"negative-name", lie_negative_name},
    {"chunk-size", lie_chunk_size},
    {"chunk-circle", lie_chunk_circle},
    {"top", lie_top},
    {"frame-circle", lie_frame_circle},
    {"thread-circle", lie_thread_circle},
    {"many-threads", lie_many_threads},
    {"interpreter-circle", lie_interpreter_circle},
    {"line-table", lie_line_table},
    {"line-table-length", lie_line_table_length},
    {"code", lie_code},
    {"many-codes", lie_many_codes},
    {"offsets", lie_offsets},
    {"large-offsets", lie_large_offsets},
    {"chaos", lie_chaos},
};

/* The truth that the lies start from: one thread, three frames of one function. */
static void make_truth(void)
{
    static const char name[] = "honest_function", file[] = "honest.py";

    memcpy(_PyRuntime, debug_offsets_3_14, sizeof(debug_offsets_3_14));
    interpreter = keep(INTERPRETER_BYTES);
    thread = keep(16384);
    chunk = keep(CHUNK_BYTES);
    code_type = keep(4096);
    put_pointer(code_type, 24, "code");
    put_pointer(_PyRuntime, RUNTIME_INTERPRETERS, interpreter);
    put_pointer(interpreter, INTERPRETER_THREADS, thread);
    put_pointer(thread, THREAD_INTERPRETER, interpreter);
    put(thread, THREAD_ID, (uint64_t)pthread_self());
    put(thread, THREAD_NATIVE_ID, (uint64_t)syscall(SYS_gettid));
    put(chunk, 8, CHUNK_BYTES);
    unsigned char *code = make_code(keep(CODE_BYTES), make_text(name, sizeof(name) - 1, sizeof(name) - 1),
                                    make_text(file, sizeof(file) - 1, sizeof(file) - 1));
    unsigned char *frame = first_frame();
    for (size_t i = 0; i < FRAMES; i++)
        make_frame(frame + i * FRAME_BYTES, code, i > 0 ? frame + (i - 1) * FRAME_BYTES : NULL);
    put_pointer(thread, THREAD_CHUNK, chunk);
    put_pointer(thread, THREAD_TOP, frame + FRAMES * FRAME_BYTES);
    put_pointer(thread, THREAD_FRAME, frame + (FRAMES - 1) * FRAME_BYTES);
}

int main(int argc, char **argv)
{
    make_truth();
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        if (argc != 2 || strcmp(argv[1], lies[i].name) != 0)
            continue;
        lies[i].tell();
        puts("ready");
        fflush(stdout);
        for (;;)
            pause();
    }
    fprintf(stderr, "usage: lying_interpreter LIE\n");
    return 2;
}

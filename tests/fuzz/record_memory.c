/* Make an input of the target "memory" from a real interpreter: what pyneck reads of it in a few samples.
 *
 * usage: record_memory PID FILE */
#include "chain.h"
#include "model/call_tree.h"
#include "python/locate.h"
#include "python/memory.h"
#include "simulated_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

enum {
    SAMPLES = 3,
    MAX_INPUT_BYTES = 1 << 20,
};

/* The input as far as it is written. What it says already is not written again. */
static struct {
    bool started;
    uint8_t bytes[MAX_INPUT_BYTES];
    size_t length;
    uint8_t moment;
    struct simulated_memory memory;
} input;

static void put_number(uint64_t number, size_t size)
{
    if (input.length + size > MAX_INPUT_BYTES) {
        fprintf(stderr, "record_memory: more than %d bytes\n", MAX_INPUT_BYTES);
        exit(1);
    }
    for (size_t i = 0; i < size; i++)
        input.bytes[input.length++] = (uint8_t)(number >> i * 8);
}

static bool is_written(uint64_t address, const uint8_t *bytes, size_t size)
{
    uint8_t *known = malloc(size);

    if (known == NULL || !simulated_memory_parse(&input.memory, input.bytes, input.length))
        abort();
    input.memory.moment = input.moment;
    bool written =
        simulated_memory_read(&input.memory, address, known, size) && memcmp(known, bytes, size) == 0;
    free(known);
    return written;
}

static void record(uint64_t address, const uint8_t *bytes, size_t size)
{
    while (input.started && size > 0) {
        size_t length = size < SIMULATED_MAX_LENGTH ? size : SIMULATED_MAX_LENGTH;
        if (!is_written(address, bytes, length)) {
            put_number(input.moment, 1);
            put_number(0, 1);
            put_number(length, 2);
            put_number(address, 8);
            for (size_t i = 0; i < length; i++)
                put_number(bytes[i], 1);
        }
        address += length;
        bytes += length;
        size -= length;
    }
}

size_t memory_read_pieces(pid_t pid, const struct memory_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!memory_read(pid, pieces[i].address, pieces[i].buffer, pieces[i].size))
            return i;
    }
    return count;
}

bool memory_read(pid_t pid, uint64_t address, void *buffer, size_t size)
{
    struct iovec local = {.iov_base = buffer, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};

    if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != (ssize_t)size)
        return false;
    record(address, buffer, size);
    return true;
}

bool memory_read_word(pid_t pid, uint64_t address, uint64_t *word)
{
    return memory_read(pid, address, word, sizeof(*word));
}

static void begin_sample(void *context, uint32_t sample)
{
    const struct timespec pause = {.tv_nsec = 3000000};

    (void)context;
    nanosleep(&pause, NULL);
    input.moment = (uint8_t)sample;
}

static void check_work(void *context, size_t most_reads, size_t most_bytes)
{
    (void)context;
    (void)most_reads;
    (void)most_bytes;
}

int main(int argc, char **argv)
{
    struct python_location location;
    struct error *error;

    if (argc != 3) {
        fprintf(stderr, "usage: record_memory PID FILE\n");
        return 2;
    }
    pid_t pid = atoi(argv[1]);
    struct python_locator *locator = python_locator_new();
    if (python_locate(locator, pid, &location, &error) != PYTHON_FOUND) {
        fprintf(stderr, "record_memory: %s\n", error != NULL ? error_message(error) : "no interpreter there");
        return 1;
    }
    if (location.version < 0x03070000) /* as in chain.c */
        location.runtime += location.layout.runtime.interpreters_head;
    put_number(location.version, 4);
    put_number(SAMPLES, 4);
    put_number(location.runtime, 8);
    input.started = true;
    struct chain chain = {
        .pid = pid,
        .runtime = location.runtime,
        .version = location.version,
        .samples = SAMPLES,
        .tree = call_tree_new(),
        .begin_sample = begin_sample,
        .check_work = check_work,
    };
    size_t frames = chain_run(&chain);
    call_tree_free(chain.tree);
    python_locator_free(locator);

    FILE *file = fopen(argv[2], "wb");
    if (file == NULL || fwrite(input.bytes, 1, input.length, file) != input.length || fclose(file) != 0) {
        perror(argv[2]);
        return 1;
    }
    printf("%zu frames, %zu bytes\n", frames, input.length);
    return 0;
}

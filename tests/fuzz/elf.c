/* Fuzz target: what looks for an interpreter in a file (src/python/elf_file.c), on a file of the input's
 * bytes. */
#include "fuzz_target.h"
#include "python/elf_file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    struct elf_interpreter interpreter;

    if (fd < 0)
        fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    elf_file_examine(&interpreter, fd, size);
    assert(interpreter.segment_count <= ELF_MAX_SEGMENTS);
    assert(interpreter.implementation == NULL || strlen(interpreter.implementation) > 0);
    return 0;
}

/* A fuzz target without libFuzzer: try every file of its corpus. It is in a library of its own, so that the
 * linker takes libFuzzer's main() where there is one.
 *
 * usage: TARGET [FILE...]
 *
 * Without arguments the files are those of $PYNECK_CORPUS/NAME for a program that is called NAME. The last
 * lines say what the tests of the other kinds say, for .ci/run to count. */
#include "fuzz_target.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct tally {
    size_t files;
    double slowest_seconds;
    char slowest[PATH_MAX];
};

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail(const char *what, const char *path)
{
    fprintf(stderr, "cannot %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

static void try_file(struct tally *tally, const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        fail("open", path);
    if (fseek(file, 0, SEEK_END) != 0)
        fail("read", path);
    long size = ftell(file);
    if (size < 0)
        fail("read", path);
    rewind(file);
    uint8_t *bytes = malloc((size_t)size + 1); /* an input may be empty */
    if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size)
        fail("read", path);
    fclose(file);

    uint8_t *exact = realloc(bytes, size > 0 ? (size_t)size : 1); /* so that a sanitizer sees its end */
    if (exact == NULL)
        fail("read", path);
    double begin = seconds_now();
    LLVMFuzzerTestOneInput(exact, (size_t)size);
    double seconds = seconds_now() - begin;
    free(exact);

    tally->files++;
    if (seconds >= tally->slowest_seconds) {
        tally->slowest_seconds = seconds;
        snprintf(tally->slowest, sizeof(tally->slowest), "%s", path);
    }
}

static void try_directory(struct tally *tally, const char *directory)
{
    DIR *stream = opendir(directory);
    char path[PATH_MAX];

    if (stream == NULL)
        fail("open", directory);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) < (int)sizeof(path))
            try_file(tally, path);
    }
    closedir(stream);
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    const char *corpus = getenv("PYNECK_CORPUS");
    struct tally tally = {0};

    for (int i = 1; i < argc; i++)
        try_file(&tally, argv[i]);
    if (argc == 1 && corpus != NULL) {
        char directory[PATH_MAX];
        snprintf(directory, sizeof(directory), "%s/%s", corpus, slash != NULL ? slash + 1 : argv[0]);
        try_directory(&tally, directory);
    }
    if (tally.files == 0) {
        fprintf(stderr, "no inputs: name files, or set PYNECK_CORPUS\n");
        return 1;
    }
    printf("%zu inputs, the slowest %s in %.1f ms\n", tally.files, tally.slowest,
           tally.slowest_seconds * 1e3);
    printf("[  PASSED  ] 1 test(s).\n");
    return 0;
}

/* Reads a recording to its end, for the whole-program tests of recordings that are damaged or made to do harm.
 *
 * usage: read_recording FILE
 *
 * Prints how many ticks could be read, the samples in them, in their runs, and in their sum; exit status 1 when the file cannot be
 * opened or a tick cannot be read, with the error on standard error. */
#include "record/reader.h"

#include <stdio.h>
#include <stdlib.h>

static int complain(struct error *error)
{
    fprintf(stderr, "read_recording: %s\n", error_message(error));
    error_free(error);
    return 1;
}

static uint64_t samples_of(const struct tick *tick)
{
    uint64_t samples = 0;

    for (size_t i = 0; i < tick->process_count; i++) {
        const struct profile *profile = tick->processes[i].profile;
        for (size_t j = 0; profile != NULL && j < profile->counter_count; j++)
            samples += profile->counters[j].samples;
    }
    return samples;
}

static uint64_t samples_in_runs(const struct tick *tick)
{
    uint64_t samples = 0;

    for (size_t i = 0; i < tick->process_count; i++) {
        const struct profile *profile = tick->processes[i].profile;
        for (size_t j = 0; profile != NULL && j < profile->run_count; j++)
            samples += profile->runs[j].samples;
    }
    return samples;
}

static int read_ticks(struct reader *reader)
{
    struct tick_span span = reader_ticks(reader);
    unsigned long long ticks = 0, samples = 0, in_runs = 0;
    uint64_t next;
    struct tick *tick;
    struct error *error = NULL;
    int status = 0;

    for (uint64_t sequence = span.first; sequence < span.end && ticks + (unsigned)status < 10000;
         sequence++) {
        error = reader_read_tick(reader, sequence, &tick);
        if (error != NULL)
            status = complain(error);
        else if (tick == NULL && (error = reader_find_next(reader, sequence + 1, &next)) == NULL)
            sequence = next - 1;
        ticks += tick != NULL;
        samples += tick != NULL ? samples_of(tick) : 0;
        in_runs += tick != NULL ? samples_in_runs(tick) : 0;
        tick_free(tick);
    }
    error = reader_sum(reader, span, 0, &tick);
    if (error != NULL)
        return complain(error);
    printf("%llu ticks, %llu samples, %llu in runs, %llu in sum\n", ticks, samples, in_runs,
           (unsigned long long)samples_of(tick));
    tick_free(tick);
    return status;
}

int main(int argc, char **argv)
{
    struct reader *reader;

    if (argc != 2)
        return 2;
    struct error *error = reader_open(&reader, argv[1]);
    if (error != NULL)
        return complain(error);
    int status = read_ticks(reader);
    reader_close(reader);
    return status;
}

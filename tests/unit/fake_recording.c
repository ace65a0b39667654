/* Makes a recording of the fake source: a tick a second from 2026-01-31 14:30:00 UTC on. Process 4242 grows by 200 MiB in
 * tick 30, and works from tick 40 to tick 49; else it does little.
 *
 * usage: fake_recording FILE TICKS
 *
 * Then each line of standard input brings one more tick, which is there when a line was printed; its end ends the
 * recording. */
#include "base/clock.h"
#include "fake_source.h"
#include "record/writer.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BUSY_PID = 4242,
    JUMP_TICK = 30,
    BUSY_FROM = 40,
    BUSY_TO = 49,
    LINE_SIZE = 16,
};

#define BEGIN_SECONDS INT64_C(1769869800)
#define MEBIBYTE      (INT64_C(1) << 20)

static void place_in_time(struct tick *tick, uint64_t number)
{
    struct process *process = (struct process *)tick_find_process(tick, BUSY_PID);
    bool busy = number >= BUSY_FROM && number <= BUSY_TO;

    tick->time_ns = (BEGIN_SECONDS + (int64_t)number) * (int64_t)NS_PER_SECOND;
    tick->monotonic_ns = (1000 + number) * NS_PER_SECOND;
    tick->interval_ns = NS_PER_SECOND;
    process->cpu_percent = busy ? 99.7 : 20.5;
    process->resident_bytes = (number < JUMP_TICK ? 100 : 300) * MEBIBYTE;
}

static struct error *append(struct writer *writer, struct source *source, uint64_t number)
{
    struct tick *tick;
    struct error *error = source_read_tick(source, &tick);

    if (error != NULL)
        return error;
    place_in_time(tick, number);
    error = writer_append(writer, tick, source_call_tree(source));
    tick_free(tick);
    return error;
}

static struct error *record(struct writer *writer, struct source *source, uint64_t ticks)
{
    char line[LINE_SIZE];
    struct error *error = NULL;
    uint64_t number = 0;

    while (error == NULL && number < ticks)
        error = append(writer, source, number++);
    while (error == NULL && fgets(line, sizeof(line), stdin) != NULL) {
        error = append(writer, source, number++);
        puts("written");
        fflush(stdout);
    }
    struct error *close_error = writer_close(writer, NULL);
    if (error == NULL)
        return close_error;
    error_free(close_error);
    return error;
}

int main(int argc, char **argv)
{
    const struct fake_source_options fake = {.cpu_count = 2, .repeats = true};
    struct writer *writer;

    if (argc != 3)
        return 2;
    const struct writer_options options = {
        .path = argv[1], .version = "1", .rate_hz = 100, .interval_ns = NS_PER_SECOND};
    struct source *source = fake_source_open(&fake);
    struct error *error = writer_open(&writer, &options);
    if (error == NULL)
        error = record(writer, source, strtoull(argv[2], NULL, 10));
    source_close(source);
    if (error == NULL)
        return 0;
    fprintf(stderr, "fake_recording: %s\n", error_message(error));
    error_free(error);
    return 1;
}

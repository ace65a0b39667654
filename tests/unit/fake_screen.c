/* The real screen on the fake source, for tests in a terminal. Prints how the screen ended. */
#include "base/clock.h"
#include "base/memory.h"
#include "fake_source.h"
#include "source/backlog.h"
#include "ui/screen.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const struct option long_options[] = {
    {"ascii", no_argument, NULL, 'A'},
    {"no-color", no_argument, NULL, 'C'},
    {"wall", no_argument, NULL, 'w'},
    {"all", no_argument, NULL, 'a'},
    {"cpus", required_argument, NULL, 'c'},
    {"real-pid", required_argument, NULL, 'p'},
    {"end-after", required_argument, NULL, 'e'},
    {"fail", no_argument, NULL, 'f'},
    {"many", required_argument, NULL, 'm'},
    {"notice", no_argument, NULL, 'n'},
    {"output", required_argument, NULL, 'o'},
    {"history", no_argument, NULL, 'H'},
    {"count", required_argument, NULL, 'N'},
    {"time-ms", required_argument, NULL, 't'},
    {NULL, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    struct fake_source_options fake = {.cpu_count = 2};
    struct screen_options options = {.delay_ns = NS_PER_SECOND};
    const struct backlog_limits limits = {.span_ns = UINT64_MAX / 2, .bytes = SIZE_MAX};
    bool history = false;
    struct screen_end end;

    for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        switch (option) {
        case 'A':
            options.ascii = true;
            break;
        case 'C':
            options.no_color = true;
            break;
        case 'w':
            options.mode = RANKING_WALL;
            break;
        case 'a':
            options.all_processes = true;
            break;
        case 'c':
            fake.cpu_count = strtoul(optarg, NULL, 10);
            break;
        case 'p':
            fake.real_pid = (pid_t)strtol(optarg, NULL, 10);
            break;
        case 'e':
            fake.end_after = strtoul(optarg, NULL, 10);
            break;
        case 'f':
            fake.fail_at_end = true;
            break;
        case 'm':
            fake.many_processes = strtoul(optarg, NULL, 10);
            break;
        case 'n':
            fake.notice = true;
            break;
        case 'o':
            options.command_output = optarg;
            break;
        case 'H':
            history = true;
            break;
        case 'N':
            options.count = strtoul(optarg, NULL, 10);
            break;
        case 't':
            options.time_ns = strtoul(optarg, NULL, 10) * NS_PER_MILLISECOND;
            break;
        default:
            return 2;
        }
    }
    struct source *source = fake_source_open(&fake);
    if (history)
        backlog_open(&source, source, &limits);
    struct error *error = screen_run(source, &options, &end);
    source_close(source);
    if (error != NULL) {
        fprintf(stderr, "fake_screen: %s\n", error_message(error));
        error_free(error);
        return 1;
    }
    printf("ended by signal %d\n", end.signal);
    fflush(stdout);
    return end.signal != 0 ? 128 + end.signal : 0;
}

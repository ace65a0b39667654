#include "cmd/signals.h"

#include "base/clock.h"

#include <errno.h>

static const int awaited_signals[] = {SIGINT, SIGTERM, SIGHUP};
static const int ignored_signals[SIGNALS_IGNORED_MAX] = {SIGPIPE, SIGINT, SIGQUIT};

static bool is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void signals_take(struct signals *signals, bool with_command)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    for (size_t i = 0; i < SIGNALS_IGNORED_MAX; i++) {
        bool take = with_command || ignored_signals[i] == SIGPIPE;
        sigaction(ignored_signals[i], take ? &ignore : NULL, &signals->inherited[i]);
    }
    sigemptyset(&signals->awaited);
    sigaddset(&signals->awaited, SIGCHLD);
    for (size_t i = 0; i < sizeof(awaited_signals) / sizeof(awaited_signals[0]); i++) {
        if (!is_ignored(awaited_signals[i]))
            sigaddset(&signals->awaited, awaited_signals[i]);
    }
    sigprocmask(SIG_BLOCK, &signals->awaited, &signals->inherited_mask);
}

void signals_restore(const struct signals *signals)
{
    for (size_t i = 0; i < SIGNALS_IGNORED_MAX; i++)
        sigaction(ignored_signals[i], &signals->inherited[i], NULL);
    sigprocmask(SIG_SETMASK, &signals->inherited_mask, NULL);
}

int signals_wait(const struct signals *signals, uint64_t until_ns, siginfo_t *info)
{
    for (;;) {
        uint64_t now_ns = clock_monotonic_ns();
        uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
        struct timespec left = {
            .tv_sec = (time_t)(left_ns / NS_PER_SECOND),
            .tv_nsec = (long)(left_ns % NS_PER_SECOND),
        };
        int number = sigtimedwait(&signals->awaited, info, until_ns == UINT64_MAX ? NULL : &left);
        if (number > 0)
            return number;
        if (errno != EINTR)
            return 0;
    }
}

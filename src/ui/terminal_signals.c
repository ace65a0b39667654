#include "ui/terminal_signals.h"

#include <errno.h>
#include <ncurses.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

enum signal_role {
    SIGNAL_ENDS,
    SIGNAL_STOPS,
    SIGNAL_CONTINUES,
    SIGNAL_RESIZES,
    SIGNAL_CRASHES,
};

static const struct {
    int number;
    enum signal_role role;
} caught[] = {
    {SIGINT, SIGNAL_ENDS},      {SIGTERM, SIGNAL_ENDS},    {SIGHUP, SIGNAL_ENDS},
    {SIGQUIT, SIGNAL_ENDS},     {SIGTSTP, SIGNAL_STOPS},   {SIGCONT, SIGNAL_CONTINUES},
    {SIGWINCH, SIGNAL_RESIZES}, {SIGSEGV, SIGNAL_CRASHES}, {SIGBUS, SIGNAL_CRASHES},
    {SIGABRT, SIGNAL_CRASHES},  {SIGILL, SIGNAL_CRASHES},  {SIGFPE, SIGNAL_CRASHES},
};

enum {
    CAUGHT = sizeof(caught) / sizeof(caught[0]),
    RESTORE_SIZE = 512,
    CRASH_STACK_SIZE = 64 * 1024,
};

/* The signal flag: what has come, for the loop to look at; and what handlers need to restore the terminal. */
static struct {
    volatile sig_atomic_t end;
    volatile sig_atomic_t stop;
    volatile sig_atomic_t go_on;
    struct sigaction before[CAUGHT];
    int event_fd;
    struct termios modes;
    bool modes_known;
    char restore[RESTORE_SIZE]; /* what brings the terminal back, as bytes */
    size_t restore_length;
    char crash_stack[CRASH_STACK_SIZE]; /* a stack overflow is a crash too */
} signals = {.event_fd = -1};

void terminal_signals_save(void)
{
    signals.modes_known = tcgetattr(STDIN_FILENO, &signals.modes) == 0;
}

static int append_restore(int byte)
{
    if (signals.restore_length < RESTORE_SIZE)
        signals.restore[signals.restore_length++] = (char)byte;
    return byte;
}

/* Work out now what a handler may only write. */
static void prepare_restore(void)
{
    static const char mouse_off[] = "\033[?1006l\033[?1002l\033[?1000l";
    const char *const sequences[] = {mouse_off, keypad_local,  exit_attribute_mode,
                                     orig_pair, cursor_normal, exit_ca_mode};

    signals.restore_length = 0;
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
        if (sequences[i] != NULL && (i > 0 || key_mouse != NULL))
            tputs(sequences[i], 1, append_restore);
}

void terminal_signals_restore_screen(void)
{
    ssize_t written = write(STDOUT_FILENO, signals.restore, signals.restore_length);

    (void)written;
    if (signals.modes_known)
        tcsetattr(STDIN_FILENO, TCSANOW, &signals.modes);
}

static void wake_loop(void)
{
    int saved_errno = errno;
    uint64_t one = 1;
    ssize_t written = write(signals.event_fd, &one, sizeof(one));

    (void)written;
    errno = saved_errno;
}

/* Restore the terminal, then let the signal do what it would have done without us. */
static void on_crash(int number)
{
    terminal_signals_restore_screen();
    for (size_t i = 0; i < CAUGHT; i++)
        if (caught[i].number == number)
            sigaction(number, &signals.before[i], NULL);
    raise(number);
}

static void on_signal(int number)
{
    for (size_t i = 0; i < CAUGHT; i++) {
        if (caught[i].number != number)
            continue;
        if (caught[i].role == SIGNAL_ENDS)
            signals.end = number;
        else if (caught[i].role == SIGNAL_STOPS)
            signals.stop = 1;
        else if (caught[i].role == SIGNAL_CONTINUES)
            signals.go_on = 1;
    }
    wake_loop();
}

void terminal_signals_install(void)
{
    stack_t stack = {.ss_sp = signals.crash_stack, .ss_size = CRASH_STACK_SIZE};

    prepare_restore();
    signals.end = signals.stop = signals.go_on = 0;
    signals.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < CAUGHT; i++) {
        bool crash = caught[i].role == SIGNAL_CRASHES;
        struct sigaction action = {.sa_handler = crash ? on_crash : on_signal,
                                   .sa_flags = crash ? SA_ONSTACK : SA_RESTART};
        sigemptyset(&action.sa_mask);
        sigaction(caught[i].number, &action, &signals.before[i]);
    }
}

void terminal_signals_uninstall(void)
{
    if (signals.event_fd < 0)
        return;
    for (size_t i = 0; i < CAUGHT; i++)
        sigaction(caught[i].number, &signals.before[i], NULL);
    stack_t off = {.ss_flags = SS_DISABLE};
    sigaltstack(&off, NULL);
    close(signals.event_fd);
    signals.event_fd = -1;
}

int terminal_signals_fd(void)
{
    return signals.event_fd;
}

void terminal_signals_drain(void)
{
    uint64_t count;
    ssize_t length = read(signals.event_fd, &count, sizeof(count));

    (void)length;
}

int terminal_signals_end(void)
{
    return signals.end;
}

bool terminal_signals_take_stop(void)
{
    bool asked = signals.stop != 0;

    signals.stop = 0;
    return asked;
}

bool terminal_signals_take_continue(void)
{
    bool continued = signals.go_on != 0;

    signals.go_on = 0;
    return continued;
}

static void mask_stop(int how)
{
    sigset_t only_stop;

    sigemptyset(&only_stop);
    sigaddset(&only_stop, SIGTSTP);
    pthread_sigmask(how, &only_stop, NULL);
}

void terminal_signals_hold_stop(void)
{
    mask_stop(SIG_BLOCK);
}

void terminal_signals_release_stop(void)
{
    mask_stop(SIG_UNBLOCK);
}

void terminal_signals_stop(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    struct sigaction before;

    sigemptyset(&action.sa_mask);
    sigaction(SIGTSTP, &action, &before);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    signals.go_on = 1;
}

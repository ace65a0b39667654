/* The signals that the screen lives with: those that end it, those that stop and continue it, and crashes,
 * which must leave a usable terminal behind. Only the terminal uses this. */
#ifndef PYNECK_UI_TERMINAL_SIGNALS_H
#define PYNECK_UI_TERMINAL_SIGNALS_H

#include <stdbool.h>

/* Remember the terminal's modes, before ncurses changes them. */
void terminal_signals_save(void);

/* Catch the signals, after ncurses has started; put back what was there before. */
void terminal_signals_install(void);
void terminal_signals_uninstall(void);

/* Put the terminal back with nothing but async-signal-safe calls. */
void terminal_signals_restore_screen(void);

/* Becomes readable when a signal has come; drain it before looking at the flags. */
int terminal_signals_fd(void);
void terminal_signals_drain(void);

/* The signal that asks the program to end, or 0. */
int terminal_signals_end(void);

/* Whether ^Z was pressed, whether the program was continued, since the last call. */
bool terminal_signals_take_stop(void);
bool terminal_signals_take_continue(void);

/* Keep ^Z waiting while ncurses writes, and let it come again: ncurses ignores SIGTSTP in that time, and only
 * a blocked signal is not lost then (ncurses 6.4, doupdate). */
void terminal_signals_hold_stop(void);
void terminal_signals_release_stop(void);

/* Stop the process as SIGTSTP does by default; returns when it is continued. */
void terminal_signals_stop(void);

#endif

/* The terminal: the one thing besides the signal flag that is global, because signal handlers and the end of
 * memory must be able to put it back. No other file of the screen knows ncurses. */
#ifndef PYNECK_UI_TERMINAL_H
#define PYNECK_UI_TERMINAL_H

#include "base/error.h"
#include "ui/canvas.h"
#include "ui/event.h"

#include <stdbool.h>
#include <stdint.h>

/* Take the terminal over: full screen, keys at once, mouse reports. From here on it is given back before the
 * process ends, whether by terminal_close(), by a crash, or for want of memory.
 *
 * ascii    draw with ASCII only; it is so in any case where the locale has no UTF-8
 * returns  an error when standard input or output is no terminal, or none that can be drawn on */
struct error *terminal_open(bool no_color, bool ascii);

/* Give it back. Nothing happens when it is not open. */
void terminal_close(void);

/* Whether only ASCII can be shown. */
bool terminal_is_ascii(void);

/* Its size now; `changed` tells whether it is another than at the last call. */
bool terminal_update_size(int *rows, int *columns);

/* Show the canvas, and the cursor at a place of it (row -1: no cursor). */
void terminal_show(const struct canvas *canvas, int cursor_row, int cursor_column);

/* Show everything anew at the next terminal_show(), whatever the terminal shows now. */
void terminal_forget(void);

/* The next thing the user did, or EVENT_NONE when there is nothing more. */
struct event terminal_read_event(void);

/* Wait until there is something to read, a signal has come, or the monotonic clock shows `until_ns`.
 *
 * returns  false when the terminal is gone */
bool terminal_wait(uint64_t until_ns);

/* The signal that asks the program to end, or 0. */
int terminal_end_signal(void);

/* Stop the program as ^Z asks, if it was asked, and take the terminal over again when it goes on.
 *
 * returns  whether the screen has to be shown again */
bool terminal_obey_stop(void);

#endif

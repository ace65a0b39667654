#include "ui/terminal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "ui/palette.h"
#include "ui/terminal_signals.h"

#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

static struct {
    SCREEN *screen;
    struct palette palette;
    struct cell *shown; /* what ncurses holds, to find what differs */
    cchar_t *row;       /* room for one row on its way to ncurses */
    int rows;
    int columns;
    mbstate_t decoding; /* of a character whose bytes have not all come yet */
    bool ascii;
} terminal;

static void forget_shown(void)
{
    free(terminal.shown);
    terminal.shown = NULL;
}

void terminal_forget(void)
{
    forget_shown();
    clearok(curscr, TRUE);
}

static struct error *start_ncurses(void)
{
    const char *name = getenv("TERM");

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_new("cannot show the screen: standard input and output are not a terminal; "
                         "\"pyneck snapshot\" prints the same without one");
    if (name == NULL || *name == '\0')
        return error_new("cannot show the screen: the environment variable TERM is not set");
    terminal.screen = newterm(NULL, stdout, stdin);
    if (terminal.screen == NULL)
        return error_new("cannot show the screen: the terminal type \"%s\" (TERM) is not known here; "
                         "try TERM=xterm or \"pyneck snapshot\"",
                         name);
    set_term(terminal.screen);
    if (tigetstr("cup") == NULL) {
        terminal_close();
        return error_new("cannot show the screen: the terminal type \"%s\" (TERM) cannot move the cursor; "
                         "use \"pyneck snapshot\"",
                         name);
    }
    return NULL;
}

struct error *terminal_open(bool no_color, bool ascii)
{
    setlocale(LC_CTYPE, "");
    terminal_signals_save();
    struct error *error = start_ncurses();
    if (error != NULL)
        return error;
    terminal.ascii = ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    terminal_signals_install();
    memory_set_cleanup(terminal_signals_restore_screen);
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(25);
    leaveok(stdscr, FALSE);
    curs_set(0);
    mouseinterval(0);
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    palette_init(&terminal.palette, no_color);
    return NULL;
}

void terminal_close(void)
{
    if (terminal.screen == NULL)
        return;
    forget_shown();
    free(terminal.row);
    terminal.row = NULL;
    endwin();
    delscreen(terminal.screen);
    terminal.screen = NULL;
    memory_set_cleanup(NULL);
    terminal_signals_uninstall();
}

bool terminal_is_ascii(void)
{
    return terminal.ascii;
}

bool terminal_update_size(int *rows, int *columns)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        if (is_term_resized(size.ws_row, size.ws_col)) {
            resizeterm(size.ws_row, size.ws_col);
            terminal_forget();
        }
    }
    bool changed = terminal.rows != LINES || terminal.columns != COLS;
    terminal.rows = *rows = LINES;
    terminal.columns = *columns = COLS;
    return changed;
}

/* Bring one row over to ncurses. */
static void show_row(const struct cell *cells, int row, int columns)
{
    int count = 0;

    for (int column = 0; column < columns; column++) {
        const struct cell *cell = &cells[column];
        if (cell->columns == 0)
            continue;
        wchar_t text[CELL_COMBINING + 2] = {(wchar_t)cell->character, (wchar_t)cell->combining[0],
                                            (wchar_t)cell->combining[1], L'\0'};
        setcchar(&terminal.row[count++], text, terminal.palette.attributes[cell->style],
                 terminal.palette.pairs[cell->style], NULL);
    }
    mvadd_wchnstr(row, 0, terminal.row, count);
}

/* Let ncurses write what differs. */
static void write_screen(void)
{
    terminal_signals_hold_stop();
    refresh();
    terminal_signals_release_stop();
}

void terminal_show(const struct canvas *canvas, int cursor_row, int cursor_column)
{
    size_t row_size = (size_t)canvas->columns * sizeof(*canvas->cells);
    bool all = terminal.shown == NULL;

    if (all) {
        terminal.shown = memory_allocate((size_t)canvas->rows, row_size);
        free(terminal.row);
        terminal.row = memory_allocate((size_t)canvas->columns, sizeof(*terminal.row));
    }
    for (int row = 0; row < canvas->rows; row++) {
        const struct cell *cells = &canvas->cells[row * canvas->columns];
        struct cell *shown = &terminal.shown[row * canvas->columns];
        if (!all && memcmp(shown, cells, row_size) == 0)
            continue;
        show_row(cells, row, canvas->columns);
        memcpy(shown, cells, row_size);
    }
    curs_set(cursor_row >= 0);
    if (cursor_row >= 0)
        move(cursor_row, cursor_column);
    write_screen();
}

static const struct {
    int code;
    unsigned int key;
} special_keys[] = {
    {KEY_UP, KEY_CURSOR_UP},       {KEY_DOWN, KEY_CURSOR_DOWN}, {KEY_LEFT, KEY_CURSOR_LEFT},
    {KEY_RIGHT, KEY_CURSOR_RIGHT}, {KEY_PPAGE, KEY_PAGE_UP},    {KEY_NPAGE, KEY_PAGE_DOWN},
    {KEY_HOME, KEY_FIRST},         {KEY_END, KEY_LAST},         {KEY_BTAB, KEY_BACK_TABULATOR},
    {KEY_ENTER, KEY_RETURN},       {KEY_BACKSPACE, KEY_RUBOUT}, {KEY_DC, KEY_RUBOUT},
};

static unsigned int translate_special(int code)
{
    for (size_t i = 0; i < sizeof(special_keys) / sizeof(special_keys[0]); i++)
        if (special_keys[i].code == code)
            return special_keys[i].key;
    if (code >= KEY_F(1) && code <= KEY_F(12))
        return KEY_FUNCTION + (unsigned int)(code - KEY_F(0));
    return KEY_NONE;
}

/* One byte of a character: the character when it is complete, else KEY_NONE. getch() with our own decoding,
 * because get_wch() swallows all that follows an invalid byte in the same read. */
static unsigned int translate_byte(int byte)
{
    char bytes[1] = {(char)byte};
    wchar_t character = 0;
    size_t result = mbrtowc(&character, bytes, 1, &terminal.decoding);

    if (result == (size_t)-1)
        terminal.decoding = (mbstate_t){0};
    if (result == (size_t)-1 || result == (size_t)-2)
        return KEY_NONE;
    switch (character) {
    case L'\n':
        return KEY_RETURN;
    case L'\b':
        return KEY_RUBOUT;
    default:
        return (unsigned int)character;
    }
}

static struct event translate_mouse(void)
{
    struct event event = {.kind = EVENT_NONE};
    MEVENT mouse;

    if (getmouse(&mouse) != OK)
        return event;
    event.row = mouse.y;
    event.column = mouse.x;
    if (mouse.bstate & BUTTON4_PRESSED)
        event.kind = EVENT_WHEEL_UP;
    else if (mouse.bstate & BUTTON5_PRESSED)
        event.kind = EVENT_WHEEL_DOWN;
    else if (mouse.bstate & BUTTON1_PRESSED)
        event.kind = EVENT_CLICK;
    return event;
}

struct event terminal_read_event(void)
{
    int code;

    while ((code = getch()) != ERR) {
        struct event event = {.kind = EVENT_KEY};
        if (code == KEY_MOUSE)
            event = translate_mouse();
        else
            event.key = code > UCHAR_MAX ? translate_special(code) : translate_byte(code);
        if (event.kind != EVENT_NONE && (event.kind != EVENT_KEY || event.key != KEY_NONE))
            return event;
    }
    return (struct event){.kind = EVENT_NONE};
}

bool terminal_wait(uint64_t until_ns)
{
    struct pollfd files[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = terminal_signals_fd(), .events = POLLIN},
    };
    uint64_t now_ns = clock_monotonic_ns();
    uint64_t wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    struct timespec timeout = {.tv_sec = (time_t)(wait_ns / NS_PER_SECOND),
                               .tv_nsec = (long)(wait_ns % NS_PER_SECOND)};

    if (ppoll(files, 2, &timeout, NULL) < 0)
        return errno == EINTR;
    if (files[1].revents & POLLIN)
        terminal_signals_drain();
    return (files[0].revents & (POLLHUP | POLLERR | POLLNVAL)) == 0;
}

int terminal_end_signal(void)
{
    return terminal_signals_end();
}

bool terminal_obey_stop(void)
{
    if (terminal_signals_take_stop()) {
        endwin();
        terminal_signals_stop();
    }
    if (!terminal_signals_take_continue())
        return false;
    if (!isendwin()) /* stopped from outside: the shell has changed the modes behind our back */
        endwin();
    terminal_forget();
    write_screen();
    return true;
}

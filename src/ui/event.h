/* What the user does, free of the terminal library's own numbers. */
#ifndef PYNECK_UI_EVENT_H
#define PYNECK_UI_EVENT_H

/* Keys that are no characters; a character is its code point. */
enum key {
    KEY_NONE = 0,
    KEY_TABULATOR = '\t',
    KEY_RETURN = '\r',
    KEY_ESCAPE = 0x1b,
    KEY_RUBOUT = 0x7f,
    KEY_SPECIAL = 0x110000, /* behind Unicode */
    KEY_CURSOR_UP,
    KEY_CURSOR_DOWN,
    KEY_CURSOR_LEFT,
    KEY_CURSOR_RIGHT,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_FIRST,
    KEY_LAST,
    KEY_BACK_TABULATOR,
    KEY_FUNCTION, /* KEY_FUNCTION + 1 is F1, ... + 12 is F12 */
};

enum event_kind {
    EVENT_NONE,
    EVENT_KEY,
    EVENT_CLICK,
    EVENT_WHEEL_UP,
    EVENT_WHEEL_DOWN,
};

struct event {
    enum event_kind kind;
    unsigned int key; /* EVENT_KEY */
    int row;          /* of the mouse, on the screen */
    int column;
};

#endif

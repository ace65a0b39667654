/* How something looks, by name. What colours and attributes a name stands for is decided in one place, by
 * what the terminal can do (palette.h); every difference that matters is told by text or attributes too. */
#ifndef PYNECK_UI_STYLE_H
#define PYNECK_UI_STYLE_H

enum style {
    STYLE_TEXT,
    STYLE_DIM,    /* zeros, unknown values, directories: there, but not in the way */
    STYLE_STRONG, /* what the eye should find */
    STYLE_LABEL,
    STYLE_GOOD,
    STYLE_WARNING,
    STYLE_HOT,
    STYLE_FRAME, /* lines between and around panes */
    STYLE_TITLE,
    STYLE_TITLE_FOCUSED,
    STYLE_HEAD, /* column titles */
    STYLE_HEAD_FOCUSED,
    STYLE_HEAD_SORT, /* the title of the column that sorts */
    STYLE_SELECTED,
    STYLE_SELECTED_UNFOCUSED,
    STYLE_KEY,       /* the bar at the bottom: the key */
    STYLE_KEY_LABEL, /* what it does */
    STYLE_PROMPT,
    STYLE_DIALOG,
    STYLE_DIALOG_SELECTED,
    STYLE_BAR_USER,
    STYLE_BAR_NICE,
    STYLE_BAR_SYSTEM,
    STYLE_BAR_IOWAIT,
    STYLE_BAR_IRQ,
    STYLE_BAR_STEAL,
    STYLE_BAR_USED,
    STYLE_BAR_CACHE,
    STYLE_STATE_RUNNING, /* bars of thread states: running Python code, */
    STYLE_STATE_NATIVE,  /* native code, */
    STYLE_STATE_GC,      /* the collector, */
    STYLE_STATE_WANTING, /* kept from running by others, */
    STYLE_STATE_IO,      /* waiting for data, */
    STYLE_STATE_IDLE,    /* waiting for something else */
    STYLE_BAR_SHARE,     /* the small bar beside a function's share */
    STYLES,
};

#endif

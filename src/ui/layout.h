/* Where the panes are on the screen. */
#ifndef PYNECK_UI_LAYOUT_H
#define PYNECK_UI_LAYOUT_H

#include "ui/pane.h"

struct layout {
    struct region header;
    struct region panes[PANES]; /* no rows: not shown */
    struct region timeline;     /* no rows: not shown */
    struct region bar;          /* keys, messages and prompts; no rows on the smallest screens */
};

struct layout_wishes {
    int header_rows;
    int timeline_rows; /* above the bar */
    int process_rows;  /* rows that the process table could fill */
    enum pane_id focus;
    enum pane_id lower; /* which of files, threads and memory has the place when there is room for one only */
    bool zoomed;
};

/* Share out a screen. The focused pane is always shown, the others while there is room. */
struct layout layout_make(const struct region *screen, const struct layout_wishes *wishes);

#endif

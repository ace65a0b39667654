/* Dialogs: what lies on top of the panes and takes the keys until it is closed. One at a time. */
#ifndef PYNECK_UI_DIALOG_H
#define PYNECK_UI_DIALOG_H

#include "ui/canvas.h"
#include "ui/event.h"
#include "ui/process_control.h"
#include "ui/table.h"

#include <stdbool.h>
#include <stddef.h>

struct state;

struct dialog_class {
    const char *name;
    /* Draw on the whole screen (or the bar at its bottom); may set a place for the cursor. */
    void (*draw)(struct state *state, const struct region *screen);
    /* Take a key or a click; closes the dialog when it is done. */
    void (*handle)(struct state *state, const struct event *event);
    /* Give back what it holds; NULL: nothing. */
    void (*close)(struct state *state);
};

/* A list to choose from. */
struct list_item {
    char text[64];
    long value;
};

struct list_dialog {
    char title[64];
    const char *hint;
    struct list_item *items;
    size_t count;
    size_t capacity;
    size_t selected;
    size_t top;
    struct region place; /* of the items, at the last draw */
    void (*choose)(struct state *state, const struct list_item *item);
};

/* A line to type into: for searching and filtering. */
struct prompt_dialog {
    const char *label;
    const char *hint; /* of what may be typed; NULL: of the keys */
    char text[TABLE_FILTER_SIZE];
    bool found;                                   /* false: nothing matches what is typed */
    void (*changed)(struct state *state);         /* the text is another; NULL: nothing */
    void (*next)(struct state *state);            /* the same key again; NULL: nothing */
    void (*done)(struct state *state, bool keep); /* Enter (keep) or Escape; NULL: nothing */
};

struct confirm_dialog {
    char question[256];
    void (*confirmed)(struct state *state);
};

struct dialog_state {
    const struct dialog_class *class; /* NULL: none is open */
    int cursor_row;                   /* -1: no cursor */
    int cursor_column;
    struct list_dialog list;
    struct prompt_dialog prompt;
    struct confirm_dialog confirm;
    int help_top;                 /* first line of help that is shown */
    struct process_target target; /* whom a signal goes to */
    int signal;
};

/* Open a dialog, closing the one before. */
void dialog_open(struct state *state, const struct dialog_class *class);
void dialog_close(struct state *state);

/* A frame of the wanted size in the middle of the screen, blank inside; returns the region inside. */
struct region dialog_box(const struct region *screen, int rows, int columns, const char *title);

/* Open a list: begin, add items, open. */
void list_begin(struct state *state, const char *hint, const char *title_format, ...)
    __attribute__((format(printf, 3, 4)));
void list_add(struct state *state, long value, bool selected, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void list_open(struct state *state, void (*choose)(struct state *state, const struct list_item *item));

/* Ask before something happens. */
void confirm_open(struct state *state, void (*confirmed)(struct state *state), const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ask for a line. */
void prompt_open(struct state *state, const char *label, const char *hint,
                 void (*done)(struct state *state, bool keep));

/* The dialogs that keys open. */
void help_open(struct state *state);
void search_open(struct state *state);
void filter_open(struct state *state);
void signal_open(struct state *state);
void user_open(struct state *state);
void sort_open(struct state *state);

#endif

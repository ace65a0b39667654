/* A pane: a part of the screen with a title, a table, and what fills it. One file a pane. */
#ifndef PYNECK_UI_PANE_H
#define PYNECK_UI_PANE_H

#include "ui/table.h"

enum pane_id {
    PANE_PROCESSES,
    PANE_FUNCTIONS,
    PANE_FILES,
    PANE_THREADS,
    PANE_MEMORY,
    PANES,
};

enum {
    PANE_MINIMAL_ROWS = 3, /* a title, column titles, one row */
};

struct process;
struct state;

struct pane_class {
    const char *name;
    const char *columns_title; /* over its columns in the help */
    const char *row_name;      /* what a row is: "thread" */
    bool of_interpreter;       /* its rows are what the selected process's interpreter tells */
    const struct table_class *table;
    /* Fill the table from the state: the tick, the selected process or a setting has changed. */
    void (*update)(struct state *state);
    /* Draw what stands above and below the table, and return the region that is left for it; NULL: nothing does. */
    struct region (*draw_around)(const struct state *state, const struct region *body);
    /* Draw the title line after the pane's frame line is there. */
    void (*draw_title)(const struct state *state, const struct region *line, enum style style);
    /* Why there are no rows, where what all panes would say first is not the reason (ui/empty.h). The process is the
     * selected one, and only of the process pane NULL. */
    const char *(*why_empty)(const struct state *state, const struct process *process);
};

/* The columns of the process table (process_columns.c); the other panes keep theirs to themselves. */
extern const struct table_class process_table;

extern const struct pane_class processes_pane;
extern const struct pane_class functions_pane;
extern const struct pane_class files_pane;
extern const struct pane_class threads_pane;
extern const struct pane_class memory_pane;

/* The class of each pane. */
extern const struct pane_class *const pane_classes[PANES];

/* Whether a pane is one of those that share a place where there is room for one only. */
bool pane_is_lower(enum pane_id pane);

/* What all cells draw with: text in the cell's room. */
void cell_text(const struct table_cell *cell, enum style style, const char *text);
void cell_text_right(const struct table_cell *cell, enum style style, const char *text);
void cell_text_end(const struct table_cell *cell, enum style style, const char *text);

/* Numbers, right-aligned; zero and unknown are dim, so that what happens stands out. */
void cell_percent(const struct table_cell *cell, double percent, double strong_from);
void cell_bytes(const struct table_cell *cell, double bytes);
void cell_amount(const struct table_cell *cell, int64_t bytes);
void cell_growth(const struct table_cell *cell, double bytes);
void cell_count(const struct table_cell *cell, int64_t count);
void cell_seconds(const struct table_cell *cell, double seconds);

/* Ascending order of values; unknown comes first. */
int compare_real(double left, double right);
int compare_count(int64_t left, int64_t right);
int compare_text(const char *left, const char *right);

#endif

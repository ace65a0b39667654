/* The keys: one table, from which the keys work, and the bar at the bottom (ui/key_bar.h) and the help are drawn. */
#ifndef PYNECK_UI_KEYS_H
#define PYNECK_UI_KEYS_H

#include "ui/event.h"
#include "ui/state.h"

enum key_group {
    KEYS_MOVING,
    KEYS_PROCESSES,
    KEYS_FUNCTIONS,
    KEYS_TIME,
    KEYS_SCREEN,
    KEY_GROUPS,
};

enum {
    KEYS_PER_BINDING = 3,
    ON_ALL_PANES = -1,
    WHILE_AWAY = -2, /* on all panes, while the past is shown */
    WHILE_NOW = -3,  /* on all panes, while it is not */
};

struct key_binding {
    unsigned int keys[KEYS_PER_BINDING]; /* KEY_NONE where there are fewer */
    const char *shown;                   /* the keys in words: "F3 /" */
    const char *bar_key;                 /* the key on the bar; NULL when it is not there */
    const char *bar_label;
    int bar_pane;  /* on the bar while this pane (enum pane_id) has the focus, or one of the above */
    bool bar_last; /* at the end of the bar, however narrow it is */
    enum key_group group;
    const char *help;
    void (*run)(struct state *state, int argument);
    int argument;
};

/* All bindings, in the order of the bar and the help. */
const struct key_binding *key_bindings(size_t *count);

/* "Moving about", "Processes", ... */
const char *key_group_title(enum key_group group);

/* Do what a key asks; nothing when it has no meaning. */
void keys_run(struct state *state, unsigned int key);

#endif

/* The screen's state: what is shown, what is selected, what is open on top. Panes and dialogs read it, and
 * change it only through the functions here. */
#ifndef PYNECK_UI_STATE_H
#define PYNECK_UI_STATE_H

#include "ui/dialog.h"
#include "ui/file_rows.h"
#include "ui/function_rows.h"
#include "ui/history.h"
#include "ui/pane.h"
#include "ui/process_rows.h"
#include "ui/recording.h"
#include "ui/screen.h"
#include "ui/thread_rows.h"
#include "ui/travel.h"

enum {
    MESSAGE_SIZE = 256,
};

struct state {
    struct source *source;
    const struct screen_options *options;
    struct canvas canvas;
    struct tick *tick; /* NULL before the first */
    struct history history;
    struct travel travel; /* in time */
    struct recording recording;
    bool paused;
    bool quit;
    uint64_t delay_ns;
    pid_t focus_pid;     /* the process that the source was told of */
    uint64_t refresh_ns; /* when to read a tick before it is due; 0: never */

    struct table tables[PANES];
    struct region regions[PANES];       /* where they are on the screen; no rows: not shown */
    struct region table_regions[PANES]; /* and where in them their tables are */
    struct region bar;                  /* where the keys are shown */
    enum pane_id focus;
    enum pane_id lower;       /* of files, threads and memory the one that was looked at last */
    bool zoomed;              /* the focused pane has the screen */
    size_t process_rows_seen; /* most rows that the process table has had, for a calm layout */
    bool list_changes;        /* ... which may be another when the next tick comes */

    struct process_rows process_rows;
    bool tree;
    bool all_processes;
    bool selection_settled; /* until then the selection goes to the busiest process */
    uid_t user;
    bool user_filtered;

    struct file_rows file_rows;
    struct thread_rows thread_rows;

    struct function_rows function_rows;
    uint64_t functions_sequence; /* of the tick that they were ranked for */
    enum ranking_mode mode;
    enum ranking_level level;
    enum window_choice window;

    struct dialog_state dialog;

    char message[MESSAGE_SIZE]; /* one line at the bottom, for a while */
    uint64_t message_until_ns;
    bool message_is_error;
};

/* Start with nothing shown yet; `options` must live as long as the state. Free what it holds at the end. */
void state_init(struct state *state, struct source *source, const struct screen_options *options, bool ascii);
void state_free(struct state *state);

/* The selected process, or NULL. */
const struct process *state_selected_process(const struct state *state);

/* Take over a new tick (it belongs to the state) that the source has handed out, and show it unless the past is shown. */
void state_take_tick(struct state *state, struct tick *tick);

/* Fill the panes with a tick (it belongs to the state) that is in the history already. */
void state_show_tick(struct state *state, struct tick *tick);

/* Fill the panes again: of the selected process, or all of them. */
void state_update_details(struct state *state);
void state_update_all(struct state *state);

/* To be called when the selection in a table may have moved. */
void state_selection_moved(struct state *state);

/* Have a tick read soon, at the earliest so long from now; not so soon after the last one that its rates would be noise. */
void state_want_tick(struct state *state, uint64_t from_now_ns);

/* Give a pane the focus. */
void state_focus_pane(struct state *state, enum pane_id pane);

/* Tell the source what is looked at. */
void state_tell_focus(struct state *state);

/* Show a line at the bottom for a few seconds. */
void state_tell(struct state *state, const char *format, ...) __attribute__((format(printf, 2, 3)));
void state_tell_error(struct state *state, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with an error, which is freed. */
void state_tell_failure(struct state *state, struct error *error);

#endif

/* Looking at another moment than now: in a recording, or in what the live source still keeps. A tick of the past is shown
 * as one that has just come; what the windows hold is made from the ticks before it. */
#ifndef PYNECK_UI_TRAVEL_H
#define PYNECK_UI_TRAVEL_H

#include "ui/condition.h"
#include "ui/history.h"
#include "ui/timeline.h"

struct state;

enum {
    TRAVEL_MARKS = 2,
};

/* The search for the next moment in which a condition holds; it goes on while nobody presses a key. */
struct travel_search {
    struct condition condition;
    bool known; /* there is a condition */
    bool active;
    bool held;           /* at the tick before `next`, */
    struct tick *before; /* this one */
    pid_t pid;
    uint64_t next;
};

struct travel {
    bool away;         /* the past is shown; always so with a recording */
    uint64_t sequence; /* of the tick that is shown while away */
    bool playing;
    size_t speed;           /* an index into the speeds */
    uint64_t due_ns;        /* CLOCK_MONOTONIC, when the next tick is shown */
    int64_t counts_from_ns; /* CLOCK_REALTIME: the window of all time holds nothing before; 0: it does */
    struct history now;     /* of what has come, while the past of the live source is shown */
    uint64_t marks[TRAVEL_MARKS];
    int mark_count;
    struct window *marked;        /* of the process marked_pid between the marks; NULL: not known yet */
    struct tick_span marked_left; /* is not yet in it */
    pid_t marked_pid;
    struct travel_search search;
    struct timeline timeline;
};

void travel_free(struct state *state);

/* Whether what is shown is not now, so that nothing can be done to its processes; the user is told so. */
bool travel_refuses(struct state *state, const char *what);

/* When the next tick of the past is to be shown; UINT64_MAX: only when a key asks. */
uint64_t travel_due_ns(const struct state *state);

/* Show it. */
struct error *travel_play_on(struct state *state);

/* Do a little of what takes long (the search, what lies between the marks, the colours of the timeline); false: there is
 * nothing to do. */
bool travel_work(struct state *state);

/* Break the search off. */
void travel_stop_search(struct state *state);

/* Move. Steps and minutes may be below 0; the end of the live source's past is now. */
void travel_to(struct state *state, uint64_t sequence);
void travel_step(struct state *state, int ticks);
void travel_to_time(struct state *state, int64_t time_ns);
void travel_to_start(struct state *state);
void travel_to_end(struct state *state);

/* Play, or stop; play faster (1) or slower (-1). */
void travel_play(struct state *state);
void travel_change_speed(struct state *state, int step);

/* Mark the tick that is shown: the begin, then the end of a span, then none. */
void travel_mark(struct state *state);

/* Search forward from the tick that is shown. */
void travel_search(struct state *state);

/* The window of functions that the user chose, of a process; NULL: nothing is known. And its name. */
const struct window *travel_window(struct state *state, const struct process *process);
void travel_name_window(const struct state *state, char text[static 64]);

/* Where one is, in a line: "Recording of host, 2026-01-31 14:30:05, tick 12 of 3600"; and in a word: "REPLAY". */
void travel_describe(const struct state *state, char text[static 160]);
const char *travel_word(const struct state *state, char text[static 16]);

#endif

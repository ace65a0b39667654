/* A recording of what is shown, which a key starts and stops. It takes the ticks that the source hands out from then on,
 * also while the screen is held still or shows the past. */
#ifndef PYNECK_UI_RECORDING_H
#define PYNECK_UI_RECORDING_H

#include "model/tick.h"
#include "record/file_name.h"
#include "record/writer_thread.h"

struct state;

enum {
    RECORDING_NOTE_SIZE = 256,
};

struct recording {
    struct writer_thread *thread; /* NULL: nothing is recorded */
    char name[RECORDING_NAME_SIZE];
    uint64_t begin_ns;     /* CLOCK_MONOTONIC */
    uint64_t last_tick_ns; /* the same, of the last tick while it ran */
    bool has_begun;        /* the interval in which it was started is over: whole ones follow */
    bool stopping;         /* one tick more, up to now */
    bool closing;
    char failure
        [RECORDING_NOTE_SIZE]; /* why the last one ended; "" when it did not fail, or another was started */
    char last_file[RECORDING_NAME_SIZE]; /* that was made; "" */
};

/* Whether ticks are recorded, so that all of each has to be known and none may be left out. */
bool recording_is_on(const struct state *state);

/* Record a tick that the source has handed out. */
void recording_take_tick(struct state *state, struct tick *tick);

/* When recording_look() has something to do although no tick comes; UINT64_MAX: nothing. */
uint64_t recording_due_ns(const struct state *state);

/* See whether it was closed or has failed, and tell the user; returns whether it was. */
bool recording_look(struct state *state);

/* What is to be said of it in a line; false: nothing. */
bool recording_describe(const struct state *state, char text[static RECORDING_NOTE_SIZE]);

/* The same in a word: "REC"; "" for nothing. */
const char *recording_word(const struct state *state);

/* Record the time since the last tick when the screen ends: that tick may be long ago, and nobody reads another one.
 * Nothing when nothing is recorded; returns why the source could not be read. */
struct error *recording_take_last(struct state *state);

/* End it, and wait until the file is closed; returns why that failed. */
struct error *recording_end(struct state *state);

#endif

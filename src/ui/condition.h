/* Conditions that one searches a recording for: "cpu>80", "mem+50M", "verdict=gil", "top=parse". */
#ifndef PYNECK_UI_CONDITION_H
#define PYNECK_UI_CONDITION_H

#include "base/error.h"
#include "model/call_tree.h"
#include "model/tick.h"

enum {
    CONDITION_TEXT_SIZE = 128,
};

/* The forms that there are, for the user. */
#define CONDITION_FORMS "cpu>N, mem>SIZE, mem+SIZE, io>SIZE, verdict, verdict=KIND, top=FUNCTION"

struct condition {
    int form;         /* a row of the table of forms */
    double number;    /* percent, bytes, or bytes a second */
    const char *word; /* in `text`: behind the form */
    char text[CONDITION_TEXT_SIZE];
};

/* Read a condition.
 *
 * returns  an error when the text is none */
struct error *condition_read(struct condition *condition, const char *text);

/* Whether it holds in a tick for a process (for the machine, as far as it can: pid 0).
 *
 * before  the tick before it */
bool condition_holds(const struct condition *condition, const struct tick *before, const struct tick *tick,
                     pid_t pid, const struct call_tree *tree);

/* Whether it is true of a moment only, so that two in a row are two; else it is one as long as it holds. */
bool condition_is_event(const struct condition *condition);

#endif

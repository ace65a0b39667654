/* The timeline: CPU, memory and I/O of a process (or the machine) over a part of a source's past, a column for some
 * ticks, and by colour what held it up. */
#ifndef PYNECK_UI_TIMELINE_H
#define PYNECK_UI_TIMELINE_H

#include "analysis/verdict.h"
#include "source/source.h"
#include "ui/canvas.h"

enum {
    TIMELINE_COLUMNS = 512,     /* at most */
    TIMELINE_MOST_TICKS = 7200, /* that it shows at once: its memory and time are bounded */
    TIMELINE_ZOOMS = 4,
};

/* What a column says of the process. */
struct timeline_verdict {
    uint64_t judged_to;     /* the tick behind the last one that it was made from; 0: it was not made */
    enum verdict_kind kind; /* VERDICT_KINDS: there is none */
};

/* Zero-initialized is empty. */
struct timeline {
    int zoom;             /* 0: as much as can be shown; each step less */
    pid_t pid;            /* 0: the machine */
    struct tick_span all; /* the ticks that there are */
    struct tick_span shown;
    struct series_point *points;
    size_t count;
    int columns;
    struct timeline_verdict verdicts[TIMELINE_COLUMNS];
};

/* What is marked on it. */
struct timeline_marks {
    uint64_t position; /* the tick that the screen shows */
    uint64_t marks[2];
    int mark_count;
};

/* Choose the part around a position, and read it from the source when it is another one, or has grown. */
struct error *timeline_update(struct timeline *timeline, struct source *source, pid_t pid, uint64_t position);

/* Find the verdict of one more column; false: all are known. */
bool timeline_judge(struct timeline *timeline, struct source *source);

void timeline_free(struct timeline *timeline);

/* How many rows it wants on a screen of so many. */
int timeline_rows(int screen_rows);

/* Draw it: one, two (CPU, times) or four rows (CPU, memory, I/O, times). */
void timeline_draw(const struct region *region, struct timeline *timeline,
                   const struct timeline_marks *marks);

#endif

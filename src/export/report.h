/* A recording summed up, as text for people and as JSON. */
#ifndef PYNECK_EXPORT_REPORT_H
#define PYNECK_EXPORT_REPORT_H

#include "analysis/ranking.h"
#include "analysis/report_sum.h"
#include "record/reader.h"

#include <stdio.h>

struct report {
    const char *path;
    const struct recording_info *info;
    const struct report_sum *sum;
    const struct tick *whole; /* the selected ticks in one */
    const struct call_tree *tree;
    enum ranking_mode mode; /* by which functions and lines are ranked */
};

/* columns: lines are cut to so many; 0: not at all */
void report_write_text(FILE *stream, const struct report *report, size_t columns);

/* One object on one line: man/pyneck-json.5, A REPORT. */
void report_write_json(FILE *stream, const struct report *report);

#endif

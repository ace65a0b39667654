/* A recording that was read from its first selected tick to its last, for the commands that sum up. */
#ifndef PYNECK_CMD_RECORDED_H
#define PYNECK_CMD_RECORDED_H

#include "analysis/report_sum.h"
#include "cmd/options.h"
#include "record/reader.h"
#include "source/source.h"

struct recorded {
    char *name; /* its path, as clean text */
    struct source *source;
    const struct recording_info *info;
    const struct call_tree *tree;
    struct report_sum sum;
    struct tick *whole; /* the selected ticks in one */
};

/* Read a recording, or the part of it that the options select, tick by tick.
 *
 * recorded  recorded_free() what is in it, also after an error */
struct error *recorded_read(struct recorded *recorded, const char *path, const struct options *options);
void recorded_free(struct recorded *recorded);

#endif

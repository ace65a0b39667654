/* What differs between two recordings, as text for people and as JSON. */
#ifndef PYNECK_EXPORT_DIFF_H
#define PYNECK_EXPORT_DIFF_H

#include "analysis/profile_diff.h"

#include <stdio.h>

/* names    of the recordings
 * columns  lines are cut to so many; 0: not at all */
void diff_write_text(FILE *stream, const struct profile_diff *diff, const char *const names[DIFF_SIDES],
                     size_t columns);

/* One object on one line: man/pyneck-json.5, A DIFFERENCE. */
void diff_write_json(FILE *stream, const struct profile_diff *diff, const char *const names[DIFF_SIDES]);

#endif

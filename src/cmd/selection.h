/* The part of a recording that the options select. */
#ifndef PYNECK_CMD_SELECTION_H
#define PYNECK_CMD_SELECTION_H

#include "cmd/options.h"
#include "record/reader.h"

/* Find the moments that --from and --to name; the rest of the selection is as it was given. */
struct error *selection_resolve(struct profile_selection *selection, const struct options *options,
                                const struct recording_info *info);

#endif

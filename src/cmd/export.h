/* Exporting a recording, for `pyneck export` and `pyneck record --export`. */
#ifndef PYNECK_CMD_EXPORT_H
#define PYNECK_CMD_EXPORT_H

#include "cmd/options.h"

/* Write what the options select of a recording, in the format and to the file that they name.
 *
 * closed  receives whether nobody read any more (a closed pipe): no error */
struct error *export_recording(const struct options *options, const char *path, bool *closed);

#endif

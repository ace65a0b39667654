/* The sink that prints ticks in one of the formats. */
#ifndef PYNECK_EXPORT_PRINTER_H
#define PYNECK_EXPORT_PRINTER_H

#include "export/format.h"
#include "export/output.h"
#include "export/sink.h"

/* A sink that prints each tick as it comes.
 *
 * output  stays the caller's; it must outlive the sink */
struct sink *printer_open(const struct format *format, struct output *output,
                          const struct print_options *options);

#endif

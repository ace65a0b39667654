/* The sink that writes a profile in the format of another tool. */
#ifndef PYNECK_EXPORT_PROFILE_EXPORTER_H
#define PYNECK_EXPORT_PROFILE_EXPORTER_H

#include "export/output.h"
#include "export/profile_format.h"
#include "export/sink.h"

struct export_options {
    struct profile_selection selection;
    enum profile_weight weight;
    const char *title; /* as in struct profile_document; must outlive the sink */
};

/* A sink that writes what is selected of the ticks it is given; formats of sums when it is closed.
 *
 * output  stays the caller's; it must outlive the sink */
struct sink *profile_exporter_open(const struct profile_format *format, struct output *output,
                                   const struct export_options *options);

#endif

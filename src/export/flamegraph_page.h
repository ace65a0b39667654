/* The lines of flamegraph.html, which the build makes a table of; the line "@PROFILE@" is where the profile goes. */
#ifndef PYNECK_EXPORT_FLAMEGRAPH_PAGE_H
#define PYNECK_EXPORT_FLAMEGRAPH_PAGE_H

/* Ends with NULL. */
extern const char *const flamegraph_page[];

#endif

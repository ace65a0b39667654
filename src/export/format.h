/* The formats that ticks are printed in: one file each, and one line each in format.c's table. */
#ifndef PYNECK_EXPORT_FORMAT_H
#define PYNECK_EXPORT_FORMAT_H

#include "analysis/ranking.h"
#include "model/call_tree.h"
#include "model/tick.h"

#include <stdio.h>

struct print_options {
    enum ranking_mode mode;
    size_t columns; /* lines of text are cut to so many; 0: not at all */
};

typedef void print_tick(FILE *stream, const struct tick *tick, const struct call_tree *tree,
                        const struct print_options *options);

struct format {
    const char *name;
    const char *suffix;                 /* of its files' names */
    void (*write_header)(FILE *stream); /* what stands before the first tick; NULL for nothing */
    print_tick *write_tick;
    print_tick *write_dump; /* every thread's stack; NULL when the format cannot hold it */
    bool replaces_file;     /* a tick is a whole file: the next one takes its place */
};

extern const struct format format_text;
extern const struct format format_json;
extern const struct format format_csv;
extern const struct format format_openmetrics;

/* The format of that name, or NULL. */
const struct format *format_find(const char *name);

/* The names, with ", " between them. for_dump: only of formats that can hold a dump. */
void format_list_names(char *names, size_t size, bool for_dump);

#endif
